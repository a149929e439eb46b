//! Ways between places, and everything that can go wrong with them.

use super::{Climate, Life, World};
use crate::rng::Rng;
use crate::{MS, Micros, SECOND};
use std::collections::{BTreeMap, BTreeSet};

/// What a packet carries at most, bytes.
const PACKET: usize = 1_200;

/// The state of all ways.
pub(super) struct Paths {
    rng: Rng,
    climate: Climate,
    members: usize,
    link_delay: BTreeMap<(usize, usize), Micros>,
    rate: BTreeMap<(usize, usize), u64>,
    extra: BTreeMap<(usize, usize), Micros>,
    /// Directed: what the first sends does not reach the second.
    cut: BTreeSet<(usize, usize)>,
    server_delay: Vec<Micros>,
    signalling_cut: BTreeSet<usize>,
    pub(super) loss: f64,
    pub(super) server_up: bool,
    /// While it is down: whether its machine refuses connections (else it is silent).
    pub(super) server_refuses: bool,
    pub(super) server_era: u64,
}

fn unordered(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl Paths {
    pub(super) fn new(rng: Rng, climate: &Climate) -> Paths {
        Paths {
            rng,
            climate: climate.clone(),
            members: 0,
            link_delay: BTreeMap::new(),
            rate: BTreeMap::new(),
            extra: BTreeMap::new(),
            cut: BTreeSet::new(),
            server_delay: Vec::new(),
            signalling_cut: BTreeSet::new(),
            loss: climate.loss,
            server_up: true,
            server_refuses: true,
            server_era: 0,
        }
    }

    pub(super) fn add_member(&mut self) {
        let new = self.members;
        for other in 0..=new {
            let (low, high) = if other == new {
                (50, 100)
            } else {
                self.climate.link_delay
            };
            self.link_delay
                .insert((other, new), self.rng.range(low, high));
            self.rate.insert(
                (other, new),
                self.rng.range(self.climate.rate.0, self.climate.rate.1),
            );
        }
        self.server_delay.push(
            self.rng
                .range(self.climate.server_delay.0, self.climate.server_delay.1),
        );
        self.members += 1;
    }

    /// One way to the server, without jitter.
    pub(super) fn server_delay(&self, member: usize) -> Micros {
        self.server_delay[member]
    }

    /// One way between two members, without jitter.
    pub(super) fn link_delay(&self, a: usize, b: usize) -> Micros {
        let pair = unordered(a, b);
        self.link_delay.get(&pair).copied().unwrap_or(MS)
            + self.extra.get(&pair).copied().unwrap_or(0)
    }

    /// Bytes per second: the pair's, or what loss leaves of it (Mathis, Semke, Mahdavi, Ott: about
    /// 1.2 packets / (round trip × √loss)).
    pub(super) fn rate(&self, a: usize, b: usize) -> u64 {
        let own = self
            .rate
            .get(&unordered(a, b))
            .copied()
            .unwrap_or(1_000_000);
        if self.loss <= 0.0 {
            return own;
        }
        let round_trip = (2 * self.link_delay(a, b).max(MS)) as f64 / 1e6;
        own.min((1.2 * PACKET as f64 / (round_trip * self.loss.sqrt())) as u64)
            .max(10_000)
    }

    pub(super) fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cut.contains(&(from, to))
    }

    pub(super) fn signalling_up(&self, member: usize) -> bool {
        !self.signalling_cut.contains(&member)
    }

    /// Whether the server's machine takes packets: to serve them or to refuse them.
    pub(super) fn server_answers(&self) -> bool {
        self.server_up || self.server_refuses
    }

    /// When something sent now on a websocket arrives, and when it was sent for the last time if it got lost.
    pub(super) fn server_arrival(
        &mut self,
        now: Micros,
        member: usize,
    ) -> (Micros, Option<Micros>) {
        let delay = self.server_delay[member] + self.rng.below(self.climate.jitter + 1);
        let mut sent = now;
        let mut timeout = 200 * MS + 2 * delay;
        while self.rng.chance(self.loss) && sent < now + 8 * SECOND {
            sent += timeout;
            timeout *= 2;
        }
        (sent + delay, (sent > now).then_some(sent))
    }

    /// As `server_arrival`, for a frame of a link. `None`: lost, and not repeated.
    pub(super) fn link_arrival(
        &mut self,
        now: Micros,
        from: usize,
        to: usize,
        bytes: usize,
        repeated: bool,
    ) -> Option<(Micros, Option<Micros>)> {
        let delay = self.link_delay(from, to) + self.rng.below(self.climate.jitter + 1);
        let mut sent = now;
        if self.loss > 0.0 {
            let mut timeout = 400 * MS + 2 * delay;
            for _ in 0..bytes.div_ceil(PACKET).clamp(1, 300) {
                let mut fast = true;
                while self.rng.chance(self.loss) && sent < now + 10 * SECOND {
                    if !repeated {
                        return None;
                    }
                    // The first repeat often comes at once because later packets were acknowledged.
                    if fast && self.rng.chance(0.6) {
                        sent += 2 * delay + 10 * MS;
                    } else {
                        sent += timeout;
                        timeout = (2 * timeout).min(4 * SECOND);
                    }
                    fast = false;
                }
            }
        }
        Some((sent + delay, (sent > now).then_some(sent)))
    }
}

