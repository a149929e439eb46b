//! One member and its driver: the loop that the core's contract prescribes, and nothing that decides.

use super::facts::{About, Fact};
use super::life::{Life, UserView};
use super::{Due, World};
use crate::checker::Mutation;
use crate::machine::Machine;
use crate::rng::Rng;
use crate::{MS, Micros, SECOND};
use peerjs_mesh_core::{Event, Instant, LinkId, Output, SessionId};
use peerjs_mesh_protocol::signalling::FromServer;
use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;

pub(super) struct Node {
    pub(super) machine: Option<Box<dyn Machine>>,
    pub(super) id: String,
    pub(super) life: Life,
    /// Its clock's zero, so that nobody can rely on a common one.
    offset: Micros,
    pub(super) link_window: u32,
    /// Whether its user takes events.
    pub(super) reading: bool,
    /// It has begun to read again, and hears what has waited.
    pub(super) late: bool,
    /// Whether nobody sees its page.
    pub(super) hidden: bool,
    /// Its timers fire only at whole multiples of this (a hidden page's: 1 s).
    pub(super) timer_grain: Micros,
    wake: Option<Micros>,
    pub(super) generation: u64,
    /// What piled up while it could not run.
    inbox: VecDeque<Fact>,
    local: BTreeMap<u64, Fact>,
    locals: u64,
    pub(super) sessions: BTreeMap<SessionId, usize>,
    pub(super) links: BTreeMap<LinkId, usize>,
    pub(super) media: BTreeMap<LinkId, usize>,
    pub(super) rng: Rng,
    /// Whether candidates come after the description (pages) or in it (native).
    pub(super) trickle: bool,
    pub(super) view: UserView,
    /// How many sends it has asked for.
    pub(super) sends: u64,
    /// What ended last: in the very call that tells of it the machine may still name it.
    pub(super) ended: (Option<SessionId>, Option<LinkId>),
    /// Consecutive deadlines that were not in the future.
    stuck: u32,
    pub(super) mutation: Option<Mutation>,
    pub(super) held_event: Option<Event>,
}

impl Node {
    /// What its clock shows when the world's shows 0, microseconds.
    pub(super) fn offset(&self) -> Micros {
        self.offset
    }

    /// It shows something else from now on; its timer is set anew.
    pub(super) fn step_clock(&mut self, ms: i64) {
        self.offset = self
            .offset
            .saturating_add_signed(ms.saturating_mul(MS as i64));
        self.wake = None;
    }
}

impl World {
    /// Puts a machine into the world. `started` is what it was told as `now` when it was made: see [`World::clock`].
    pub fn add(&mut self, machine: Box<dyn Machine>, offset: Micros, link_window: u32) -> usize {
        let member = self.nodes.len();
        let id = machine.id().to_owned();
        let mut rng = self.rng.fork();
        let trickle = rng.chance(0.5);
        self.nodes.push(Node {
            machine: Some(machine),
            id: id.clone(),
            life: Life::Running,
            offset,
            link_window,
            reading: true,
            late: false,
            hidden: false,
            timer_grain: 1,
            wake: None,
            generation: 0,
            inbox: VecDeque::new(),
            local: BTreeMap::new(),
            locals: 0,
            sessions: BTreeMap::new(),
            links: BTreeMap::new(),
            media: BTreeMap::new(),
            rng,
            trickle,
            view: UserView::default(),
            sends: 0,
            ended: (None, None),
            stuck: 0,
            mutation: None,
            held_event: None,
        });
        self.paths.add_member();
        let now = self.now;
        self.trace.line(now, || format!("m{member} starts as {id}"));
        self.checker.born(now, &id);
        self.drain(member);
        member
    }

    /// Whether a beat that one sent another then was lost.
    pub fn beat_was_lost(&self, from: usize, to: usize, when: &RangeInclusive<Micros>) -> bool {
        let lost = self.lost_beats.get(&(from, to));
        lost.is_some_and(|times| times.iter().any(|at| when.contains(at)))
    }

    /// How a member is.
    pub fn life(&self, member: usize) -> Life {
        self.nodes[member].life
    }

    /// What a member's user has seen.
    pub fn view(&self, member: usize) -> &UserView {
        &self.nodes[member].view
    }

    /// A member's id.
    pub fn id(&self, member: usize) -> &str {
        &self.nodes[member].id
    }

    fn clock(&self, member: usize) -> Instant {
        Instant::from_micros(self.now + self.nodes[member].offset)
    }

