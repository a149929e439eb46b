//! All is healed: is it one room, is nothing missing, does a newcomer get in, is it silent?

use super::plan::Action;
use super::run::{ROOM, Run};
use crate::world::World;
use crate::{Micros, SECOND};
use peerjs_mesh_core::Event;

/// Exactly one room so long after the network is quiet, ms (PROTOCOL §6).
const SETTLE_MS: u64 = 15_000;
/// Until then everybody has noticed what a fault has left behind, ms: three heartbeats of a second, two probes, and
/// what lay in a stack while a way was cut. A room looks whole before anybody has noticed.
const NOTICED_MS: u64 = 5_000;
/// Last words are waited for as long as they come, but no longer than anything is kept, ms: the host drops nobody before
/// for 30 s, and what it has asked for by then may come for 30 s more (a flood's 10 MB by a slow way, seed 3884935017).
const LAST_WORDS_MS: u64 = 75_000;
/// How long a server may hold the name of dead members: 90 s and a sweep, ms.
const HELD_MS: u64 = 95_000;
/// What was sent last, and all that waits, has so long to arrive, or until anything more of it arrives, ms: a megabyte
/// at what 2 % loss and 300 ms there and back leave of a link, 34 kB/s. A slow way loses nothing: what somebody who was
/// away for half a minute lacks may be several megabytes, and only when they stand still is something wrong.
const ARRIVE_MS: u64 = 30_000;
/// Nor does it go on for ever, ms: a flood's 10 MB at such a rate take five minutes.
const ALL_ARRIVES_MS: u64 = 400_000;
/// So long after the room is one and the last message has arrived nothing but heartbeats and acks may be on the way,
/// ms (issue "A room that outlives its host"): what was asked for again while it was on its way still comes, and a
/// member that lost its session tries again after 10 s at the latest.
const QUIET_AFTER_MS: u64 = 10_000;
/// A link at hand that could not be made for long is tried again after a minute at most (`warm.rs`), and made within a few
/// seconds then; until then, and no longer, dials are no noise, ms.
const REDIAL_MS: u64 = 65_000;
/// Who is dead may come back for so long, as far as the others know; what is missing of it is told then, ms.
const GAPS_MS: u64 = 35_000;
/// For so long that is looked at, ms.
const IDLE_MS: u64 = 5_000;

/// A beat was the last before a fault if it was sent no longer before it: half the usual interval.
pub(super) const LOST_BEAT: Micros = 250 * crate::MS;

const DATA: &str = "frames: data";
const TOO_SLOW: &str = "events: too-slow";
/// Acks, among others: what was heard last is acknowledged after the room fell silent, but nobody says something every
/// second, a member, in [`IDLE_MS`].
const CONTROL: &str = "frames: control";
const MOST_CONTROL: u64 = IDLE_MS / 1_000;

