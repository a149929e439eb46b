//! The own messages: numbered here, kept until everybody has them, and waiting when there is no room.

use super::entry::Pos;
use super::stream::Stream;
use crate::api::Ticket;
use crate::config::{SENDER_BUDGET, TOTAL_BUDGET};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use alloc::collections::VecDeque;

/// A send that is not accepted yet.
pub(crate) struct Waiting {
    /// `None`: the call was answered "accepted" already (before the first sync).
    pub(crate) ticket: Option<Ticket>,
    pub(crate) payload: Vec<u8>,
    /// The receiver's id; not a key, for it may be nobody's.
    pub(crate) to: Option<String>,
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
    /// Where the own messages begin for each member of the roster.
    pub(crate) bases: Vec<(Key, Pos)>,
    /// Members that are no longer in the roster, and since when; what is for them is kept for a while.
    pub(crate) gone: Vec<(Key, Instant)>,
}

impl Outbox {
    pub(crate) fn new(me: Key, inc: u64) -> Outbox {
        let mut stream = Stream::new(me, inc, 0);
        stream.based = true;
        Outbox {
            stream,
            b: 0,
            counts: Vec::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            bases: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Where a newcomer begins.
    pub(crate) fn end_for(&self, to: Key) -> Pos {
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
        self.waiting_bytes += waiting.payload.len();
        self.waiting.push_back(waiting);
    }

    pub(crate) fn next_waiting(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front()?;
        self.waiting_bytes -= waiting.payload.len();
        Some(waiting)
    }

    /// Nothing of one's own is still to be delivered.
    pub(crate) fn is_done(&self) -> bool {
        self.waiting.is_empty() && !self.stream.has_directed() && self.stream.safe >= self.b
    }
}