    /// Calls the machine, then does what the contract says. `None` when the member cannot run.
    pub(super) fn call<R>(
        &mut self,
        member: usize,
        f: impl FnOnce(&mut dyn Machine, Instant) -> R,
    ) -> Option<R> {
        if self.nodes[member].life != Life::Running {
            return None;
        }
        let now = self.clock(member);
        let machine = self.nodes[member].machine.as_deref_mut()?;
        let result = f(machine, now);
        self.drain(member);
        Some(result)
    }

    /// After any call: outputs to the end, then events as the user takes them, then sleep until the deadline.
    pub(super) fn drain(&mut self, member: usize) {
        self.judge_queues(member);
        let mut outputs = 0u32;
        loop {
            while let Some(output) = self.nodes[member]
                .machine
                .as_mut()
                .and_then(|m| m.poll_output())
            {
                outputs += 1;
                if outputs > 200_000 {
                    self.blame(
                        "storm",
                        format!("m{member} asks for more than 200 000 things at once"),
                    );
                    self.crash(member);
                    return;
                }
                self.obey(member, output);
            }
            while let Some(outcome) = self.nodes[member]
                .machine
                .as_mut()
                .and_then(|m| m.poll_outcome())
            {
                let now = self.now;
                self.checker.outcome(now, member, &outcome);
            }
            if !self.nodes[member].reading {
                break;
            }
            let mut any = false;
            while let Some(event) = self.nodes[member]
                .machine
                .as_mut()
                .and_then(|m| m.poll_event())
            {
                any = true;
                self.hear(member, event);
            }
            if !any {
                self.nodes[member].late = false;
                break;
            }
        }
        if self.nodes[member]
            .view
            .events
            .last()
            .is_some_and(|(_, event)| *event == Event::Left)
        {
            self.end_member(member, Life::Left);
            return;
        }
        self.sleep(member);
    }

    fn sleep(&mut self, member: usize) {
        let now = self.now;
        let node = &mut self.nodes[member];
        let deadline = node.machine.as_ref().and_then(|m| m.poll_timeout());
        let Some(deadline) = deadline else {
            node.wake = None;
            node.generation += 1;
            return;
        };
        let mut due = deadline.as_micros().saturating_sub(node.offset).max(now);
        if node.timer_grain > 1 {
            due = due.div_ceil(node.timer_grain) * node.timer_grain;
        }
        if node.wake == Some(due) {
            return;
        }
        node.wake = Some(due);
        node.generation += 1;
        let generation = node.generation;
        // Real timers are late by a little.
        let late = node.rng.below(MS);
        self.schedule(due + late, Due::Wake { member, generation });
    }

    pub(super) fn on_wake(&mut self, member: usize, generation: u64) {
        let node = &mut self.nodes[member];
        if node.generation != generation || node.life != Life::Running {
            return;
        }
        node.wake = None;
        // Now and then early, and twice: both must do nothing.
        let twice = node.rng.chance(0.01);
        self.call(member, |machine, now| machine.handle_timeout(now));
        if twice {
            self.call(member, |machine, now| machine.handle_timeout(now));
        }
        let now = self.clock(member);
        let node = &mut self.nodes[member];
        match node.machine.as_ref().and_then(|m| m.poll_timeout()) {
            Some(deadline) if deadline <= now => node.stuck += 1,
            _ => node.stuck = 0,
        }
        if node.stuck > 3 {
            node.stuck = 0;
            self.blame(
                "stuck-timer",
                format!("m{member}'s deadline stays in the past after handle_timeout"),
            );
        }
    }

    /// Something has happened to a member; it hears of it as soon as it can run.
    pub(super) fn tell(&mut self, member: usize, fact: Fact) {
        let node = &mut self.nodes[member];
        match node.life {
            Life::Running if node.inbox.is_empty() => self.input(member, fact),
            Life::Running | Life::Frozen | Life::Busy => node.inbox.push_back(fact),
            Life::Killed | Life::Crashed | Life::Left => {}
        }
    }

    /// As `tell`, after a delay inside the member's own machine.
    pub(super) fn tell_later(&mut self, member: usize, delay: Micros, fact: Fact) {
        let node = &mut self.nodes[member];
        node.locals += 1;
        let index = node.locals;
        node.local.insert(index, fact);
        self.schedule(self.now + delay, Due::Local { member, index });
    }

    pub(super) fn on_local(&mut self, member: usize, index: u64) {
        if let Some(fact) = self.nodes[member].local.remove(&index) {
            self.tell(member, fact);
        }
    }

