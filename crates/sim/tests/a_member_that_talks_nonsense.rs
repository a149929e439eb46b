//! A fuzz target for all that members say to each other: one of a room bends what it sends. Nobody panics, whatever is
//! read (overflow panics, too, in tests). MESH_SEED=N plays one seed.

mod common;

use common::liar::{id_of, join_liar};
use common::numbers::{EXTREMES, record, wire_id, with_others};
use common::{room, settle};
use peerjs_mesh_core::{Lane, LeaveHow, Output};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, World};
use std::panic::{AssertUnwindSafe, catch_unwind};

const SEEDS: u64 = 240;
/// Frames that it sends as they should be: it has to be let in first.
const HONEST: u32 = 40;
/// Frames that are kept to be said again, on whatever lane.
const KEPT: usize = 32;
/// Kinds of records.
const PIECE: u8 = 1;
const JOIN: u8 = 10;
const WELCOME: u8 = 11;
const BASE: u8 = 18;
const FETCH: u8 = 20;
const BEAT: u8 = 30;

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn seed(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

/// Bends the frames of a member on their way out.
struct Bent {
    rng: Rng,
    sent: u32,
    kept: Vec<Vec<u8>>,
}

impl Bent {
    /// What can be read, with some of the numbers of some records as large as can be.
    fn inflate(&mut self, frame: &[u8]) -> Vec<u8> {
        let often = self.rng.pick(&[0, 0, 0, 50]);
        let mut last = None;
        with_others(frame, |kind| {
            // It says how it joins seldom, and that it lives often.
            let often = match kind {
                JOIN => 50,
                BEAT => often / 10,
                _ => often,
            };
            if self.rng.below(100) >= often {
                return None;
            }
            // Those that belong together are often the same.
            let again = last.filter(|_| self.rng.below(2) == 0);
            last = Some(again.unwrap_or_else(|| self.rng.pick(&EXTREMES)));
            last
        })
    }

    fn bend(&mut self, frame: Vec<u8>) -> Vec<u8> {
        self.sent += 1;
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(frame.clone());
        if self.sent <= HONEST || self.rng.below(10) < 7 {
            return frame;
        }
        let mut bent = frame;
        for _ in 0..=self.rng.below(3) {
            let at = self.rng.below(bent.len() + 1);
            match self.rng.below(8) {
                0 if at < bent.len() => bent[at] = self.rng.next() as u8,
                1 if at < bent.len() => bent[at] ^= 1 << self.rng.below(8),
                2 if at < bent.len() => bent[at] = self.rng.pick(&[0, 1, 0x7f, 0x80, 0xff]),
                // The largest number that there is, in the place of a small one.
                3 if at < bent.len() => {
                    let largest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
                    bent.splice(at..=at, largest);
                    // A record is as long as it says: the first length is mended, or nobody would read the rest.
                    if bent[0] < 0x70 {
                        bent[0] += 9;
                    }
                }
                4 => bent.truncate(at),
                5 => {
                    let part: Vec<u8> = bent.iter().skip(at).take(20).copied().collect();
                    bent.extend(part);
                }
                6 => {
                    bent = self.rng.pick(&self.kept);
                }
                _ => {
                    let other = self.rng.pick(&self.kept);
                    bent.extend(other);
                }
            }
        }
        if bent.is_empty() {
            bent.push(0);
        }
        bent.truncate(16_000);
        bent
    }
}

fn join_bent(world: &mut World, rng: &mut Rng, numbers: bool) -> usize {
    let seed = rng.seed();
    let mut bent = Bent {
        rng: Rng(rng.next()),
        sent: 0,
        kept: Vec::new(),
    };
    join_liar(world, seed, move |output| {
        if let Output::Send { lane, frame, .. } = output {
            *frame = match numbers {
                // A hello is no record.
                true if *lane == Lane::Default => return,
                true => bent.inflate(frame),
                false => bent.bend(core::mem::take(frame)),
            };
        }
    })
}

/// Gives the frames that honest members could not read. `numbers`: it lies about numbers alone, from its first word on.
fn play(seed: u64, numbers: bool) -> u64 {
    let mut rng = Rng(seed);
    let mut world = World::new(seed, Climate::calm(ServerKind::Ours));
    // The host talks nonsense, or a guest does.
    let hosts = seed.is_multiple_of(2);
    let (bent, honest) = if hosts {
        let bent = join_bent(&mut world, &mut rng, numbers);
        settle(&mut world, &[bent], 15_000);
        (bent, room_with(&mut world))
    } else {
        let honest = room(&mut world, 3);
        (join_bent(&mut world, &mut rng, numbers), honest)
    };
    let all = [&honest[..], &[bent]].concat();
    for member in &all {
        world.set_init_data(*member, &rng.seed());
        world.give(*member, Some(1));
    }
    for step in 0..80 {
        for member in &all {
            // Who is out of the room at the moment may be refused.
            let _ = world.send(*member, 24 + step * 50, None);
            // And who is directed something may be somebody whom it does not know.
            let to = rng.pick(&all);
            if numbers && to != *member && rng.below(4) == 0 {
                let _ = world.send(*member, 24 + step * 50, Some(to));
            }
        }
        if numbers && step == 40 {
            // What is given now counts on from what others have said of theirs.
            for kinds in [None, Some(1)] {
                all.iter().for_each(|member| world.give(*member, kinds));
            }
        }
        world.run_ms(100);
    }
    world.leave(bent, LeaveHow::Now);
    world.run_ms(20_000);
    let unread = honest.iter().filter_map(|member| world.machine(*member));
    unread.map(|machine| machine.counters().garbage).sum()
}

/// Three who join a host that may not let them be one room for long.
fn room_with(world: &mut World) -> Vec<usize> {
    let all = (0..3).map(|_| common::join(world)).collect();
    world.run_ms(2_000);
    all
}

/// Plays all seeds, or the one that is asked for; gives the frames that honest members could not read.
fn play_all(numbers: bool) -> u64 {
    let one = std::env::var("MESH_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seeds = one.map_or(0..SEEDS, |seed: u64| seed..seed + 1);
    let mut unread = 0;
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| play(seed, numbers))) {
            Ok(garbage) => unread += garbage,
            Err(why) => {
                eprintln!("MESH_SEED={seed} repeats it");
                std::panic::resume_unwind(why);
            }
        }
    }
    unread
}

