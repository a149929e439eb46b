//! Repair: what is missing is asked of whoever has it.

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::LinkId;
use crate::delivery::{Pos, Stream};
use crate::link::Cursor;
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Position, Record};

/// What is held of a sender's messages, as hosts are told it. What was let go of so that it may be said again is had, too,
/// but not kept (seed 2530001196: else nobody tells the next host of it, should its sender leave before it is said).
pub(super) fn position_of(stream: &Stream) -> Position {
    let held = stream.held();
    let b = held.max(stream.pos.b);
    let (kept, off) = match b == held {
        true => (held.saturating_sub(stream.released()), stream.held_off()),
        false => (0, 0),
    };
    Position {
        sender: stream.key,
        inc: stream.inc,
        b,
        d: u32::try_from(kept).unwrap_or(u32::MAX),
        off,
        flag: stream.based,
    }
}

/// What a receiver lacks is asked for so often, ms (guess).
const REPAIR_MS: u64 = 1_000;

impl Member {
    /// Something of that sender's is missing on this link: it is to be passed on again from where we are.
    pub(super) fn ask_again(&mut self, id: LinkId, key: Key) {
        let now = self.now;
        if mutant!(self, NoAskAgain) {
            return;
        }
        let soon = if mutant!(self, RepairUnpaced) { 0 } else { 500 };
        let Some(stream) = self.stream_mut(key) else {
            return;
        };
        if stream.asked_at.is_some_and(|at| now.ms_since(at) < soon) {
            return;
        }
        stream.asked_at = Some(now);
        let record = super::direct::fetch_of(stream);
        self.before_pieces(id, &record);
    }

    pub(super) fn on_fetch(&mut self, id: LinkId, sender: Key, inc: u64, b: u64, off: u64) {
        let own = sender == self.me;
        self.come_again(sender, inc, b);
        // Whoever said it is not here, and may come: until then, or until it is forgotten, it is waited for.
        let is_host = self.is_host();
        let Some(stream) = self.stream(sender).filter(|stream| stream.inc == inc) else {
            return;
        };
        let released = stream.released();
        // (Of what is kept: whoever asks may say any number.)
        self.counters.repaired += stream.held().saturating_sub(b.max(released));
        let (mut from, mut off) = (b, off as usize);
        let waits = b < released && is_host && !own;
        if b < released && !waits {
            (from, off) = (released, 0);
            // What is not kept is not coming: its sender may say so.
            if own {
                let to = released;
                self.before_pieces(id, &Record::Gap { sender, inc, to });
            }
        }
        let mut cursor = Cursor::new(sender, from.wrapping_add(1), off);
        cursor.waits = waits;
        // Directed messages that are still being passed on are not begun again: on a slow way that would never end.
        if let Some(link) = self.link(id)
            && let Some(known) = link.cursors.iter().find(|it| it.sender == sender)
            && let Some(stream) = self.stream(sender)
        {
            let (host, peer) = (link.is_my_host(), link.peer);
            let coming = stream.directed_from(known.serial, |it| host || it.to == peer);
            if coming.is_some() {
                (cursor.serial, cursor.serial_off) = (known.serial, known.serial_off);
            }
        }
        if let Some(link) = self.link_mut(id) {
            link.set_cursor(cursor);
        }
    }

    /// The host drops somebody: it is told how far we are, and nothing more is taken from there.
    pub(super) fn on_report(&mut self, id: LinkId, sender: Key) {
        self.take_no_more_from(sender);
        let now = self.now;
        if let Some(stream) = self.stream_mut(sender) {
            stream.reported_at = Some(now);
        }
        let position = match self.stream(sender).filter(|_| sender != self.me) {
            Some(stream) => position_of(stream),
            None => Position {
                sender,
                inc: 0,
                b: 0,
                d: 0,
                off: 0,
                flag: false,
            },
        };
        self.control(id, &Record::Reported(vec![position]));
    }

