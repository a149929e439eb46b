//! Init data: what a member says of itself to everybody, once or again.

use super::Member;
use crate::api::{Event, LinkId};
use crate::names::Key;
use crate::prelude::*;
use crate::wire::Record;
use alloc::sync::Arc;

/// Somebody's init data.
pub(super) struct InitData {
    pub(super) key: Key,
    pub(super) version: u64,
    pub(super) data: Arc<Vec<u8>>,
    pub(super) told: bool,
}

impl InitData {
    pub(super) fn own(key: Key, data: Vec<u8>) -> InitData {
        InitData {
            key,
            version: 1,
            data: Arc::new(data),
            told: true,
        }
    }
}

impl Member {
    pub(super) fn set_init(&mut self, key: Key, version: u64, data: &[u8]) -> bool {
        match self.init.iter_mut().find(|init| init.key == key) {
            Some(init) if init.version >= version => return false,
            Some(init) => {
                init.version = version;
                init.data = Arc::new(data.to_vec());
                init.told = false;
            }
            None => {
                let data = Arc::new(data.to_vec());
                self.init.push(InitData {
                    key,
                    version,
                    data,
                    told: false,
                });
            }
        }
        true
    }

    pub(super) fn tell_init(&mut self, key: Key) {
        if key == self.me || !self.view.contains(&key) {
            return;
        }
        let Some(init) = self
            .init
            .iter_mut()
            .find(|init| init.key == key && !init.told)
        else {
            return;
        };
        init.told = true;
        let data = init.data.clone();
        let id = self.names.text(key).to_owned();
        self.emit(Event::InitData { id, data });
    }

    pub(super) fn on_init(&mut self, from: LinkId, member: Key, version: u64, data: &[u8]) {
        if member == self.me
            || data.len() > crate::config::MAX_INIT_DATA
            || !self.set_init(member, version, data)
        {
            return;
        }
        self.tell_init(member);
        if self.is_host() {
            for id in self.guests() {
                if id != from {
                    self.control(
                        id,
                        &Record::Init {
                            member,
                            version,
                            data,
                        },
                    );
                }
            }
        }
    }

    /// All init data of those in the roster, one's own included.
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
