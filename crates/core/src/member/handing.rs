//! A host gives its office to somebody while it still serves.

use super::{Member, Role};
use crate::api::LinkId;
use crate::config::{HIDDEN_AGAIN_MS, HIDDEN_MS};
use crate::link::{Goal, Link};
use crate::names::{Key, to_wire};
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Moved, Record};

/// So many guests are asked at a time whether they reach somebody (guess).
const ASKED: usize = 3;

impl Member {
    /// Who would host next: the first of the line that is there; whose page is seen, if there is such a one.
    fn successor(&self, seen: bool) -> Option<(LinkId, Key)> {
        let there = |link: &&Link| {
            link.is_guest() && link.suspicion.is_none() && link.going.is_none() && !link.leaving
        };
        let find = |key: Key, seen: bool| {
            let link = self
                .links
                .iter()
                .filter(there)
                .find(|link| link.peer == Some(key) && !(seen && link.hidden))?;
            Some((link.id, key))
        };
        let line = self.line();
        let first = line.iter().find_map(|key| find(*key, true));
        match seen {
            true => first,
            false => first.or_else(|| line.iter().find_map(|key| find(*key, false))),
        }
    }

    /// Hands the office over, if there is somebody to take it. The old host stays a member, at the new one.
    pub(super) fn hand_over(&mut self, seen: bool) -> bool {
        match self.successor(seen) {
            Some((id, key)) if self.is_sure() => {
                self.hand_to(id, key);
                true
            }
            _ => false,
        }
    }

    fn is_sure(&self) -> bool {
        matches!(&self.role, Role::Host(hosting) if !hosting.in_doubt())
    }

    fn hand_to(&mut self, id: LinkId, key: Key) {
        self.counters.handed_over += 1;
        self.handed_at = Some(self.now);
        let (founding, term) = (self.founding, self.term.wrapping_add(1));
        self.yield_to(id, key, founding, term, false);
    }

    /// Before that the office is not handed over once more, for whatever reason that is not somebody's going: two who are
    /// each not reached by somebody would have it by turns.
    fn kept_until(&self) -> Option<Instant> {
        self.handed_at.map(|at| at.plus_ms(HIDDEN_AGAIN_MS))
    }

    /// A guest asks for the office: it reaches somebody who does not reach this host.
    pub(super) fn give_office(&mut self, id: LinkId, key: Key) {
        if self.is_sure() && self.kept_until() <= Some(self.now) {
            self.hand_to(id, key);
        }
    }

    /// Somebody has tried to reach this host, and cannot: perhaps a guest can, and asks for the office then.
    pub(super) fn ask_for_it(&mut self, id: &str) {
        if !self.is_sure() || self.kept_until() > Some(self.now) {
            return;
        }
        let guests = self.guests();
        let among = guests.len().saturating_sub(ASKED - 1).max(1);
        let first = self.rng.below(among as u64) as usize;
        for guest in guests.iter().skip(first).take(ASKED) {
            self.control(*guest, &Record::Reach(id));
        }
    }

    /// The host asks whether this member reaches that one.
    pub(super) fn reach(&mut self, id: &str) {
        let key = self.names.key_of_wire(&to_wire(id));
        if let Some(key) = key.filter(|key| self.seat(*key).is_none()) {
            self.dial_by(Goal::Member(key), None);
        }
    }

    /// The host has made this member its successor.
    pub(super) fn take_office_from(&mut self, id: LinkId, moved: &Moved) {
        if !matches!(self.role, Role::Guest(host) if host == id) || moved.founding != self.founding
        {
            return;
        }
        self.make_peer(id);
        self.term = self.term.max(moved.term.saturating_sub(1));
        self.handed_at = Some(self.now);
        // The room's name is handed over as well: nobody shall found another room in between.
        if self.name.shared.is_some() {
            self.claim_name(true);
        }
        self.take_over(Vec::new());
    }

    /// When a host whose page nobody sees hands its office over.
    pub(super) fn hidden_deadline(&self) -> Option<Instant> {
        let hidden = self.hidden.filter(|_| self.is_sure())?.plus_ms(HIDDEN_MS);
        self.successor(true)?;
        self.kept_until().max(Some(hidden))
    }

    pub(super) fn hidden_on_time(&mut self) {
        if self.hidden_deadline().is_some_and(|at| self.now >= at) {
            self.hand_over(true);
        }
    }
}
