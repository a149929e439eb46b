//! What the user hears and may ask.

use crate::error::{Error, ErrorCode};
use crate::options::MeshMode;
use peerjs_mesh_core as core;
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{Dialect, decode};

/// What has happened. Names and meanings are the same in every language; lists contain the own id.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The own session at the signalling server is up. Once.
    Joined {
        /// The own id.
        id: String,
    },
    /// A host is there. At each host.
    HostConnected {
        /// Whether it is this member.
        is_host: bool,
        /// Its id.
        host: String,
        /// The counter of its term.
        term: u64,
    },
    /// The room has become whole for this member, or (`None`) no longer is.
    Sync {
        /// The ids of all in it.
        peers: Option<Vec<String>>,
    },
    /// The host is gone.
    HostDropped,
    /// Somebody is in the room. Once per member and stay.
    PeerJoined {
        /// Who.
        id: String,
        /// The ids of all after it.
        peers: Vec<String>,
    },
    /// Somebody is no longer in the room.
    PeerDropped {
        /// Who.
        id: String,
        /// The ids of all after it.
        peers: Vec<String>,
    },
    /// A message.
    Message(Message),
    /// Another member's init data, new or changed.
    InitData {
        /// Whose.
        id: String,
        /// What.
        data: Value,
    },
    /// The room is full.
    MeshLimitExceeded {
        /// The host's limit.
        limit: u32,
        /// How often this member has asked so far.
        tries: u32,
    },
    /// The session at the signalling server has come up again, or gone down. A room that runs needs none.
    Signalling {
        /// Which of the two.
        up: bool,
    },
    /// Messages of a member that will never come. Of one that was dropped it is told when it comes back without them, or can
    /// come back no longer: 30 s after the drop.
    Gap {
        /// Whose.
        from: String,
        /// The number of the first.
        first: u64,
        /// The number of the last.
        last: u64,
    },
    /// Something went wrong that belongs to no call.
    Error(Error),
    /// This member has left; the last event.
    Left,
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The sender's id.
    pub from: String,
    /// What it sent. `data.to::<T>()` makes a type of one's own of it.
    pub data: Value,
}

impl Event {
    pub(crate) fn from_core(event: core::Event) -> Event {
        match event {
            core::Event::Joined { id } => Event::Joined { id },
            core::Event::HostConnected {
                is_host,
                host,
                term,
            } => Event::HostConnected {
                is_host,
                host,
                term,
            },
            core::Event::Sync { peers } => Event::Sync { peers },
            core::Event::HostDropped => Event::HostDropped,
            core::Event::PeerJoined { id, peers } => Event::PeerJoined { id, peers },
            core::Event::PeerDropped { id, peers } => Event::PeerDropped { id, peers },
            core::Event::Data { from, data } => match read(&from, &data) {
                Ok(data) => Event::Message(Message { from, data }),
                Err(error) => Event::Error(error),
            },
            core::Event::InitData { id, data } => match read(&id, &data) {
                Ok(data) => Event::InitData { id, data },
                Err(error) => Event::Error(error),
            },
            core::Event::MeshLimitExceeded { limit, tries } => {
                Event::MeshLimitExceeded { limit, tries }
            }
            core::Event::Signalling { up } => Event::Signalling { up },
            core::Event::Gap { from, first, last } => Event::Gap { from, first, last },
            core::Event::Error { code, detail } => Event::Error(Error::told(code, &detail)),
            core::Event::Stream { .. }
            | core::Event::StreamDrop { .. }
            | core::Event::ManualStream { .. } => Event::Error(Error::new(
                ErrorCode::Internal,
                "native members carry no media",
            )),
            core::Event::Left => Event::Left,
        }
    }
}

fn read(from: &str, data: &[u8]) -> Result<Value, Error> {
    decode(data, Dialect::Ours).map_err(|error| {
        let detail = format!("what {from} sent cannot be read: {}", error.text());
        Error::new(ErrorCode::Internal, detail)
    })
}

/// The room as a member sees it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// The own id.
    pub id: String,
    /// The room's name.
    pub room: String,
    /// Names the room's founding: 32 hex digits, zeros before the first sync.
    pub founding: String,
    /// The counter of the host's term.
    pub term: u64,
    /// The host's id, when there is one.
    pub host: Option<String>,
    /// Whether it is this member.
    pub is_host: bool,
    /// By which ways this member's messages go.
    pub mode: MeshMode,
    /// Whether the session at the signalling server is up.
    pub signalling: bool,
    /// Bytes of own messages that are not known to have reached everybody.
    pub buffered: u64,
    /// The others.
    pub peers: Vec<Peer>,
}

/// Another member, as seen from here.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Peer {
    /// Its id.
    pub id: String,
    /// True: a connection of our own leads there. False: by way of another member.
    pub direct: bool,
    /// The round trip in milliseconds, when it has been measured.
    pub rtt_ms: Option<f64>,
}

impl Status {
    pub(crate) fn from_core(status: core::Status, mode: MeshMode) -> Status {
        Status {
            id: status.id,
            room: status.room,
            founding: peerjs_mesh_protocol::ids::hex(&status.founding),
            term: status.term,
            host: status.host,
            is_host: status.is_host,
            mode,
            signalling: status.signalling,
            buffered: status.buffered,
            peers: status
                .peers
                .into_iter()
                .map(|peer| Peer {
                    id: peer.id,
                    direct: peer.direct,
                    rtt_ms: peer.rtt_micros.map(|micros| f64::from(micros) / 1000.0),
                })
                .collect(),
        }
    }
}
