//! Hosting: taking office, keeping the roster, and saying what is safe.

use super::mutation::mutant;
use super::roster::{Dropped, Seat};
use super::{Member, Role};
use crate::api::{ErrorCode, Event, LinkId};
use crate::config::TOO_SLOW_MS;
use crate::link::Link;
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Record, Removed};

/// How long a new host waits for the members it took over, ms (guess: detection skew, a dial and a few retries).
const SETTLE_MS: u64 = 4_000;
/// How long a host that was asleep may wait for somebody who still counts it as the host, ms (guess: ten round trips).
const DOUBT_MS: u64 = 1_000;
/// The same where guests are heard meanwhile, ms: the question, or the answer, is on its way (guess: three seconds there,
/// three back).
const DOUBT_MOST_MS: u64 = 6_000;

/// Messages of a sender that is not here, asked of a guest who has them.
pub(super) struct Fetch {
    pub(super) sender: Key,
    pub(super) link: LinkId,
    pub(super) target: u64,
}

/// A host's office.
pub(super) struct Hosting {
    /// The host before, when it was lost, and others who did not answer.
    lost: Vec<Key>,
    /// Until when those who were in the room are waited for.
    settle_until: Instant,
    pub(super) fetching: Vec<Fetch>,
    /// Guests that were asked how far they are in a sender's messages, and have not said.
    pub(super) asking: Vec<(Key, LinkId)>,
    /// To be dropped as soon as all that they said is here, or when it stays away; with the time since when.
    pub(super) dropping: Vec<Dropped>,
    /// Whose safe position has changed since guests were told.
    pub(super) safe_changed: Vec<Key>,
    /// Whose safe position must be computed.
    pub(super) dirty: Vec<Key>,
    /// It has been asleep, and may no longer be the host.
    doubt: Option<Instant>,
}

impl Hosting {
    fn new(lost: Vec<Key>, now: Instant) -> Hosting {
        Hosting {
            lost,
            settle_until: now.plus_ms(SETTLE_MS),
            fetching: Vec::new(),
            asking: Vec::new(),
            dropping: Vec::new(),
            safe_changed: Vec::new(),
            dirty: Vec::new(),
            doubt: None,
        }
    }

    pub(super) fn in_doubt(&self) -> bool {
        self.doubt.is_some()
    }

    /// Somebody counts it as the host.
    pub(super) fn confirm(&mut self) {
        self.doubt = None;
    }
}

impl Member {
    /// The room's name fell to us: we found the room, or go on with the one we were in.
    pub(super) fn become_host(&mut self) {
        if self.founding == [0; 16] {
            self.founding = self.rng.bytes16();
        }
        let lost = match &self.role {
            Role::Seeking(seek) => seek.given_up(),
            _ => Vec::new(),
        };
        self.take_over(lost);
        self.tell_taken();
    }

    /// Takes the host's office. The room's name follows.
    pub(super) fn take_over(&mut self, lost: Vec<Key>) {
        if self.leave.is_some() && self.roster.len() <= 1 {
            return self.finish();
        }
        if self.was_in {
            self.counters.takeovers += 1;
            if matches!(&self.role, Role::Seeking(seek) if seek.by_name) {
                self.counters.cold_claims += 1;
            }
        }
        self.warm_due = true;
        // (From the largest number, which only a liar can have said, on to the smallest.)
        self.term = self.term.wrapping_add(1);
        self.host = Some(self.me);
        self.role = Role::Host(Box::new(Hosting::new(lost, self.now)));
        self.acks.clear();
        self.held_deltas.clear();
        self.wait_anew();
        self.settled = false;
        if self.seat(self.me).is_none() {
            self.roster.push(Seat {
                key: self.me,
                inc: self.inc,
                base: 0,
            });
            self.enter_view(self.me);
        }
        self.drop_offers();
        self.was_in = true;
        self.came_at.get_or_insert(self.now);
        let (host, term) = (self.names.text(self.me).to_owned(), self.term);
        self.emit(Event::HostConnected {
            is_host: true,
            host,
            term,
        });
        self.want_name();
        self.mark_all_safe_dirty();
        self.answer_waiting();
        self.check_settled();
        self.flush_waiting();
    }

    // ---- the roster

    /// Tells all guests of a change (except a newcomer, who has it in its welcome).
    pub(super) fn announce(&mut self, added: Option<Seat>, removed: Vec<Removed>) {
        self.n = self.n.wrapping_add(1);
        let tail = added
            .and_then(|seat| self.stream(seat.key))
            .map_or(0, |stream| stream.released());
        let added_entries = added
            .map(|seat| crate::wire::RosterEntry {
                member: seat.key,
                inc: seat.inc,
                base: seat.base,
                tail,
            })
            .into_iter()
            .gather();
        let record = Record::Roster {
            term: self.term,
            n: self.n,
            settled: self.settled,
            added: added_entries,
            removed,
        };
        let bytes = record.write(&self.names);
        for id in self.guests() {
            if self.link(id).and_then(|link| link.peer) != added.map(|seat| seat.key) {
                self.control_bytes(id, &bytes);
            }
        }
    }

