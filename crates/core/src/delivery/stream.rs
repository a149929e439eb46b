//! What one machine keeps of one sender's messages.

use crate::config::SENDER_BUDGET;
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

/// A place in a sender's messages, as one receiver counts: broadcast b taken, and d directed ones after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Pos {
    pub(crate) b: u64,
    pub(crate) d: u32,
}

impl Pos {
    /// After everything.
    pub(crate) const LAST: Pos = Pos {
        b: u64::MAX,
        d: u32::MAX,
    };
}

/// A message, whole or still coming.
pub(crate) struct Entry {
    pub(crate) pos: Pos,
    /// The receiver of a directed one.
    pub(crate) to: Option<Key>,
    /// Of a broadcast: how many directed messages who got since the one before.
    pub(crate) after: Vec<(Key, u32)>,
    pub(crate) total: usize,
    /// What is here of it.
    pub(crate) data: Arc<Vec<u8>>,
    /// Of a directed one: its place in the order of arrival, by which links find what to pass on next.
    pub(crate) serial: u64,
}

impl Entry {
    pub(crate) fn is_whole(&self) -> bool {
        self.data.len() == self.total
    }

    fn append(&mut self, offset: usize, bytes: &[u8]) -> Taken {
        let have = self.data.len();
        if offset > have {
            return Taken::Ahead;
        }
        match bytes.get(have - offset..) {
            Some(rest) if !rest.is_empty() => {
                Arc::make_mut(&mut self.data).extend_from_slice(rest);
                Taken::New(rest.len())
            }
            _ => Taken::Doubled,
        }
    }
}

/// Directed messages of one sender that may be owed after one broadcast.
const MAX_OWED: u32 = 1024;

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// So many bytes of it were new.
    New(usize),
    /// It had come before.
    Doubled,
    /// Something before it is missing; it was not kept.
    Ahead,
}

/// What the user is to get next.
pub(crate) enum Next {
    Message(Arc<Vec<u8>>),
    /// Nothing yet.
    Nothing,
    /// A broadcast is here, but a directed message before it is not.
    Waits,
}

/// One sender's messages: those that somebody may still lack.
pub(crate) struct Stream {
    pub(crate) key: Key,
    pub(crate) inc: u64,
    /// The number of the first broadcast kept; those before are gone.
    first: u64,
    casts: VecDeque<Entry>,
    directed: VecDeque<Entry>,
    next_serial: u64,
    directed_bytes: usize,
    /// Bytes of broadcasts above `safe`.
    unsafe_bytes: usize,
    /// What the user here has taken.
    pub(crate) pos: Pos,
    /// Whether `pos` is where this sender begins for us; until then nothing is delivered.
    pub(crate) based: bool,
    /// What we had taken of it, before it was gone for so long that it was forgotten.
    pub(crate) before: Option<Pos>,
    /// Taken by everybody in the roster: this broadcast, and so many bytes of the next.
    pub(crate) safe: u64,
    pub(crate) safe_off: u64,
    /// Taken also by those who were dropped and may come back.
    pub(crate) retain: u64,
    /// Its last broadcast, once it has been dropped.
    pub(crate) last: Option<u64>,
    /// It is gone, and so are the directed messages that are not here: nobody else kept them.
    pub(crate) forsaken: bool,
    /// Directed messages that were gone on without, when their sender had gone. Should it come back with one, it is
    /// delivered then; until then they are not acknowledged, so that it is kept.
    owed: Vec<Pos>,
    /// The user is to be told of them.
    pub(crate) lost_directed: bool,
    /// Bytes kept.
    pub(crate) bytes: usize,
    /// Bytes that came since the last ack.
    pub(crate) unacked: usize,
    /// Whether the next ack should be told to the sender.
    pub(crate) notify: bool,
    /// Whether there is something to ack.
    pub(crate) ack_due: bool,
    /// When what is missing was asked for last.
    pub(crate) asked_at: Option<Instant>,
    /// Since when a broadcast waits for a directed message before it.
    pub(crate) waits_since: Option<Instant>,
    /// When something new of it came last: nothing is asked for again while it is coming.
    pub(crate) news_at: Option<Instant>,
    /// Something was thrown away because something before it was missing.
    pub(crate) ahead: bool,
}

impl Stream {
    /// A sender of whom broadcasts up to `held` are not kept here.
    pub(crate) fn new(key: Key, inc: u64, held: u64) -> Stream {
        Stream {
            key,
            inc,
            first: held + 1,
            casts: VecDeque::new(),
            directed: VecDeque::new(),
            next_serial: 0,
            directed_bytes: 0,
            unsafe_bytes: 0,
            pos: Pos::default(),
            based: false,
            before: None,
            safe: 0,
            safe_off: 0,
            retain: 0,
            last: None,
            forsaken: false,
            owed: Vec::new(),
            lost_directed: false,
            bytes: 0,
            unacked: 0,
            notify: false,
            ack_due: false,
            asked_at: None,
            waits_since: None,
            news_at: None,
            ahead: false,
        }
    }

