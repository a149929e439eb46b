//! Messages: in from links, to the user, on along other links, and their acknowledgement.

use super::{Member, Role};
use crate::api::{ErrorCode, Event, Lane, LinkId, Output};
use crate::config::{
    ACK_BYTES, ACK_MS, FRAME, MAX_EVENT_BYTES, MAX_EVENTS, PIECE, SENDER_BUDGET, TOTAL_BUDGET,
};
use crate::delivery::{Entry, Next, Pos, Stream, Taken};
use crate::link::{Cursor, Link, Stage};
use crate::names::{Key, Names};
use crate::prelude::*;
use crate::wire::{Piece, Position, Record, Writer};

/// Pieces kept whose sender is not in the roster yet, bytes.
const MAX_STRAYS: usize = 4 << 20;
/// A frame is not filled up with crumbs smaller than this, bytes.
const CRUMB: usize = 1 << 10;

impl Member {
    // ---- in

    pub(super) fn on_piece(&mut self, id: LinkId, piece: &Piece<'_>) {
        let Some(link) = self.link(id) else { return };
        let (my_host, my_guest) = (link.is_my_host(), link.is_guest());
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
            return self.keep_stray(id, piece);
        };
        self.take_piece(id, key, piece);
    }

    /// The roster that names its sender is still on its way.
    fn keep_stray(&mut self, id: LinkId, piece: &Piece<'_>) {
        if !matches!(self.role, Role::Guest(_)) {
            return;
        }
        self.stray_bytes += piece.bytes.len() + 128;
        if self.stray_bytes > MAX_STRAYS {
            self.strays.clear();
            self.stray_bytes = 0;
            return self.knock(id);
        }
        let mut writer = Writer::default();
        piece.write(&mut writer);
        self.strays.push(writer.buf);
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
        let after: Vec<(Key, u32)> = piece
            .after
            .iter()
            .filter_map(|(wire, d)| Some((self.names.find_wire(wire)?, *d)))
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
            None => stream.take_cast(piece.b, || after, piece.total, piece.offset, piece.bytes),
        };
        match taken {
            Taken::New(bytes) => {
                stream.news_at = Some(now);
                stream.ahead &= to.is_some();
                if to.is_none_or(|(to, _)| to == Some(me)) {
                    stream.unacked += bytes;
                    stream.ack_due = true;
                    if to.is_some() {
                        stream.notify = true;
                    }
                }
                let kept = (total_kept + bytes) as u64;
                self.counters.kept_bytes = kept;
                self.counters.kept_bytes_max = self.counters.kept_bytes_max.max(kept);
                self.deliver(key);
                self.schedule_ack();
            }
            Taken::Doubled => self.counters.doubled += 1,
            Taken::Ahead => {
                stream.ahead = true;
                self.ask_again(id, key);
            }
        }
    }

    /// Something of that sender's is missing on this link: it is to be passed on again from where we are.
    fn ask_again(&mut self, id: LinkId, key: Key) {
        let now = self.now;
        let Some(stream) = self.stream_mut(key) else {
            return;
        };
        if stream.asked_at.is_some_and(|at| now.ms_since(at) < 500) {
            return;
        }
        stream.asked_at = Some(now);
        let record = Record::Fetch {
            sender: key,
            inc: stream.inc,
            b: stream.held(),
            off: stream.held_off(),
        };
        self.control(id, &record);
    }

    pub(super) fn on_fetch(&mut self, id: LinkId, sender: Key, inc: u64, b: u64, off: u64) {
        let me = self.me;
        if sender == me && self.inc == inc {
            let released = self.out.stream.released();
            if let Some(link) = self.link_mut(id) {
                let off = if b < released { 0 } else { off as usize };
                link.set_cursor(Cursor::new(me, b.max(released) + 1, off));
            }
            return;
        }
        let Some(stream) = self
            .streams
            .iter()
            .find(|stream| stream.key == sender && stream.inc == inc)
        else {
            return;
        };
        let released = stream.released();
        self.counters.repaired += stream.held().saturating_sub(b);
        if b < released && self.is_host() {
            self.before_pieces(
                id,
                &Record::Gap {
                    sender,
                    inc,
                    to: released,
                },
            );
        }
        if let Some(link) = self.link_mut(id) {
            let off = if b < released { 0 } else { off as usize };
            link.set_cursor(Cursor::new(sender, b.max(released) + 1, off));
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
                stream.release(false);
            }
            self.mark_safe_dirty(key);
            self.check_leaving();
        }
        self.check_fetched(key);
    }

    /// What was asked of a guest has come.
    fn check_fetched(&mut self, key: Key) {
        let held = self.stream(key).map_or(0, Stream::held);
        if let Role::Host(host) = &mut self.role {
            let before = host.fetching.len();
            host.fetching
                .keep(|fetch| fetch.sender != key || held < fetch.target);
            if host.fetching.len() != before {
                self.check_settled();
            }
        }
    }

    // ---- acknowledgement

    pub(super) fn schedule_ack(&mut self) {
        match self.role {
            Role::Guest(_) => {}
            Role::Host(_) => {
                let dirty: Vec<Key> = self
                    .streams
                    .iter()
                    .filter(|stream| stream.ack_due)
                    .map(|stream| stream.key)
                    .gather();
                for key in dirty {
                    if let Some(stream) = self.stream_mut(key) {
                        stream.ack_due = false;
                        stream.unacked = 0;
                    }
                    self.host_took(key);
                }
                return;
            }
            _ => return,
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

    /// The host itself has taken something: a sender of directed messages hears of it at once, the others with `SAFE`.
    fn host_took(&mut self, key: Key) {
        self.mark_safe_dirty(key);
        let me = self.me;
        let Some(stream) = self.stream_mut(key) else {
            return;
        };
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
            let inc = if key == self.me {
                Some(self.inc)
            } else {
                self.stream(key).map(|stream| stream.inc)
            };
            if inc.is_some_and(|inc| inc != position.inc) {
                continue;
            }
            let before = self.ack_of(key, by);
            if before.is_some_and(|before| before > (at, position.off)) {
                continue;
            }
            progress |= before != Some((at, position.off));
            self.set_ack(key, by, Some((at, position.off)));
            self.mark_safe_dirty(key);
            if let Some(stream) = self.stream_mut(key) {
                stream.drop_directed(by, at);
            }
            if key == self.me {
                self.own_is_safer();
            } else if position.flag {
                self.tell(
                    key,
                    &Record::Acked {
                        by,
                        b: at.b,
                        d: at.d,
                        off: position.off,
                    },
                );
            }
        }
        let now = self.now;
        if let (true, Some(link)) = (progress, self.link_mut(id)) {
            link.progress_at = now;
        }
    }

    /// Own messages have become safe: there is room for those that wait.
    pub(super) fn own_is_safer(&mut self) {
        self.out.stream.release(true);
        self.flush_waiting();
        self.check_left();
    }

    // ---- on along links

    /// Sends on every link what there is to send and it has room for.
    pub(super) fn fill_links(&mut self) {
        for at in 0..self.links.len() {
            let Some(link) = self.links.get_mut(at) else {
                return;
            };
            if link.stage != Stage::Up || !link.is_in_use() {
                continue;
            }
            let window = self.cfg.link_window as usize;
            let most = FRAME.min(link.max_frame);
            let safe_off = self.out.stream.safe_off as usize;
            let whole = matches!(self.role, Role::Guest(_));
            while link.in_flight < window {
                let mut frame = Writer::default();
                while frame.buf.len() < most {
                    let room = most - frame.buf.len();
                    if !frame.buf.is_empty() && room < CRUMB {
                        break;
                    }
                    let streams = &self.streams;
                    let own = &self.out.stream;
                    let find = |key: Key| {
                        if key == own.key {
                            Some(own)
                        } else {
                            streams.iter().find(|stream| stream.key == key)
                        }
                    };
                    match next_piece(
                        link,
                        find,
                        own.key,
                        whole,
                        safe_off,
                        room,
                        &self.names,
                        &mut frame,
                    ) {
                        Some(relayed) => self.counters.relayed += u64::from(relayed),
                        None => break,
                    }
                }
                if frame.buf.is_empty() {
                    break;
                }
                link.in_flight += frame.buf.len();
                self.outputs.push_back(Output::Send {
                    link: link.id,
                    lane: Lane::Data,
                    frame: frame.buf,
                });
            }
        }
    }

    /// Tells once what was thrown away because its receiver did not come back.
    pub(super) fn forget_directed(&mut self, key: Key) {
        if self.out.stream.drop_directed(key, Pos::LAST) > 0 {
            let id = self.names.text(key).to_owned();
            self.error(ErrorCode::MemberLeft, &id);
            self.own_is_safer();
        }
    }
}

