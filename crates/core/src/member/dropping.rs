//! A host takes somebody out of the roster: with all that anybody here has of its messages.

use super::mutation::mutant;
use super::roster::Dropped;
use super::{Member, Role};
use crate::api::LinkId;
use crate::config::Mode;
use crate::link::{Cursor, Link};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Position, Record, Refusal, Removed};

/// How long a drop waits for messages of that member which only a guest has, ms (guess: what a second of a slow link
/// brings, twice over, and a retry). So long after the latest of them: a way may be full of what others say (seed
/// 2680000215).
const DROP_MS: u64 = 5_000;

impl Member {
    /// Takes somebody out of the roster, with the number of its last message: of all that anybody here has of it, if that
    /// comes in time. `at_once`: with what is here.
    pub(super) fn drop_member(&mut self, key: Key, politely: bool, at_once: bool) {
        let Some(inc) = self.seat(key).map(|seat| seat.inc) else {
            return;
        };
        let asking = !at_once && !mutant!(self, NoReport) && self.ask_reports(key);
        let more = self.fetch(key);
        // What does not come in time is named, so that those who lack it hear of a gap; so is what this host has heard, and
        // has let go of so that it may be said again (seed 2510000115).
        let last = self
            .stream(key)
            .map_or(0, |stream| stream.held().max(stream.pos.b));
        // Whoever has more may have come later: nobody here has what is between (seed 2700000681).
        let reported = self.links.iter().flat_map(|link| &link.reported);
        let reported = reported.filter(|it| (it.sender, it.inc) == (key, inc));
        let last = reported.fold(last, |last, it| last.max(it.b));
        let last = match mutant!(self, LastNumberShort) {
            true => last.saturating_sub(1),
            false => last,
        };
        let was = Removed {
            member: key,
            inc,
            last,
            politely,
        };
        let Role::Host(hosting) = &mut self.role else {
            return;
        };
        if (more.is_some() || asking) && !at_once {
            let known = hosting.dropping.iter().find(|it| it.was.member == key);
            let Some(since) = known.map(|it| it.at) else {
                let at = self.now;
                return hosting.dropping.push(Dropped { was, at });
            };
            if self.now < self.until(key, since, DROP_MS) {
                return;
            }
        }
        // What was asked for may still come, and is the last that its users hear of it (seed 2705002657).
        self.waits_no_more(key);
        self.roster.keep(|seat| seat.key != key);
        self.announce(None, vec![was]);
        self.leave_view(was);
        self.tell_deputies();
        self.mark_all_safe_dirty();
        self.check_settled();
    }

    /// When the next drop is not to be waited for any more.
    pub(super) fn drop_deadline(&self) -> Option<Instant> {
        let Role::Host(hosting) = &self.role else {
            return None;
        };
        let until = |it: &Dropped| self.until(it.was.member, it.at, DROP_MS);
        hosting.dropping.iter().map(until).min()
    }

    /// Nothing of it is on its way any more: it is here again, or has been forgotten.
    pub(super) fn keep_member(&mut self, key: Key) {
        self.waits_no_more(key);
        if let Role::Host(hosting) = &mut self.role {
            hosting.fetching.keep(|fetch| fetch.sender != key);
        }
    }

    /// Its drop does not wait any more.
    fn waits_no_more(&mut self, key: Key) {
        if let Role::Host(hosting) = &mut self.role {
            hosting.dropping.keep(|it| it.was.member != key);
            hosting.asking.keep(|it| it.0 != key);
        }
    }

    /// Guests that get its messages directly may have more of them than this host: they are asked, and get no more
    /// until it is back. True: not all have answered.
    fn ask_reports(&mut self, key: Key) -> bool {
        // Who hears whom directly, a new host does not know yet; and whoever it has just taken in may not know that.
        let new = !self.settled && self.cfg.mode == Mode::Full;
        let asked = match &self.role {
            Role::Host(hosting) => hosting.dropping.iter().any(|it| it.was.member == key),
            _ => true,
        };
        let mut ids = Vec::new();
        for link in &mut self.links {
            let hears = link.hears.contains(&key) || (new && !asked);
            if link.is_guest() && link.peer != Some(key) && hears {
                link.hears.keep(|it| *it != key);
                ids.push(link.id);
            }
        }
        for id in &ids {
            let record = Record::Report { sender: key };
            match new {
                true => self.before_pieces(*id, &record),
                false => self.control(*id, &record),
            }
        }
        let Role::Host(hosting) = &mut self.role else {
            return false;
        };
        for id in ids {
            hosting.asking.push((key, id));
        }
        hosting.asking.iter().any(|it| it.0 == key)
    }