    /// This sender begins for us after `pos`; or goes on, if we had something of it before. Says what is missing.
    pub(crate) fn begin(&mut self, pos: Pos) -> Option<(u64, u64)> {
        let had = self.before.unwrap_or(pos);
        let released = self.released();
        self.pos = pos.max(had);
        if self.pos.b < released {
            self.pos = Pos { b: released, d: 0 };
        }
        self.based = true;
        self.notify = true;
        self.ack_due = true;
        (had.b < self.pos.b).then_some((had.b + 1, self.pos.b))
    }

    /// The last broadcast that is here whole.
    pub(crate) fn held(&self) -> u64 {
        match self.casts.back() {
            Some(entry) if !entry.is_whole() => entry.pos.b - 1,
            Some(entry) => entry.pos.b,
            None => self.first - 1,
        }
    }

    /// And so many bytes of the next.
    pub(crate) fn held_off(&self) -> u64 {
        match self.casts.back() {
            Some(entry) if !entry.is_whole() => entry.data.len() as u64,
            _ => 0,
        }
    }

    /// The last broadcast that is no longer kept.
    pub(crate) fn released(&self) -> u64 {
        self.first - 1
    }

    pub(crate) fn cast(&self, b: u64) -> Option<&Entry> {
        self.casts
            .get(usize::try_from(b.checked_sub(self.first)?).ok()?)
    }

    /// Takes a piece of a broadcast.
    pub(crate) fn take_cast(
        &mut self,
        b: u64,
        after: impl FnOnce() -> Vec<(Key, u32)>,
        total: usize,
        offset: usize,
        bytes: &[u8],
    ) -> Taken {
        let next = self.first + self.casts.len() as u64;
        let partial = self.casts.back().is_some_and(|entry| !entry.is_whole());
        if b == next && !partial {
            if offset != 0 {
                return Taken::Ahead;
            }
            self.casts.push_back(Entry {
                pos: Pos { b, d: 0 },
                to: None,
                after: after(),
                total,
                data: Arc::new(bytes.to_vec()),
                serial: 0,
            });
            self.bytes += bytes.len();
            self.unsafe_bytes += bytes.len();
            return Taken::New(bytes.len());
        }
        if b >= next {
            return Taken::Ahead;
        }
        let taken = match self.casts.back_mut() {
            Some(entry) if entry.pos.b == b && entry.total == total => entry.append(offset, bytes),
            _ => Taken::Doubled,
        };
        if let Taken::New(count) = taken {
            self.bytes += count;
            self.unsafe_bytes += count;
        }
        taken
    }

