//! What a member says of itself to everybody, once or again: its init data, and what it gives in a call.
//!
//! As with messages no link has a queue: what was said last stands here once, and each link has a place in the order of
//! changes. So whoever says something else all the time is told of as often as a way allows, with what is newest then.

use super::Member;
use crate::api::Event;
use crate::config::{MAX_INIT_DATA, MAX_INIT_STRANGERS};
use crate::delivery::BESIDE;
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Record, kind};
use alloc::sync::Arc;

/// Somebody's init data, or what somebody gives.
pub(super) struct InitData {
    /// [`kind::INIT`] or [`kind::GIVEN`].
    pub(super) about: u8,
    pub(super) key: Key,
    pub(super) version: u64,
    pub(super) data: Arc<Vec<u8>>,
    /// Its place in the order of changes.
    at: u64,
    /// The user is about to hear it: what is newest when it takes that event.
    pub(super) waits: bool,
}

impl InitData {
    pub(super) fn own(key: Key, data: Vec<u8>) -> InitData {
        InitData {
            about: kind::INIT,
            key,
            version: 1,
            data: Arc::new(data),
            at: 1,
            waits: false,
        }
    }

    /// What it takes of memory, bytes.
    pub(super) fn weight(&self) -> usize {
        self.data.len() + BESIDE
    }
}

impl Member {
    pub(super) fn init_of(&self, about: u8, key: Key) -> Option<&InitData> {
        self.init
            .iter()
            .find(|init| (init.about, init.key) == (about, key))
    }

    fn take_init(&mut self, about: u8, key: Key) -> Option<InitData> {
        let of = |init: &InitData| (init.about, init.key) == (about, key);
        let at = self.init.iter().position(of)?;
        self.init.take_at(at)
    }

    /// From here on it is passed on (again).
    fn put_init(&mut self, mut init: InitData) {
        self.init_at += 1;
        init.at = self.init_at;
        self.init.push(init);
    }

    fn set_init(&mut self, about: u8, key: Key, version: u64, data: &[u8]) -> bool {
        let known = self.init_of(about, key);
        if known.is_some_and(|init| init.version >= version) {
            return false;
        }
        let waits = self.take_init(about, key).is_some_and(|init| init.waits);
        self.put_init(InitData {
            about,
            key,
            version,
            data: Arc::new(data.to_vec()),
            at: 0,
            waits,
        });
        true
    }

    /// Says it of oneself, to all.
    pub(super) fn share(&mut self, about: u8, data: &[u8]) {
        let version = self
            .init_of(about, self.me)
            .map_or(1, |init| init.version.wrapping_add(1));
        self.set_init(about, self.me, version, data);
    }

    /// The user is to hear somebody's init data.
    pub(super) fn tell_init(&mut self, key: Key) {
        if key == self.me || !self.view.contains(&key) {
            return;
        }
        let untold = |it: &&mut InitData| (it.about, it.key, it.waits) == (kind::INIT, key, false);
        let Some(init) = self.init.iter_mut().find(untold) else {
            return;
        };
        init.waits = true;
        let id = self.names.text(key).to_owned();
        // However often it changes until the user takes this, and however large it is, no more than this is kept for that.
        let data = Arc::default();
        self.emit(Event::InitData { id, data });
    }

    /// The user takes such an event now. `None`: its member has long been forgotten.
    pub(super) fn told_init(&mut self, id: &str) -> Option<Arc<Vec<u8>>> {
        let key = self.names.find(id)?;
        let of = |init: &&mut InitData| (init.about, init.key) == (kind::INIT, key);
        let init = self.init.iter_mut().find(of)?;
        init.waits = false;
        Some(init.data.clone())
    }

    pub(super) fn on_init(&mut self, about: u8, member: Key, version: u64, data: &[u8]) {
        if member == self.me
            || data.len() > MAX_INIT_DATA
            || !self.set_init(about, member, version, data)
        {
            return;
        }
        if about == kind::INIT {
            self.tell_init(member);
        }
        self.calls_due = true;
        // What overtakes the roster is kept, and what those said who were dropped and may come back: a host may say it of
        // anybody.
        let (mut at, mut bytes) = (self.init.len(), 0);
        while let Some(init) = self.init.get(at.wrapping_sub(1)) {
            at -= 1;
            if init.key != self.me && self.seat(init.key).is_none() {
                bytes += init.weight();
                if bytes > MAX_INIT_STRANGERS {
                    self.init.take_at(at);
                }
            }
        }
    }

    /// Somebody is in the roster anew: those who came while it was away have not heard of it.
    pub(super) fn init_again(&mut self, key: Key) {
        for about in [kind::INIT, kind::GIVEN] {
            if let Some(init) = self.take_init(about, key) {
                self.put_init(init);
            }
        }
    }

    /// Puts on its way what has changed, along links that have room for half of what they may hold (beats wait behind it): a
    /// guest says its own, a host that of all in the roster.
    pub(super) fn fill_init(&mut self) {
        let window = self.cfg.link_window as usize / 2;
        for at in 0..self.links.len() {
            while let Some(link) = self.links.get_mut(at)
                && link.is_in_use()
                && link.init_at < self.init_at
                && link.in_flight + link.control.len() <= window
            {
                if link.spent.is_some() {
                    link.init_bytes = 0;
                }
                // Who says something else all the time must not keep messages waiting: they have had as much since.
                if link.init_bytes > MAX_INIT_DATA {
                    break;
                }
                let (id, done, peer) = (link.id, link.init_at, link.peer);
                let host = link.is_guest();
                let wanted = |init: &&InitData| {
                    let wanted = match host {
                        true => Some(init.key) != peer && self.seat(init.key).is_some(),
                        false => init.key == self.me,
                    };
                    wanted && init.at > done
                };
                let next = self.init.iter().find(wanted);
                let (next_at, record) = match next {
                    Some(init) => {
                        let record = Record::Init {
                            about: init.about,
                            member: init.key,
                            version: init.version,
                            data: &init.data,
                        };
                        (init.at, record.write(&self.names))
                    }
                    None => (self.init_at, Vec::new()),
                };
                if let Some(link) = self.links.get_mut(at) {
                    link.init_at = next_at;
                    link.init_bytes += record.len();
                }
                self.control_bytes(id, &record);
            }
        }
    }
}
