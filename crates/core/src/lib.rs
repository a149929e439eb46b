//! A room as one member sees it: a machine without I/O, clock or chance of its own.
//!
//! **After any call, drain [`Member::poll_output`] to `None`, then sleep until [`Member::poll_timeout`], an input or a
//! command.** Breaking this rule delays; it never corrupts.
#![forbid(unsafe_code)]

mod api;
mod config;
mod counters;
mod delivery;
mod link;
mod member;
mod names;
mod rng;
mod time;
mod wire;

pub use api::{
    ErrorCode, Event, Input, Lane, LeaveHow, LinkEnd, LinkId, Output, PeerStatus, SendError, Sent,
    SessionEnd, SessionId, Status, Ticket,
};
pub use config::Config;
pub use counters::Counters;
pub use member::Member;
pub use time::Instant;