    /// A member that could not run can again.
    pub(super) fn thaw(&mut self, member: usize) {
        let timer_first = self.nodes[member].rng.chance(0.5);
        let node = &mut self.nodes[member];
        node.life = Life::Running;
        node.wake = None;
        let hidden = node.hidden;
        self.call(member, |machine, now| machine.set_hidden(now, hidden));
        if timer_first {
            self.call(member, |machine, now| machine.handle_timeout(now));
        }
        while self.nodes[member].life == Life::Running {
            let Some(fact) = self.nodes[member].inbox.pop_front() else {
                break;
            };
            self.input(member, fact);
        }
        if self.nodes[member].life == Life::Running {
            self.drain(member);
        }
    }

    fn input(&mut self, member: usize, fact: Fact) {
        // After a close was asked for nothing more is reported.
        let node = &self.nodes[member];
        let known = match fact.about() {
            About::Session(session) => node.sessions.contains_key(&session),
            About::Link(link) => node.links.contains_key(&link),
            About::Media(link) => node.media.contains_key(&link),
        };
        if !known {
            return;
        }
        let now = self.now;
        self.trace.line(now, || {
            format!("m{member} < {}", crate::trace::brief(&fact))
        });
        match &fact {
            Fact::SessionClosed(s, _) => {
                self.nodes[member].sessions.remove(s);
                self.nodes[member].ended = (Some(*s), None);
            }
            Fact::LinkClosed(l, _) => {
                self.nodes[member].links.remove(l);
                self.nodes[member].ended = (None, Some(*l));
            }
            _ => {}
        }
        let opened = matches!(&fact, Fact::SessionReceived(_, FromServer::Open));
        let hosted = |world: &World| {
            let machine = world.nodes[member].machine.as_ref();
            machine.is_some_and(|machine| machine.status().is_host)
        };
        let cold = opened && self.nodes[member].view.was_in && !hosted(self);
        self.call(member, |machine, now| fact.tell(machine, now));
        if cold && hosted(self) {
            // The server was the judge: nobody of the line had answered.
            self.stats.count("cold claims", 1);
        }
    }

    fn obey(&mut self, member: usize, output: Output) {
        let now = self.now;
        self.trace.line(now, || {
            format!("m{member} > {}", crate::trace::brief_output(&output))
        });
        match output {
            Output::OpenSession { session, id, token } => {
                self.open_session(member, session, id, token)
            }
            Output::SendSession { session, message } => self.send_session(member, session, message),
            Output::CloseSession { session } => self.close_session(member, session),
            Output::Dial { link, label: _ } => self.dial(member, link),
            Output::Answer { link, sdp, lanes } => self.answer(member, link, &sdp, lanes),
            Output::Accept { link, sdp, lanes } => self.accept(member, link, &sdp, lanes),
            Output::AddCandidate { link, candidate } => {
                self.add_candidate(member, link, &candidate)
            }
            Output::Send { link, lane, frame } => self.send_frame(member, link, lane, frame),
            Output::Media { link, dial } => self.make_media(member, link, dial),
            Output::MediaSignal { link, signal } => self.hear_media(member, link, &signal),
            Output::CloseLink { link } => self.close_link(member, link),
        }
    }

    /// The end of a member's process, or of its network.
    pub(super) fn end_member(&mut self, member: usize, life: Life) {
        let now = self.now;
        let node = &mut self.nodes[member];
        if !node.life.alive() {
            return;
        }
        node.life = life;
        self.judge_queues(member);
        let node = &mut self.nodes[member];
        if let Some(machine) = node.machine.take() {
            let counters = machine.counters();
            self.stats.add_counters(&counters);
        }
        let node = &mut self.nodes[member];
        node.inbox.clear();
        node.local.clear();
        node.generation += 1;
        self.trace.line(now, || format!("m{member} is {life:?}"));
        self.checker.gone(now, member, life == Life::Left);
        self.end_sessions(member, life);
        self.end_links(member);
        self.end_media(member);
        self.repath();
    }

    /// What a driver takes to prepare a description: a page gathers for longer than a native program.
    pub(super) fn gathering(&mut self, member: usize) -> Micros {
        self.nodes[member].rng.range(MS, 20 * MS)
    }

    /// What a stack takes to repeat what was lost once a way is there again.
    pub(super) fn repeat_delay(&mut self) -> Micros {
        self.rng.range(200 * MS, 2 * SECOND)
    }
}