    /// What was asked of a guest has come.
    pub(super) fn check_fetched(&mut self, key: Key) {
        let held = self.stream(key).map_or(0, Stream::held);
        if let Role::Host(host) = &mut self.role {
            let before = host.fetching.len();
            host.fetching
                .keep(|fetch| fetch.sender != key || held < fetch.target);
            if host.fetching.len() != before {
                self.fetch(key);
                self.drop_on_time();
                self.check_settled();
            }
        }
    }

    /// What a guest has of senders that are not here themselves, and we have not.
    pub(super) fn fetch_from(&mut self, id: LinkId) {
        let Some(link) = self.link(id) else { return };
        let senders: Vec<Key> = link.reported.iter().map(|p| p.sender).gather();
        for sender in senders {
            if self.link_to(sender).is_none() {
                self.fetch(sender);
            }
        }
    }

    /// Asks a guest for what it has of that sender's messages and we have not; says up to where.
    pub(super) fn fetch(&mut self, key: Key) -> Option<u64> {
        let (Role::Host(host), Some(stream)) = (&self.role, self.stream(key)) else {
            return None;
        };
        if mutant!(self, NoTailFetch) {
            return None;
        }
        for fetch in &host.fetching {
            if fetch.sender == key {
                return Some(fetch.target);
            }
        }
        let (inc, held) = (stream.inc, stream.held());
        // Whoever has the most of those that go on where we are; else whoever goes on next.
        let mut best: Option<(u64, u64, LinkId)> = None;
        for link in &self.links {
            if !link.is_guest() || link.peer == Some(key) {
                continue;
            }
            for report in &link.reported {
                if report.sender != key || report.inc != inc || report.b <= held {
                    continue;
                }
                let from = report.b.saturating_sub(u64::from(report.d)).max(held);
                let better = best.is_none_or(|(known, most, _)| {
                    from < known || (from == known && report.b > most)
                });
                if better {
                    best = Some((from, report.b, link.id));
                }
            }
        }
        let (from, target, link) = best?;
        if from > held {
            // It came late and has what follows something that nobody here has: who said it may be back.
            return Some(target);
        }
        let (b, off) = (held, self.stream(key)?.held_off());
        if let Role::Host(host) = &mut self.role {
            host.fetching.push(super::lead::Fetch {
                sender: key,
                link,
                target,
            });
        }
        let record = Record::Fetch {
            sender: key,
            inc,
            b,
            off,
        };
        self.before_pieces(link, &record);
        Some(target)
    }

    pub(super) fn on_gap(&mut self, sender: Key, inc: u64, to: u64) {
        let me = self.me;
        let wanted = |stream: &&mut Stream| stream.inc == inc && stream.key != me;
        let Some(stream) = self.stream_mut(sender).filter(wanted) else {
            return;
        };
        if let Some((first, last)) = stream.skip_to(to) {
            self.gap(sender, first, last);
        }
        if self.is_host() {
            // Who waits for it here waits in vain.
            let mut at = 0;
            while let Some(link) = self.links.get_mut(at) {
                at += 1;
                let id = link.id;
                if let Some(cursor) = link.cursor(sender).filter(|cursor| cursor.b <= to) {
                    (cursor.b, cursor.off) = (to.wrapping_add(1), 0);
                    cursor.waits = false;
                    self.before_pieces(id, &Record::Gap { sender, inc, to });
                }
            }
        }
        self.deliver(sender);
        self.schedule_ack();
    }

    /// Somebody lacks our beginning, or something directed.
    pub(super) fn on_need(&mut self, from: Key, known: bool, at: Pos) {
        if self.seat(from).is_none() || mutant!(self, NeedIgnored) {
            return;
        }
        if !known {
            return self.greet(from);
        }
        let me = self.me;
        let direct = |link: &&crate::link::Link| {
            link.is_peer()
                && link.peer == Some(from)
                && link.cursors.iter().any(|it| it.sender == me)
        };
        let route = match &self.role {
            Role::Host(_) => self.link_to(from),
            Role::Guest(id) => Some(self.links.iter().find(direct).map_or(*id, |link| link.id)),
            _ => None,
        };
        let next = Pos {
            d: at.d.saturating_add(1),
            ..at
        };
        self.pass_again(route, me, from, next);
    }

