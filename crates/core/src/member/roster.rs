//! Who is in the room: the host's list, and what of it the user has been told.

use super::Member;
use super::mutation::mutant;
use crate::api::Event;
use crate::config::RETENTION_MS;
use crate::delivery::{Pos, Stream};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Record, Removed, RosterEntry};

/// Changes of the roster that may come before the one that is missing.
pub(super) const MAX_HELD: usize = 256;

/// Members that were forgotten, whose place in their messages is remembered.
pub(super) const MAX_PAST: usize = 256;
/// What is missing is told so long after it is known at the latest, ms (guess: some round trips).
const GAP_MS: u64 = 1_000;
/// What is kept for those who were dropped is kept for so long after one of them is back, ms (guess: until it has heard where
/// others' messages begin for it, and has asked for them).
const HOLD_MS: u64 = 10_000;
/// In a roster: the member itself tells everybody where its messages begin.
pub(super) const UNTOLD: u64 = u64::MAX;

/// One member of the roster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) key: Key,
    pub(super) inc: u64,
    pub(super) base: u64,
}

/// A change that came before the one before it.
pub(super) struct Delta {
    pub(super) term: u64,
    pub(super) n: u64,
    pub(super) settled: bool,
    pub(super) added: Vec<RosterEntry>,
    pub(super) removed: Vec<Removed>,
}

/// A member that was dropped: it may come back, and then nothing is to be lost. Guests know of them as well: one of them
/// may be the host by then.
pub(super) struct Dropped {
    pub(super) was: Removed,
    pub(super) at: Instant,
}

impl Member {
    pub(super) fn seat(&self, key: Key) -> Option<&Seat> {
        self.roster.iter().find(|seat| seat.key == key)
    }

    /// Somebody is in the roster; the user hears of it.
    pub(super) fn enter_view(&mut self, key: Key) {
        if let Some(at) = self.dropped.iter().position(|gone| gone.was.member == key) {
            self.dropped.take_at(at);
            // Its host may know nothing of it, and say that all have what it lacks.
            self.hold_until = Some(self.now.plus_ms(HOLD_MS));
            self.hold(true);
        }
        self.warm_due = true;
        if self.view.contains(&key) {
            return;
        }
        // Somebody who comes back before its going was told: it was gone all the same.
        if let Some(at) = self.leaving.iter().position(|leaving| leaving.key == key) {
            self.leaving.take_at(at);
        }
        self.view.push(key);
        if key != self.me {
            let (id, peers) = (self.names.text(key).to_owned(), self.ids(&self.view));
            self.emit(Event::PeerJoined { id, peers });
            self.tell_init(key);
            self.calls_due = true;
        }
    }

    /// Somebody is in the roster anew: its messages begin for us after `base`, or it will tell ([`UNTOLD`]).
    /// True: it was known, and goes on where it was.
    pub(super) fn meet_member(&mut self, seat: Seat, held: u64, base: u64) -> bool {
        let soon = self.now.plus_ms(GAP_MS);
        if let Some(stream) = self
            .streams
            .iter_mut()
            .find(|stream| stream.key == seat.key)
            && stream.inc == seat.inc
        {
            stream.last = None;
            stream.forsaken = false;
            // What the host has let go of is known before; what the sender has, from now on.
            if let Some(missing) = &mut stream.missing {
                missing.2 = soon;
            }
            return true;
        }
        let other = |link: &crate::link::Link| link.peer == Some(seat.key) && link.inc != seat.inc;
        if self.links.iter().any(other) {
            self.drop_peer_link(seat.key);
        }
        self.tell_gap(seat.key);
        self.streams.keep(|stream| stream.key != seat.key);
        self.acks.keep(|ack| ack.sender != seat.key);
        let mut stream = Stream::new(seat.key, seat.inc, held);
        if let Some(at) = self
            .past
            .iter()
            .position(|past| (past.0, past.1) == (seat.key, seat.inc))
        {
            stream.before = self.past.take_at(at).map(|(_, _, pos)| pos);
        }
        let missing = match base {
            UNTOLD => None,
            b => stream.begin(Pos { b, d: 0 }),
        };
        self.streams.push(stream);
        if let Some((first, last)) = missing {
            self.gap(seat.key, first, last);
        }
        false
    }

