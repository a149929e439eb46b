//! Acknowledgement: what this member has taken, and what a host knows that others have.

use super::{Member, Role};
use crate::api::{ErrorCode, LinkId};
use crate::config::{ACK_BYTES, ACK_MS};
use crate::delivery::Pos;
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Position, Record};

/// What one receiver has taken of one sender's messages; a host's knowledge.
pub(super) struct Ack {
    pub(super) sender: Key,
    pub(super) by: Key,
    /// Up to there, and so many bytes of the next.
    at: (Pos, u64),
}

impl Member {
    pub(super) fn schedule_ack(&mut self) {
        if !matches!(self.role, Role::Guest(_)) {
            return;
        }
        let mut bytes = 0;
        let mut due = false;
        for stream in &self.streams {
            bytes += stream.unacked;
            due |= stream.ack_due;
        }
        if bytes >= ACK_BYTES {
            self.send_acks();
        } else if due && self.ack_at.is_none() {
            self.ack_at = Some(self.now.plus_ms(ACK_MS));
        }
    }

    /// After each input: the host itself has taken something. Once for all that came together: of ten thousand messages
    /// in one burst, each told of for itself, the sender would look through those it keeps ten thousand times.
    pub(super) fn tell_host_took(&mut self) {
        if !self.is_host() {
            return;
        }
        let dirty: Vec<Key> = self
            .streams
            .iter()
            .filter(|stream| stream.ack_due)
            .map(|stream| stream.key)
            .gather();
        for key in dirty {
            self.host_took(key);
        }
    }

    /// A sender of directed messages hears of it at once, the others with `SAFE`.
    fn host_took(&mut self, key: Key) {
        self.mark_safe_dirty(key);
        let me = self.me;
        let Some(stream) = self.stream_mut(key) else {
            return;
        };
        stream.ack_due = false;
        stream.unacked = 0;
        if core::mem::take(&mut stream.notify) && stream.based {
            let record = Record::Acked {
                by: me,
                b: stream.taken().b,
                d: stream.taken().d,
                off: stream.partial(me),
            };
            self.tell(key, &record);
        }
    }

    pub(super) fn send_acks(&mut self) {
        self.ack_at = None;
        let Role::Guest(id) = self.role else { return };
        let me = self.me;
        let list: Vec<Position> = self
            .streams
            .iter_mut()
            .filter(|stream| stream.ack_due && stream.based)
            .map(|stream| {
                stream.ack_due = false;
                stream.unacked = 0;
                Position {
                    sender: stream.key,
                    inc: stream.inc,
                    b: stream.taken().b,
                    d: stream.taken().d,
                    off: stream.partial(me),
                    flag: core::mem::take(&mut stream.notify),
                }
            })
            .gather();
        if !list.is_empty() {
            self.control(id, &Record::Ack(list));
        }
    }

    pub(super) fn on_ack(&mut self, id: LinkId, by: Key, list: &[Position]) {
        let mut progress = false;
        for position in list {
            let key = position.sender;
            let at = Pos {
                b: position.b,
                d: position.d,
            };
            if self.stream(key).is_some_and(|it| it.inc != position.inc) {
                continue;
            }
            let said = (at, position.off);
            // One that a later one has overtaken says nothing new; but if it is to be told to the sender, that is done now.
            let known = self.set_ack(key, by, said);
            // Also where nothing is otherwise: what came before its time is passed on to a newcomer, for the room's sake.
            // And a large message that it is owed from before may be coming: of that it can say no more than this.
            progress |= known.0 == at;
            self.mark_safe_dirty(key);
            let (at, off) = known;
            if let Some(stream) = self.stream_mut(key) {
                stream.drop_directed(by, at);
            }
            if key == self.me {
                self.own_is_safer();
            } else if position.flag {
                let (b, d) = (at.b, at.d);
                self.tell(key, &Record::Acked { by, b, d, off });
            }
        }
        let now = self.now;
        if let (true, Some(link)) = (progress, self.link_mut(id)) {
            link.progress_at = now;
        }
    }

    /// Own messages have become safe: there is room for those that wait.
    pub(super) fn own_is_safer(&mut self) {
        self.out.stream.release();
        self.flush_waiting();
    }

    /// Tells once what was thrown away because its receiver did not come back.
    pub(super) fn forget_directed(&mut self, key: Key) {
        if self.out.stream.drop_directed(key, Pos::LAST) > 0 {
            let id = self.names.text(key).to_owned();
            self.error(ErrorCode::MemberLeft, &id);
            self.own_is_safer();
        }
    }

    /// Keeps what is said, if it is more than was; gives what is kept.
    fn set_ack(&mut self, sender: Key, by: Key, said: (Pos, u64)) -> (Pos, u64) {
        match self
            .acks
            .binary_search_by(|ack| (ack.sender, ack.by).cmp(&(sender, by)))
        {
            Ok(found) => {
                if let Some(ack) = self.acks.get_mut(found) {
                    ack.at = ack.at.max(said);
                    return ack.at;
                }
            }
            Err(place) => {
                let at = said;
                self.acks.put_at(place, Ack { sender, by, at });
            }
        }
        said
    }

    pub(super) fn ack_of(&self, sender: Key, by: Key) -> Option<(Pos, u64)> {
        let found = self
            .acks
            .binary_search_by(|ack| (ack.sender, ack.by).cmp(&(sender, by)))
            .ok()?;
        Some(self.acks.get(found)?.at)
    }
}