    /// Begins again to pass on what that sender directed to one along that link, from there on.
    pub(super) fn pass_again(&mut self, id: Option<LinkId>, sender: Key, to: Key, from: Pos) {
        if let Some(stream) = self.stream(sender)
            && let Some(serial) = stream
                .directed_from(0, |entry| entry.to == Some(to) && entry.pos >= from)
                .map(|entry| entry.serial)
            && let Some(link) = id.and_then(|id| self.link_mut(id))
            && let Some(cursor) = link.cursor(sender)
            // What is on its way, or is still to come, is not begun again.
            && cursor.serial > serial
        {
            (cursor.serial, cursor.serial_off) = (serial, 0);
        }
    }

    /// Who lacks something asks for it so often, ms.
    fn repair_ms(&self) -> u64 {
        match mutant!(self, RepairUnpaced) {
            true => 1,
            false => REPAIR_MS,
        }
    }

    pub(super) fn repair_deadline(&self) -> Option<Instant> {
        if (!self.settled && !self.was_in) || mutant!(self, NoRepairTimer) {
            return None;
        }
        self.streams
            .iter()
            .filter(|stream| stream.lacks() && self.seat(stream.key).is_some())
            .map(|stream| {
                stream
                    .news()
                    .unwrap_or(self.started)
                    .plus_ms(self.repair_ms())
            })
            .min()
            .filter(|_| matches!(self.role, Role::Guest(_) | Role::Host(_)))
    }

    /// Directed messages that have been taken by now, or that nobody here is to get any more, need not begin.
    fn forget_unbegun(&mut self) {
        let me = self.me;
        let mut done = Vec::new();
        for stream in &self.streams {
            let Some((to, pos)) = stream.unbegun else {
                continue;
            };
            let taken = match to == me {
                true => stream.pos,
                false => self
                    .ack_of(stream.key, to)
                    .map_or(Pos::default(), |it| it.0),
            };
            if pos <= taken || self.seat(to).is_none() {
                done.push(stream.key);
            }
        }
        for key in done {
            if let Some(stream) = self.stream_mut(key) {
                stream.unbegun = None;
            }
        }
    }

    /// Asks for what should have come long ago.
    pub(super) fn repair_on_time(&mut self) {
        if !matches!(self.role, Role::Guest(_) | Role::Host(_)) || mutant!(self, NoRepairTimer) {
            return;
        }
        self.forget_unbegun();
        let (now, me) = (self.now, self.me);
        let every = self.repair_ms();
        let mut asks = Vec::new();
        for stream in self.streams.iter_mut().filter(|stream| stream.lacks()) {
            let news = stream.news();
            if news.is_some_and(|at| now < at.plus_ms(every)) {
                continue;
            }
            stream.asked_at = Some(now);
            let again = stream
                .is_behind()
                .then(|| (stream.inc, stream.held(), stream.held_off()));
            asks.push((stream.key, stream.based, stream.pos, again));
        }
        for (to, known, pos, again) in asks {
            let by_host = match self.role {
                Role::Guest(id) => Some(id),
                _ => None,
            };
            let direct = |link: &&crate::link::Link| link.peer == Some(to) && link.direct;
            let source = self.links.iter().find(direct).map(|link| link.id);
            if let (Some((inc, b, off)), Some(id)) = (again, source.or(by_host)) {
                let sender = to;
                self.before_pieces(
                    id,
                    &Record::Fetch {
                        sender,
                        inc,
                        b,
                        off,
                    },
                );
            }
            if self.seat(to).is_some() {
                self.tell(
                    to,
                    &Record::Need {
                        from: me,
                        to,
                        known,
                        b: pos.b,
                        d: pos.d,
                    },
                );
            }
        }
    }
}
