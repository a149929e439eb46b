//! The user's commands, and what the user may ask.

use super::{Member, Role};
use crate::api::{
    ErrorCode, Event, LeaveHow, Outcome, PeerStatus, SendError, Sent, Status, Ticket,
};
use crate::config::{MAX_INIT_DATA, MAX_WAITING_SENDS};
use crate::delivery::Waiting;
use crate::link::Link;
use crate::prelude::*;
use crate::wire::{Record, kind};
use crate::{Counters, Instant};

/// So long a host that leaves waits for those who are on their way to it, and for those who leave, too, before it hands
/// its office on, ms (guess: a few round trips).
const GATHER_MS: u64 = 1_000;

impl Member {
    /// Sends an encoded value to all (`to: None`) or to one. Keeps the order of calls. Waits at most behind
    /// 1 024 others.
    pub fn send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<Sent, SendError> {
        self.enter(now);
        let sent = self.try_accept(payload, to, true);
        self.exit_send();
        sent
    }

    /// Sends at once or not at all.
    pub fn try_send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<(), SendError> {
        self.enter(now);
        let sent = self.try_accept(payload, to, false);
        self.exit_send();
        sent.map(|_| ())
    }

    fn try_accept(
        &mut self,
        payload: Vec<u8>,
        to: Option<&str>,
        may_wait: bool,
    ) -> Result<Sent, SendError> {
        if matches!(self.role, Role::Left) || self.leave.is_some() {
            return Err(SendError::Left);
        }
        if payload.len() > self.cfg.max_message {
            return Err(SendError::MessageTooLarge);
        }
        let known = to.map(|id| {
            self.names
                .find(id)
                .filter(|key| self.seat(*key).is_some() && *key != self.me)
        });
        if self.ever_synced && known == Some(None) {
            return Err(SendError::UnknownMember);
        }
        let first = self.out.waiting.is_empty();
        if self.ever_synced && first && self.out.has_room(payload.len(), self.roster.len()) {
            self.out.push(payload, known.flatten());
            self.counters.sent += 1;
            self.tidy_own();
            return Ok(Sent::Accepted);
        }
        // Before the first sync a broadcast is accepted under the budget and waits for its receivers, unless one waits for
        // room already (it stands behind those that were accepted).
        let early = !self.ever_synced
            && to.is_none()
            && self.out.waiting_bytes + payload.len() <= crate::config::SENDER_BUDGET
            && self
                .out
                .waiting
                .back()
                .is_none_or(|waiting| waiting.ticket.is_none());
        if !may_wait && !early {
            return Err(SendError::Full);
        }
        let calls = self
            .out
            .waiting
            .iter()
            .filter(|waiting| waiting.ticket.is_some())
            .count()
            + self.outcomes.len();
        if !early && calls >= MAX_WAITING_SENDS {
            return Err(SendError::BufferFull);
        }
        let ticket = (!early).then(|| {
            self.next_ticket += 1;
            Ticket(self.next_ticket)
        });
        self.out.wait(Waiting {
            ticket,
            payload,
            to: to.map(str::to_owned),
        });
        Ok(ticket.map_or(Sent::Accepted, Sent::Waiting))
    }

    /// Alone in the room, what is sent has reached everybody already.
    fn tidy_own(&mut self) {
        if self.is_host() {
            let me = self.me;
            self.mark_safe_dirty(me);
        }
    }

    /// Accepts those sends that wait and have room now.
    pub(super) fn flush_waiting(&mut self) {
        if !self.ever_synced {
            return;
        }
        while let Some(waiting) = self.out.waiting.front() {
            if !self.out.has_room(waiting.payload.len(), self.roster.len()) {
                return;
            }
            let Some(waiting) = self.out.next_waiting() else {
                return;
            };
            let to = waiting
                .to
                .as_deref()
                .map(|id| self.names.find(id).filter(|key| self.seat(*key).is_some()));
            let result = match to {
                Some(None) => {
                    let known = waiting
                        .to
                        .as_deref()
                        .is_some_and(|id| self.names.find(id).is_some());
                    Err(if known {
                        ErrorCode::MemberLeft
                    } else {
                        ErrorCode::UnknownMember
                    })
                }
                to => {
                    self.out.push(waiting.payload, to.flatten());
                    self.counters.sent += 1;
                    Ok(())
                }
            };
            self.settle_send(waiting.ticket, result);
            self.tidy_own();
        }
    }

    fn settle_send(&mut self, ticket: Option<Ticket>, result: Result<(), ErrorCode>) {
        if let Some(ticket) = ticket {
            self.outcomes.push_back(Outcome { ticket, result });
        }
    }

    /// Sets the own init data (an encoded value, at most 64 KiB).
    pub fn set_init_data(&mut self, now: Instant, data: Vec<u8>) -> Result<(), SendError> {
        self.enter(now);
        if matches!(self.role, Role::Left) {
            return Err(SendError::Left);
        }
        if data.len() > MAX_INIT_DATA {
            return Err(SendError::MessageTooLarge);
        }
        self.share(kind::INIT, &data);
        self.exit();
        Ok(())
    }