/// Faults, and their ends. Nothing here knows what a room is.
impl World {
    fn fault(&mut self, kind: &'static str, detail: impl FnOnce() -> String) {
        let now = self.now;
        self.disturbed_at = now;
        self.stats.count(kind, 1);
        self.trace.line(now, || format!("== {kind} {}", detail()));
    }

    /// Its machine is gone without a word: its registrations stay half open.
    pub fn crash(&mut self, member: usize) {
        self.fault("fault: crash", || format!("m{member}"));
        self.end_member(member, Life::Crashed);
    }

    /// Its process is killed: its websockets close, its links fall silent.
    pub fn kill(&mut self, member: usize) {
        self.fault("fault: kill", || format!("m{member}"));
        self.end_member(member, Life::Killed);
    }

    /// Stopped, until `wake`.
    pub fn freeze(&mut self, member: usize) {
        if self.nodes[member].life == Life::Running {
            self.fault("fault: freeze", || format!("m{member}"));
            self.nodes[member].life = Life::Frozen;
            self.checker.hears(self.now, member, false);
            self.repath();
        }
    }

    /// Its thread is busy, until `wake`; its stack goes on answering.
    pub fn busy(&mut self, member: usize) {
        if self.nodes[member].life == Life::Running {
            self.fault("fault: busy", || format!("m{member}"));
            self.nodes[member].life = Life::Busy;
            self.checker.hears(self.now, member, false);
        }
    }

    /// The end of `freeze` and `busy`.
    pub fn wake(&mut self, member: usize) {
        let life = self.nodes[member].life;
        if matches!(life, Life::Frozen | Life::Busy) {
            let now = self.now;
            self.disturbed_at = now;
            self.trace.line(now, || format!("== m{member} wakes"));
            let reading = self.nodes[member].reading;
            self.checker.hears(now, member, reading);
            self.thaw(member);
            self.repath();
            self.kick_sessions();
        }
    }

    /// Its user takes events, or does not.
    pub fn set_reading(&mut self, member: usize, reading: bool) {
        if !self.nodes[member].life.alive() || self.nodes[member].reading == reading {
            return;
        }
        if reading {
            let now = self.now;
            self.disturbed_at = now;
            self.trace.line(now, || format!("== m{member} reads again"));
        } else {
            self.fault("fault: slow reader", || format!("m{member}"));
        }
        self.nodes[member].reading = reading;
        self.nodes[member].late = reading;
        if self.nodes[member].life == Life::Running {
            self.checker.hears(self.now, member, reading);
            self.drain(member);
        }
    }

    /// Its timers fire only at whole multiples of `grain_ms` (0: as they should).
    pub fn throttle(&mut self, member: usize, grain_ms: u64) {
        if grain_ms > 0 {
            self.fault("fault: throttled timers", || {
                format!("m{member} {grain_ms} ms")
            });
        }
        self.nodes[member].timer_grain = (grain_ms * MS).max(1);
    }

    /// Nobody sees its page any more, or somebody does again. One that cannot run hears of it when it can.
    pub fn hide(&mut self, member: usize, hidden: bool) {
        if !self.nodes[member].life.alive() {
            return;
        }
        if hidden {
            self.fault("fault: page hidden", || format!("m{member}"));
        } else {
            let now = self.now;
            self.disturbed_at = now;
            self.trace
                .line(now, || format!("== m{member} is seen again"));
        }
        self.nodes[member].hidden = hidden;
        self.call(member, |machine, now| machine.set_hidden(now, hidden));
    }

