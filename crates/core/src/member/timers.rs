//! Time: heartbeats, suspicion, having slept, and the one deadline that the driver knows.

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::{ErrorCode, LinkId};
use crate::config::{LEAVE_MS, WAKE_MS};
use crate::link::{Link, Suspicion};
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Record, Refusal};

/// Between two probes, ms (topology study §8).
const PROBE_MS: u64 = 60;
/// A suspect that answers nothing for so long after the first probe is dead, ms, or for 1.4 intervals of the heartbeat if
/// these are less; or for two round trips and a bit. (The study took 250. With the defaults a thread that is busy for 2 s
/// must not look dead, and everybody must have a new host within 2.5 s: a beat is half an interval old at the most when
/// somebody falls silent, so the verdict comes after 2.05 to 2.3 s.)
const VERDICT_MS: u64 = 700;

/// Having been slow counts for less with each beat, by so much of it (guess: half of it after some 20 s).
const SLACK_PART: u64 = 64;

/// Timers that are late by no more than that are usual where many programs share a machine, and the 300 ms that a host
/// that is busy for 2 s has left cover it, ms. (Each ms beyond makes everybody wait four: see [`Link::lateness`].)
const USUAL_LATE_MS: u64 = 100;

impl Member {
    /// Before anything else: has this machine been asleep?
    pub(super) fn enter(&mut self, now: Instant) {
        let before = self.now;
        self.now = self.now.max(now);
        // Whoever is called at all is not asleep, however late its deadlines are.
        let late = self
            .planned
            .map_or(0, |planned| self.now.ms_since(planned.max(before)));
        if late <= WAKE_MS {
            for link in &mut self.links {
                link.is_late(late, USUAL_LATE_MS);
            }
        }
        if late <= u64::from(self.cfg.health_interval_ms) {
            return;
        }
        // Evidence counts only while one's own timers are on time: the others get a new chance.
        for link in &mut self.links {
            link.heard = link.heard.max(self.now);
            link.suspicion = None;
            link.progress_at = self.now;
            if link.is_in_use() {
                link.since = self.now;
            }
            if link.is_knocking() {
                link.standing_since = self.now;
            }
        }
        for conn in self.calls.iter_mut().filter_map(|call| call.conn.as_mut()) {
            conn.since = self.now;
        }
        if late > WAKE_MS {
            self.woke_at = Some(self.now);
            if self.is_host() {
                self.doubt();
            }
        }
    }

    /// After a send: links are filled when the driver asks for outputs, so that what is sent at once shares frames.
    pub(super) fn exit_send(&mut self) {
        self.fill_due = true;
    }

    /// After everything else: what is to go out goes out, and the next deadline is set.
    pub(super) fn exit(&mut self) {
        self.fill_due = false;
        if !matches!(self.role, Role::Left) {
            self.step_calls();
            self.plan_warm();
            self.tell_host_took();
            self.update_safe();
            self.check_left();
        }
        if matches!(self.role, Role::Left) {
            self.planned = None;
            return;
        }
        self.tell_due_sync();
        // Whoever is welcomed need not wait until all that it has missed is through; and if that packet is lost, those
        // behind it tell so.
        self.fill_init();
        self.flush_controls();
        self.fill_links();
        if mutant!(self, OwnForgotten) {
            self.forget_own();
        }
        self.flush_controls();
        self.planned = self.next_deadline();
    }