    /// Ends this member's host role only (the original's `_disconnectHost`). Nothing happens at a guest.
    pub fn drop_host(&mut self, now: Instant) {
        self.enter(now);
        self.end_office();
        self.exit();
    }

    /// Whether nobody sees this member's page: browsers throttle and freeze such ones, so a host that has been hidden for
    /// a while hands its office over to one that is not.
    pub fn set_hidden(&mut self, now: Instant, hidden: bool) {
        self.enter(now);
        if self.hidden.is_some() != hidden {
            self.hidden = hidden.then_some(self.now);
        }
        self.exit();
    }

    /// Leaves; [`Event::Left`] follows.
    pub fn leave(&mut self, now: Instant, how: LeaveHow) {
        self.enter(now);
        if !matches!(self.role, Role::Left) {
            match how {
                LeaveHow::Now => self.say_goodbye(),
                LeaveHow::Delivered => {
                    if self.leave.is_none() {
                        self.leave = Some((how, now));
                        // The others shall not hand it to one that goes.
                        for id in self.links_that(Link::beats) {
                            self.send_beat(id);
                        }
                    }
                }
            }
        }
        self.exit();
    }

    /// Goes, if everything that this member sent is delivered.
    pub(super) fn check_left(&mut self) {
        let Some((_, leave_at)) = self.leave else {
            return;
        };
        let gone = |key| key == self.me || self.gone_too.iter().any(|it| it.0 == key);
        let alone = !self.was_in || self.roster.iter().all(|seat| gone(seat.key));
        if let Role::Seeking(seek) = &self.role
            && !alone
            && (self.handed_on() || (seek.named.is_some() && !seek.by_name))
        {
            // Whoever has the office now shall know that this one has gone, and is not to be waited for.
            return;
        }
        // A host gives its office to one that stays, or goes last: those who leave, too, need it for what they said.
        if !alone && self.is_host() {
            let waited = self.now >= leave_at.plus_ms(GATHER_MS);
            let others = self.links.iter().any(|it| it.is_guest() && it.leaving);
            if waited || (self.settled && !others) {
                self.hand_over(false);
            }
            return;
        }
        // What goes through a host's hands its senders keep, for the next host.
        if self.out.is_done() || alone {
            self.say_goodbye();
        }
    }

    /// Whether it has handed over its office, or been handed another's, since it is leaving.
    fn handed_on(&self) -> bool {
        self.handed_at >= self.leave.map(|it| it.1)
    }

    /// Says goodbye on every link, and goes.
    pub(super) fn say_goodbye(&mut self) {
        self.fill_links();
        self.say_bye_by(false, Link::beats);
        self.finish();
    }

    /// Says goodbye where the room is carried. `staying`: only the host's office ends.
    pub(super) fn say_bye(&mut self, staying: bool) {
        self.say_bye_by(staying, Link::is_in_use);
    }

    fn say_bye_by(&mut self, staying: bool, by: fn(&Link) -> bool) {
        let last = self.out.b;
        let bytes = Record::Bye { last, staying }.write(&self.names);
        for id in self.links_that(by) {
            self.control_bytes(id, &bytes);
        }
    }

    /// Closes everything; nothing follows.
    pub(super) fn finish(&mut self) {
        if matches!(self.role, Role::Left) {
            return;
        }
        for id in self.links_that(|_| true) {
            self.close_link(id);
        }
        self.end_calls();
        self.close_sessions();
        self.role = Role::Left;
        while let Some(waiting) = self.out.next_waiting() {
            self.settle_send(waiting.ticket, Err(ErrorCode::Left));
        }
        self.events.push_back(Event::Left);
    }

    // ---- getters

    /// The own id, from the beginning.
    pub fn id(&self) -> &str {
        self.names.text(self.me)
    }

    /// The room as this member sees it.
    pub fn status(&self) -> Status {
        let peers = self
            .view
            .iter()
            .filter(|key| **key != self.me)
            .map(|key| {
                let link = self
                    .links
                    .iter()
                    .find(|link| link.peer == Some(*key) && link.beats());
                PeerStatus {
                    id: self.names.text(*key).to_owned(),
                    direct: link.is_some_and(|link| link.is_in_use() || link.direct),
                    rtt_micros: link.and_then(|link| link.rtt_micros),
                }
            })
            .gather();
        Status {
            id: self.id().to_owned(),
            room: self.cfg.room.clone(),
            founding: self.founding,
            term: self.term,
            host: self.host.map(|key| self.names.text(key).to_owned()),
            is_host: self.is_host(),
            signalling: self.own.is_up(),
            buffered: (self.out.stream.unsafe_bytes() + self.out.waiting_bytes) as u64,
            peers,
        }
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}
