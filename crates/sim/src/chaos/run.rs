//! A seed is run.

use super::faults::End;
use super::plan::{Action, Plan};
use crate::Micros;
use crate::checker::{Mutation, Violation};
use crate::rng::Rng;
use crate::stats::Stats;
use crate::trace::Trace;
use crate::world::World;
use peerjs_mesh_core::Config;
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

pub(super) const ROOM: &str = "chaos-room";

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

pub(super) struct Run<'w> {
    pub(super) world: &'w mut World,
    pub(super) plan: Plan,
    pub(super) rng: Rng,
    pub(super) options: Options,
    /// Faults to be ended, by time.
    pub(super) ends: BTreeMap<(Micros, u64), End>,
    pub(super) begun: u64,
    /// Since when nothing keeps the room from being one.
    pub(super) calm_since: Micros,
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
            calm_since: 0,
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

    pub(super) fn act(&mut self, action: Action) {
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

    pub(super) fn somebody(&mut self) -> Option<usize> {
        let there = self.world.present();
        self.rng.pick(&there).copied()
    }
}
