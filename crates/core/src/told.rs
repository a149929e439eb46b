//! What the user is told: events, outcomes, codes, and a picture of the room.

use crate::api::{LinkId, Ticket};
use crate::prelude::*;
use alloc::sync::Arc;

/// What the user hears, in order.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "record", derive(serde::Serialize))]
pub enum Event {
    /// The own session is up. Once.
    Joined {
        /// The own id.
        id: String,
    },
    /// A host has admitted this member, or this member is the host.
    HostConnected {
        /// Whether it is this member.
        is_host: bool,
        /// Its id.
        host: String,
        /// The counter of its term.
        term: u64,
    },
    /// The room is whole for this member: who is in it, oneself included. `None`: it no longer is.
    Sync {
        /// The ids in the order of the roster.
        peers: Option<Vec<String>>,
    },
    /// The host is gone.
    HostDropped,
    /// Somebody is in the room.
    PeerJoined {
        /// Who.
        id: String,
        /// The list after it, with oneself.
        peers: Vec<String>,
    },
    /// Somebody is no longer in the room; nothing more of theirs follows.
    PeerDropped {
        /// Who.
        id: String,
        /// The list after it, with oneself.
        peers: Vec<String>,
    },
    /// A message.
    Data {
        /// Who sent it.
        from: String,
        /// The encoded value, as its sender encoded it.
        #[cfg_attr(feature = "record", serde(skip))]
        data: Arc<Vec<u8>>,
    },
    /// Somebody's init data, new or changed.
    InitData {
        /// Whose.
        id: String,
        /// The encoded value.
        #[cfg_attr(feature = "record", serde(skip))]
        data: Arc<Vec<u8>>,
    },
    /// Somebody's stream: it begins, or what it carries or the connection on which it comes has changed.
    Stream {
        /// Whose.
        id: String,
        /// The media connection.
        link: LinkId,
        /// What it carries: [`give`](crate::Member::give).
        kinds: u8,
    },
    /// Somebody's stream has ended. Once for each that had begun.
    StreamDrop {
        /// Whose.
        id: String,
    },
    /// Somebody gives a stream, and [`Config::auto_call`](crate::Config::auto_call) is reached. Once for each.
    ManualStream {
        /// Who.
        id: String,
    },
    /// The room is full.
    MeshLimitExceeded {
        /// The host's limit.
        limit: u32,
        /// How often we have asked so far.
        tries: u32,
    },
    /// The own session at the signalling server has come up or gone down. The first coming up is `Joined` alone; one that
    /// the server closes, and that is there again at the first try, is not told of.
    Signalling {
        /// Which of the two.
        up: bool,
    },
    /// Messages that will never come: where the promise of delivery ends, it says so. Of somebody who was dropped it is told
    /// when it comes back without them, or can come back no longer: 30 s after the drop.
    Gap {
        /// Whose.
        from: String,
        /// The first missing broadcast's number.
        first: u64,
        /// The last one's.
        last: u64,
    },
    /// Something went wrong that belongs to no call.
    Error {
        /// What.
        code: ErrorCode,
        /// The words of the server, an id, or empty.
        detail: String,
    },
    /// This member has left; it says nothing more.
    Left,
}

/// What became of a send that had to wait. Not an [`Event`]: who waits for a send may well take no events until it is
/// through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "record", derive(serde::Serialize))]
pub struct Outcome {
    /// What [`Member::send`](crate::Member::send) returned.
    pub ticket: Ticket,
    /// Accepted under the budget, or why it has failed.
    pub result: Result<(), ErrorCode>,
}

/// The codes of INTERFACES, of which core uses some. Their texts live with the faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(feature = "record", derive(serde::Serialize))]
pub enum ErrorCode {
    /// The room's name is no PeerJS id.
    InvalidRoom = 0,
    /// An option has a value that cannot be.
    InvalidOption = 1,
    /// No such command (command line only).
    BadCommand = 2,
    /// The signalling server cannot be reached.
    ServerUnreachable = 3,
    /// The signalling server refuses the key.
    InvalidKey = 4,
    /// The signalling server said something is wrong.
    ServerError = 5,
    /// The own id is taken by somebody else.
    IdTaken = 6,
    /// Not joined within `join_timeout`.
    JoinTimeout = 7,
    /// Not whole within `sync_timeout`.
    SyncTimeout = 8,
    /// The room is full.
    MeshFull = 9,
    /// Nobody hosts the room, or its host does not answer; retried.
    HostUnavailable = 10,
    /// The remote speaks no wire version that we speak.
    VersionMismatch = 11,
    /// The value cannot be sent.
    NotEncodable = 12,
    /// The message is over the limit.
    MessageTooLarge = 13,
    /// Too many sends are waiting.
    BufferFull = 14,
    /// No member has this id.
    UnknownMember = 15,
    /// That member has left before the message was delivered.
    MemberLeft = 16,
    /// This member took nothing for too long and was dropped.
    TooSlow = 17,
    /// This member has left.
    Left = 18,
    /// Camera or microphone denied (pages only).
    MediaDenied = 19,
    /// The port is in use (server only).
    PortInUse = 20,
    /// Not yet available.
    Unsupported = 21,
    /// A fault of ours.
    Internal = 22,
    /// No media connection could be made to a member; it is tried again.
    CallFailed = 23,
}

/// How to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub enum LeaveHow {
    /// Once everything sent is delivered, 5 s at most.
    Delivered = 0,
    /// With a goodbye, at once: a page that closes.
    Now = 1,
}

/// Why [`Member::send`](crate::Member::send) did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(feature = "record", derive(serde::Serialize))]
pub enum SendError {
    /// Over [`Config::max_message`](crate::Config).
    MessageTooLarge = 13,
    /// 1 024 calls are waiting already.
    BufferFull = 14,
    /// No member has this id.
    UnknownMember = 15,
    /// This member has left.
    Left = 18,
    /// (`try_send` only) no room at the moment.
    Full = 255,
}

/// What [`Member::send`](crate::Member::send) did with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "record", derive(serde::Serialize))]
pub enum Sent {
    /// Accepted under the budget.
    Accepted,
    /// Kept; its [`Outcome`] follows.
    Waiting(Ticket),
}

/// A picture of the member: INTERFACES `status()`.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The own id.
    pub id: String,
    /// The room's name.
    pub room: String,
    /// Names the room's founding; zero before the first sync.
    pub founding: [u8; 16],
    /// The counter of the term.
    pub term: u64,
    /// The host's id, when there is one.
    pub host: Option<String>,
    /// Whether it is this member.
    pub is_host: bool,
    /// Whether the own session is up.
    pub signalling: bool,
    /// Bytes of own messages not yet known to be delivered to all.
    pub buffered: u64,
    /// The others.
    pub peers: Vec<PeerStatus>,
}

/// One other member, as seen from here.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerStatus {
    /// Its id.
    pub id: String,
    /// True: a link of our own leads there. False: by way of a member.
    pub direct: bool,
    /// The link's round trip in microseconds, when it has been measured.
    pub rtt_micros: Option<u32>,
}
