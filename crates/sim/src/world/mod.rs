//! The world: members, their websockets and links, one server, and a clock that jumps from event to event.

mod closing;
mod facts;
mod fault;
mod lanes;
mod life;
mod links;
mod media;
mod node;
mod queues;
mod sessions;
mod settle;
mod user;

use crate::checker::{Checker, Violation};
use crate::machine::Machine;
use crate::rng::Rng;
use crate::server::{Server, ServerKind};
use crate::stats::Stats;
use crate::trace::Trace;
use crate::{MS, Micros, SECOND};
use fault::Paths;
use links::{End, EndId};
use media::MediaEnd;
use node::Node;
use sessions::Socket;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

pub(crate) use facts::Fact;
pub use life::{Life, UserView};
pub use settle::Unsettled;

/// The world's chance and weather, drawn once.
#[derive(Debug, Clone)]
pub struct Climate {
    /// Which server.
    pub server: ServerKind,
    /// How long it holds an id without HEARTBEAT, ms.
    pub alive_ms: u64,
    /// One way between two members, microseconds, lowest and highest.
    pub link_delay: (Micros, Micros),
    /// One way between a member and the server, microseconds, lowest and highest.
    pub server_delay: (Micros, Micros),
    /// Each packet takes up to this much longer, microseconds.
    pub jitter: Micros,
    /// Part of the packets lost, 0.0 to 0.1.
    pub loss: f64,
    /// Bytes per second that a link carries, lowest and highest.
    pub rate: (u64, u64),
    /// How long a link takes to give up on an unreachable remote, microseconds, lowest and highest.
    pub ice_timeout: (Micros, Micros),
}

impl Climate {
    /// A calm local network: 1–3 ms one way, no loss, 10 MB/s.
    pub fn calm(server: ServerKind) -> Climate {
        Climate {
            server,
            alive_ms: 60_000,
            link_delay: (MS, 3 * MS),
            server_delay: (MS, 3 * MS),
            jitter: MS / 5,
            loss: 0.0,
            rate: (10_000_000, 10_000_000),
            ice_timeout: (15 * SECOND, 30 * SECOND),
        }
    }
}

/// A run with more events than this never comes to rest: sixty seconds of a busy room take a tenth of it. And so many for
/// each two members, who may have a link with four heartbeats a second: two minutes of those take a third.
const MOST_STEPS: u64 = 2_000_000;
const MOST_STEPS_OF_TWO: u64 = 4_000;

/// What is going to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A member's own deadline, unless it has changed since.
    Wake { member: usize, generation: u64 },
    /// Something local has happened to a member (a description is ready, …).
    Local { member: usize, index: u64 },
    /// A websocket is to be opened: the try with this number.
    Connect { socket: usize, attempt: u8 },
    /// The handshake of a websocket is over at the member.
    Connected { socket: usize },
    /// Something has arrived at the server.
    Up { socket: usize },
    /// Something has arrived from the server.
    Down { socket: usize },
    /// The server's own deadline.
    ServerWake { generation: u64 },
    /// Two descriptions and a way: the pair behind this offer may open.
    Handshake { offer: EndId, attempt: u32 },
    /// The second of two ends opens.
    Open { end: EndId },
    /// The next frame leaves.
    Leave { end: EndId },
    /// A frame has arrived.
    Lane { end: EndId, lane: u8 },
    /// An end that has been asked to close stops waiting for what it still holds.
    Closing { end: EndId },
    /// The remote's good-bye arrives.
    Fin { end: EndId },
    /// Has this link been unreachable all the time since?
    IceCheck { end: EndId, since: Micros },
    /// Two media ends that know each other try their way.
    Media {
        end: usize,
        round: u32,
        attempt: u32,
    },
    /// Has this media end been out of its remote's reach all the time since?
    MediaCheck { end: usize, since: Micros },
}

/// See the module.
pub struct World {
    now: Micros,
    queue: BinaryHeap<Reverse<(Micros, u64, Due)>>,
    queued: u64,
    rng: Rng,
    climate: Climate,
    paths: Paths,
    nodes: Vec<Node>,
    sockets: Vec<Socket>,
    ends: Vec<End>,
    media: Vec<MediaEnd>,
    server: Box<dyn Server>,
    server_wake: Option<Micros>,
    server_generation: u64,
    /// What was in force, and until when: the judge waits for quiet.
    disturbed_at: Micros,
    /// When the beats from one to another that were lost were sent.
    lost_beats: BTreeMap<(usize, usize), Vec<Micros>>,
    checker: Checker,
    stats: Stats,
    trace: Trace,
    steps: u64,
    queues: queues::Queues,
}