    /// Everybody in the roster has taken this much.
    pub(crate) fn set_safe(&mut self, b: u64, off: u64, retain: u64) {
        self.retain = self.retain.max(retain.min(b));
        if b < self.safe {
            return;
        }
        let mut now_safe = 0;
        for number in self.first.max(self.safe + 1)..=b.min(self.first + self.casts.len() as u64) {
            now_safe += self.cast(number).map_or(0, |entry| entry.data.len());
        }
        self.unsafe_bytes = self.unsafe_bytes.saturating_sub(now_safe);
        self.safe_off = if b == self.safe {
            self.safe_off.max(off)
        } else {
            off
        };
        self.safe = b;
    }

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
            _ if offset != 0 => Taken::Ahead,
            _ => {
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

    fn push_directed(&mut self, pos: Pos, to: Key, total: usize, data: Vec<u8>) {
        self.bytes += data.len();
        self.directed_bytes += data.len();
        let serial = self.next_serial;
        self.next_serial += 1;
        self.directed.push_back(Entry {
            pos,
            to: Some(to),
            after: Vec::new(),
            total,
            data: Arc::new(data),
            serial,
        });
    }

    /// The first directed message, by arrival, from `serial` on.
    pub(crate) fn directed_from(
        &self,
        serial: u64,
        mut wanted: impl FnMut(&Entry) -> bool,
    ) -> Option<&Entry> {
        let from = self.directed.partition_point(|entry| entry.serial < serial);
        self.directed.range(from..).find(|entry| wanted(entry))
    }

    pub(crate) fn has_directed(&self) -> bool {
        !self.directed.is_empty()
    }

    /// The message that `me` is to get next, in the sender's order; it counts as taken then.
    pub(crate) fn deliver(&mut self, me: Key) -> Next {
        if !self.based {
            return Next::Nothing;
        }
        let wanted = Pos {
            b: self.pos.b,
            d: self.pos.d + 1,
        };
        let owed = &self.owed;
        if let Some(at) = self.directed.iter().position(|entry| {
            (entry.pos == wanted || owed.contains(&entry.pos))
                && entry.to == Some(me)
                && entry.is_whole()
        }) && let Some(entry) = self.take_out(at)
        {
            self.bytes -= entry.data.len();
            self.directed_bytes -= entry.data.len();
            self.owed.keep(|pos| *pos != entry.pos);
            self.pos = self.pos.max(entry.pos);
            self.notify = true;
            self.took(entry.data.len());
            return Next::Message(entry.data);
        }
        if self.last.is_some_and(|last| self.pos.b >= last) {
            return Next::Nothing;
        }
        let Some(entry) = self.cast(self.pos.b + 1) else {
            return Next::Nothing;
        };
        if !entry.is_whole() {
            return Next::Nothing;
        }
        let before = entry
            .after
            .iter()
            .find(|(key, _)| *key == me)
            .map_or(0, |(_, d)| *d);
        if before > self.pos.d && !self.forsaken {
            return Next::Waits;
        }
        let data = entry.data.clone();
        for d in self.pos.d + 1..=before.min(self.pos.d + MAX_OWED) {
            self.lost_directed = true;
            self.owed.push(Pos { b: self.pos.b, d });
        }
        self.pos = Pos {
            b: self.pos.b + 1,
            d: 0,
        };
        self.took(data.len());
        Next::Message(data)
    }

    fn took(&mut self, bytes: usize) {
        self.unacked += bytes;
        self.ack_due = true;
    }

    /// What is acknowledged: everything up to here is there.
    pub(crate) fn taken(&self) -> Pos {
        match self.owed.first() {
            Some(pos) => Pos {
                b: pos.b,
                d: pos.d - 1,
            },
            None => self.pos,
        }
    }

    /// Bytes held of the message that `me` gets next.
    pub(crate) fn partial(&self, me: Key) -> u64 {
        if !self.owed.is_empty() {
            return 0;
        }
        let wanted = Pos {
            b: self.pos.b,
            d: self.pos.d + 1,
        };
        let directed = self
            .directed
            .iter()
            .find(|entry| entry.pos == wanted && entry.to == Some(me));
        let next = directed.or_else(|| self.cast(self.pos.b + 1));
        next.filter(|entry| !entry.is_whole())
            .map_or(0, |entry| entry.data.len() as u64)
    }

    /// Moves on past broadcasts that will never come; says which are missing.
    pub(crate) fn skip_to(&mut self, b: u64) -> Option<(u64, u64)> {
        while self.casts.front().is_some_and(|entry| entry.pos.b <= b) {
            self.drop_first();
        }
        self.first = self.first.max(b + 1);
        let skipped = (self.based && self.pos.b < b).then_some((self.pos.b + 1, b));
        if self.pos.b < b {
            self.pos = Pos { b, d: 0 };
            self.ack_due = true;
        }
        skipped
    }

    /// Lets go of what nobody lacks: all that is safe beyond the budget, and within it what is past retention.
    /// `own`: an own stream has no position of its own to hold it.
    pub(crate) fn release(&mut self, own: bool) {
        let taken = if own { u64::MAX } else { self.pos.b };
        while let Some(entry) = self.casts.front() {
            let b = entry.pos.b;
            let over = self.bytes > SENDER_BUDGET && b <= self.safe;
            if b > taken || !(b <= self.retain.min(self.safe) || over) {
                break;
            }
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(entry) = self.casts.pop_front() {
            self.bytes -= entry.data.len();
            if entry.pos.b > self.safe {
                self.unsafe_bytes = self.unsafe_bytes.saturating_sub(entry.data.len());
            }
            self.first = entry.pos.b + 1;
        }
    }

    /// Removes a directed message. Once round the queue: `VecDeque::remove` is a kilobyte of code.
    fn take_out(&mut self, at: usize) -> Option<Entry> {
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
                self.bytes -= entry.data.len();
                self.directed_bytes -= entry.data.len();
            } else {
                self.directed.push_back(entry);
            }
        }
        dropped
    }

    /// Appends a message of one's own.
    pub(crate) fn push_own(
        &mut self,
        pos: Pos,
        to: Option<Key>,
        after: Vec<(Key, u32)>,
        data: Vec<u8>,
    ) {
        let total = data.len();
        match to {
            Some(to) => self.push_directed(pos, to, total, data),
            None => {
                self.bytes += total;
                self.unsafe_bytes += total;
                self.casts.push_back(Entry {
                    pos,
                    to,
                    after,
                    total,
                    data: Arc::new(data),
                    serial: 0,
                });
            }
        }
    }

    /// Bytes of broadcasts that not everybody in the roster has, and of directed messages.
    pub(crate) fn unsafe_bytes(&self) -> usize {
        (self.unsafe_bytes + self.directed_bytes).saturating_sub(self.safe_off as usize)
    }
}