impl Run<'_> {
    /// No fault is in force, in the middle of a run: room and messages are as they should be.
    pub(super) fn quiet_point(&mut self) {
        let settled = self.settle();
        self.nobody_was_dropped_by_it();
        match settled {
            Ok(ms) => self
                .world
                .stats_mut()
                .high_water("settled after a fault, ms", ms),
            // The name is held by somebody dead, whose token died, too: nothing to be done before the server lets go.
            Err(_) if self.world.is_held(ROOM) => {
                self.has_hosts();
                self.world
                    .stats_mut()
                    .count("quiet point without a room: held name", 1);
                return;
            }
            Err(why) => {
                let now = self.world.now();
                self.world.checker_mut().blame(now, "not-one-room", why);
                return;
            }
        }
        let present = self.world.present();
        self.arrive(&present);
        let present = self.world.present();
        self.world.judge_quiet(&present);
        self.world.stats_mut().count("quiet points", 1);
        self.peace = true;
        // In full mode a large room goes on dialling for half a minute, link by link.
        if self.plan.members <= 10 && self.rng.chance(0.2) {
            self.fall_silent();
            self.links_made();
            if self.world.is_held(ROOM) {
                // The name is claimed again every few seconds, and whoever has it is dialled (seed 2320001754).
                self.world.stats_mut().count("not idle: held name", 1);
            } else {
                self.idle();
            }
        }
    }

    pub(super) fn judge(&mut self) {
        let held = self.world.is_held(ROOM);
        let mut settled = self.settle();
        self.nobody_was_dropped_by_it();
        if settled.is_err() && (held || self.world.is_held(ROOM)) {
            self.has_hosts();
            // The name is held by somebody dead, whose token died, too: newcomers have to wait for the server.
            self.world.stats_mut().count("waited for a held name", 1);
            self.world.run_until(HELD_MS, |w| !w.is_held(ROOM));
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
        let dropped = self.count_dropped();
        let present = self.world.present();
        for member in &present {
            self.world.send(*member, 60, None);
            let to = present[self.rng.below(present.len() as u64) as usize];
            if to != *member {
                self.world.send(*member, 60, Some(to));
            }
        }
        self.arrive(&present);
        let present = self.world.present();
        self.world.judge_quiet(&present);
        self.fall_silent();
        self.links_made();
        self.idle();
        self.keeps_nothing();
        self.world.judge_quiet(&present);
        self.nobody_was_dropped(dropped);
        if self.world.checker().gaps_to_come() {
            self.world.stats_mut().count("waited for a gap", 1);
            self.world.run_ms(GAPS_MS);
            self.world.judge_quiet(&present);
        }
    }

    /// What makes nobody unreachable drops nobody: no false alarm. Unless a newcomer has made a room of its own where the
    /// room's name was free: who goes over to it first is told of the others a moment later (seed 124151828); it may have begun
    /// to join before (seed 2706361148).
    fn nobody_was_dropped_by_it(&mut self) {
        let Some((since, there, before, busy)) = self.steady.take() else {
            return;
        };
        let hosts = |(at, event): &(Micros, Event)| {
            *at >= since && matches!(event, Event::HostConnected { is_host: true, .. })
        };
        let was_in = |member: &usize| {
            let mut events = self.world.view(*member).events.iter();
            let in_room = |(at, event): &(Micros, Event)| {
                *at < since && matches!(event, Event::HostConnected { .. })
            };
            there.contains(member) && events.any(in_room)
        };
        let mut newcomers = (0..self.world.members()).filter(|member| !was_in(member));
        if newcomers.any(|member| self.world.view(member).events.iter().any(hosts)) {
            self.world.stats_mut().count("a newcomer hosted", 1);
            return;
        }
        self.world.stats_mut().count("judged: no false alarm", 1);
        let count = self.drops_among(&there) - before;
        if count > 0 && busy && self.beats_were_lost(since, &there) {
            self.world.stats_mut().count("a beat was lost, too", 1);
        } else if count > 0 {
            let now = self.world.now();
            let detail = format!("{count} drops were told");
            self.world.checker_mut().blame(now, "false-alarm", detail);
        }
    }

    /// Whether of all that were dropped since then the last beat before, or the host's to them, was lost: silence was longer
    /// by the time of one beat than the fault (seed 2706087114).
    fn beats_were_lost(&self, since: Micros, there: &[usize]) -> bool {
        let Some(host) = self.host() else {
            return false;
        };
        let dropped = |member: usize| {
            let id = self.world.id(member);
            let told = |(at, event): &(Micros, Event)| {
                *at >= since && matches!(event, Event::PeerDropped { id: gone, .. } if gone == id)
            };
            let mut tellers = there.iter().map(|it| &self.world.view(*it).events);
            tellers.any(|events| events.iter().any(told))
        };
        let mut gone = there.iter().copied().filter(|member| dropped(*member));
        gone.all(|member| {
            let last = since.saturating_sub(LOST_BEAT)..=since;
            self.world.beat_was_lost(host, member, &last)
                || self.world.beat_was_lost(member, host, &last)
        })
    }

    /// How often one of these was told that another of them is gone.
    pub(super) fn drops_among(&self, there: &[usize]) -> usize {
        let among = |id: &str| there.iter().any(|member| self.world.id(*member) == id);
        let told = there
            .iter()
            .flat_map(|member| &self.world.view(*member).events);
        told.filter(|(_, event)| matches!(event, Event::PeerDropped { id, .. } if among(id)))
            .count()
    }

    fn count_dropped(&self) -> u64 {
        let stats = self.world.stats();
        stats.get("events: peerdropped") + stats.get("events: hostdropped")
    }

    /// In a room that is whole, and in which nothing happens but that somebody came, nobody is taken for gone.
    fn nobody_was_dropped(&mut self, before: u64) {
        let count = self.count_dropped() - before;
        if count > 0 {
            let now = self.world.now();
            let detail = format!("{count} times since the room was whole");
            self.world
                .checker_mut()
                .blame(now, "dropped-in-peace", detail);
        }
    }

    /// What all have is kept by nobody, but for those who might come back (seed 1600002618). After everybody has said
    /// something: somebody who comes back may make a member count as not safe what is, until it speaks again.
    fn keeps_nothing(&mut self) {
        let present = self.world.present();
        let hoarders = self.world.hoarders(&present);
        if !hoarders.is_empty() {
            let now = self.world.now();
            let detail = format!("bytes that all have are kept: {hoarders:?}");
            self.world.checker_mut().blame(now, "kept", detail);
        }
    }

    /// Whoever was in the room has a host, be it one that newcomers cannot find.
    fn has_hosts(&mut self) {
        let present = self.world.present();
        let homeless = self.world.homeless(&present);
        if !homeless.is_empty() {
            let now = self.world.now();
            let detail = format!("{homeless:?} have no host");
            self.world.checker_mut().blame(now, "no-host", detail);
        }
    }

    /// Waits for messages, as long as any arrive.
    fn arrive(&mut self, present: &[usize]) {
        let begin = self.world.now();
        let mut heard = 0;
        let slow = self.world.stats().get(TOO_SLOW);
        while self.world.settle_messages(present, ARRIVE_MS).is_none()
            && self.world.now() < begin + ALL_ARRIVES_MS * 1_000
        {
            // What nobody needs any more is passed on before what somebody waits for: that it comes is enough.
            let now = self.world.stats().get(DATA);
            let before = std::mem::replace(&mut heard, now);
            if before == heard {
                break;
            }
            self.world.stats_mut().count("arrived late", 1);
        }
        if self.a_lane_stood_still(slow) {
            // If they are not one room then, that is found.
            let _ = self.settle();
        }
    }

    /// Where packets are lost one may be lost so often, one time after the other, that a lane stands still for the 10 s after
    /// which whoever takes nothing is dropped (seeds 803953, 2706209021). It has to come back. `slow`: how many had been
    /// dropped so before.
    fn a_lane_stood_still(&mut self, slow: u64) -> bool {
        let lossy = self.plan.climate.loss > 0.0 || self.world.stats().get("fault: loss") > 0;
        let still = lossy && self.world.stats().get(TOO_SLOW) > slow;
        if still {
            self.world.stats_mut().count("a lane stood still", 1);
        }
        still
    }

    /// Until nobody has heard anything for a while: what a gap would have excused may come all the same, on a slow way.
    fn fall_silent(&mut self) {
        let begin = self.world.now();
        let mut heard = 0;
        loop {
            let before = std::mem::replace(&mut heard, self.world.checker().heard_in_all());
            if before == heard || self.world.now() > begin + ALL_ARRIVES_MS * 1_000 {
                return;
            }
            self.world.run_ms(QUIET_AFTER_MS);
        }
    }

    /// Until everybody has the links that it keeps at hand (seed 620001656).
    fn links_made(&mut self) {
        if self.world.dials_again() {
            self.world.stats_mut().count("idle: waited for dials", 1);
            self.world.run_until(REDIAL_MS, |w| !w.dials_again());
            // What was dialled is opened, and the other of two links with one member closed.
            self.world.run_ms(QUIET_AFTER_MS);
        }
    }

    /// A room that is whole can be found under its name.
    fn newcomer_gets_in(&mut self) -> bool {
        self.act(Action::Join);
        let mut settled = self.settle();
        if settled.is_err() && self.world.is_held(ROOM) {
            self.world.stats_mut().count("waited for a held name", 1);
            self.world.run_until(HELD_MS, |w| !w.is_held(ROOM));
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
        self.world.run_ms(NOTICED_MS);
        let mut last = String::new();
        let (mut until, mut held, mut heard) = (begin + SETTLE_MS * 1_000, false, 0);
        let mut slow = self.world.stats().get(TOO_SLOW);
        while self.world.now() < until {
            if self.a_lane_stood_still(slow) {
                slow = self.world.stats().get(TOO_SLOW);
                until = self.world.now() + SETTLE_MS * 1_000;
            }
            let present = self.world.present();
            let left = (until - self.world.now()).div_ceil(1_000);
            match self.world.settle(&present, left.min(500)) {
                Ok(_) => return Ok((self.world.now() - begin) / 1_000),
                Err(why) => last = why.0,
            }
            // A server that lets go of a dead member's name is quiet from then on only.
            let holds = self.world.is_held(ROOM);
            if held && !holds {
                until = self.world.now() + SETTLE_MS * 1_000;
            }
            held = holds;
            // It is one room, but somebody still hears the last words of one that went: on a slow way that takes its time.
            let now = self.world.now();
            if now >= until
                && now < begin + LAST_WORDS_MS * 1_000
                && self.world.lists_more(&present)
            {
                // A large one of them comes in many pieces (seed 800020539).
                let coming = self.world.stats().get(DATA);
                if coming > std::mem::replace(&mut heard, coming) {
                    until = now + NOTICED_MS * 1_000;
                    self.world.stats_mut().count("last words came slowly", 1);
                }
            }
        }
        Err(last)
    }

    /// In a room where nobody speaks only heartbeats and what answers them are on the way.
    fn idle(&mut self) {
        let busy = [DATA, "frames: default", "dials", "sessions opened"];
        let count = |world: &World| busy.map(|name| world.stats().get(name));
        let (before, control) = (count(self.world), self.world.stats().get(CONTROL));
        self.world.run_ms(IDLE_MS);
        let (after, control) = (count(self.world), self.world.stats().get(CONTROL) - control);
        let members = self.world.present().len().max(1) as u64;
        self.world
            .stats_mut()
            .high_water("idle: control frames a member", control / members);
        let chatter = control > MOST_CONTROL * members;
        if before != after || chatter {
            let now = self.world.now();
            let mut more: Vec<String> = busy
                .iter()
                .zip(before.iter().zip(after))
                .filter(|(_, (b, a))| *b != a)
                .map(|(n, (b, a))| format!("{} {n}", a - b))
                .collect();
            if chatter {
                more.push(format!("{control} {CONTROL} of {members} members"));
            }
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
