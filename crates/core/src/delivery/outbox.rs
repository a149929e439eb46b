//! The own messages: numbered here, kept until everybody has them, and waiting when there is no room.

use super::entry::{BESIDE, Pos};
use super::stream::Stream;
use crate::api::Ticket;
use crate::config::{SENDER_BUDGET, TOTAL_BUDGET};
use crate::names::Key;
use crate::prelude::*;
use alloc::collections::VecDeque;

/// A send that is not accepted yet.
pub(crate) struct Waiting {
    /// `None`: the call was answered "accepted" already (before the first sync).
    pub(crate) ticket: Option<Ticket>,
    pub(crate) payload: Vec<u8>,
    /// The receiver's id; not a key, for it may be nobody's.
    pub(crate) to: Option<String>,
}

impl Waiting {
    /// What it takes of a budget, bytes: as an [`Entry`](super::entry::Entry).
    pub(crate) fn weight(&self) -> usize {
        self.payload.len() + BESIDE
    }
}

/// Where the own messages begin for a member.
#[derive(Clone, Copy)]
pub(crate) struct Base {
    pub(crate) to: Key,
    pub(crate) at: Pos,
    /// The broadcast after which they began at first: should it come back after having been given up, it may never have
    /// heard even that, and what lies between is a gap.
    pub(crate) first: u64,
    /// It was given up: `at` is no longer true.
    pub(crate) old: bool,
}

/// One's own messages.
pub(crate) struct Outbox {
    pub(crate) stream: Stream,
    /// The last broadcast's number.
    pub(crate) b: u64,
    /// Directed messages since, per receiver.
    counts: Vec<(Key, u32)>,
    pub(crate) waiting: VecDeque<Waiting>,
    pub(crate) waiting_bytes: usize,
    /// The oldest directed message at the last heartbeat.
    pub(crate) asked: u64,
    /// Where the own messages begin for each member that was ever in the roster: no more than there are names.
    bases: Vec<Base>,
}

impl Outbox {
    pub(crate) fn new(me: Key, inc: u64) -> Outbox {
        let mut stream = Stream::new(me, inc, 0);
        stream.based = true;
        // We have taken all that we say.
        stream.pos = Pos::LAST;
        Outbox {
            stream,
            b: 0,
            counts: Vec::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            asked: 0,
            bases: Vec::new(),
        }
    }

    /// Fixes where the own messages begin for a member, if that is not so yet. Says whether it was not.
    pub(crate) fn fix_base(&mut self, to: Key) -> bool {
        let at = self.end_for(to);
        for base in &mut self.bases {
            if base.to == to {
                if base.old {
                    base.at = at;
                }
                return core::mem::take(&mut base.old);
            }
        }
        let (first, old) = (at.b, false);
        let base = Base { to, at, first, old };
        self.bases.push(base);
        true
    }

    pub(crate) fn base(&self, to: Key) -> Option<Base> {
        self.bases.iter().find(|base| base.to == to).copied()
    }

    /// That member has been given up.
    pub(crate) fn forget_base(&mut self, to: Key) {
        for base in &mut self.bases {
            base.old |= base.to == to;
        }
    }

    /// Where a newcomer begins.
    fn end_for(&self, to: Key) -> Pos {
        Pos {
            b: self.b,
            d: self
                .counts
                .iter()
                .find(|(key, _)| *key == to)
                .map_or(0, |(_, d)| *d),
        }
    }

    /// Whether a message of that size fits under the budget in a room of so many. One above the budget travels alone.
    pub(crate) fn has_room(&self, size: usize, members: usize) -> bool {
        let budget = SENDER_BUDGET.min(TOTAL_BUDGET / members.max(1));
        let used = self.stream.unsafe_bytes();
        used == 0 || used + size <= budget
    }

    pub(crate) fn push(&mut self, payload: Vec<u8>, to: Option<Key>) {
        let (pos, after) = match to {
            Some(key) => {
                let d = match self.counts.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, d)) => {
                        *d += 1;
                        *d
                    }
                    None => {
                        self.counts.push((key, 1));
                        1
                    }
                };
                (Pos { b: self.b, d }, Vec::new())
            }
            None => {
                self.b += 1;
                (Pos { b: self.b, d: 0 }, core::mem::take(&mut self.counts))
            }
        };
        self.stream.push_own(pos, to, after, payload);
    }

    pub(crate) fn wait(&mut self, waiting: Waiting) {
        self.waiting_bytes += waiting.weight();
        self.waiting.push_back(waiting);
    }

    pub(crate) fn next_waiting(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front()?;
        self.waiting_bytes -= waiting.weight();
        Some(waiting)
    }

    /// Nothing of one's own is still to be delivered.
    pub(crate) fn is_done(&self) -> bool {
        self.waiting.is_empty() && !self.stream.has_directed() && self.stream.safe >= self.b
    }
}
