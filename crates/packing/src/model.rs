//! What comes next: for every bit of a WebAssembly module, how likely it is a one.
//!
//! For every bit four tables are asked what came of it before, each after something else that was read lately, and one
//! more how often what came after the same bytes came again. What they say is weighed by how right they have been. They
//! know how WebAssembly is written: what is an opcode, and how many numbers follow it. (The parts are those of Mahoney's
//! PAQ: bit history by context, logistic mixing, a match model.)
//!
//! Whoever packs and whoever unpacks must come to the same chances to the last bit: there is no arithmetic here but what
//! IEEE 754 and two's complement say exactly.

/// The longest module that can be packed, bytes.
pub const LONGEST: usize = OUT - BEFORE;

/// All sizes are powers of two, and what is looked up is cut to them: a page need not load what says that it was too much.
const OUT: usize = 512 << 10;

const TABLES: usize = 4;
/// All that are asked: the tables, and what came after the same bytes.
const ASKED: usize = TABLES + 1;
/// As a power of two, the rows of slots that all tables share: each is for half a byte after one context. (They are 4 MB,
/// for a moment. Twice as many: 100 bytes less, and a tenth more time.)
const ROWS: u32 = 17;
/// Logarithms are told apart by a part of one so small.
const STEPS: f32 = 223.9;
/// More equal bytes than these are not counted.
const RUN: usize = 7;
/// Rows of weights: a quarter for opcodes, one for lengths of what came again, one for beginnings of a byte; in each, 256
/// for every kind of byte.
const WORTHS: usize = 4096;
/// Zeros before the first byte, so that there is always something to look back at.
const BEFORE: usize = 32;

/// Says what the next bit is, which was said to be a one with so many 65536ths.
pub(crate) trait Ask {
    fn ask(&mut self, chance: u32) -> bool;
}

/// All zeros is how it begins, but for [`Model::begin`]: so it needs no bytes in a module.
pub(crate) struct Model {
    /// Twelve bits: how likely a one is, less a half. The lower four: how often that was learnt, as far as it matters.
    /// Behind the rows of the tables there is one for each length of what came again.
    slots: [[u16; 16]; 2 << ROWS],
    /// What each one's word is worth: behind each opcode, as long as the same bytes come again, and in this place of a byte;
    /// for each kind of byte.
    worth: [[f32; ASKED]; WORTHS],
    /// By how many 32768ths of what is left a slot moves that has learnt so often.
    rates: [i32; 16],
    /// About the logarithm of p / (1 - p), for 4096 p; and p, in 65536ths, for so many logarithms.
    logs: [f32; 4096],
    chances: [u16; 4096],
    /// Where the last three bytes were read before.
    seen: [u32; 1 << 16],
    /// Where they were now, and how many bytes have been equal since.
    from: usize,
    run: usize,
    /// The last opcodes; how many numbers are still to come behind the last; whether none has; the bytes last read behind
    /// each.
    opcodes: u32,
    due: u32,
    first: bool,
    behind: [u32; 256],
    /// What has come, and how much.
    out: [u8; OUT],
    at: usize,
}

impl Model {
    pub(crate) const NEW: Model = Model {
        slots: [[0; 16]; 2 << ROWS],
        worth: [[0.0; ASKED]; WORTHS],
        rates: [0; 16],
        logs: [0.0; 4096],
        chances: [0; 4096],
        seen: [0; 1 << 16],
        from: 0,
        run: 0,
        opcodes: 0,
        due: 0,
        first: false,
        behind: [0; 256],
        out: [0; OUT],
        at: 0,
    };

    /// As new; then [`Model::begin`].
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn forget(&mut self) {
        self.slots.fill([0; 16]);
        self.seen.fill(0);
        (self.from, self.run, self.opcodes, self.due) = (0, 0, 0, 0);
        self.behind.fill(0);
        self.out.fill(0);
    }

    pub(crate) fn begin(&mut self) {
        self.at = BEFORE;
        self.first = true;
        for one in &mut self.worth {
            *one = [0.09; ASKED];
        }
        let mut log = 0.0_f32;
        for i in 2048..4096_usize {
            self.logs[i % 4096] = log;
            self.logs[(4095 - i) % 4096] = -log;
            log += 4096.0 / ((i as f32 + 1.0) * (4095.5 - i as f32));
        }
        for i in 0..4096 {
            // Nearly e to the power of -log.
            let mut odds = 1.0 - (i as f32 - 2048.0) / (256.0 * STEPS);
            for _ in 0..8 {
                odds *= odds;
            }
            self.chances[i] = (65534.0 / (1.0 + odds)) as u16 + 1;
            self.rates[i % 16] = (32768.0 / ((i % 16) as f32 + 1.09)) as i32;
        }
    }

    /// What has come so far, then zeros.
    pub(crate) fn out(&self) -> &[u8] {
        self.out.split_at(BEFORE).1
    }

    /// The row for half a byte after one context: that of two neighbours which knows it, else the one that has learnt less,
    /// from now on for this one. No bits lead to the first slot of a row: it says whose the row is, as far as it matters.
    #[inline(never)]
    fn row(&mut self, hash: u32) -> usize {
        let whose = hash as u16;
        let row = (hash >> (32 - ROWS)) as usize;
        let other = row ^ 1;
        let [is, has_learnt, ..] = self.slots[row % (2 << ROWS)];
        let [other_is, other_has_learnt, ..] = self.slots[other % (2 << ROWS)];
        if is == whose {
            return row;
        }
        if other_is == whose {
            return other;
        }
        let row = if other_has_learnt & 15 < has_learnt & 15 {
            other
        } else {
            row
        };
        let mut empty = [0; 16];
        empty[0] = whose;
        self.slots[row % (2 << ROWS)] = empty;
        row
    }