    /// Tells a member where our messages begin for it, if it does not know.
    pub(super) fn greet(&mut self, key: Key) {
        if key == self.me {
            return;
        }
        if self.out.fix_base(key) && mutant!(self, BaseUntold) {
            return;
        }
        self.tell_base(key);
    }

    pub(super) fn tell_base(&mut self, key: Key) {
        let Some(base) = self.out.base(key) else {
            return;
        };
        let record = Record::Base {
            from: self.me,
            inc: self.inc,
            to: key,
            first: base.first,
            at: base.at,
        };
        self.tell(key, &record);
    }

    /// These will not come. What is missing shows bit by bit (the host says what it does not keep, the sender where it
    /// begins), so it is told when the next that does come is, or a little later.
    pub(super) fn gap(&mut self, key: Key, first: u64, last: u64) {
        let now = self.now;
        let Some(stream) = self.stream_mut(key) else {
            return;
        };
        stream.missing = Some(match stream.missing {
            Some((from, to, at)) => (from.min(first), to.max(last), at),
            None => (first, last, now.plus_ms(GAP_MS)),
        });
    }

    /// Tells what is missing of that sender.
    pub(super) fn tell_gap(&mut self, key: Key) {
        let Some((first, last, _)) = self.stream_mut(key).and_then(|it| it.missing.take()) else {
            return;
        };
        self.counters.gaps += 1;
        let from = self.names.text(key).to_owned();
        self.emit(Event::Gap { from, first, last });
    }

    /// When what is missing of a sender is told at the latest. What was said before it begins anew may still be coming, and
    /// stop: then it is not told bit by bit (seed 2704014235), however long the rest of a large message takes (seed
    /// 2706325159).
    #[inline(never)]
    fn gap_at(stream: &Stream) -> Option<Instant> {
        let at = stream.missing?.2;
        let most = at.plus_ms(RETENTION_MS);
        let anew = stream.later.is_some();
        if anew && stream.held_off() > 0 {
            return Some(most);
        }
        let news = stream.news_at.filter(|_| anew);
        Some(news.map_or(at, |news| news.plus_ms(GAP_MS).max(at).min(most)))
    }

    pub(super) fn gaps_deadline(&self) -> Option<Instant> {
        self.streams.iter().filter_map(Self::gap_at).min()
    }

    pub(super) fn gaps_on_time(&mut self) {
        while let Some(key) = self
            .streams
            .iter()
            .find(|stream| Self::gap_at(stream).is_some_and(|at| self.now >= at))
            .map(|stream| stream.key)
        {
            self.tell_gap(key);
        }
    }

    /// The room is whole for this member; the user hears it when everything else of this moment has been told.
    pub(super) fn tell_sync(&mut self) {
        self.sync_due = true;
    }

    /// With the end of a call: the user hears that the room is whole, after the last words of those who went.
    pub(super) fn tell_due_sync(&mut self) {
        if !self.sync_due || !self.leaving.is_empty() {
            return;
        }
        self.sync_due = false;
        self.synced = true;
        self.told_unavailable = false;
        let peers: Vec<Key> = self.roster.iter().map(|seat| seat.key).gather();
        let peers = Some(self.ids(&peers));
        self.emit(Event::Sync { peers });
        self.warm_due = true;
        if !core::mem::replace(&mut self.ever_synced, true) {
            self.flush_waiting();
        }
    }

    // ---- a guest's roster

