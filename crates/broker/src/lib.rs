//! A PeerServer as a sans-IO machine: who is registered, what waits for whom, who has gone silent.
//!
//! It owns no socket, reads no clock and draws no random numbers. The caller tells it what happened and asks it what
//! to do:
//!
//! - **facts in**: [`Broker::handle_connect`], [`handle_frame`](Broker::handle_frame),
//!   [`handle_close`](Broker::handle_close), [`handle_timeout`](Broker::handle_timeout), each with the time;
//! - **polls**: [`poll_output`](Broker::poll_output) says what to send and what to close,
//!   [`poll_timeout`](Broker::poll_timeout) when to call `handle_timeout`;
//! - **questions**: [`ids`](Broker::ids), [`is_connected`](Broker::is_connected),
//!   [`counters`](Broker::counters), ….
//!
//! **The one rule: after any call, drain `poll_output` to `None`; then wait for whatever comes first, a fact or the
//! moment of `poll_timeout`.** Breaking it delays; it never corrupts.
//!
//! ```
//! use peerjs_mesh_broker::{Broker, Config, ConnId, Hello, Instant, Output};
//!
//! fn drain(broker: &mut Broker, sent: &mut Vec<(ConnId, String)>) {
//!     while let Some(output) = broker.poll_output() {
//!         match output {
//!             Output::Send { conn, text } => sent.push((conn, text)), // to that connection's outgoing queue
//!             Output::Close { conn: _ } => {}                        // after what is queued for it
//!             Output::Notice(_) => {}                                // a line in the log
//!         }
//!     }
//! }
//!
//! let mut broker = Broker::new(Config::default());
//! let mut sent = Vec::new();
//! let mut now = Instant::ZERO;
//!
//! let ann = ConnId(1);
//! broker.handle_connect(now, ann, Hello { key: "peerjs", id: "ann", token: "t1" });
//! drain(&mut broker, &mut sent);
//! assert_eq!(sent, [(ann, r#"{"type":"OPEN"}"#.to_owned())]);
//!
//! // Nobody is called bob: the message waits, and then its sender is told.
//! broker.handle_frame(now, ann, br#"{"type":"OFFER","dst":"bob","payload":{"n":1}}"#);
//! drain(&mut broker, &mut sent);
//! now = broker.poll_timeout().expect("something waits");
//! broker.handle_timeout(now);
//! drain(&mut broker, &mut sent);
//! assert_eq!(sent[1], (ann, r#"{"type":"EXPIRE","src":"bob","dst":"ann"}"#.to_owned()));
//! ```
//!
//! # What it does, and where it differs from npm `peer`
//!
//! A PeerJS client sees a PeerServer. What no client relies on is mended:
//!
//! - a client that comes back with its id and token gets OPEN, a fresh liveness clock, and its old connection is
//!   closed and can no longer speak;
//! - a registration belongs to a connection and ends with that connection only: no late close, no LEAVE of somebody
//!   else takes it away; LEAVE without a receiver closes the connection too;
//! - malformed frames are thrown away, without consequence for anybody;
//! - payloads pass as the text that came, bounded in size and depth, so no payload can harm its receiver;
//! - messages for absent ids are bounded in number and bytes; what does not fit expires at once.
//!
//! What a caller has to bound is its own: the queue of texts on their way to one connection.

mod absent;
mod broker;
mod config;
pub mod frame;
mod registry;
mod time;

pub use broker::{Broker, ConnId, Counters, Gone, Hello, Notice, Output, Refusal};
pub use config::{Config, Limits};
pub use frame::{Frame, FrameError, RelayKind};
pub use time::Instant;