    fn flush_controls(&mut self) {
        let ids = self.links_that(|link| !link.control.is_empty());
        for id in ids {
            self.flush_control(id);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let seek = match &self.role {
            Role::Seeking(seek) => seek.deadline(),
            _ => None,
        };
        let join = self
            .cfg
            .join_timeout_ms
            .filter(|_| !self.was_in)
            .map(|ms| self.started.plus_ms(u64::from(ms)));
        let leave = self.leave.map(|(_, at)| at.plus_ms(LEAVE_MS));
        [
            self.sessions_deadline(),
            self.meet_deadline(),
            self.links_deadline(),
            self.lead_deadline(),
            self.leaving_deadline(),
            self.repair_deadline(),
            self.calls_deadline(),
            self.warm_deadline(),
            self.gaps_deadline(),
            self.ack_at,
            seek,
            join,
            leave,
            self.forget_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn on_time(&mut self) {
        let now = self.now;
        if !self.was_in
            && self
                .cfg
                .join_timeout_ms
                .is_some_and(|ms| now >= self.started.plus_ms(u64::from(ms)))
        {
            self.error(ErrorCode::JoinTimeout, "");
            return self.finish();
        }
        if self
            .leave
            .is_some_and(|(_, at)| now >= at.plus_ms(LEAVE_MS))
        {
            return self.say_goodbye();
        }
        self.sessions_on_time();
        self.meet_on_time();
        self.offers_on_time();
        self.seek_on_time();
        self.links_on_time();
        self.lead_on_time();
        self.check_leaving();
        self.repair_on_time();
        self.warm_on_time();
        self.gaps_on_time();
        self.calls_due = true;
        if self.ack_at.is_some_and(|at| now >= at) {
            self.send_acks();
        }
        self.forget_on_time();
    }

    // ---- liveness of links

    pub(super) fn silence_ms(&self) -> u64 {
        3 * u64::from(self.cfg.health_interval_ms) + 100
    }

    /// What most links have been late by, ms, if there are some: then it is this machine, or the one they all share, that
    /// is busy, and nobody's silence proves much (after Lifeguard, Dadgar et al. 2018: who hears little doubts itself).
    fn find_shared_slack(&self) -> u64 {
        let slacks = || {
            self.links
                .iter()
                .filter(|link| link.beats())
                .map(|link| link.slack_ms)
        };
        let count = slacks().count();
        let most =
            |ms: &u64| *ms > 0 && count > 2 && 2 * slacks().filter(|it| it >= ms).count() > count;
        slacks().filter(most).max().unwrap_or(0)
    }

    /// When that link is suspected, or suspected more, or dead.
    fn suspect_at(&self, link: &Link) -> Instant {
        match link.suspicion {
            None => link
                .heard
                .plus_ms(link.patience(self.silence_ms(), self.shared_slack_ms)),
            Some(suspicion) if suspicion.probes < 2 => suspicion.since.plus_ms(PROBE_MS),
            Some(suspicion) => suspicion.since.plus_ms(self.verdict_ms(link.rtt_micros)),
        }
    }

    fn links_deadline(&self) -> Option<Instant> {
        let beating = self.links.iter().filter(|link| link.beats());
        let in_use = beating.map(|link| self.suspect_at(link).min(link.beat_at));
        let asking = self.links.iter().filter_map(|link| match link.standing {
            crate::link::Standing::Knocking => Some(link.standing_since.plus_ms(5_000)),
            crate::link::Standing::Waiting(_) => Some(link.standing_since.plus_ms(3_500)),
            _ => None,
        });
        in_use.chain(asking).min()
    }

    fn links_on_time(&mut self) {
        let now = self.now;
        self.shared_slack_ms = self.find_shared_slack();
        let interval = u64::from(self.cfg.health_interval_ms);
        let mut safe = false;
        let due = |link: &Link| link.beats() && now >= self.suspect_at(link).min(link.beat_at);
        let ids: Vec<LinkId> = (self.links.iter().filter(|link| due(link)))
            .map(|link| link.id)
            .gather();
        for id in ids {
            let Some(link) = self.link_mut(id) else {
                continue;
            };
            if now >= link.beat_at {
                // Twice as often where the room hangs on it.
                let carries = link.is_in_use();
                link.beat_at = now.plus_ms(if carries { interval / 2 } else { interval });
                self.send_beat(id);
                safe |= carries;
                if carries && self.is_host() {
                    self.check_progress(id);
                }
            }
            let Some(link) = self.link(id) else {
                continue;
            };
            if now < self.suspect_at(link) {
                continue;
            }
            let suspicion = match link.suspicion {
                None => Suspicion {
                    since: now,
                    probes: 1,
                },
                Some(Suspicion { since, probes }) if probes < 2 => Suspicion { since, probes: 2 },
                _ => {
                    self.dead(id);
                    continue;
                }
            };
            if let Some(link) = self.link_mut(id) {
                link.suspicion = Some(suspicion);
            }
            self.probe(id);
        }
        if safe {
            self.tell_safe();
        }
    }

    pub(super) fn probe(&mut self, id: LinkId) {
        let nonce = self.rng.u32();
        self.beat_record(id, &Record::Probe { nonce });
    }

    pub(super) fn dead(&mut self, id: LinkId) {
        let now = self.now;
        let Some(link) = self.link(id) else { return };
        if link.is_guest() {
            let doubt = matches!(&self.role, Role::Host(hosting) if hosting.in_doubt());
            if !doubt {
                self.expel(id, Refusal::Silent);
            } else if let Some(link) = self.link_mut(id) {
                // Whether we are still the host is being found out first.
                link.heard = link.heard.max(now);
                link.suspicion = None;
            }
        } else if link.is_my_host() {
            let host = link.peer;
            self.host_lost(host, false);
        } else {
            self.fail_link(id, true);
        }
    }

    pub(super) fn send_beat(&mut self, id: LinkId) {
        let (now, term, n) = (self.now, self.term, self.n);
        let (hidden, leaving) = (self.hidden.is_some(), self.leave.is_some());
        let Some(link) = self.link_mut(id) else {
            return;
        };
        link.seq = link.seq.wrapping_add(1);
        link.seq_at = now;
        let held = now
            .as_micros()
            .saturating_sub(link.heard_seq_at.as_micros());
        let record = Record::Beat {
            term,
            n,
            seq: link.seq,
            echo: link.heard_seq,
            held_micros: held.min(u64::from(u32::MAX)) as u32,
            hidden,
            leaving,
        };
        self.beat_record(id, &record);
    }

    pub(super) fn verdict_ms(&self, rtt_micros: Option<u32>) -> u64 {
        let interval = u64::from(self.cfg.health_interval_ms);
        let usual = VERDICT_MS.min(interval * 7 / 5);
        usual.max(u64::from(rtt_micros.unwrap_or(0)) / 500 + 100)
    }

    pub(super) fn on_beat(&mut self, id: LinkId, seq: u32, echo: u32, held_micros: u32) {
        let now = self.now;
        let interval = u64::from(self.cfg.health_interval_ms);
        let Some(link) = self.link_mut(id) else {
            return;
        };
        link.slack_ms -= link.slack_ms.div_ceil(SLACK_PART);
        link.heard_seq = seq;
        link.heard_seq_at = now;
        // Where it takes longer than from one beat to the next, it is an earlier one that comes back.
        let since = link.seq.wrapping_sub(echo);
        if echo != 0 && since < 64 {
            let every = interval / if link.is_in_use() { 2 } else { 1 };
            let there_and_back = now.as_micros().saturating_sub(link.seq_at.as_micros())
                + u64::from(since) * every * 1_000;
            let rtt = there_and_back
                .saturating_sub(u64::from(held_micros))
                .min(u64::from(u32::MAX)) as u32;
            link.is_late(u64::from(rtt / 1_000), interval);
            link.rtt_micros = Some(
                link.rtt_micros
                    .map_or(rtt, |known| known - known / 8 + rtt / 8),
            );
        }
    }
}
