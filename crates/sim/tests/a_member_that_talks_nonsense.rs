//! A fuzz target for all that members say to each other: one of a room bends what it sends. Nobody panics, whatever is
//! read (overflow panics, too, in tests). MESH_SEED=N plays one seed.

mod common;

use common::liar::join_liar;
use common::{room, settle};
use peerjs_mesh_core::{LeaveHow, Output};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, World};
use std::panic::{AssertUnwindSafe, catch_unwind};

const SEEDS: u64 = 240;
/// Frames that it sends as they should be: it has to be let in first.
const HONEST: u32 = 40;
/// Frames that are kept to be said again, on whatever lane.
const KEPT: usize = 32;

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

fn join_bent(world: &mut World, rng: &mut Rng) -> usize {
    let seed = rng.seed();
    let mut bent = Bent {
        rng: Rng(rng.next()),
        sent: 0,
        kept: Vec::new(),
    };
    join_liar(world, seed, move |output| {
        if let Output::Send { frame, .. } = output {
            *frame = bent.bend(core::mem::take(frame));
        }
    })
}

/// Gives the frames that honest members could not read.
fn play(seed: u64) -> u64 {
    let mut rng = Rng(seed);
    let mut world = World::new(seed, Climate::calm(ServerKind::Ours));
    // The host talks nonsense, or a guest does.
    let hosts = seed.is_multiple_of(2);
    let (bent, honest) = if hosts {
        let bent = join_bent(&mut world, &mut rng);
        settle(&mut world, &[bent], 15_000);
        (bent, room_with(&mut world))
    } else {
        let honest = room(&mut world, 3);
        (join_bent(&mut world, &mut rng), honest)
    };
    let all = [&honest[..], &[bent]].concat();
    for member in &all {
        world.set_init_data(*member, &rng.seed());
    }
    for step in 0..80 {
        for member in &all {
            // Who is out of the room at the moment may be refused.
            let _ = world.send(*member, 24 + step * 50, None);
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

#[test]
fn nobody_panics_whatever_a_member_says() {
    let one = std::env::var("MESH_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seeds = one.map_or(0..SEEDS, |seed: u64| seed..seed + 1);
    let mut unread = 0;
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| play(seed))) {
            Ok(garbage) => unread += garbage,
            Err(why) => {
                eprintln!("MESH_SEED={seed} repeats it");
                std::panic::resume_unwind(why);
            }
        }
    }
    assert!(unread > 0, "something could not be read");
}
