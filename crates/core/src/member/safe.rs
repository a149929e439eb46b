//! What is safe: the host computes what everybody has taken, and tells senders.

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::LinkId;
use crate::config::{SENDER_BUDGET, TOO_SLOW_MS};
use crate::link::Link;
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Record, Refusal, Safe};

/// What is to come to a guest directly, and has not for so long, is passed on to it, ms (guess: what a beat that is late
/// is given, and a repair).
const PASS_ON_MS: u64 = 4_000;

impl Member {
    pub(super) fn mark_safe_dirty(&mut self, key: Key) {
        if let Role::Host(hosting) = &mut self.role
            && !hosting.dirty.contains(&key)
        {
            hosting.dirty.push(key);
        }
    }

    pub(super) fn mark_all_safe_dirty(&mut self) {
        let keys: Vec<Key> = self
            .streams
            .iter()
            .map(|stream| stream.key)
            .chain(core::iter::once(self.me))
            .gather();
        for key in keys {
            self.mark_safe_dirty(key);
        }
    }

    /// Computes what everybody has taken, of those senders of whom something was taken.
    pub(super) fn update_safe(&mut self) {
        let Role::Host(hosting) = &mut self.role else {
            return;
        };
        for key in core::mem::take(&mut hosting.dirty) {
            self.update_safe_of(key);
        }
    }

    fn update_safe_of(&mut self, key: Key) {
        let Some(stream) = self.stream(key) else {
            return;
        };
        let end = if key == self.me {
            (self.out.b, 0)
        } else {
            (stream.held(), stream.held_off())
        };
        let mut least = end;
        if key != self.me {
            if !stream.based {
                return;
            }
            least = least.min((stream.taken().b, stream.partial(self.me)));
        }
        for seat in self
            .roster
            .iter()
            .filter(|seat| seat.key != key && seat.key != self.me)
            .filter(|seat| !mutant!(self, SafeWithoutOne) || !self.leaves_out(key, seat.key))
        {
            match self.ack_of(key, seat.key) {
                Some((pos, off)) => least = least.min((pos.b, off)),
                None => return,
            }
        }
        let mut retain = least.0;
        for dropped in self.dropped.iter().filter(|gone| {
            !mutant!(self, NoRetention) && gone.was.member != key && !gone.was.politely
        }) {
            // What it had taken is not known to a new host; more than it kept back so far, it does not let go.
            let taken = self
                .ack_of(key, dropped.was.member)
                .map_or(stream.retain, |(pos, _)| pos.b);
            retain = retain.min(taken);
        }
        let old = (stream.safe, stream.safe_off, stream.retain);
        if (least.0, least.1, retain) == old || least.0 < old.0 {
            return;
        }
        let all = least.0 >= end.0;
        let jump = stream.cast(least.0).is_some() && stream.unsafe_bytes() >= SENDER_BUDGET / 8;
        if let Some(stream) = self.stream_mut(key) {
            stream.set_safe(least.0, least.1, retain);
            stream.release();
        }
        if let Role::Host(hosting) = &mut self.role
            && !hosting.safe_changed.contains(&key)
        {
            hosting.safe_changed.push(key);
        }
        if key == self.me {
            self.own_is_safer();
        } else if (all || jump)
            && let Some(id) = self.link_to(key)
        {
            let record = Record::Safe {
                term: self.term,
                all: vec![self.safe_of(key)],
            };
            self.control(id, &record);
        }
    }

    fn safe_of(&self, key: Key) -> Safe {
        let (b, off, retain) = self.stream(key).map_or((0, 0, 0), |stream| {
            (stream.safe, stream.safe_off, stream.retain)
        });
        Safe {
            sender: key,
            b,
            off,
            retain,
        }
    }

    /// With each heartbeat: a host tells everybody what has become safe, a guest asks after what it has directed to one.
    pub(super) fn tell_safe(&mut self) {
        let Role::Host(hosting) = &mut self.role else {
            return self.ask_after_directed();
        };
        let changed = core::mem::take(&mut hosting.safe_changed);
        if changed.is_empty() {
            return;
        }
        let all = changed.iter().map(|key| self.safe_of(*key)).gather();
        let bytes = Record::Safe {
            term: self.term,
            all,
        }
        .write(&self.names);
        for id in self.guests() {
            self.control_bytes(id, &bytes);
        }
    }

    /// That somebody has taken what was directed to it may have been told when nobody could hear it: where our messages
    /// begin is told again to whom the oldest is directed that is still kept, and it says how far it is.
    fn ask_after_directed(&mut self) {
        let Some(entry) = self.out.stream.oldest_directed() else {
            return;
        };
        let (serial, to) = (entry.serial, entry.to);
        if let Some(to) = to
            && core::mem::replace(&mut self.out.asked, serial) == serial
            && self.seat(to).is_some()
        {
            self.tell_base(to);
        }
    }

    /// With each heartbeat to a guest: does it take what it is sent?
    pub(super) fn check_progress(&mut self, id: LinkId) {
        let now = self.now;
        let Some(link) = self.link(id) else { return };
        let Some(peer) = link.peer else { return };
        let mut behind = Vec::new();
        for stream in self
            .streams
            .iter()
            .chain(core::iter::once(&self.out.stream))
        {
            if stream.key != peer
                && self.seat(stream.key).is_some()
                && let Some((pos, _)) = self.ack_of(stream.key, peer)
                && pos.b < stream.held()
            {
                behind.push((stream.key, pos.b, stream.inc, stream.released()));
            }
        }
        // What it takes has to come to it, and its word of that to come back.
        let patience = TOO_SLOW_MS + 2 * link.lateness(self.shared_slack_ms);
        let late = now >= link.progress_at.plus_ms(patience);
        let soon = now >= link.progress_at.plus_ms(PASS_ON_MS) && !mutant!(self, NoPassOn);
        // Nothing at all for half of that: it may wait for what it was never sent, because it met that sender in another room
        // (seed 2520000004). Once: one whose user takes nothing has it.
        let half = link.progress_at.plus_ms(patience / 2);
        let again = now >= half && now < half.plus_ms(u64::from(self.cfg.health_interval_ms));
        if behind.is_empty() {
            if let Some(link) = self.link_mut(id) {
                link.progress_at = now;
            }
        } else if late {
            self.expel(id, Refusal::TooSlow);
        } else if soon {
            for (sender, b, inc, to) in behind {
                let on = |link: &mut Link| link.cursor(sender).is_none_or(|cursor| cursor.on);
                // Others have said it where this host was not, and let go of it: that shows only when more comes. Or what
                // is to come directly does not: it may be that way that is slow, and not the guest.
                if b < to || again || !self.link_mut(id).is_none_or(on) {
                    self.on_fetch(id, sender, inc, b, 0);
                }
            }
        }
    }
}
