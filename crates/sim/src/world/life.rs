//! How a member is, and what its user has seen.

use crate::Micros;
use peerjs_mesh_core::{Event, LinkId};
use std::collections::{BTreeMap, BTreeSet};

/// How a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Running,
    /// Stopped, network and all: SIGSTOP, a suspended machine.
    Frozen,
    /// Its thread is busy; its network stack answers.
    Busy,
    /// Its process is gone, its kernel has closed its sockets.
    Killed,
    /// Its machine is gone, without a word.
    Crashed,
    /// It has left.
    Left,
}

impl Life {
    /// Whether it may ever do something again.
    pub const fn alive(self) -> bool {
        matches!(self, Life::Running | Life::Frozen | Life::Busy)
    }
}

/// What a member's user has seen so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserView {
    /// The others, by id.
    pub peers: BTreeSet<String>,
    /// Whether the room is whole.
    pub synced: bool,
    /// Whether it has ever had a host.
    pub was_in: bool,
    /// Whether it hosts, and who does.
    pub host: Option<(bool, String)>,
    /// Messages heard: sender's index, number.
    pub heard: Vec<(usize, u64)>,
    /// Everybody's init data.
    pub init_data: BTreeMap<String, Vec<u8>>,
    /// The streams of others that have begun and not ended: the media connection, and what they carry.
    pub streams: BTreeMap<String, (LinkId, u8)>,
    /// All events but messages, with their time.
    pub events: Vec<(Micros, Event)>,
}
