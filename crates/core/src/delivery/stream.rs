//! What one machine keeps of one sender's messages.

use super::entry::{Entry, Pos, Taken};
use crate::config::SENDER_BUDGET;
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

/// One sender's messages: those that somebody may still lack.
pub(crate) struct Stream {
    pub(crate) key: Key,
    pub(crate) inc: u64,
    /// The number of the first broadcast kept; those before are gone.
    pub(super) first: u64,
    pub(super) casts: VecDeque<Entry>,
    pub(super) directed: VecDeque<Entry>,
    pub(super) next_serial: u64,
    pub(super) directed_bytes: usize,
    /// Bytes of broadcasts above `safe`.
    pub(super) unsafe_bytes: usize,
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
    /// Those above this are kept while somebody who was dropped may come back, whatever a host says that knows nothing
    /// of it.
    pub(crate) hold: u64,
    /// Its last broadcast, once it has been dropped.
    pub(crate) last: Option<u64>,
    /// It is gone, and so are the directed messages that are not here: nobody else kept them.
    pub(crate) forsaken: bool,
    /// A host has gone since we met the sender, and with it, perhaps, what the sender told us of its beginning.
    pub(crate) outlived: bool,
    /// When the host asked how far we are, for it is about to drop the sender: until it has, nothing more is taken from
    /// there, or we would have what others never hear.
    pub(crate) reported_at: Option<Instant>,
    /// Directed messages that were gone on without, when their sender had gone. Should it come back with one, it is
    /// delivered then; until then they are not acknowledged, so that it is kept.
    pub(super) owed: Vec<Pos>,
    /// The sender has begun anew for us after this, further on: what it directed to us before is gone.
    pub(crate) later: Option<Pos>,
    /// Broadcasts that will not come, and when the user is told at the latest.
    pub(crate) missing: Option<(u64, u64, Instant)>,
    /// The user is to be told of them.
    pub(crate) lost_directed: bool,
    /// Bytes kept, with what is kept beside them.
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
    /// The last broadcast that is known to have been said: thrown away because something before it was missing, or named by
    /// a directed message.
    pub(crate) ahead: u64,
    /// A directed message of which a later piece came and the beginning did not: to whom, and its place. Kept until it has
    /// begun to come.
    pub(crate) unbegun: Option<(Key, Pos)>,
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
            hold: u64::MAX,
            last: None,
            forsaken: false,
            outlived: false,
            reported_at: None,
            owed: Vec::new(),
            missing: None,
            later: None,
            lost_directed: false,
            bytes: 0,
            unacked: 0,
            notify: false,
            ack_due: false,
            asked_at: None,
            waits_since: None,
            news_at: None,
            ahead: 0,
            unbegun: None,
        }
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

    /// Whether something is missing that others have.
    pub(crate) fn is_behind(&self) -> bool {
        self.ahead > self.held() || self.unbegun.is_some()
    }

    /// Whether something has to be asked for.
    pub(crate) fn lacks(&self) -> bool {
        let waits = !self.based || self.is_behind() || self.waits_since.is_some();
        self.last.is_none() && waits
    }

    /// Since when nothing has come of it, nor been asked for.
    pub(crate) fn news(&self) -> Option<Instant> {
        self.asked_at.or(self.waits_since).max(self.news_at)
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
        after: Vec<(Key, u32)>,
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
            self.push_cast(b, after, total, bytes.to_vec());
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
        self.unsafe_bytes = self
            .unsafe_bytes
            .saturating_sub(self.bytes_after(self.safe, b));
        self.safe_off = if b == self.safe {
            self.safe_off.max(off)
        } else {
            off
        };
        self.safe = b;
    }

    /// Somebody is back who may lack what was kept for it: that is not safe after all.
    pub(crate) fn no_longer_safe(&mut self) {
        if self.safe > self.hold {
            self.safe = self.hold.max(self.released());
            self.safe_off = 0;
            self.retain = self.retain.min(self.safe);
            self.unsafe_bytes = self.bytes_after(self.safe, u64::MAX);
        }
    }

    /// What follows this broadcast is to come (again), all of it.
    pub(crate) fn rewind(&mut self, b: u64) {
        self.ahead = self.ahead.max(self.held());
        while !self.casts.is_empty() {
            self.drop_first();
        }
        self.first = b.saturating_add(1);
        self.safe = self.safe.min(b);
        self.safe_off = 0;
        self.retain = self.retain.min(b);
        // At once, whatever was asked for before.
        self.asked_at = None;
    }

    /// Bytes kept of the broadcasts after one, up to another.
    fn bytes_after(&self, after: u64, to: u64) -> usize {
        let mut bytes = 0;
        for number in
            self.first.max(after.saturating_add(1))..=to.min(self.first + self.casts.len() as u64)
        {
            bytes += self.cast(number).map_or(0, Entry::weight);
        }
        bytes
    }

    /// Lets go of what nobody lacks: all that is safe beyond the budget, and within it what is past retention.
    pub(crate) fn release(&mut self) {
        let taken = self.pos.b;
        while let Some(entry) = self.casts.front() {
            let b = entry.pos.b;
            let over = self.bytes > SENDER_BUDGET && b <= self.safe;
            if b > taken || !(b <= self.retain.min(self.safe).min(self.hold) || over) {
                break;
            }
            self.drop_first();
        }
    }

    pub(super) fn drop_first(&mut self) {
        if let Some(entry) = self.casts.pop_front() {
            self.bytes -= entry.weight();
            if entry.pos.b > self.safe {
                self.unsafe_bytes = self.unsafe_bytes.saturating_sub(entry.weight());
            }
            self.first = entry.pos.b + 1;
        }
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
            None => self.push_cast(pos.b, after, total, data),
        }
    }

    fn push_cast(&mut self, b: u64, after: Vec<(Key, u32)>, total: usize, data: Vec<u8>) {
        let entry = Entry {
            pos: Pos { b, d: 0 },
            to: None,
            after,
            total,
            data: Arc::new(data),
            serial: 0,
        };
        self.bytes += entry.weight();
        self.unsafe_bytes += entry.weight();
        self.casts.push_back(entry);
    }

    /// Bytes of broadcasts that not everybody in the roster has, and of directed messages.
    pub(crate) fn unsafe_bytes(&self) -> usize {
        (self.unsafe_bytes + self.directed_bytes).saturating_sub(self.safe_off as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Pos;

    #[test]
    fn what_came_ahead_is_not_asked_for_once_it_is_behind_us_or_has_come() {
        let mut stream = Stream::new(Key(0), 7, 0);
        stream.begin(Pos { b: 0, d: 0 });
        let came_ahead = stream.take_cast(3, Vec::new(), 1, 0, b"x");
        assert!(matches!(came_ahead, Taken::Ahead));
        stream.ahead = 3;
        for b in 1..=2 {
            stream.take_cast(b, Vec::new(), 1, 0, b"x");
            assert!(stream.is_behind(), "3 has still to come again, after {b}");
        }
        stream.take_cast(3, Vec::new(), 1, 0, b"x");
        assert!(!stream.is_behind(), "it has come");
        stream.ahead = 9;
        assert!(stream.is_behind());
        stream.skip_to(9);
        assert!(!stream.is_behind(), "nobody has it any more");
    }

    #[test]
    fn who_gets_a_directed_message_lacks_what_was_said_to_all_before_it() {
        let mut stream = Stream::new(Key(0), 7, 0);
        stream.begin(Pos { b: 0, d: 0 });
        stream.take_directed(Pos { b: 1, d: 1 }, Key(1), Pos { b: 0, d: 0 }, 1, 0, b"x");
        assert!(stream.is_behind());
        stream.take_cast(1, Vec::new(), 1, 0, b"x");
        assert!(!stream.is_behind());
    }
    #[test]
    fn a_directed_message_whose_beginning_has_not_come_is_asked_for_until_it_begins() {
        let (to, at) = (Key(1), Pos { b: 1, d: 2 });
        let mut stream = Stream::new(Key(0), 7, 0);
        stream.begin(Pos { b: 0, d: 0 });
        stream.take_cast(1, Vec::new(), 1, 0, b"x");
        let later = stream.take_directed(at, to, Pos::default(), 9, 5, b"yyyy");
        assert!(matches!(later, Taken::Ahead));
        assert!(stream.is_behind());
        // Broadcasts say nothing of it.
        stream.take_cast(2, Vec::new(), 1, 0, b"x");
        assert!(stream.is_behind());
        let begins = stream.take_directed(at, to, Pos::default(), 9, 0, b"yyyyy");
        assert!(matches!(begins, Taken::New(5)));
        assert!(!stream.is_behind(), "the rest is on its way");
    }
}
