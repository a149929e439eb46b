//! What a member says of itself to everybody, once or again: its init data, and what it gives in a call.

use super::Member;
use crate::api::{Event, LinkId};
use crate::link::Link;
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
    pub(super) told: bool,
}

impl InitData {
    pub(super) fn own(key: Key, data: Vec<u8>) -> InitData {
        InitData {
            about: kind::INIT,
            key,
            version: 1,
            data: Arc::new(data),
            told: true,
        }
    }
}

impl Member {
    pub(super) fn init_of(&self, about: u8, key: Key) -> Option<&InitData> {
        self.init
            .iter()
            .find(|init| (init.about, init.key) == (about, key))
    }

    fn set_init(&mut self, about: u8, key: Key, version: u64, data: &[u8]) -> bool {
        let known = self
            .init
            .iter()
            .position(|init| (init.about, init.key) == (about, key));
        match known.and_then(|at| self.init.get_mut(at)) {
            Some(init) if init.version >= version => return false,
            Some(init) => {
                init.version = version;
                init.data = Arc::new(data.to_vec());
                init.told = false;
            }
            None => {
                let data = Arc::new(data.to_vec());
                self.init.push(InitData {
                    about,
                    key,
                    version,
                    data,
                    told: false,
                });
            }
        }
        true
    }

    /// Says it of oneself, to all.
    pub(super) fn share(&mut self, about: u8, data: &[u8]) {
        let member = self.me;
        let version = self
            .init_of(about, member)
            .map_or(1, |init| init.version.wrapping_add(1));
        self.set_init(about, member, version, data);
        let record = Record::Init {
            about,
            member,
            version,
            data,
        }
        .write(&self.names);
        let ids = self.links_that(Link::is_in_use);
        for id in ids {
            self.control_bytes(id, &record);
        }
    }

    pub(super) fn tell_init(&mut self, key: Key) {
        if key == self.me || !self.view.contains(&key) {
            return;
        }
        let Some(init) = self
            .init
            .iter_mut()
            .find(|init| (init.about, init.key, init.told) == (kind::INIT, key, false))
        else {
            return;
        };
        init.told = true;
        let data = init.data.clone();
        let id = self.names.text(key).to_owned();
        self.emit(Event::InitData { id, data });
    }

    pub(super) fn on_init(
        &mut self,
        from: LinkId,
        about: u8,
        member: Key,
        version: u64,
        data: &[u8],
    ) {
        if member == self.me
            || data.len() > crate::config::MAX_INIT_DATA
            || !self.set_init(about, member, version, data)
        {
            return;
        }
        self.tell_init(member);
        self.calls_due = true;
        if self.is_host() {
            for id in self.guests() {
                if id != from {
                    self.control(
                        id,
                        &Record::Init {
                            about,
                            member,
                            version,
                            data,
                        },
                    );
                }
            }
        }
    }

    /// All of those in the roster, one's own included.
    pub(super) fn send_init(&mut self, id: LinkId, only_own: bool) {
        let records: Vec<Vec<u8>> = self
            .init
            .iter()
            .filter(|init| {
                if only_own {
                    init.key == self.me
                } else {
                    self.seat(init.key).is_some()
                }
            })
            .map(|init| {
                Record::Init {
                    about: init.about,
                    member: init.key,
                    version: init.version,
                    data: &init.data,
                }
                .write(&self.names)
            })
            .gather();
        for record in records {
            self.control_bytes(id, &record);
        }
    }
}
