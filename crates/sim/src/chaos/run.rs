//! A seed is run.

use super::plan::{Action, Fault, Plan};
use crate::checker::{Mutation, Violation};
use crate::rng::Rng;
use crate::stats::Stats;
use crate::trace::Trace;
use crate::world::World;
use crate::{Micros, SECOND};
use peerjs_mesh_core::{Config, LeaveHow};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a seed is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Members tell their users lies of this kind.
    pub mutation: Option<Mutation>,
    /// What happens is written down.
    pub trace: bool,
}

/// What became of a seed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What was broken.
    pub violations: Vec<Violation>,
    /// What happened.
    pub stats: Stats,
    /// What happened, line by line, if it was asked for.
    pub trace: Vec<String>,
    /// How many events there were.
    pub steps: u64,
}

const ROOM: &str = "chaos-room";
/// Exactly one room so long after the network is quiet, ms (PROTOCOL §6).
const SETTLE_MS: u64 = 15_000;
/// How long a server may hold the name of dead members: 90 s and a sweep, ms.
const HELD_MS: u64 = 95_000;
/// What was sent last, and all that waits, has so long to arrive, ms (guess: 5 MB at the slowest rate).
const ARRIVE_MS: u64 = 30_000;
/// For so long nothing but heartbeats may be on the way, ms.
const IDLE_MS: u64 = 5_000;
/// It begins so long after everything is healed: the longest back-off towards a server, and a bit.
const IDLE_AFTER: Micros = 16 * SECOND;

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Panics on threads that run seeds become violations; their words are kept instead of printed.
fn catch_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if RUNNING.with(|running| *running.borrow()) {
                PANIC.with(|words| *words.borrow_mut() = Some(info.to_string().replace('\n', " ")));
            } else {
                before(info);
            }
        }));
    });
}

thread_local! {
    static RUNNING: RefCell<bool> = const { RefCell::new(false) };
}

/// Runs a seed. The same seed and options give the same outcome.
pub fn run(seed: u64, options: Options) -> Outcome {
    catch_panics();
    let trace = if options.trace {
        Trace::written()
    } else {
        Trace::default()
    };
    let plan = Plan::draw(seed);
    let mut world = World::new(seed, plan.climate.clone());
    world.set_trace(trace.clone());
    world.stats_mut().count(plan.climate.server.name(), 1);
    RUNNING.with(|running| *running.borrow_mut() = true);
    let result = catch_unwind(AssertUnwindSafe(|| {
        Run::new(&mut world, plan, options).play()
    }));
    RUNNING.with(|running| *running.borrow_mut() = false);
    if result.is_err() {
        let words = PANIC
            .with(|words| words.borrow_mut().take())
            .unwrap_or_default();
        let now = world.now();
        world.checker_mut().blame(now, "panic", words);
    }
    Outcome {
        seed,
        violations: world.violations().to_vec(),
        stats: world.stats().clone(),
        trace: trace.lines(),
        steps: world.steps(),
    }
}

/// What ends a fault.
#[derive(Debug, Clone)]
enum End {
    Wake(usize),
    Read(usize),
    Unthrottle(usize),
    Loss,
    Delay(usize, usize),
    Heal(Vec<(usize, usize)>),
    Signalling(Vec<usize>),
    ServerUp,
}

struct Run<'w> {
    world: &'w mut World,
    plan: Plan,
    rng: Rng,
    options: Options,
    /// Faults to be ended, by time.
    ends: BTreeMap<(Micros, u64), End>,
    begun: u64,
}

