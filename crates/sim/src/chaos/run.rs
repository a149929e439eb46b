//! A seed is run.

use super::draw;
use super::drill::Drill;
use super::faults::End;
use super::plan::{Action, FAULTS, MESSAGES, Modes, Plan};
use crate::checker::{Mutation, Violation};
use crate::rng::Rng;
use crate::stats::Stats;
use crate::trace::Trace;
use crate::world::World;
use crate::{Micros, SECOND};
use peerjs_mesh_core::{Config, Mode};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a seed is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Members tell their users lies of this kind.
    pub mutation: Option<Mutation>,
    /// Members have these faults.
    pub faults: &'static [peerjs_mesh_core::Mutation],
    /// Plans are drawn for this; `None`: of all kinds.
    pub drill: Option<&'static Drill>,
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

pub(super) const ROOM: &str = "chaos-room";
/// No seed is shorter.
const SHORTEST: Micros = 60 * SECOND;

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
    let plan = match options.drill {
        Some(drill) => Plan::drill(seed, drill),
        None => Plan::draw(seed),
    };
    let mut world = World::new(seed, plan.climate.clone());
    world.set_trace(trace.clone());
    if let Some(drill) = options.drill {
        world.checker_mut().be_strict(drill.steady);
    }
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

pub(super) struct Run<'w> {
    pub(super) world: &'w mut World,
    pub(super) plan: Plan,
    pub(super) rng: Rng,
    pub(super) options: Options,
    /// Faults to be ended, by time.
    pub(super) ends: BTreeMap<(Micros, u64), End>,
    pub(super) begun: u64,
    /// How many faults have had a victim.
    pub(super) faults: u64,
    /// The room was judged, and nothing has happened to it since.
    pub(super) peace: bool,
    /// When a fault began that drops nobody, in peace, who was there, how often they had been told of drops of each other, and
    /// whether it is a thread that is busy for as long as may be, so that one lost beat more is too much.
    pub(super) steady: Option<(Micros, Vec<usize>, usize, bool)>,
    /// For how long the plan's clock stood still.
    paused: Micros,
    /// Who has said something, and how much was said in all.
    spoke: BTreeSet<usize>,
    said: u64,
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
            faults: 0,
            peace: false,
            steady: None,
            paused: 0,
            spoke: BTreeSet::new(),
            said: 0,
        }
    }

    fn play(mut self) {
        self.count_plan();
        for (at, action) in std::mem::take(&mut self.plan.actions) {
            let at = at + self.paused;
            self.end_until(at);
            self.world.run_to(at);
            self.act(action);
        }
        let healed_at = self.plan.healed_at + self.paused;
        self.end_until(healed_at);
        self.world.run_to(healed_at);
        if self.options.drill.is_none() {
            self.more_faults();
            self.say_enough();
        }
        self.heal();
        self.judge();
        self.world.collect_counters();
        let now = self.world.now();
        if self.options.drill.is_none() && now < SHORTEST && self.world.violations().is_empty() {
            let told = format!("it took {} s", now / SECOND);
            self.world.checker_mut().blame(now, "seed", told);
        }
        let stats = self.world.stats_mut();
        stats.count("simulated seconds", now / SECOND);
        stats.high_water("simulated seconds", now / SECOND);
    }

    /// What kind of room it is, for the report.
    fn count_plan(&mut self) {
        let plan = &self.plan;
        let modes = match plan.modes {
            Modes::All(Mode::Host) => "seeds: host mode",
            Modes::All(Mode::Full) => "seeds: full mode",
            Modes::Mixed => "seeds: mixed modes",
        };
        let (overlapping, large) = (plan.overlapping, plan.members > 20);
        let stats = self.world.stats_mut();
        stats.count(modes, 1);
        stats.count("seeds: overlapping faults", u64::from(overlapping));
        stats.count("seeds: over 20 members", u64::from(large));
    }

    /// Faults that found nobody to have them are made up for.
    fn more_faults(&mut self) {
        for _ in 0..10 * FAULTS {
            if self.faults >= FAULTS as u64 {
                return;
            }
            self.world.stats_mut().count("faults made up for", 1);
            while self.world.present().len() < 2 {
                self.act(Action::Join);
            }
            self.world.run_ms(2_000);
            let fault = draw::fault(&mut self.rng, self.plan.members);
            self.begin(fault);
            let until = self.world.now() + fault.lasting() + SECOND;
            self.end_until(until);
            self.world.run_to(until);
        }
        let (now, faults) = (self.world.now(), self.faults);
        let told = format!("only {faults} faults have had a victim");
        self.world.checker_mut().blame(now, "seed", told);
    }

    /// What could not be said, because nobody was there to say it, or had no room for it, is said now; so is something
    /// by members that have not said a word, as long as fewer than half have.
    fn say_enough(&mut self) {
        for _ in 0..4 * MESSAGES {
            let few = 2 * self.spoke.len() < self.world.members();
            if !few && self.said >= MESSAGES {
                return;
            }
            let there = self.world.present();
            let spoke = there.iter().all(|member| self.spoke.contains(member));
            if there.is_empty() || (few && spoke) {
                self.act(Action::Join);
            }
            let before = self.said;
            self.send(1, 100, false);
            if self.said == before {
                self.world.run_ms(100);
            }
        }
        let (now, said, spoke) = (self.world.now(), self.said, self.spoke.len());
        let told = format!("only {said} messages were taken, of {spoke} members");
        self.world.checker_mut().blame(now, "seed", told);
    }

    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Join => {
                let mode = match self.plan.modes {
                    Modes::All(mode) => mode,
                    Modes::Mixed if self.rng.chance(0.5) => Mode::Full,
                    Modes::Mixed => Mode::Host,
                };
                let config = Config {
                    mesh_limit: self.plan.mesh_limit,
                    mode,
                    health_interval_ms: self.plan.health_interval_ms,
                    ..Config::new(ROOM)
                };
                match self.world.join_with(config, self.options.faults) {
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
            Action::Quiet => {
                let began = self.world.now();
                self.quiet_point();
                self.paused += self.world.now() - began;
            }
        }
    }

    fn send(&mut self, count: u32, bytes: usize, directed: bool) {
        let Some(from) = self.speaker() else { return };
        let known = self.world.checker().list(from);
        let to = if directed {
            self.rng.pick(&known).copied()
        } else {
            None
        };
        for _ in 0..count {
            if matches!(self.world.send(from, bytes, to), Some(Ok(_))) {
                self.said += 1;
                self.spoke.insert(from);
            }
        }
    }

    /// Somebody; every fourth time one who has not said a word.
    fn speaker(&mut self) -> Option<usize> {
        let mut there = self.world.present();
        if self.rng.chance(0.25) || 2 * self.spoke.len() < self.world.members() {
            let silent = |m: &usize| !self.spoke.contains(m);
            if there.iter().any(silent) {
                there.retain(silent);
            }
        }
        self.rng.pick(&there).copied()
    }

    /// Who hosts, of those that are there.
    pub(super) fn host(&self) -> Option<usize> {
        let hosts = |m: &usize| self.world.machine(*m).is_some_and(|x| x.status().is_host);
        self.world.present().into_iter().find(hosts)
    }

    pub(super) fn somebody(&mut self) -> Option<usize> {
        let there = self.world.present();
        self.rng.pick(&there).copied()
    }
}
