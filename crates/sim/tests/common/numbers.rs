//! Where numbers stand in what members say to each other, so that a liar can say the largest there are, and records of its
//! own: `wire.txt`, and no more of it than that.

use std::ops::Range;

/// The numbers at the ends of what fields hold, and just beyond.
pub(crate) const EXTREMES: [u64; 9] = [
    0,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
    u32::MAX as u64 + 1,
    (1 << 53) - 1,
    1 << 53,
    u64::MAX - 2,
    u64::MAX - 1,
    u64::MAX,
];

/// The fields of a record's body: `k` an id, `i` eight bytes, `f` a founding, `n` a number, `b` a byte, `t` bytes behind
/// their length, `g` a number in such bytes, `[…]` a list.
fn fields(kind: u8, body: &[u8]) -> &'static str {
    match kind {
        // A piece, by its flags: directed, with what was directed before it, a part, the sender's own.
        1 => match body.first().map_or(0, |flags| flags & 15) {
            0 => "bkin",
            1 => "bkinkn",
            2 => "bkin[kn]",
            4 => "bkinnn",
            5 => "bkinknnn",
            6 => "bkin[kn]nn",
            8 => "bin",
            9 => "binkn",
            10 => "bin[kn]",
            12 => "binnn",
            13 => "binknnn",
            14 => "bin[kn]nn",
            _ => "b",
        },
        10 => "fnbbbnn[kinnnb]",
        11 => "fnnbbnn[kinn][kinb]",
        13 => "nnb[kinn][kinb]",
        14 => "kn",
        15 | 36 => "[kinnnb]",
        16 => "n[knnn]",
        17 => "knnn",
        18 => "kkinnn",
        19 => "kkbnn",
        20 => "kinn",
        21 => "kin",
        22 => "nb",
        23 => "fn",
        25 => "kng",
        26 => "kkn",
        30 => "nnnnn",
        31 | 32 => "n",
        _ => "",
    }
}

/// A number at the beginning, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

/// Appends a number.
pub(crate) fn put(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A member's id.
pub(crate) fn wire_id(id: &str) -> Vec<u8> {
    let hex = id.replace('-', "");
    let bytes = (0..16).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16));
    let bytes = bytes.map(|byte| byte.expect("a member's id is a UUID"));
    std::iter::once(0).chain(bytes).collect()
}

/// A record, ready for a frame.
pub(crate) fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    put(&mut whole, body.len() as u64 + 1);
    whole.push(kind);
    whole.extend(body);
    whole
}

/// Where the numbers are. Ends where the body does.
fn find(fields: &str, body: &[u8], at: &mut usize, found: &mut Vec<Range<usize>>) -> Option<()> {
    let mut rest = fields;
    while let Some(field) = rest.chars().next() {
        rest = &rest[1..];
        let (number, long) = varint(body.get(*at..)?).unwrap_or_default();
        let taken = match field {
            'k' if number == 0 => 17,
            'k' => 1 + usize::from(*body.get(*at)?),
            'i' => 8,
            'f' => 16,
            'b' => 1,
            'n' => {
                found.push(*at..*at + long);
                long
            }
            'g' => {
                let (_, inner) = varint(body.get(*at + long..)?)?;
                found.push(*at + long..*at + long + inner);
                long + number as usize
            }
            _ => {
                let (inner, after) = rest.split_once(']')?;
                rest = after;
                *at += long;
                for _ in 0..number {
                    find(inner, body, at, found)?;
                }
                0
            }
        };
        *at += taken;
    }
    Some(())
}

/// The frame with some of the numbers in its records changed: `change` gives the new one, if there is to be one.
pub(crate) fn with_others(frame: &[u8], mut change: impl FnMut(u8) -> Option<u64>) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut rest = frame;
    while let Some((length, long)) = varint(rest) {
        let Some(record) = rest.get(long..long + length as usize) else {
            break;
        };
        rest = &rest[long + length as usize..];
        let Some((&kind, body)) = record.split_first() else {
            break;
        };
        let mut found = Vec::new();
        // What it cannot follow it leaves as it is.
        let _ = find(fields(kind, body), body, &mut 0, &mut found);
        let mut body = body.to_vec();
        for place in found.into_iter().rev() {
            if let (Some(value), Some(_)) = (change(kind), body.get(place.clone())) {
                let mut other = Vec::new();
                put(&mut other, value);
                if fields(kind, &body).ends_with('g') && place.end == body.len() - 1 {
                    // (What is given stands behind its length, which is one byte.)
                    body[place.start - 1] = other.len() as u8 + 1;
                }
                body.splice(place, other);
            }
        }
        whole.extend(self::record(kind, &body));
    }
    whole.extend(rest);
    whole
}
