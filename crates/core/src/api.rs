//! What goes into the machine and what comes out of it.

use crate::prelude::*;
use alloc::sync::Arc;
use peerjs_mesh_protocol::signalling::{Candidate, FromServer, ToServer};

/// One websocket to a signalling server, as the machine names it. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionId(pub u32);

/// One WebRTC connection, as the machine names it. Never reused, so that late callbacks die in one `if`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub struct LinkId(pub u32);

/// One `send` that waits for room. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "record", derive(serde::Serialize))]
pub struct Ticket(pub u32);

/// The channels of a link. Channel 0 is the one PeerJS makes (label = connection id, announced); the others are
/// `negotiated: true` with id [`Lane::channel_id`], made before the connection opens and only between ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub enum Lane {
    /// The PeerJS default channel: hello, and other dialects. Announced with `ordered: true`.
    Default = 0,
    /// Messages: ordered, reliable.
    Data = 1,
    /// Heartbeats and probes: `ordered: false, maxRetransmits: 0`.
    Beat = 2,
    /// Acks, roster, takeover: `ordered: false`, reliable.
    Control = 3,
}

impl Lane {
    /// The lanes that are negotiated, not announced.
    pub const NEGOTIATED: [Lane; 3] = [Lane::Data, Lane::Beat, Lane::Control];

    /// The id of a negotiated lane's data channel. (Ids from 100, far from those that browsers hand out.)
    pub const fn channel_id(self) -> u16 {
        100 + self as u16
    }

    /// The lane with that number, as it stands in driver records.
    pub const fn from_u8(number: u8) -> Option<Lane> {
        match number {
            0 => Some(Lane::Default),
            1 => Some(Lane::Data),
            2 => Some(Lane::Beat),
            3 => Some(Lane::Control),
            _ => None,
        }
    }
}

/// Why a session is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub enum SessionEnd {
    /// It never opened: refused, no such host, or not within the driver's 10 s.
    Unreachable = 0,
    /// It was open and closed.
    Closed = 1,
    /// The server sent what is no signalling message.
    Garbage = 2,
}

/// Why a link is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub enum LinkEnd {
    /// The other side closed it, or its default channel.
    Closed = 0,
    /// It could not be made or has failed (ICE `failed`, a description that could not be applied).
    Failed = 1,
}

/// How far a media connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum MediaState {
    /// The tracks that will come on it are known. Streams begin then, so that whoever shows them is ready before the
    /// first picture.
    Described = 0,
    /// It is connected; also again after it had failed.
    Opened = 1,
    /// It has failed. It is still there: [`Output::Media`] tries it again, [`Output::CloseLink`] ends it.
    Failed = 2,
}

/// What has happened outside. The words of a driver: past participles.
///
/// A driver closes nothing by itself: after a `…Closed` it reports nothing more of that session or link, and the
/// machine, having asked to close one, takes no notice of it any more.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub enum Input<'a> {
    /// The websocket is open.
    SessionConnected {
        /// Which.
        session: SessionId,
    },
    /// The server said something.
    SessionReceived {
        /// Which.
        session: SessionId,
        /// What.
        message: FromServer,
    },
    /// The websocket could not be opened, or has closed. Also after 10 s of trying to open.
    SessionClosed {
        /// Which.
        session: SessionId,
        /// Why.
        end: SessionEnd,
    },
    /// The link's own description is ready to be sent: the offer after [`Output::Dial`], the answer after
    /// [`Output::Answer`].
    LinkDescribed {
        /// Which.
        link: LinkId,
        /// The SDP text.
        sdp: String,
    },
    /// The link has found a way by which it may be reached. `connection_id` and `kind` are not looked at.
    LinkCandidate {
        /// Which.
        link: LinkId,
        /// The candidate.
        candidate: Candidate,
    },
    /// All channels of the link are open (the default one, and the negotiated ones when `lanes` was set).
    LinkOpened {
        /// Which.
        link: LinkId,
        /// The largest frame that it carries, bytes.
        max_frame: u32,
    },
    /// A frame has arrived, whole.
    LinkReceived {
        /// Which.
        link: LinkId,
        /// On which channel.
        lane: Lane,
        /// The frame. A text frame of a stock peer counts as its UTF-8.
        #[cfg_attr(feature = "record", serde(skip))]
        frame: &'a [u8],
    },
    /// The link has sent something: `buffered` bytes handed over with [`Output::Send`] are still with the driver.
    /// Reported when it falls to half of [`Config::link_window`](crate::Config) and when it reaches 0.
    LinkDrained {
        /// Which.
        link: LinkId,
        /// Bytes not yet sent, all lanes together.
        buffered: u32,
    },
    /// The link is no more.
    LinkClosed {
        /// Which.
        link: LinkId,
        /// Why.
        end: LinkEnd,
    },
    /// A media connection has something to say to its other end: a description or a candidate.
    MediaSignal {
        /// Which.
        link: LinkId,
        /// What; only drivers read it.
        #[cfg_attr(feature = "record", serde(skip))]
        signal: &'a [u8],
    },
    /// Something of a media connection is otherwise.
    Media {
        /// Which.
        link: LinkId,
        /// What.
        state: MediaState,
    },
}