    /// The first two of the line know the token of the room's name.
    pub(super) fn tell_deputies(&mut self) {
        if self.name.phase != super::name::Phase::Owned {
            return;
        }
        let Some(token) = self.name.shared.clone() else {
            return;
        };
        for key in self.line().into_iter().take(2) {
            if let Some(id) = self.link_to(key) {
                self.control(id, &Record::Token(&token));
            }
        }
    }

    // ---- taking office

    /// Everybody who was in the room is here again, or has been waited for: the room is whole.
    pub(super) fn check_settled(&mut self) {
        let Role::Host(hosting) = &self.role else {
            return;
        };
        if self.settled || hosting.in_doubt() {
            return;
        }
        let late = self.now >= hosting.settle_until;
        let missing: Vec<Key> = self
            .roster
            .iter()
            .map(|seat| seat.key)
            .filter(|key| *key != self.me && self.link_to(*key).is_none())
            .gather();
        let waited_for = missing
            .iter()
            .any(|key| !hosting.lost.contains(key) && !self.is_gone(*key))
            || !hosting.fetching.is_empty();
        if waited_for && !late {
            return;
        }
        for key in missing {
            self.drop_member(key, self.is_gone(key), false);
        }
        let Role::Host(hosting) = &mut self.role else {
            return;
        };
        if self.settled || !hosting.dropping.is_empty() {
            return;
        }
        self.settled = true;
        hosting.lost.clear();
        self.announce(None, Vec::new());
        self.tell_sync();
    }

    /// Having been asleep, it asks whether it still is the host.
    pub(super) fn doubt(&mut self) {
        let now = self.now;
        if matches!(&self.role, Role::Host(hosting) if hosting.in_doubt()) {
            return;
        }
        if self.guests().is_empty() || mutant!(self, NoDoubt) {
            return self.check_name();
        }
        if let Role::Host(hosting) = &mut self.role {
            hosting.doubt = Some(now.plus_ms(DOUBT_MS));
        }
        for id in self.guests() {
            self.probe(id);
        }
        self.check_name();
    }

    pub(super) fn on_probe_ack(&mut self, id: LinkId, holds: bool) {
        let guest = self.link(id).is_some_and(|link| link.is_guest());
        if let Role::Host(hosting) = &mut self.role
            && guest
            && holds
            && hosting.doubt.take().is_some()
        {
            // Those whose links broke meanwhile are looked for again.
            hosting.settle_until = self.now.plus_ms(SETTLE_MS);
            let away = self
                .roster
                .iter()
                .any(|seat| seat.key != self.me && self.link_to(seat.key).is_none());
            if away {
                self.settled = false;
            }
            return;
        }
        if !holds && self.link(id).is_some_and(|link| link.is_my_host()) {
            // It hosts us no longer: we were dropped, and have not heard.
            if let Some(host) = self.host {
                self.host_moved(host);
            }
        }
    }

    // ---- time

    pub(super) fn lead_deadline(&self) -> Option<Instant> {
        let Role::Host(hosting) = &self.role else {
            return None;
        };
        let waits = !self.settled && !hosting.in_doubt() && hosting.dropping.is_empty();
        let settle = waits.then_some(hosting.settle_until);
        let going = self
            .links
            .iter()
            .filter_map(|link| link.going)
            .map(|(_, until)| until)
            .min();
        let drop = self.drop_deadline();
        let slow = self.blocked_since.map(|since| since.plus_ms(TOO_SLOW_MS));
        let hidden = self.hidden_deadline();
        [settle, hosting.doubt, going, drop, slow, hidden]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn lead_on_time(&mut self) {
        let now = self.now;
        let Role::Host(hosting) = &mut self.role else {
            return;
        };
        if hosting.doubt.is_some_and(|at| now >= at) {
            let soon = self.woke_at.map(|at| at.plus_ms(DOUBT_MOST_MS)) > Some(now);
            let heard = |link: &Link| link.is_guest() && now < link.heard.plus_ms(DOUBT_MS / 2);
            if soon && self.links.iter().any(heard) {
                // Who has another host says nothing here any more.
                hosting.doubt = Some(now.plus_ms(DOUBT_MS / 2));
                // The question may have been lost (seed 3713458810).
                for id in self.guests() {
                    self.probe(id);
                }
                return;
            }
            // Nobody counts us as the host any more.
            hosting.doubt = None;
            self.release_name();
            return self.host_lost(Some(self.me), false);
        }
        if self.blocked && self.guests().is_empty() {
            self.blocked_since = None;
        } else if self
            .blocked_since
            .is_some_and(|since| now >= since.plus_ms(TOO_SLOW_MS))
        {
            return self.too_slow_to_host();
        }
        self.check_going();
        self.drop_on_time();
        self.check_settled();
        self.hidden_on_time();
    }

    /// A host whose own user takes nothing holds everybody up, like any other member that takes nothing.
    fn too_slow_to_host(&mut self) {
        self.blocked_since = None;
        self.counters.dropped_slow += 1;
        self.say_bye(false);
        self.error(ErrorCode::TooSlow, "");
        let at = self.now.plus_ms(2_000);
        self.seek_by_name(Some(at));
    }
}