impl Run<'_> {
    fn new(world: &mut World, plan: Plan, options: Options) -> Run<'_> {
        let rng = plan.rng.clone();
        Run {
            world,
            plan,
            rng,
            options,
            ends: BTreeMap::new(),
            begun: 0,
        }
    }

    fn play(mut self) {
        for (at, action) in std::mem::take(&mut self.plan.actions) {
            self.end_until(at);
            self.world.run_to(at);
            self.act(action);
        }
        self.end_until(self.plan.healed_at);
        self.world.run_to(self.plan.healed_at);
        self.heal();
        self.judge();
        self.world.collect_counters();
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Join => {
                let config = Config {
                    mesh_limit: None,
                    health_interval_ms: self.plan.health_interval_ms,
                    ..Config::new(ROOM)
                };
                match self.world.join(config) {
                    Ok(member) => {
                        if let Some(mutation) = self.options.mutation {
                            self.world.mutate(member, mutation);
                        }
                    }
                    Err(code) => {
                        let now = self.world.now();
                        self.world
                            .checker_mut()
                            .blame(now, "option-refused", format!("{code:?}"));
                    }
                }
            }
            Action::Send {
                count,
                bytes,
                directed,
            } => self.send(count, bytes, directed),
            Action::SetInitData => {
                if let Some(member) = self.somebody() {
                    self.world.set_init_data(member, &self.rng.seed32());
                }
            }
            Action::Begin(fault) => self.begin(fault),
        }
    }

    fn send(&mut self, count: u32, bytes: usize, directed: bool) {
        let Some(from) = self.somebody() else { return };
        let to = if directed {
            let known = self.world.checker().list(from);
            let Some(to) = self.rng.pick(&known).copied() else {
                return;
            };
            Some(to)
        } else {
            None
        };
        for _ in 0..count {
            self.world.send(from, bytes, to);
        }
    }

    fn somebody(&mut self) -> Option<usize> {
        let there = self.world.present();
        self.rng.pick(&there).copied()
    }

    /// Two different members.
    fn two(&mut self) -> Option<(usize, usize)> {
        let there = self.world.present();
        let one = *self.rng.pick(&there)?;
        let others: Vec<usize> = there.into_iter().filter(|m| *m != one).collect();
        Some((one, *self.rng.pick(&others)?))
    }

    /// Somebody to be broken: every other time the host, whose faults matter most.
    fn victim(&mut self) -> Option<usize> {
        let there = self.world.present();
        let host = there
            .iter()
            .copied()
            .find(|m| self.world.machine(*m).is_some_and(|x| x.status().is_host));
        match host {
            Some(host) if self.rng.chance(0.5) => Some(host),
            _ => self.rng.pick(&there).copied(),
        }
    }

    /// As `victim`, for faults that are not survived: somebody must be left.
    fn last_victim(&mut self) -> Option<usize> {
        if self.world.present().len() < 2 {
            None
        } else {
            self.victim()
        }
    }

    fn until(&mut self, lasting: Micros, end: End) {
        self.begun += 1;
        self.ends
            .insert((self.world.now() + lasting, self.begun), end);
    }

    fn begin(&mut self, fault: Fault) {
        match fault {
            Fault::Crash => {
                if let Some(member) = self.last_victim() {
                    self.world.crash(member);
                }
            }
            Fault::Kill => {
                if let Some(member) = self.last_victim() {
                    self.world.kill(member);
                }
            }
            Fault::Leave { now } => {
                if let Some(member) = self.last_victim() {
                    self.world.leave(
                        member,
                        if now {
                            LeaveHow::Now
                        } else {
                            LeaveHow::Delivered
                        },
                    );
                }
            }
            Fault::Freeze(lasting) => {
                if let Some(member) = self.victim() {
                    self.world.freeze(member);
                    self.until(lasting, End::Wake(member));
                }
            }
            Fault::Busy(lasting) => {
                if let Some(member) = self.victim() {
                    self.world.busy(member);
                    self.until(lasting, End::Wake(member));
                }
            }
            Fault::SlowReader(lasting) => {
                if let Some(member) = self.victim() {
                    self.world.set_reading(member, false);
                    self.until(lasting, End::Read(member));
                }
            }
            Fault::Throttle(lasting) => {
                if let Some(member) = self.victim() {
                    self.world.throttle(member, 1_000);
                    self.until(lasting, End::Unthrottle(member));
                }
            }
            Fault::Loss(loss, lasting) => {
                self.world.set_loss(loss);
                self.until(lasting, End::Loss);
            }
            Fault::DropHost => {
                let there = self.world.present();
                let host = there
                    .into_iter()
                    .find(|m| self.world.machine(*m).is_some_and(|x| x.status().is_host));
                if let Some(host) = host {
                    self.world.drop_host(host);
                }
            }
            other => self.begin_on_ways(other),
        }
    }

    fn begin_on_ways(&mut self, fault: Fault) {
        match fault {
            Fault::Delay(ms, lasting) => {
                if let Some((a, b)) = self.two() {
                    self.world.delay(a, b, ms);
                    self.until(lasting, End::Delay(a, b));
                }
            }
            Fault::Cut(lasting) => {
                if let Some((a, b)) = self.pair_of_victim() {
                    self.world.cut(a, b, true);
                    self.until(lasting, End::Heal(vec![(a, b), (b, a)]));
                }
            }
            Fault::CutOneWay(lasting) => {
                if let Some((a, b)) = self.pair_of_victim() {
                    self.world.cut_one_way(a, b, true);
                    self.until(lasting, End::Heal(vec![(a, b)]));
                }
            }
            Fault::BreakLinks => {
                if let Some((a, b)) = self.pair_of_victim() {
                    self.world.break_links(a, b);
                    self.world.break_links(b, a);
                }
            }
            Fault::Partition {
                signalling,
                lasting,
            } => {
                let side: Vec<usize> = (0..self.world.members())
                    .filter(|_| self.rng.chance(0.4))
                    .collect();
                let pairs = self.world.partition(&side);
                self.until(lasting, End::Heal(pairs));
                if signalling {
                    for member in &side {
                        self.world.cut_signalling(*member, true);
                    }
                    self.until(lasting, End::Signalling(side));
                }
            }
            Fault::CutSignalling(lasting) => {
                if let Some(member) = self.victim() {
                    self.world.cut_signalling(member, true);
                    self.until(lasting, End::Signalling(vec![member]));
                }
            }
            Fault::CutAllSignalling(lasting) => {
                let all: Vec<usize> = (0..self.world.members()).collect();
                for member in &all {
                    self.world.cut_signalling(*member, true);
                }
                self.until(lasting, End::Signalling(all));
            }
            Fault::Restart { clean, lasting } => {
                self.world.server_down(clean);
                self.until(lasting, End::ServerUp);
            }
            _ => {}
        }
    }

    fn pair_of_victim(&mut self) -> Option<(usize, usize)> {
        let victim = self.victim()?;
        let others: Vec<usize> = self
            .world
            .present()
            .into_iter()
            .filter(|m| *m != victim)
            .collect();
        let other = *self.rng.pick(&others)?;
        Some(if self.rng.chance(0.5) {
            (victim, other)
        } else {
            (other, victim)
        })
    }

    /// Ends the faults that end up to then.
    fn end_until(&mut self, until: Micros) {
        while let Some(entry) = self.ends.first_entry() {
            let at = entry.key().0;
            if at > until {
                return;
            }
            let end = entry.remove();
            self.world.run_to(at);
            self.end(end);
        }
    }

    fn end(&mut self, end: End) {
        match end {
            End::Wake(member) => self.world.wake(member),
            End::Read(member) => self.world.set_reading(member, true),
            End::Unthrottle(member) => self.world.throttle(member, 0),
            End::Loss => self.world.set_loss(self.plan.climate.loss),
            End::Delay(a, b) => self.world.delay(a, b, 0),
            End::Heal(pairs) => self.world.heal_pairs(&pairs),
            End::Signalling(members) => {
                for member in members {
                    self.world.cut_signalling(member, false);
                }
            }
            End::ServerUp => self.world.server_up(),
        }
    }

    fn heal(&mut self) {
        for end in std::mem::take(&mut self.ends).into_values() {
            self.end(end);
        }
        self.world.heal_links();
        // What is left of loss must not kill healthy members: votes come with a later issue.
        self.world.set_loss(self.plan.climate.loss.min(0.02));
    }

    fn judge(&mut self) {
        let held = self.world.holder(ROOM) == Some(None);
        let mut settled = self.settle();
        if settled.is_err() && (held || self.world.holder(ROOM) == Some(None)) {
            // The name is held by somebody dead, whose token died, too: newcomers have to wait for the server.
            self.world.stats_mut().count("waited for a held name", 1);
            self.world
                .run_until(HELD_MS, |w| w.holder(ROOM) != Some(None));
            settled = self.settle();
        }
        let quiet = self.world.now();
        match settled {
            Ok(ms) => self.world.stats_mut().high_water("settled after ms", ms),
            Err(why) => {
                self.world.checker_mut().blame(quiet, "not-one-room", why);
                return;
            }
        }
        if !self.newcomer_gets_in() {
            return;
        }
        let present = self.world.present();
        for member in &present {
            self.world.send(*member, 60, None);
            let to = present[self.rng.below(present.len() as u64) as usize];
            if to != *member {
                self.world.send(*member, 60, Some(to));
            }
        }
        self.world.settle_messages(&present, ARRIVE_MS);
        self.world.run_to(self.plan.healed_at + IDLE_AFTER);
        let present = self.world.present();
        self.world.judge_quiet(&present);
        self.idle();
        self.world.judge_quiet(&present);
    }

    /// A room that is whole can be found under its name.
    fn newcomer_gets_in(&mut self) -> bool {
        self.act(Action::Join);
        let mut settled = self.settle();
        if settled.is_err() && self.world.holder(ROOM) == Some(None) {
            self.world.stats_mut().count("waited for a held name", 1);
            self.world
                .run_until(HELD_MS, |w| w.holder(ROOM) != Some(None));
            settled = self.settle();
        }
        match settled {
            Ok(ms) => self
                .world
                .stats_mut()
                .high_water("newcomer in after ms", ms),
            Err(ref why) => {
                let now = self.world.now();
                self.world
                    .checker_mut()
                    .blame(now, "newcomer-outside", why.clone());
            }
        }
        settled.is_ok()
    }

    fn settle(&mut self) -> Result<u64, String> {
        // Somebody may still be leaving: who is present is asked again.
        let begin = self.world.now();
        let mut last = String::new();
        while self.world.now() < begin + SETTLE_MS * 1_000 {
            let present = self.world.present();
            match self.world.settle(&present, 500) {
                Ok(_) => return Ok((self.world.now() - begin) / 1_000),
                Err(why) => last = why.0,
            }
        }
        Err(last)
    }

    /// In a room where nobody speaks only heartbeats and what answers them are on the way.
    fn idle(&mut self) {
        let busy = [
            "frames: data",
            "frames: default",
            "dials",
            "sessions opened",
        ];
        let count = |world: &World| busy.map(|name| world.stats().get(name));
        let before = count(self.world);
        self.world.run_ms(IDLE_MS);
        let after = count(self.world);
        if before != after {
            let now = self.world.now();
            let more: Vec<String> = busy
                .iter()
                .zip(before.iter().zip(after))
                .filter(|(_, (b, a))| *b != a)
                .map(|(n, (b, a))| format!("{} {n}", a - b))
                .collect();
            self.world.checker_mut().blame(
                now,
                "not-quiet",
                format!(
                    "in {} s of silence: {}",
                    IDLE_MS * 1_000 / SECOND,
                    more.join(", ")
                ),
            );
        }
    }
}
