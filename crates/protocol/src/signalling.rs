//! Signalling messages: what a client and a PeerServer say to each other over the websocket.
//!
//! These are the typed forms; the JSON text lives in the module `json` behind the feature of that name, because a
//! browser parses JSON itself. Source of the shapes: PeerJS 1.3.2 and 1.5.5, npm `peer` 1.0.2.

use crate::prelude::*;

/// What a server sends to a client.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FromServer {
    /// The id is registered.
    Open,
    /// The id is registered by somebody with another token.
    IdTaken,
    /// `INVALID-KEY`: known to clients, never sent by npm `peer`, which answers `ERROR` instead.
    InvalidKey,
    /// A refusal; the text is the server's own (`payload.msg`).
    Error {
        /// The server's words.
        message: String,
    },
    /// What was sent to `src` has not been collected in time.
    Expire {
        /// The absent id.
        src: String,
    },
    /// `src` has gone.
    Leave {
        /// The id that left.
        src: String,
    },
    /// Another client's message.
    Relayed {
        /// The sender; the server vouches for it.
        src: String,
        /// What it says.
        signal: Signal,
    },
    /// A well-formed message of a type this release does not know. Skipped.
    Unknown,
}

/// What a client sends to a server.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ToServer {
    /// Keeps the session alive; due every 5 s (PeerJS's `pingInterval`).
    Heartbeat,
    /// A message for another client, or for oneself.
    Relay {
        /// The receiver's id.
        dst: String,
        /// What to say.
        signal: Signal,
    },
}

/// What two clients say to each other through the server.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Signal {
    /// A description to be answered.
    Offer(Offer),
    /// The answer to an offer.
    Answer(Answer),
    /// A way to reach the sender.
    Candidate(Candidate),
    /// A host's message to itself: proof that the room's name is its own (a `CANDIDATE` whose payload has
    /// `type: "mesh-echo"`, which PeerJS clients ignore).
    Echo(Echo),
}

/// `data` or `media`: the kind of a PeerJS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConnectionKind {
    /// A data channel.
    Data,
    /// A call.
    Media,
}

/// The payload of an `OFFER`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Offer {
    /// Names the connection at both ends: `dc_…` or `mc_…`.
    pub connection_id: String,
    /// Data or media.
    pub kind: ConnectionKind,
    /// The session description.
    pub sdp: String,
    /// The data channel's label (the connection id unless the program gave one). Absent for media.
    pub label: Option<String>,
    /// Whether the data channel was asked to be reliable and ordered. Absent for media.
    pub reliable: Option<bool>,
    /// `binary`, `json`, `raw`, … Absent for media.
    pub serialization: Option<String>,
    /// Present exactly when the sender is PeerJS 1.4 or older: tells its BinaryPack dialect.
    pub browser: Option<String>,
    /// Present when the sender is one of ours (`payload.metadata.mesh`).
    pub mesh: Option<MeshMark>,
}

/// The payload of an `ANSWER`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Answer {
    /// The connection id of the offer.
    pub connection_id: String,
    /// Data or media.
    pub kind: ConnectionKind,
    /// The session description.
    pub sdp: String,
    /// Present exactly when the sender is PeerJS 1.4 or older.
    pub browser: Option<String>,
    /// Present when the sender is one of ours (`payload.mesh`).
    pub mesh: Option<MeshMark>,
}

/// The payload of a `CANDIDATE`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Candidate {
    /// The connection it belongs to.
    pub connection_id: String,
    /// Data or media.
    pub kind: ConnectionKind,
    /// The candidate line, `candidate:…`.
    pub candidate: String,
    /// The media section's name.
    pub sdp_mid: Option<String>,
    /// The media section's index.
    pub sdp_mline_index: Option<u16>,
    /// The ICE user name fragment it belongs to.
    pub username_fragment: Option<String>,
}

/// The payload of an echo: who sent it, in which reign.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Echo {
    /// Chosen anew for each echo.
    pub nonce: u64,
    /// The counter of the sender's term.
    pub term: u64,
    /// The sender's own id (not the room's name).
    pub member: String,
}

/// How our members mark themselves in signalling, so that both sides know the dialect before a channel opens:
/// `{"v": [min, max]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MeshMark {
    /// The lowest wire version the sender speaks.
    pub min: u16,
    /// The highest.
    pub max: u16,
}
