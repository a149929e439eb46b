//! A host is asked to admit somebody.

use super::mutation::mutant;
use super::roster::{Seat, UNTOLD};
use super::{Member, Role};
use crate::api::LinkId;
use crate::link::{Cursor, Standing, Suspicion};
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Join, Moved, Record, Refusal, RosterEntry, Welcome};

impl Member {
    pub(super) fn on_join(&mut self, id: LinkId, join: Join) {
        let now = self.now;
        let Some(peer) = self.link(id).and_then(|link| link.peer) else {
            return;
        };
        match &self.role {
            Role::Host(_) => self.admit(id, peer, join),
            // A newcomer, which has found us under the room's name.
            Role::Guest(_) if join.founding != self.founding && !join.cut => {
                let host = self.host;
                self.refuse(id, Refusal::NotHost { host });
            }
            Role::Guest(host_link) => {
                let host_link = *host_link;
                let named = host_link == id || (join.named && join.term > self.term);
                if named {
                    // The office is given to us: the word for that has been overtaken.
                    let moved = Moved {
                        founding: join.founding,
                        term: join.term.saturating_add(u64::from(host_link == id)),
                        host: self.me,
                    };
                    self.take_office_from(host_link, &moved);
                }
                if self.is_host() {
                    self.admit(id, peer, join);
                } else {
                    // It believes that the host is dead, or has made us the next one. If the host says that it lives, it
                    // is sent back there; else we soon know better.
                    let cut = join.cut;
                    if let Some(link) = self.link_mut(id) {
                        link.set_standing(Standing::Waiting(Box::new(join)), now);
                    }
                    if cut {
                        // It cannot go there: who is reached by both is to host.
                        let moved = self.own_office();
                        return self.control(host_link, &moved);
                    }
                    if self.doubts_host() && self.most_came() {
                        return self.dead(host_link);
                    }
                    if let Some(link) = self.link_mut(host_link)
                        && link.suspicion.is_none()
                    {
                        link.suspicion = Some(Suspicion {
                            since: now,
                            probes: 1,
                        });
                    }
                    self.probe(host_link);
                }
            }
            _ => {
                if let Some(link) = self.link_mut(id) {
                    link.set_standing(Standing::Waiting(Box::new(join)), now);
                }
                // It says by this that the host is gone.
                self.on_heard(peer, None);
                self.skip_to_own_turn();
            }
        }
    }

    /// We have become the host, or know who is: those who asked in the meantime are answered.
    pub(super) fn answer_waiting(&mut self) {
        let waiting = self.links_that(|link| matches!(link.standing, Standing::Waiting(_)));
        for id in waiting {
            let now = self.now;
            let Some(link) = self.link_mut(id) else {
                continue;
            };
            let standing = core::mem::replace(&mut link.standing, Standing::Nothing);
            link.standing_since = now;
            if let Standing::Waiting(join) = standing {
                self.on_join(id, *join);
            }
        }
    }