    /// A guest says how far it is in the messages of somebody who is being dropped.
    pub(super) fn on_reported(&mut self, id: LinkId, list: Vec<Position>) {
        for position in list {
            let sender = position.sender;
            if let Role::Host(hosting) = &mut self.role {
                hosting.asking.keep(|it| *it != (sender, id));
            }
            let known = self
                .stream(sender)
                .is_some_and(|stream| stream.inc == position.inc);
            if let (true, Some(link)) = (known, self.link_mut(id)) {
                link.set_cursor(Cursor::new(
                    sender,
                    position.b.wrapping_add(1),
                    position.off as usize,
                ));
                link.reported.keep(|it| it.sender != sender);
                link.reported.push(position);
            }
        }
        self.drop_on_time();
        self.check_settled();
    }

    /// That link no longer answers.
    pub(super) fn asks_no_more(&mut self, id: LinkId) {
        if let Role::Host(hosting) = &mut self.role {
            hosting.fetching.keep(|fetch| fetch.link != id);
            hosting.asking.keep(|it| it.1 != id);
        }
    }

    /// Those whose last messages are here now, or have been waited for, are dropped.
    pub(super) fn drop_on_time(&mut self) {
        let mut at = 0;
        while let Role::Host(hosting) = &self.role
            && let Some(it) = hosting.dropping.get(at)
        {
            let before = hosting.dropping.len();
            self.drop_member(it.was.member, it.was.politely, false);
            if matches!(&self.role, Role::Host(hosting) if hosting.dropping.len() >= before) {
                at += 1;
            }
        }
    }

    /// A guest's link broke without a goodbye.
    pub(super) fn guest_link_lost(&mut self, link: Link) {
        let Role::Host(hosting) = &self.role else {
            return;
        };
        if let (Some(peer), false) = (link.peer, hosting.in_doubt()) {
            self.guest_goes(peer, link.going.is_some());
        }
    }

    /// A guest has gone. While those who hear it directly are still on their way to a new host, nobody knows what they have
    /// of it: it is dropped once they are here.
    fn guest_goes(&mut self, key: Key, politely: bool) {
        if self.settled || self.cfg.mode != Mode::Full {
            return self.drop_member(key, politely, false);
        }
        if politely {
            self.gone_too.push((key, true));
        }
        self.check_settled();
    }

    pub(super) fn on_guest_bye(&mut self, id: LinkId, last: u64) {
        let until = self.now.plus_ms(2_000);
        if let Some(link) = self.link_mut(id) {
            link.going = Some((last, until));
        }
        self.check_going();
    }

    /// Those who said goodbye go when their last message is here.
    pub(super) fn check_going(&mut self) {
        let going: Vec<(LinkId, Key)> = self
            .links
            .iter()
            .filter_map(|link| {
                let ((last, until), peer) = (link.going?, link.peer?);
                let there = self.stream(peer).is_none_or(|stream| stream.held() >= last);
                (there || self.now >= until).then_some((link.id, peer))
            })
            .gather();
        for (id, peer) in going {
            self.close_link(id);
            self.guest_goes(peer, true);
        }
    }

    /// A guest does not answer, or takes nothing.
    pub(super) fn expel(&mut self, id: LinkId, refusal: Refusal) {
        let Some(peer) = self.link(id).and_then(|link| link.peer) else {
            return;
        };
        match refusal {
            Refusal::TooSlow => self.counters.dropped_slow += 1,
            _ => self.counters.dropped_silent += 1,
        }
        if mutant!(self, DropUntold) {
            return self.drop_untold(id, peer);
        }
        self.refuse(id, refusal);
        self.drop_member(peer, false, false);
    }
}
