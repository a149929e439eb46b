//! Every default, with its source.

use crate::api::ErrorCode;
use crate::prelude::*;
use peerjs_mesh_protocol::ids::is_valid_id;

/// What a member is told once.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// The room's name: a PeerJS id.
    pub room: String,
    /// What a driver has begun with while its machine was still being loaded. `None` (the default): nothing. Not
    /// recorded, for the token: only drivers that make no recordings begin so.
    #[cfg_attr(feature = "record", serde(skip))]
    pub ahead: Option<Ahead>,
    /// The most members the room may have, this one included, while this member hosts it. `None`: no limit.
    /// Default 10 (the original's).
    pub mesh_limit: Option<u32>,
    /// Milliseconds between heartbeats, 100 to 60 000. Default 500 (PROTOCOL §8; the original's is 2 000).
    pub health_interval_ms: u32,
    /// Milliseconds until a member that is not in the room gives up with `join-timeout`. `None` (the default): never.
    pub join_timeout_ms: Option<u32>,
    /// From how many members at once streams come by themselves. `None` (the default): this member carries no media.
    pub auto_call: Option<u32>,
    /// By which ways messages go. Default [`Mode::Host`]. Each member's own choice: a link of two
    /// is made when the later one of the roster wants it.
    pub mode: Mode,
    /// The own init data, encoded.
    pub init_data: Option<Vec<u8>>,
    /// The largest encoded message, bytes. Default 256 MiB (PROTOCOL §1).
    pub max_message: usize,
    /// How many bytes a link's driver may hold unsent. Default 128 KiB (native: measured best with str0m between 96 and
    /// 128 KiB); pages take 256 KiB.
    pub link_window: u32,
    /// The wire versions that we speak, lowest and highest. Changed only by tests.
    pub versions: (u16, u16),
}

/// A driver may draw these itself and do beforehand what every member does first: open the own session, and offer a
/// link to the room's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// The own id, a version 8 UUID.
    pub id: String,
    /// The own token.
    pub token: String,
    /// The connection id, and label, of the first link.
    pub connection_id: String,
}

/// By which ways messages go between members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "record", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum Mode {
    /// All by way of the host, which passes them on.
    #[default]
    Host = 0,
    /// Directly, where a link of two members could be made; else by way of the host.
    Full = 1,
}

impl Config {
    /// The defaults, for a room.
    pub fn new(room: &str) -> Config {
        Config {
            room: room.to_owned(),
            ahead: None,
            mesh_limit: Some(10),
            health_interval_ms: 500,
            join_timeout_ms: None,
            auto_call: None,
            mode: Mode::Host,
            init_data: None,
            max_message: 256 << 20,
            link_window: 128 << 10,
            versions: (WIRE_VERSION, WIRE_VERSION),
        }
    }

    /// Whether a member can be made from it; else what is wrong.
    pub fn check(&self) -> Result<(), ErrorCode> {
        if !is_valid_id(&self.room) {
            return Err(ErrorCode::InvalidRoom);
        }
        if self.mesh_limit == Some(0) || !(100..=60_000).contains(&self.health_interval_ms) {
            return Err(ErrorCode::InvalidOption);
        }
        Ok(())
    }
}

/// The wire version this release speaks.
pub(crate) const WIRE_VERSION: u16 = 1;
/// Largest init data, bytes: it travels in one record, and a channel carries 256 KiB.
pub(crate) const MAX_INIT_DATA: usize = 64 << 10;
/// Init data of those who are not in the roster, the newest of it, bytes with what is kept beside it (guess: of 64 members at
/// the most that one may say).
pub(crate) const MAX_INIT_STRANGERS: usize = 4 << 20;
/// What one member says to another is not passed on along a link that has so much unsent, bytes: it is said again, or asked
/// for (guess: what the ends of fifty new calls say, several times over; native links and Chromium's break at 5 and 16 MiB).
pub(crate) const MAX_PASSED: usize = 1 << 20;
/// Sends that may wait at most (PROTOCOL §5).
pub(crate) const MAX_WAITING_SENDS: usize = 1024;
/// Own messages that may be under way, bytes (PROTOCOL §5).
pub(crate) const SENDER_BUDGET: usize = 8 << 20;
/// Messages of all senders that a member may keep, bytes (PROTOCOL §5).
pub(crate) const TOTAL_BUDGET: usize = 64 << 20;
/// How long a dropped member may come back without loss, ms (PROTOCOL §5).
pub(crate) const RETENTION_MS: u64 = 30_000;
/// A member that takes nothing for so long while data waits is dropped, ms (PROTOCOL §5).
pub(crate) const TOO_SLOW_MS: u64 = 10_000;
/// How long a polite leave waits for delivery, ms (guess).
pub(crate) const LEAVE_MS: u64 = 5_000;
/// HEARTBEAT to the signalling server, ms (PeerJS's `pingInterval`).
pub(crate) const SESSION_BEAT_MS: u64 = 5_000;
/// A host's proof that the room's name is its own, ms (PROTOCOL §7).
pub(crate) const ECHO_MS: u64 = 5_000;
/// No answer to a dial within so long: retry, ms (PROTOCOL §7).
pub(crate) const ANSWER_MS: u64 = 2_000;
/// No link within so long after the answer: given up, ms (20 s is ICE's own; a room must be whole again within 15 s of
/// quiet, in which two tries must fit).
pub(crate) const OPEN_MS: u64 = 7_000;
/// An acknowledgement waits at most so long, ms, or until [`ACK_BYTES`] (PROTOCOL §5).
pub(crate) const ACK_MS: u64 = 200;
/// See [`ACK_MS`].
pub(crate) const ACK_BYTES: usize = 64 << 10;
/// Pieces of messages, bytes: cut and packed to about this (PROTOCOL §4).
pub(crate) const PIECE: usize = 15 << 10;
/// A frame holds records up to about this, bytes.
pub(crate) const FRAME: usize = 15 << 10;
/// Wait between two attempts to reach the server doubles from the first to the second, ms (the first: topology
/// study §8, which goes up to 10 s; a server that is back must be noticed well within 15 s).
pub(crate) const BACKOFF_MS: (u64, u64) = (250, 5_000);
/// So many of the line everybody keeps a link to (PROTOCOL §8).
pub(crate) const DEPUTIES: usize = 2;
/// A host whose page has been hidden for so long hands its office over, ms (PROTOCOL §8).
pub(crate) const HIDDEN_MS: u64 = 30_000;
/// At most once in so long, ms (PROTOCOL §8).
pub(crate) const HIDDEN_AGAIN_MS: u64 = 60_000;
/// The next of the line is dialled after so long without an answer, ms (PROTOCOL §8).
pub(crate) const NEXT_OF_LINE_MS: u64 = 1_000;
/// A clock step over this is a wake, ms (DESIGN §3).
pub(crate) const WAKE_MS: u64 = 1_600;
/// How many events may wait for a slow user before deliveries stop (guess).
pub(crate) const MAX_EVENTS: usize = 4096;
/// And how many bytes of messages among them (guess).
pub(crate) const MAX_EVENT_BYTES: usize = 4 << 20;