#[test]
fn nobody_panics_whatever_a_member_says() {
    assert!(play_all(false) > 0, "something could not be read");
}

#[test]
fn nobody_panics_however_large_the_numbers_are_that_a_member_says() {
    play_all(true);
}

#[test]
fn who_asks_over_and_over_for_more_than_anybody_can_have_said_breaks_no_count() {
    let mut world = World::new(1, Climate::calm(ServerKind::Ours));
    let seed = [9; 32];
    let id = wire_id(&id_of(seed));
    let liar = join_liar(&mut world, seed, move |output| {
        let Output::Send { lane, frame, .. } = output else {
            return;
        };
        match (*lane, frame.get(1)) {
            // Whom it welcomes has heard so much of it, it says (from the last number to the first: of two in the roster), and
            // nothing that can be read of where it begins.
            (Lane::Control, _) => {
                let mut told = 0;
                *frame = with_others(frame, |kind| {
                    told += usize::from(kind == WELCOME);
                    let much = (kind == WELCOME && told <= 4) || kind == BASE;
                    much.then_some((1 << 53) - 1)
                });
            }
            // Instead of saying something it asks for all of that; which life of its it was is named there.
            (Lane::Data, Some(&PIECE)) => {
                let life = &frame[3..11];
                let fetch = [&id[..], life, &[0, 0]].concat();
                *frame = record(FETCH, &fetch).repeat(2_500);
            }
            _ => {}
        }
    });
    settle(&mut world, &[liar], 5_000);
    let guest = common::join(&mut world);
    settle(&mut world, &[liar, guest], 5_000);
    let _ = world.send(liar, 24, None);
    world.run_ms(1_000);
    let counted = world.machine(guest).expect("it runs").counters();
    assert_eq!(counted.repaired, 0);
}