    /// Its clock shows so many ms more from now on, or less.
    pub fn step_clock(&mut self, member: usize, ms: i64) {
        self.fault("fault: clock step", || format!("m{member} {ms} ms"));
        self.nodes[member].step_clock(ms);
        self.checker.clock_set(self.now, member, ms);
        if self.nodes[member].life == Life::Running {
            self.drain(member);
        }
    }

    /// What the first sends does not reach the second any more, or does again.
    pub fn cut_one_way(&mut self, from: usize, to: usize, cut: bool) {
        self.set_cut(&[(from, to)], cut, "fault: asymmetric cut");
    }

    /// Nothing passes between two members, or does again.
    pub fn cut(&mut self, a: usize, b: usize, cut: bool) {
        self.set_cut(&[(a, b), (b, a)], cut, "fault: link cut");
    }

    /// Nothing passes between one of these and one of the others. Returns what was cut.
    pub fn partition(&mut self, side: &[usize]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for a in side {
            for b in (0..self.nodes.len()).filter(|b| !side.contains(b)) {
                pairs.extend([(*a, b), (b, *a)]);
            }
        }
        self.set_cut(&pairs, true, "fault: partition of links");
        pairs
    }

    /// These ways are open again.
    pub fn heal_pairs(&mut self, pairs: &[(usize, usize)]) {
        self.set_cut(pairs, false, "");
    }

    /// All ways between members are open again.
    pub fn heal_links(&mut self) {
        let pairs: Vec<_> = self.paths.cut.iter().copied().collect();
        self.set_cut(&pairs, false, "");
    }

    fn set_cut(&mut self, pairs: &[(usize, usize)], cut: bool, kind: &'static str) {
        if cut {
            self.fault(kind, || format!("{pairs:?}"));
            self.paths.cut.extend(pairs);
        } else {
            let now = self.now;
            self.disturbed_at = now;
            self.trace.line(now, || format!("== healed {pairs:?}"));
            for pair in pairs {
                self.paths.cut.remove(pair);
            }
        }
        self.repath();
    }

    /// Two members are further apart by so much, one way.
    pub fn delay(&mut self, a: usize, b: usize, extra_ms: u64) {
        if extra_ms > 0 {
            self.fault("fault: delay", || format!("m{a} m{b} {extra_ms} ms"));
            self.paths.extra.insert(unordered(a, b), extra_ms * MS);
        } else {
            self.disturbed_at = self.now;
            self.paths.extra.remove(&unordered(a, b));
        }
    }

    /// Part of the packets lost from now on.
    pub fn set_loss(&mut self, loss: f64) {
        if loss > self.paths.loss {
            self.fault("fault: loss", || format!("{loss}"));
        }
        self.disturbed_at = self.now;
        self.paths.loss = loss;
    }

    /// A member cannot reach the server (packets vanish), or can again.
    pub fn cut_signalling(&mut self, member: usize, cut: bool) {
        if cut {
            self.fault("fault: partition of signalling", || format!("m{member}"));
            self.paths.signalling_cut.insert(member);
        } else if self.paths.signalling_cut.remove(&member) {
            self.disturbed_at = self.now;
            self.kick_sessions();
        }
    }

    /// The server's process ends. `clean`: its machine closes the websockets and refuses new ones; else its machine
    /// is gone, too.
    pub fn server_down(&mut self, clean: bool) {
        if self.paths.server_up {
            self.fault(
                if clean {
                    "fault: server down"
                } else {
                    "fault: server silent"
                },
                String::new,
            );
            self.paths.server_up = false;
            self.paths.server_refuses = clean;
            self.server_stops(clean);
        }
    }

    /// A server starts that knows nobody.
    pub fn server_up(&mut self) {
        if !self.paths.server_up {
            let now = self.now;
            self.disturbed_at = now;
            self.trace.line(now, || "== server up".to_owned());
            self.stats.count("server starts", 1);
            self.paths.server_up = true;
            self.paths.server_era += 1;
            self.server_starts();
        }
    }

    /// Whether something is in force that keeps a room from being whole.
    pub fn undisturbed(&self) -> bool {
        self.paths.server_up
            && self.paths.cut.is_empty()
            && self.paths.signalling_cut.is_empty()
            && self.paths.extra.is_empty()
            && self.nodes.iter().all(|n| {
                !n.life.alive() || (n.life == Life::Running && n.reading && n.timer_grain <= 1)
            })
    }
}
