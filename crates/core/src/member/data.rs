//! Messages: in from links, and to the user.

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::{ErrorCode, Event, Lane, LinkId};
use crate::config::{MAX_EVENT_BYTES, MAX_EVENTS, SENDER_BUDGET, TOTAL_BUDGET};
use crate::delivery::{Next, Pos, Taken};
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Piece, Writer};

/// Kept of those who are not in the roster yet, bytes: pieces, and where their messages begin.
pub(super) const MAX_STRAYS: usize = 4 << 20;

impl Member {
    // ---- in

    pub(super) fn on_piece(&mut self, id: LinkId, piece: &Piece<'_>) {
        let Some(link) = self.link(id) else { return };
        let (my_host, my_guest) = (link.is_my_host(), link.is_guest());
        let direct = link.is_peer() && link.direct;
        let Some(peer) = link.peer else { return };
        let sender = match piece.sender {
            Some(wire) => self.names.find_wire(wire),
            None => Some(peer),
        };
        // A host passes on anybody's; a guest speaks for itself, unless it was asked for somebody else's.
        let asked = |host: &super::lead::Hosting, sender: Key| {
            host.fetching
                .iter()
                .any(|fetch| fetch.link == id && fetch.sender == sender)
        };
        let allowed = match (&self.role, sender) {
            (_, Some(sender)) if direct => sender == peer,
            (Role::Host(host), Some(sender)) if my_guest => sender == peer || asked(host, sender),
            (Role::Guest(_), _) => my_host,
            _ => false,
        };
        if !allowed || sender == Some(self.me) {
            self.counters.doubled += 1;
            return;
        }
        let known = sender.filter(|key| self.streams.iter().any(|stream| stream.key == *key));
        let Some(key) = known else {
            let mut writer = Writer::default();
            piece.write(&mut writer);
            return self.keep_stray(id, writer.buf);
        };
        self.take_piece(id, key, piece);
    }

    /// The roster that names its sender is still on its way.
    pub(super) fn keep_stray(&mut self, id: LinkId, record: Vec<u8>) {
        if !matches!(self.role, Role::Guest(_)) || mutant!(self, NoStrays) {
            return;
        }
        self.stray_bytes += record.len() + 128;
        if self.stray_bytes > MAX_STRAYS {
            self.strays.clear();
            self.stray_bytes = 0;
            return self.knock(id);
        }
        self.strays.push(record);
    }

    pub(super) fn replay_strays(&mut self) {
        let Role::Guest(id) = &self.role else {
            self.strays.clear();
            self.stray_bytes = 0;
            return;
        };
        let id = *id;
        self.stray_bytes = 0;
        for stray in core::mem::take(&mut self.strays) {
            self.on_frame(id, Lane::Data, &stray);
        }
    }

    fn take_piece(&mut self, id: LinkId, key: Key, piece: &Piece<'_>) {
        let (me, now) = (self.me, self.now);
        let to = piece.to.map(|(wire, d)| (self.names.find_wire(wire), d));
        // Also members that were never in the room here: they may come, and what was directed to them goes first.
        let after: Vec<(Key, u32)> = piece
            .after
            .iter()
            .filter_map(|(wire, d)| Some((self.names.key_of_wire(wire)?, *d)))
            .gather();
        if piece.total > self.cfg.max_message {
            self.counters.garbage += 1;
            return;
        }
        let done = match to {
            Some((Some(to), _)) if to != me => {
                self.ack_of(key, to).map(|(pos, _)| pos).unwrap_or_default()
            }
            _ => Pos::default(),
        };
        let is_host = self.is_host();
        let total_kept: usize = self.streams.iter().map(|stream| stream.bytes).sum();
        let Some(stream) = self.stream_mut(key) else {
            return;
        };
        if stream.inc != piece.inc {
            self.counters.doubled += 1;
            return;
        }
        // A sender keeps its own budget; one that does not is not let in further than twice that.
        if stream.bytes > 2 * SENDER_BUDGET + piece.total
            || total_kept > 2 * TOTAL_BUDGET + piece.total
        {
            self.counters.garbage += 1;
            return;
        }
        let taken = match to {
            Some((Some(to), d)) if to == me || is_host => {
                let pos = Pos { b: piece.b, d };
                let done = if to == me {
                    if stream.based { stream.pos } else { done }
                } else {
                    done
                };
                stream.take_directed(pos, to, done, piece.total, piece.offset, piece.bytes)
            }
            Some(_) => Taken::Doubled,
            None => stream.take_cast(piece.b, after, piece.total, piece.offset, piece.bytes),
        };
        match taken {
            Taken::New(bytes) => {
                stream.news_at = Some(now);
                // What waits behind something else says nothing new of how far we are.
                let says = piece.b <= stream.pos.b.saturating_add(1);
                if to.map_or(says, |(to, _)| to == Some(me)) {
                    stream.unacked += bytes;
                    stream.ack_due = true;
                }
                #[cfg(feature = "counters")]
                {
                    let kept = (total_kept + bytes) as u64;
                    self.counters.kept_bytes = kept;
                    self.counters.kept_bytes_max = self.counters.kept_bytes_max.max(kept);
                }
                self.deliver(key);
                self.schedule_ack();
            }
            Taken::Doubled => {
                self.counters.doubled += 1;
                if let (true, Some((Some(to), d)), 0) = (is_host, to, piece.offset) {
                    // It may have had it, and have forgotten it with the sender, which was away for long (seed 2400031101).
                    let pos = Pos { b: piece.b, d };
                    self.pass_again(self.link_to(to), key, to, pos);
                }
                if mutant!(self, NoDedupe) {
                    self.hear_twice(key, piece);
                }
            }
            Taken::Ahead => {
                stream.ahead = stream.ahead.max(piece.b);
                self.ask_again(id, key);
            }
        }
    }

    // ---- to the user

    pub(super) fn deliver_all(&mut self) {
        let keys: Vec<Key> = self.streams.iter().map(|stream| stream.key).gather();
        for key in keys {
            self.deliver(key);
        }
        self.check_leaving();
        self.schedule_ack();
    }

    /// Gives the user what is ready of that sender's, in order.
    pub(super) fn deliver(&mut self, key: Key) {
        let me = self.me;
        if !self.view.contains(&key) {
            return;
        }
        let mut any = false;
        loop {
            if self.events.len() >= MAX_EVENTS || self.event_bytes >= MAX_EVENT_BYTES {
                self.blocked = true;
                if self.is_host() {
                    self.blocked_since.get_or_insert(self.now);
                }
                break;
            }
            let now = self.now;
            let Some(stream) = self.stream_mut(key) else {
                return;
            };
            match stream.deliver(me) {
                Next::Message(data) => {
                    any = true;
                    stream.waits_since = None;
                    let lost = core::mem::take(&mut stream.lost_directed);
                    self.counters.delivered += 1;
                    self.event_bytes += data.len();
                    let from = self.names.text(key).to_owned();
                    if lost && mutant!(self, OwedForgotten) {
                        self.forget_owed(key);
                    }
                    self.tell_gap(key);
                    if lost {
                        // Something it had directed to us went with it, or with the host that had it.
                        self.error(ErrorCode::MemberLeft, &from);
                    }
                    self.emit(Event::Data { from, data });
                }
                Next::Waits => {
                    stream.waits_since.get_or_insert(now);
                    break;
                }
                Next::Nothing => break,
            }
        }
        if any {
            if let Some(stream) = self.stream_mut(key) {
                stream.release();
            }
            self.mark_safe_dirty(key);
            self.check_leaving();
        }
        self.check_fetched(key);
    }
}