/// Writes the next piece for that link; says whether it was somebody else's. `None`: there is nothing.
#[allow(clippy::too_many_arguments)]
fn next_piece<'s>(
    link: &mut Link,
    find: impl Fn(Key) -> Option<&'s Stream>,
    me: Key,
    whole: bool,
    safe_off: usize,
    room: usize,
    names: &Names,
    frame: &mut Writer,
) -> Option<bool> {
    let peer = link.peer?;
    let count = link.cursors.len();
    for turn in 0..count {
        let at = (link.turn + turn) % count;
        let Some(cursor) = link.cursors.get_mut(at) else {
            continue;
        };
        let Some(stream) = find(cursor.sender) else {
            continue;
        };
        if cursor.b <= stream.released() {
            cursor.b = stream.released() + 1;
            cursor.off = 0;
        }
        let own = cursor.sender == me;
        let cast = stream
            .cast(cursor.b)
            .filter(|entry| has_more(entry, cursor.off, own, safe_off, stream.safe));
        // To the host go all directed messages of one's own; from the host those for the member there.
        let to_host = whole && own;
        let directed = if whole && !own {
            None
        } else {
            stream.directed_from(cursor.serial, |entry| to_host || entry.to == Some(peer))
        };
        let directed = directed.filter(|entry| {
            let off = if entry.serial == cursor.serial {
                cursor.serial_off
            } else {
                0
            };
            off < entry.data.len()
                || (entry.total == 0 && off == 0 && entry.serial >= cursor.serial)
        });
        // In the sender's order: a directed message (b, d) comes before broadcast b + 1.
        let first = match (cast, directed) {
            (Some(cast), Some(directed)) if directed.pos.b < cast.pos.b => directed,
            (Some(cast), _) => cast,
            (None, Some(directed)) => directed,
            (None, None) => continue,
        };
        let is_directed = first.to.is_some();
        let off = match is_directed {
            true if first.serial == cursor.serial => cursor.serial_off,
            true => 0,
            false => cursor.off,
        };
        let overhead = Piece::overhead(if off == 0 { first.after.len() } else { 0 });
        let most = room.saturating_sub(overhead).min(PIECE);
        let left = first.data.len().saturating_sub(off);
        if !frame.buf.is_empty() && (most == 0 || (left > most && most < CRUMB)) {
            return None;
        }
        let take = left.min(most.max(1));
        let Some(bytes) = first.data.get(off..off + take) else {
            continue;
        };
        let after = if off == 0 {
            first
                .after
                .iter()
                .map(|(key, d)| (names.wire(*key), *d))
                .gather()
        } else {
            Vec::new()
        };
        let piece = Piece {
            sender: (!own).then(|| names.wire(cursor.sender)),
            inc: stream.inc,
            b: first.pos.b,
            to: first.to.map(|to| (names.wire(to), first.pos.d)),
            after,
            total: first.total,
            offset: off,
            bytes,
        };
        piece.write(frame);
        let done = off + take >= first.total;
        match (is_directed, done) {
            (true, true) => (cursor.serial, cursor.serial_off) = (first.serial + 1, 0),
            (true, false) => (cursor.serial, cursor.serial_off) = (first.serial, off + take),
            (false, true) => (cursor.b, cursor.off) = (cursor.b + 1, 0),
            (false, false) => cursor.off = off + take,
        }
        // A large message does not keep others waiting, nor a busy sender the quiet ones.
        link.turn = (at + 1) % count;
        return Some(!own);
    }
    None
}

/// Whether there is more to pass on of a broadcast. One's own large one waits for its receivers.
fn has_more(entry: &Entry, off: usize, own: bool, safe_off: usize, safe: u64) -> bool {
    if entry.total == 0 {
        return true;
    }
    let taken = if entry.pos.b == safe + 1 { safe_off } else { 0 };
    off < entry.data.len() && !(own && off >= taken + SENDER_BUDGET)
}
