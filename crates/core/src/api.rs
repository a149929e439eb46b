//! What goes into the machine and what comes out of it: the driver's side. The user's is `told`.

use crate::prelude::*;
pub(crate) use crate::told::{
    ErrorCode, Event, LeaveHow, Outcome, PeerStatus, SendError, Sent, Status,
};
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