    fn admit(&mut self, id: LinkId, peer: Key, join: Join) {
        let now = self.now;
        let Some(inc) = self.link(id).map(|link| link.inc) else {
            return;
        };
        let known =
            self.seat(peer).is_some_and(|seat| seat.inc == inc) && join.founding == self.founding;
        if !known && self.leave.is_some() {
            return self.refuse(id, Refusal::NotHost { host: None });
        }
        if let Some(limit) = self
            .cfg
            .mesh_limit
            .filter(|limit| !known && self.roster.len() >= *limit as usize)
            && self.seat(peer).is_none()
        {
            return self.refuse(id, Refusal::Full { limit });
        }
        if join.founding == self.founding && join.term > self.term {
            // It has seen a later reign, which is over; ours must count for more, or it would not have us.
            self.term = join.term.wrapping_add(1);
            self.announce(None, Vec::new());
        }
        // The newest link of a member is the one that counts.
        let older: Vec<LinkId> = self
            .links
            .iter()
            .filter(|link| link.peer == Some(peer) && link.id != id)
            .map(|link| link.id)
            .gather();
        for older in older {
            if self.link(older).is_some_and(|link| !link.is_unanswered()) {
                self.close_link(older);
            }
        }
        if !known && self.seat(peer).is_some() {
            // A new life under the old id.
            self.drop_member(peer, true, true);
        }

        self.keep_member(peer);
        self.back_again(peer);
        let back = self
            .dropped
            .iter()
            .any(|gone| gone.was.member == peer && gone.was.inc == inc);
        let seat = Seat {
            key: peer,
            inc,
            base: join.sent,
        };
        let held = join.released.min(join.sent);
        self.finish_leaving(peer);
        let kept = self.meet_member(seat, held, join.sent);
        let mut missing = None;
        if let Some(stream) = self.stream_mut(peer)
            && stream.held() < join.released
        {
            missing = stream.skip_to(join.released);
        }
        if let Some((first, last)) = missing {
            self.gap(peer, first, last);
        }
        if let Some(link) = self.link_mut(id) {
            link.set_standing(Standing::Guest, now);
            link.leaving = join.leaving;
            link.reported.clone_from(&join.positions);
            link.cursors.clear();
        }
        if !known {
            self.roster.push(seat);
            self.init_again(peer);
        }
        // Others may have waited for it, who lack what this host has let go of.
        let mut least = u64::MAX;
        for link in &mut self.links {
            if let Some(cursor) = link.cursor(peer).filter(|cursor| cursor.waits) {
                cursor.waits = false;
                least = least.min(cursor.b.saturating_sub(1));
            }
        }
        self.come_again(peer, inc, least);
        let roster = self.open_cursors(id, peer, known, back);
        self.welcome(id, peer, known, roster);
        self.let_come_again(id, peer);
        // Where somebody is back others may count less as safe than we do: all of it is told again.
        if let Role::Host(hosting) = &mut self.role {
            hosting.safe_changed = self.roster.iter().map(|seat| seat.key).gather();
        }
        if !known {
            self.announce(Some(seat), Vec::new());
            self.pass_on_from_tail(peer);
            self.enter_view(peer);
            self.open_stream(peer, seat, kept);
            // Somebody else may have brought its words while it was gone (seed 2706512629).
            self.deliver(peer);
        }
        self.greet(peer);
        if known {
            // Others' beginnings may have been lost with the last host: those who lack them ask.
            self.replay_strays();
        }
        self.fetch_from(id);
        self.tell_deputies();
        self.mark_all_safe_dirty();
        self.check_settled();
    }

    /// Guests to whom that member is new are told that its messages begin with what is kept: so they do.
    fn pass_on_from_tail(&mut self, sender: Key) {
        // The number has come from the wire.
        let Some(from) = self
            .stream(sender)
            .map(|stream| stream.released().saturating_add(1))
        else {
            return;
        };
        let mut ids = Vec::new();
        for link in &self.links {
            if let (true, Some(by)) = (link.is_guest(), link.peer)
                && by != sender
                && self.ack_of(sender, by).is_none()
            {
                ids.push(link.id);
            }
        }
        for id in ids {
            if let Some(link) = self.link_mut(id) {
                link.set_cursor(Cursor::new(sender, from, 0));
            }
        }
    }

    /// What a guest lacks that this host has let go of: it knew the sender before we did, so that one keeps it.
    fn let_come_again(&mut self, id: LinkId, peer: Key) {
        let mut at = 0;
        while let Some(position) = self.link(id).and_then(|link| link.reported.get(at)) {
            let (key, inc, b, off) = (position.sender, position.inc, position.b, position.off);
            at += 1;
            if key != peer && self.stream(key).is_some_and(|stream| b < stream.released()) {
                self.on_fetch(id, key, inc, b, off);
            }
        }
    }

    /// Somebody lacks what comes after this: if this host has let go of it, its sender says it again.
    pub(super) fn come_again(&mut self, key: Key, inc: u64, b: u64) {
        if self.is_host()
            && !mutant!(self, OldWordsGone)
            && let Some(source) = self.link_to(key)
            && let Some(stream) = self.stream_mut(key)
            && stream.inc == inc
            && b < stream.released()
        {
            stream.rewind(b);
            self.ask_again(source, key);
        }
    }

