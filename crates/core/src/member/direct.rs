//! Full mode: messages that come directly from who says them, by a warm link, and by way of the host where there is none.

use super::mutation::mutant;
use super::warm::LOST_MS;
use super::{Member, Role};
use crate::api::LinkId;
use crate::config::Mode;
use crate::delivery::Stream;
use crate::link::Link;
use crate::names::Key;
use crate::prelude::*;
use crate::wire::Record;

/// Whoever was about to be dropped and was not is asked for its messages again after so long, ms (guess: twice what a
/// drop waits).
const DIRECT_AGAIN_MS: u64 = 10_000;

impl Member {
    /// In full mode: from now on the other end's messages come by this link, and no longer by way of the host.
    pub(super) fn ask_directly(&mut self, id: LinkId) {
        let Some(link) = self.link(id) else { return };
        let (Some(key), inc, direct) = (link.peer, link.inc, link.direct) else {
            return;
        };
        let Role::Guest(host) = self.role else { return };
        if self.cfg.mode != Mode::Full || !link.is_peer() || direct {
            return;
        }
        let Some(stream) = self
            .streams
            .iter()
            .find(|it| it.key == key && it.inc == inc)
        else {
            return;
        };
        let asked = stream.reported_at;
        if asked.is_some_and(|at| self.now.ms_since(at) < DIRECT_AGAIN_MS) {
            return;
        }
        let record = fetch_of(stream);
        self.before_pieces(id, &record);
        self.before_pieces(host, &Record::Stop { sender: key });
        if let Some(link) = self.link_mut(id) {
            link.direct = true;
        }
    }

    /// At a new host, or with a member that is here anew: all that can come directly does.
    pub(super) fn ask_all_directly(&mut self) {
        let ids = self.links_that(Link::is_peer);
        for id in ids {
            let Role::Guest(host) = self.role else { return };
            match self
                .link(id)
                .filter(|link| link.direct)
                .and_then(|link| link.peer)
            {
                Some(sender) => self.before_pieces(host, &Record::Stop { sender }),
                None => self.ask_directly(id),
            }
        }
    }

    /// A warm link is no more: what came and went by it comes and goes by way of the host.
    pub(super) fn peer_link_lost(&mut self, link: &Link) {
        let Some(key) = link.peer else { return };
        let now = self.now;
        self.lost
            .keep(|it| it.0 != key && now.ms_since(it.1) < LOST_MS);
        self.lost.push((key, now));
        self.warm_lost(key);
        if link.cursors.iter().any(|cursor| cursor.sender == self.me) {
            self.send_again_to(key);
        }
        if let (true, Role::Guest(host)) = (link.direct, &self.role)
            && !mutant!(self, NoWayBack)
        {
            let host = *host;
            if let Some(record) = self.stream(key).map(fetch_of) {
                self.before_pieces(host, &record);
            }
        }
    }

    /// The host has said, or is to say, how far that member's messages go.
    pub(super) fn take_no_more_from(&mut self, key: Key) {
        let mut ids = Vec::new();
        for link in &mut self.links {
            if link.peer == Some(key) && core::mem::take(&mut link.direct) {
                ids.push(link.id);
            }
        }
        for id in ids {
            // It is to know that what it directs to us goes by way of the host.
            self.before_pieces(id, &Record::Stop { sender: key });
            // Should the host have kept it after all, nobody says so.
            self.again_at = Some(self.now.plus_ms(DIRECT_AGAIN_MS));
        }
    }

    /// That member is not in the room any more, or has begun a new life.
    pub(super) fn drop_peer_link(&mut self, key: Key) {
        let ids: Vec<LinkId> = self
            .links
            .iter()
            .filter(|link| link.peer == Some(key) && link.is_peer())
            .map(|link| link.id)
            .gather();
        for id in ids {
            if let Some(link) = self.link_mut(id) {
                link.direct = false;
            }
            self.fail_link(id, true);
        }
    }

    /// What was directed to that member, and not taken, goes by way of the host.
    pub(super) fn send_again_to(&mut self, key: Key) {
        let Role::Guest(host) = self.role else { return };
        if mutant!(self, DirectedOnce) {
            return;
        }
        let Some(serial) = self
            .out
            .stream
            .directed_from(0, |entry| entry.to == Some(key))
            .map(|entry| entry.serial)
        else {
            return;
        };
        let me = self.me;
        if let Some(cursor) = self.link_mut(host).and_then(|link| link.cursor(me))
            && cursor.serial > serial
        {
            (cursor.serial, cursor.serial_off) = (serial, 0);
        }
    }

    /// Whose directed messages a guest sends by way of the host: of those in the room who get none directly.
    pub(super) fn by_host(&self) -> Vec<Key> {
        let me = self.me;
        let direct = |link: &&Link| link.is_peer() && link.cursors.iter().any(|it| it.sender == me);
        // Asked for after every input while something directed is kept: as bare keys, side by side, they are compared many
        // at once (else it was a quarter of all the work in a room of 50).
        let links = self.links.iter().filter(direct);
        let directly: Vec<Key> = links.filter_map(|link| link.peer).gather();
        let keys = self.roster.iter().map(|seat| seat.key);
        keys.filter(|key| !directly.contains(key)).gather()
    }

    /// A guest gets that sender's broadcasts by another way.
    pub(super) fn on_stop(&mut self, id: LinkId, sender: Key) {
        if sender == self.me {
            if let Some(link) = self.link_mut(id) {
                link.cursors.clear();
            }
            if let Some(key) = self.link(id).and_then(|link| link.peer) {
                self.send_again_to(key);
            }
            return;
        }
        if let Some(cursor) = self.link_mut(id).and_then(|link| link.cursor(sender)) {
            cursor.on = false;
        }
        if let Some(link) = self.link_mut(id)
            && !link.hears.contains(&sender)
        {
            link.hears.push(sender);
        }
    }
}

/// Asks for a sender's messages from where we are. This and [`Record::Stop`] go on the lane that keeps order: one that
/// overtook the other would leave that sender unheard.
pub(super) fn fetch_of<'a>(stream: &Stream) -> Record<'a> {
    Record::Fetch {
        sender: stream.key,
        inc: stream.inc,
        b: stream.held(),
        off: stream.held_off(),
    }
}
