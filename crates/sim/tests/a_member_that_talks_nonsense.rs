//! A fuzz target for all that members say to each other: one of a room bends what it sends. Nobody panics, whatever is
//! read (overflow panics, too, in tests). MESH_SEED=N plays one seed.

mod common;

use common::{config, room, settle};
use peerjs_mesh_core::{
    Counters, Event, Input, Instant, LeaveHow, Member, Outcome, Output, SendError, Sent, Status,
};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, Machine, World};
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

/// A member whose frames are bent on their way out.
struct Bent {
    member: Member,
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

impl Machine for Bent {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        self.member.handle_input(now, input);
    }
    fn handle_timeout(&mut self, now: Instant) {
        self.member.handle_timeout(now);
    }
    fn send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<Sent, SendError> {
        self.member.send(now, payload, to)
    }
    fn set_init_data(&mut self, now: Instant, data: Vec<u8>) -> Result<(), SendError> {
        self.member.set_init_data(now, data)
    }
    fn give(&mut self, now: Instant, kinds: Option<u8>) -> Result<(), SendError> {
        self.member.give(now, kinds)
    }
    fn drop_host(&mut self, now: Instant) {
        self.member.drop_host(now);
    }
    fn leave(&mut self, now: Instant, how: LeaveHow) {
        self.member.leave(now, how);
    }
    fn poll_output(&mut self) -> Option<Output> {
        let output = self.member.poll_output()?;
        Some(match output {
            Output::Send { link, lane, frame } => Output::Send {
                link,
                lane,
                frame: self.bend(frame),
            },
            other => other,
        })
    }
    fn poll_outcome(&mut self) -> Option<Outcome> {
        self.member.poll_outcome()
    }
    fn poll_event(&mut self) -> Option<Event> {
        self.member.poll_event()
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.member.poll_timeout()
    }
    fn id(&self) -> &str {
        self.member.id()
    }
    fn status(&self) -> Status {
        self.member.status()
    }
    fn counters(&self) -> Counters {
        self.member.counters()
    }
}

fn join_bent(world: &mut World, rng: &mut Rng) -> usize {
    let now = Instant::from_micros(world.now());
    let member = Member::new(config(), rng.seed(), now).expect("the options are right");
    let window = config().link_window;
    let rng = Rng(rng.next());
    let bent = Bent {
        member,
        rng,
        sent: 0,
        kept: Vec::new(),
    };
    world.add(Box::new(bent), 0, window)
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
