//! Faults begin, choose their victims, and end.

use super::judge::LOST_BEAT;
use super::plan::Fault;
use super::run::Run;
use crate::{Micros, SECOND};
use peerjs_mesh_core::LeaveHow;

/// What ends a fault.
#[derive(Debug, Clone)]
pub(super) enum End {
    Leave(usize),
    Wake(usize),
    Read(usize),
    Unthrottle(usize),
    Show(usize, bool),
    Loss,
    Delay(usize, usize),
    Heal(Vec<(usize, usize)>),
    Signalling(Vec<usize>),
    ServerUp,
}

impl Run<'_> {
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
        match self.host() {
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

    /// Somebody else says more than a machine keeps for its user (4 MiB), and more than its own budget (8 MiB): some of it
    /// waits. Once in a seed: on a slow way that takes minutes.
    fn flood(&mut self, reader: usize) {
        let others: Vec<usize> = self
            .world
            .present()
            .into_iter()
            .filter(|m| *m != reader)
            .collect();
        let first = self.world.stats().get("fault: flood") == 0;
        if let Some(from) = self.rng.pick(&others).copied().filter(|_| first) {
            self.world.stats_mut().count("fault: flood", 1);
            for _ in 0..20 {
                self.world.send(from, 500_000, None);
            }
        }
    }

    /// The host and who would follow it, as the host's roster says.
    fn host_and_next(&self) -> Option<(usize, usize)> {
        let there = self.world.present();
        let host = self.host()?;
        let peers = self.world.machine(host)?.status().peers;
        let next = peers
            .iter()
            .filter_map(|peer| self.world.checker().member(&peer.id))
            .find(|m| there.contains(m))?;
        Some((host, next))
    }

    /// A fault begins, if there is anybody to have it: then it counts.
    pub(super) fn begin(&mut self, fault: Fault) {
        let peace = std::mem::take(&mut self.peace) && !self.plan.overlapping;
        // That a thread may be busy for 2 s holds for the default interval: who asks for less has sooner verdicts.
        let busy = matches!(fault, Fault::Busy(_)) && self.plan.health_interval_ms < 500;
        self.steady = (peace && fault.drops_nobody() && !busy).then(|| {
            let there = self.world.present();
            let dropped = self.drops_among(&there);
            let busy = matches!(fault, Fault::Busy(lasting) if lasting + LOST_BEAT > 2 * SECOND);
            (self.world.now(), there, dropped, busy)
        });
        let before = self.world.stats().faults();
        self.strike(fault);
        let counts = fault.is_asked_for() && self.world.stats().faults() > before;
        self.faults += u64::from(counts);
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::HostAndNext { crash } => {
                // Somebody must be left.
                let two = self
                    .host_and_next()
                    .filter(|_| self.world.present().len() > 2);
                if let Some((host, next)) = two {
                    self.world
                        .stats_mut()
                        .count("fault: host and first of the line", 1);
                    for member in [host, next] {
                        if crash {
                            self.world.crash(member);
                        } else {
                            self.world.kill(member);
                        }
                    }
                }
            }
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
            Fault::LeaveTogether(lasting) => {
                let mut there = self.world.present();
                let count = there.len() / 2;
                if count > 1 {
                    self.world.stats_mut().count("fault: leave together", 1);
                }
                for nth in 0..count {
                    let Some(member) = self.rng.pick(&there).copied() else {
                        break;
                    };
                    there.retain(|m| *m != member);
                    self.until(
                        lasting * nth as Micros / count as Micros,
                        End::Leave(member),
                    );
                }
            }
            Fault::Freeze(lasting) => {
                if let Some(member) = self.victim() {
                    let kind = match lasting / SECOND {
                        0..10 => "fault: freeze under 10 s",
                        10..30 => "fault: freeze within retention",
                        _ => "fault: freeze beyond retention",
                    };
                    self.world.stats_mut().count(kind, 1);
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
            Fault::SlowReader { flood, lasting } => {
                if let Some(member) = self.victim() {
                    self.world.set_reading(member, false);
                    if flood {
                        self.flood(member);
                    }
                    self.until(lasting, End::Read(member));
                }
            }
            Fault::Throttle(lasting) => {
                if let Some(member) = self.victim() {
                    self.world.throttle(member, 1_000);
                    self.until(lasting, End::Unthrottle(member));
                }
            }
            Fault::Hide { throttled, lasting } => {
                if let Some(member) = self.victim() {
                    self.world.hide(member, true);
                    if throttled {
                        self.world.throttle(member, 1_000);
                    }
                    self.until(lasting, End::Show(member, throttled));
                }
            }
            Fault::ClockStep(ms) => {
                if let Some(member) = self.victim() {
                    self.world.step_clock(member, ms);
                }
            }
            Fault::Loss(loss, lasting) => {
                self.world.set_loss(loss);
                self.until(lasting, End::Loss);
            }
            Fault::DropHost => {
                if let Some(host) = self.host() {
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
                let Some(side) = self.side() else { return };
                let pairs = self.world.partition(&side);
                self.until(lasting, End::Heal(pairs));
                if signalling {
                    self.world.stats_mut().count("fault: partition of both", 1);
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
                self.world
                    .stats_mut()
                    .count("fault: nobody reaches the server", 1);
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

    /// Some of all, but neither nobody nor everybody of those who are there.
    fn side(&mut self) -> Option<Vec<usize>> {
        let (one, other) = self.two()?;
        let mut on_it = |m: &usize| *m == one || (*m != other && self.rng.chance(0.4));
        Some((0..self.world.members()).filter(&mut on_it).collect())
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
    pub(super) fn end_until(&mut self, until: Micros) {
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
            End::Leave(member) => {
                // Another fault may have been faster.
                if self.world.present().contains(&member) {
                    self.world.leave(member, LeaveHow::Delivered);
                }
            }
            End::Wake(member) => self.world.wake(member),
            End::Read(member) => self.world.set_reading(member, true),
            End::Unthrottle(member) => self.world.throttle(member, 0),
            End::Show(member, throttled) => {
                self.world.hide(member, false);
                if throttled {
                    self.world.throttle(member, 0);
                }
            }
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

    pub(super) fn heal(&mut self) {
        for end in std::mem::take(&mut self.ends).into_values() {
            self.end(end);
        }
        self.world.heal_links();
        // Where much is lost a lane may stand still for the 10 s after which whoever takes nothing is dropped, again and
        // again: a room of such weather is never quiet.
        self.world.set_loss(self.plan.climate.loss.min(0.02));
    }
}