    /// A guest's link passes on everybody's messages but its own; says from where.
    /// `back`: it was here not long ago, so that it gets what is kept of those whom it has not met, too.
    fn open_cursors(&mut self, id: LinkId, peer: Key, known: bool, back: bool) -> Vec<RosterEntry> {
        let mut entries: Vec<(Key, RosterEntry)> = Vec::with_capacity(self.roster.len());
        let mut cursors = Vec::new();
        let Some(link) = self.link(id) else {
            return Vec::new();
        };
        let senders = self
            .streams
            .iter()
            .chain(core::iter::once(&self.out.stream));
        for stream in senders.filter(|stream| stream.key != peer) {
            let reported = link
                .reported
                .iter()
                .find(|p| p.sender == stream.key && p.inc == stream.inc);
            // Who was there before it tells it where its messages begin, also if it was taken in before without hearing
            // of it (seed 2701001477).
            let mut later = self.roster.iter().skip_while(|seat| seat.key != peer);
            let later = later.find(|seat| seat.key == stream.key);
            let base = later.map_or(UNTOLD, |seat| seat.base);
            let (mut b, mut off) = match reported {
                Some(position) => (position.b, position.off as usize),
                None if base != UNTOLD => (base.max(stream.released()), 0),
                None if known || back => (stream.released(), 0),
                None => (stream.held(), 0),
            };
            if mutant!(self, NoResumeReplay) && known {
                (b, off) = (stream.held(), 0);
            }
            cursors.push(Cursor::new(stream.key, b.wrapping_add(1), off));
            if let Some(seat) = self.seat(stream.key) {
                // Whose own words it cannot ask for begins for it with what is kept.
                let own = seat.key == self.me || self.link_to(seat.key).is_some();
                let base = if back && !known && !own { b } else { base };
                entries.push((
                    seat.key,
                    RosterEntry {
                        member: seat.key,
                        inc: seat.inc,
                        base,
                        tail: b,
                    },
                ));
            }
        }
        // In the order of the roster: that is the line of succession.
        let ordered = self
            .roster
            .iter()
            .map(|seat| {
                let own = RosterEntry {
                    member: seat.key,
                    inc: seat.inc,
                    base: seat.base,
                    tail: 0,
                };
                entries
                    .iter()
                    .find(|(key, _)| *key == seat.key)
                    .map_or(own, |(_, entry)| *entry)
            })
            .gather();
        if let Some(link) = self.link_mut(id) {
            link.cursors = cursors;
        }
        ordered
    }

    fn welcome(&mut self, id: LinkId, peer: Key, known: bool, roster: Vec<RosterEntry>) {
        let (have, have_off) = self
            .stream(peer)
            .map_or((0, 0), |stream| (stream.held(), stream.held_off()));
        let removed = self.dropped.iter().map(|gone| gone.was).gather();
        let welcome = Welcome {
            founding: self.founding,
            term: self.term,
            n: self.n.wrapping_add(u64::from(!known)),
            settled: self.settled,
            known,
            have,
            have_off,
            roster,
            removed,
        };
        self.control(id, &Record::Welcome(welcome));
    }

    /// A newcomer's messages go to all other guests.
    fn open_stream(&mut self, peer: Key, seat: Seat, kept: bool) {
        let released = self
            .stream(peer)
            .map_or(seat.base, |stream| stream.released());
        for link in self
            .links
            .iter_mut()
            .filter(|link| link.is_guest() && link.peer != Some(peer))
        {
            // One that comes back goes on where it was.
            if kept && link.cursor(peer).is_some() {
                continue;
            }
            let reported = link
                .reported
                .iter()
                .find(|p| p.sender == peer && p.inc == seat.inc);
            let (b, off) = match reported {
                Some(position) if position.b >= released => (position.b, position.off as usize),
                _ if seat.base == UNTOLD => (released, 0),
                _ => (seat.base.max(released), 0),
            };
            link.set_cursor(Cursor::new(peer, b.wrapping_add(1), off));
        }
    }
}
