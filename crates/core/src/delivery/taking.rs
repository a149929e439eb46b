//! What the user here takes of a sender: in order, each once.

use super::entry::{Next, Pos};
use super::stream::Stream;
use crate::names::Key;
use crate::prelude::*;

/// Directed messages of one sender that may be owed: a sender may say that it said as many as it likes.
pub(crate) const MAX_OWED: usize = 1024;

impl Stream {
    /// How many directed messages are owed.
    #[cfg(feature = "mutation")]
    pub(crate) fn owed(&self) -> usize {
        self.owed.len()
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

    /// The message that `me` is to get next, in the sender's order; it counts as taken then.
    pub(crate) fn deliver(&mut self, me: Key) -> Next {
        if !self.based {
            return Next::Nothing;
        }
        let wanted = self.wanted();
        let owed = &self.owed;
        if let Some(at) = self.directed.iter().position(|entry| {
            (entry.pos == wanted || owed.contains(&entry.pos))
                && entry.to == Some(me)
                && entry.is_whole()
        }) && let Some(entry) = self.take_out(at)
        {
            self.bytes -= entry.weight();
            self.directed_bytes -= entry.weight();
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
        let gone = self.later.is_some_and(|later| self.pos.b < later.b);
        if before > self.pos.d && !self.forsaken && !gone {
            return Next::Waits;
        }
        let data = entry.data.clone();
        if gone {
            self.lost_directed |= before > self.pos.d;
            self.arrive(self.pos.b + 1);
            self.took(data.len());
            return Next::Message(data);
        }
        self.lost_directed |= before > self.pos.d;
        let room = MAX_OWED.saturating_sub(self.owed.len());
        for d in (wanted.d..=before).take(room) {
            self.owed.push(Pos { b: self.pos.b, d });
        }
        self.pos = Pos {
            b: self.pos.b + 1,
            d: 0,
        };
        self.took(data.len());
        Next::Message(data)
    }

    /// The sender says that its messages begin for us after this: what was gone on without before it is not kept.
    pub(crate) fn forgive(&mut self, at: Pos) {
        self.owed.keep(|owed| *owed > at);
    }

    /// Where the directed message is that comes next, if there is one.
    fn wanted(&self) -> Pos {
        Pos {
            d: self.pos.d.saturating_add(1),
            ..self.pos
        }
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
        let wanted = self.wanted();
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
        self.first = self.first.max(b.saturating_add(1));
        let skipped = (self.based && self.pos.b < b).then_some((self.pos.b + 1, b));
        if self.pos.b < b {
            self.arrive(b);
            self.ack_due = true;
        }
        skipped
    }

    /// Its sender is gone for good, after broadcast `last`; says what is missing. Where it did not say where it begins for us,
    /// what a host has told may have been for us or not.
    pub(crate) fn end(&mut self, last: u64) -> Option<(u64, u64)> {
        if !self.based {
            let from = self.before.map_or(self.released(), |before| before.b);
            if !self.outlived || last <= from {
                return None;
            }
            self.before = Some(Pos { b: last, d: 0 });
            return Some((from + 1, last));
        }
        self.skip_to(last)
    }

    /// Broadcast `b` is behind us.
    fn arrive(&mut self, b: u64) {
        self.pos = Pos { b, d: 0 };
        if let Some(later) = self.later.filter(|later| later.b <= b) {
            self.later = None;
            self.pos = self.pos.max(later);
        }
    }
}

#[cfg(all(test, feature = "mutation"))]
mod tests {
    use super::*;

    #[test]
    fn a_sender_that_says_it_directed_very_much_makes_nobody_remember_it_all() {
        let me = Key(1);
        let mut stream = Stream::new(Key(0), 7, 0);
        stream.begin(Pos { b: 0, d: 0 });
        stream.forsaken = true;
        for b in 1..=5 {
            stream.take_cast(b, vec![(me, 1_000)], 1, 0, b"x");
            assert!(matches!(stream.deliver(me), Next::Message(_)));
            assert!(core::mem::take(&mut stream.lost_directed), "it is told");
            assert!(stream.owed() <= MAX_OWED, "{} after {b}", stream.owed());
        }
        assert_eq!(stream.owed(), MAX_OWED);
    }
}