impl World {
    /// An empty world.
    pub fn new(seed: u64, climate: Climate) -> World {
        let mut rng = Rng::new(seed);
        let server = climate.server.make(0, climate.alive_ms);
        let paths = Paths::new(rng.fork(), &climate);
        World {
            now: 0,
            queue: BinaryHeap::new(),
            queued: 0,
            rng,
            climate,
            paths,
            nodes: Vec::new(),
            sockets: Vec::new(),
            ends: Vec::new(),
            media: Vec::new(),
            server,
            server_wake: None,
            server_generation: 0,
            disturbed_at: 0,
            lost_beats: BTreeMap::new(),
            checker: Checker::default(),
            stats: Stats::default(),
            trace: Trace::default(),
            queues: queues::Queues::default(),
            steps: 0,
        }
    }

    /// Writes down from now on what happens.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = trace;
    }

    /// What was written down.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The time, microseconds since the world began.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// How many members have ever been.
    pub fn members(&self) -> usize {
        self.nodes.len()
    }

    /// What broke a rule so far.
    pub fn violations(&self) -> &[Violation] {
        self.checker.violations()
    }

    /// Counts of what happened.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// For what the caller counts.
    pub fn stats_mut(&mut self) -> &mut Stats {
        &mut self.stats
    }

    /// The judge.
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// The judge, to be told what to expect.
    pub fn checker_mut(&mut self) -> &mut Checker {
        &mut self.checker
    }

    /// How many events there were.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The real machine of a member, if it still runs.
    pub fn machine(&self, member: usize) -> Option<&dyn Machine> {
        self.nodes.get(member)?.machine.as_deref()
    }

    fn schedule(&mut self, at: Micros, due: Due) {
        self.queued += 1;
        self.queue
            .push(Reverse((at.max(self.now), self.queued, due)));
    }

    /// Goes to the next event. False: nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some(Reverse((at, _, due))) = self.queue.pop() else {
            return false;
        };
        self.now = at;
        self.steps += 1;
        let members = self.nodes.len() as u64;
        let most = MOST_STEPS + MOST_STEPS_OF_TWO * members * members;
        if self.steps > most {
            self.steps = 0;
            self.blame("storm", format!("more than {most} things happened"));
            self.queue.clear();
        }
        match due {
            Due::Wake { member, generation } => self.on_wake(member, generation),
            Due::Local { member, index } => self.on_local(member, index),
            Due::Connect { socket, attempt } => self.on_connect(socket, attempt),
            Due::Connected { socket } => self.on_connected(socket),
            Due::Up { socket } => self.on_up(socket),
            Due::Down { socket } => self.on_down(socket),
            Due::ServerWake { generation } => self.on_server_wake(generation),
            Due::Handshake { offer, attempt } => self.on_handshake(offer, attempt),
            Due::Open { end } => self.open_end(end),
            Due::Leave { end } => self.on_leave(end),
            Due::Lane { end, lane } => self.on_lane(end, lane),
            Due::Closing { end } => self.finish_closing(end),
            Due::Fin { end } => self.on_fin(end),
            Due::IceCheck { end, since } => self.on_ice_check(end, since),
            Due::Media {
                end,
                round,
                attempt,
            } => self.on_media(end, round, attempt),
            Due::MediaCheck { end, since } => self.on_media_check(end, since),
        }
        true
    }

    /// Lets the world run up to this moment.
    pub fn run_to(&mut self, until: Micros) {
        while self
            .queue
            .peek()
            .is_some_and(|Reverse((at, _, _))| *at <= until)
        {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Lets the world run for so long.
    pub fn run_ms(&mut self, ms: u64) {
        self.run_to(self.now + ms * MS);
    }

    /// Lets the world run until a fact holds; returns after how many milliseconds (rounded up), or `None` if it did
    /// not hold within `limit_ms`.
    pub fn run_until(
        &mut self,
        limit_ms: u64,
        mut fact: impl FnMut(&World) -> bool,
    ) -> Option<u64> {
        let begin = self.now;
        let limit = begin + limit_ms * MS;
        loop {
            if fact(self) {
                return Some((self.now - begin).div_ceil(MS));
            }
            match self.queue.peek() {
                Some(Reverse((at, _, _))) if *at <= limit => {
                    self.step();
                }
                _ => {
                    self.now = limit;
                    return fact(self).then_some(limit_ms);
                }
            }
        }
    }

    /// Something is wrong that is no message's fault.
    fn blame(&mut self, rule: &'static str, detail: String) {
        let now = self.now;
        self.trace.line(now, || format!("!! {rule}: {detail}"));
        self.checker.blame(now, rule, detail);
    }
}