    fn read(&self, at: usize) -> u32 {
        u32::from(self.out[at % OUT])
    }

    /// One byte more. Who wants more than [`LONGEST`] gets them in the place of the first.
    #[inline(never)]
    pub(crate) fn byte(&mut self, coder: &mut impl Ask) {
        let at = self.at;
        let last = self.read(at.wrapping_sub(1));
        let before = self.read(at.wrapping_sub(2)) | self.read(at.wrapping_sub(3)) << 8;
        let key = (last | before << 8).wrapping_mul(0xd1d9_ed27) >> 16;
        if self.run > 0 && self.read(self.from) == last {
            self.from += 1;
            self.run = RUN.min(self.run + 1);
        } else {
            self.from = self.seen[key as usize % (1 << 16)] as usize;
            self.run = 1;
        }
        self.seen[key as usize % (1 << 16)] = at as u32;

        let opcode = self.opcodes & 255;
        let (due, first) = (self.due > 0, self.first);
        let more = if due && !first { last } else { 0 };
        let state = if due {
            opcode * 2 + u32::from(first)
        } else {
            1
        };
        let state = state
            .wrapping_mul(0x83da_b265)
            .wrapping_add(more.wrapping_mul(0x4e3c_b54f));
        let contexts: [u32; TABLES] = [
            opcode,
            self.opcodes,
            self.behind[opcode as usize % 256] & 0xffff,
            self.opcodes << 16 | last,
        ];
        let mut hashes = [0_u32; TABLES];
        for (i, context) in contexts.into_iter().enumerate() {
            hashes[i] = context
                .wrapping_mul(0x1818_e811_u32.wrapping_add((i as u32) << 26))
                .wrapping_add(state)
                .wrapping_add(i as u32);
        }
        // An opcode behind numbers, or behind none; the first number behind one, or another.
        let kind = (u32::from(due) * 512 + u32::from(first) * 256) as usize;
        let worths = kind + opcode as usize;
        let expected = self.read(self.from) | 256;
        let mut rows = [0_usize; ASKED];
        let mut value = 1_u32;
        let mut half = 16_usize;
        let mut worth = self.worth[worths % WORTHS];
        for left in (0..8).rev() {
            if half > 15 {
                half = 1;
                for (row, hash) in rows.iter_mut().zip(hashes) {
                    let hash = hash
                        .wrapping_add(value.wrapping_mul(0xc324_c985))
                        .wrapping_mul(0x8a9a_021f);
                    let hash = (hash ^ hash >> 15).wrapping_mul(0x076f_3787);
                    *row = self.row(hash);
                }
            }
            // What came then, as long as it has been right about this byte.
            let then = expected >> left;
            let same = self.run > 0 && then >> 1 == value;
            let run = match same {
                true => 2 * self.run + (then & 1) as usize,
                false => 0,
            };
            rows[TABLES] = (1 << ROWS) + run;
            let mut said = [0.0; ASKED];
            let mut words = [0.0; ASKED];
            for i in 0..ASKED {
                let slot = self.slots[rows[i] % (2 << ROWS)][half % 16] ^ 0x8000;
                said[i] = self.logs[usize::from(slot >> 4) % 4096];
                words[i] = said[i]
                    * (worth[i]
                        + self.worth[(1024 + kind + run) % WORTHS][i]
                        + self.worth[(2048 + kind + value as usize) % WORTHS][i]);
            }
            // Each bit waits for the one before it: what can be found at once, or beforehand, is.
            let sum = (words[0] + words[1]) + (words[2] + words[3]) + words[4];
            let chance = self.chances[((sum * STEPS + 2048.0) as usize).min(4095)];
            let one = coder.ask(u32::from(chance));
            let to = if one { 65535 } else { 0 };
            let change = (to - i32::from(chance)) as f32 * (0.0018 / 65535.0);
            for i in 0..ASKED {
                let change = change * said[i];
                worth[i] += change;
                self.worth[(1024 + kind + run) % WORTHS][i] += change;
                self.worth[(2048 + kind + value as usize) % WORTHS][i] += change;
                let slot = &mut self.slots[rows[i] % (2 << ROWS)][half % 16];
                let was = i32::from(*slot ^ 0x8000);
                let times = was & 15;
                let step = ((to.max(15) - was) * self.rates[times as usize % 16]) >> 15 & !15;
                *slot = (was + step + i32::from(times < 7)) as u16 ^ 0x8000;
            }
            value = value * 2 + u32::from(one);
            half = half * 2 + usize::from(one);
        }
        self.worth[worths % WORTHS] = worth;
        let value = value & 255;
        self.out[at % OUT] = value as u8;
        self.at = at.wrapping_add(1);
        self.follow(value);
    }

    /// What that byte is in a module.
    fn follow(&mut self, value: u32) {
        let opcode = self.opcodes & 255;
        if self.due == 0 {
            self.opcodes = self.opcodes << 8 | value;
            self.due = match value {
                2..=4 | 12..=16 | 32..=36 | 63..=66 => 1,
                17 | 40..=62 => 2,
                _ => 0,
            };
            self.first = true;
            return;
        }
        let behind = &mut self.behind[opcode as usize % 256];
        *behind = *behind << 8 | value;
        if opcode == 33 || opcode == 34 {
            self.behind[32] = value;
        }
        // The first number of a br_table says how many follow it and the one that always does.
        if self.first && opcode == 14 {
            self.due += value;
        }
        if value < 128 {
            self.due -= 1;
        }
        self.first = false;
    }
}
