//! Messages directed to one member.

use super::entry::{Entry, Pos, Taken};
use super::stream::Stream;
use crate::names::Key;
use crate::prelude::*;
use alloc::sync::Arc;

impl Stream {
    /// Takes a piece of a directed message. `done`: what its receiver is known to have taken.
    pub(crate) fn take_directed(
        &mut self,
        pos: Pos,
        to: Key,
        done: Pos,
        total: usize,
        offset: usize,
        bytes: &[u8],
    ) -> Taken {
        self.unbegun.take_if(|it| *it == (to, pos));
        if pos <= done && !self.owed.contains(&pos) {
            return Taken::Doubled;
        }
        // A receiver's messages mostly come in order: the look-up ends at the first that is not later.
        let before = self
            .directed
            .iter_mut()
            .rev()
            .find(|entry| entry.to == Some(to) && entry.pos <= pos);
        let taken = match before {
            Some(entry) if entry.pos == pos && entry.total != total => Taken::Doubled,
            Some(entry) if entry.pos == pos => entry.append(offset, bytes),
            _ if offset != 0 => {
                self.unbegun = Some((to, pos));
                Taken::Ahead
            }
            _ => {
                // What its sender said to all before it must be somewhere (seed 2600115385).
                self.ahead = self.ahead.max(pos.b);
                self.push_directed(pos, to, total, bytes.to_vec());
                return Taken::New(bytes.len());
            }
        };
        if let Taken::New(count) = taken {
            self.bytes += count;
            self.directed_bytes += count;
        }
        taken
    }

    pub(super) fn push_directed(&mut self, pos: Pos, to: Key, total: usize, data: Vec<u8>) {
        let serial = self.next_serial;
        self.next_serial += 1;
        let entry = Entry {
            pos,
            to: Some(to),
            after: Vec::new(),
            total,
            data: Arc::new(data),
            serial,
        };
        self.bytes += entry.weight();
        self.directed_bytes += entry.weight();
        self.directed.push_back(entry);
    }

    /// The first directed message, by arrival, from `serial` on.
    pub(crate) fn directed_from(
        &self,
        serial: u64,
        mut wanted: impl FnMut(&Entry) -> bool,
    ) -> Option<&Entry> {
        let from = self.directed.partition_point(|entry| entry.serial < serial);
        (from..self.directed.len())
            .filter_map(|at| self.directed.get(at))
            .find(|entry| wanted(entry))
    }

    pub(crate) fn oldest_directed(&self) -> Option<&Entry> {
        self.directed.front()
    }

    /// How many directed messages have come so far.
    pub(crate) fn arrivals(&self) -> u64 {
        self.next_serial
    }

    pub(crate) fn has_directed(&self) -> bool {
        !self.directed.is_empty()
    }

    /// Removes a directed message. Once round the queue: `VecDeque::remove` is a kilobyte of code.
    pub(super) fn take_out(&mut self, at: usize) -> Option<Entry> {
        let mut taken = None;
        for turn in 0..self.directed.len() {
            let entry = self.directed.pop_front()?;
            if turn == at {
                taken = Some(entry);
            } else {
                self.directed.push_back(entry);
            }
        }
        taken
    }

    /// Lets go of the messages directed to a member, up to a place.
    pub(crate) fn drop_directed(&mut self, to: Key, up_to: Pos) -> usize {
        let mut dropped = 0;
        for _ in 0..self.directed.len() {
            let Some(entry) = self.directed.pop_front() else {
                break;
            };
            if entry.to == Some(to) && entry.pos <= up_to {
                dropped += 1;
                self.bytes -= entry.weight();
                self.directed_bytes -= entry.weight();
            } else {
                self.directed.push_back(entry);
            }
        }
        dropped
    }
}