    pub(super) fn on_roster(
        &mut self,
        term: u64,
        n: u64,
        settled: bool,
        added: Vec<RosterEntry>,
        removed: Vec<Removed>,
    ) {
        let beyond = mutant!(self, DeltasNotHeld) && n > self.n + 1;
        if term < self.term || n <= self.n || beyond {
            return;
        }
        if self.held_deltas.len() < MAX_HELD {
            self.held_deltas.push(Delta {
                term,
                n,
                settled,
                added,
                removed,
            });
        }
        while let Some(at) = self
            .held_deltas
            .iter()
            .position(|delta| delta.n <= self.n.wrapping_add(1))
        {
            if let Some(delta) = self.held_deltas.take_at(at)
                && delta.n == self.n.wrapping_add(1)
            {
                self.apply_delta(delta);
            }
        }
        self.replay_strays();
        // Messages may have come before the change that lets their sender in.
        self.deliver_all();
    }

    fn apply_delta(&mut self, delta: Delta) {
        self.n = delta.n;
        self.term = self.term.max(delta.term);
        for removed in &delta.removed {
            if removed.member != self.me {
                self.roster.keep(|seat| seat.key != removed.member);
                self.leave_view(*removed);
            }
        }
        for entry in &delta.added {
            if entry.member != self.me && self.seat(entry.member).is_none() {
                let seat = Seat {
                    key: entry.member,
                    inc: entry.inc,
                    base: entry.base,
                };
                self.roster.push(seat);
                self.finish_leaving(entry.member);
                let held = if entry.base == UNTOLD {
                    entry.tail
                } else {
                    entry.base
                };
                self.meet_member(seat, held, entry.base);
                self.enter_view(entry.member);
                self.greet(entry.member);
                self.send_again_to(entry.member);
                if let Some(id) = self.link_at_hand(entry.member).map(|link| link.id) {
                    self.ask_directly(id);
                }
            }
        }
        let was_settled = core::mem::replace(&mut self.settled, delta.settled);
        if delta.settled && !(was_settled && self.synced) {
            self.tell_sync();
        }
    }

    /// Somebody has been gone for longer than anything is kept.
    pub(super) fn forget_member(&mut self, key: Key) {
        if self.seat(key).is_some() {
            return;
        }
        self.keep_member(key);
        // It does not come back in time to say its last words again.
        if let Some(stream) = self.stream_mut(key)
            && let Some(last) = stream.last
            && let Some((first, last)) = stream.end(last)
        {
            self.gap(key, first, last);
        }
        // Where we were in its messages is not forgotten: should it come back, the gap is told.
        let stream = self.streams.iter().find(|stream| stream.key == key);
        let known = stream.map(|it| (it.inc, if it.based { Some(it.pos) } else { it.before }));
        if let Some((inc, Some(pos))) = known {
            if self.past.len() >= MAX_PAST {
                self.past.take_at(0);
            }
            self.past.push((key, inc, pos));
        }
        self.tell_gap(key);
        self.streams.keep(|stream| stream.key != key);
        self.acks.keep(|ack| ack.sender != key && ack.by != key);
        self.init.keep(|init| init.key != key);
        for link in &mut self.links {
            link.cursors.keep(|cursor| cursor.sender != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_waits_while_half_a_message_from_before_the_sender_begins_anew_is_here() {
        let start = Instant::from_micros(0);
        let news = start.plus_ms(5_000);
        let mut stream = Stream::new(Key(0), 7, 0);
        stream.begin(Pos { b: 0, d: 0 });
        stream.missing = Some((1, 4, start.plus_ms(GAP_MS)));
        stream.skip_to(4);
        stream.take_cast(5, Vec::new(), 9, 0, b"half");
        stream.news_at = Some(news);
        assert_eq!(Member::gap_at(&stream), Some(start.plus_ms(GAP_MS)));
        stream.later = Some(Pos { b: 6, d: 0 });
        let most = start.plus_ms(GAP_MS + RETENTION_MS);
        assert_eq!(Member::gap_at(&stream), Some(most));
        stream.skip_to(5);
        assert_eq!(Member::gap_at(&stream), Some(news.plus_ms(GAP_MS)));
    }
}