/// What the driver has to do. Imperatives.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "record", derive(serde::Serialize))]
pub enum Output {
    /// Open a websocket to `…/peerjs?key=…&id=…&token=…`.
    OpenSession {
        /// Its name from now on.
        session: SessionId,
        /// The id to register.
        id: String,
        /// The token to register it with. Not to be logged.
        token: String,
    },
    /// Say this to the server.
    SendSession {
        /// Where.
        session: SessionId,
        /// What.
        message: ToServer,
    },
    /// Close the websocket. Nothing more is reported of it.
    CloseSession {
        /// Which.
        session: SessionId,
    },
    /// Make a connection with the default channel (label `label`, ordered), and its offer; report
    /// [`Input::LinkDescribed`], then candidates as they come.
    Dial {
        /// Its name from now on.
        link: LinkId,
        /// The default channel's label.
        label: String,
    },
    /// Make a connection for this offer, and the answer to it; report as for [`Output::Dial`].
    Answer {
        /// Its name from now on.
        link: LinkId,
        /// The remote's offer, SDP text.
        sdp: String,
        /// Make the negotiated channels too: the remote is ours.
        lanes: bool,
    },
    /// Apply the answer to our offer.
    Accept {
        /// Which.
        link: LinkId,
        /// The remote's answer, SDP text.
        sdp: String,
        /// Make the negotiated channels too (before applying it): the remote is ours.
        lanes: bool,
    },
    /// Apply a candidate of the remote's. The driver holds it until the remote's description is set.
    AddCandidate {
        /// Which.
        link: LinkId,
        /// The candidate.
        candidate: Candidate,
    },
    /// Send this frame. Never empty, never larger than `max_frame`.
    Send {
        /// Where.
        link: LinkId,
        /// On which channel.
        lane: Lane,
        /// The frame.
        #[cfg_attr(feature = "record", serde(skip))]
        frame: Vec<u8>,
    },
    /// Make a media connection, or go on with one that is there. Both ends send and receive sound and picture on it,
    /// whether there are any or not.
    Media {
        /// Its name from now on.
        link: LinkId,
        /// Make an offer; for one that has been connected, an offer that looks for a new way (ICE restart). False: the
        /// offer comes with [`Output::MediaSignal`].
        dial: bool,
    },
    /// The other end of a media connection says this. In any order: candidates may come before the description.
    MediaSignal {
        /// Which.
        link: LinkId,
        /// What its driver gave to [`Input::MediaSignal`].
        #[cfg_attr(feature = "record", serde(skip))]
        signal: Vec<u8>,
    },
    /// Close the connection after what was handed over has left, or after 1 s. Nothing more is reported of it.
    CloseLink {
        /// Which.
        link: LinkId,
    },
}

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
    /// The own session at the signalling server has come up or gone down. The first coming up is `Joined` alone.
    Signalling {
        /// Which of the two.
        up: bool,
    },
    /// Messages that will never come: where the promise of delivery ends, it says so.
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
