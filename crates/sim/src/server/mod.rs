//! Signalling servers: ours, and a model of npm `peer` with its faults.

mod npm;
mod npm_peer;
mod ours;

use crate::Micros;
use peerjs_mesh_protocol::signalling::{FromServer, ToServer};

pub use npm::{NPM_FULL, NpmDeed, NpmModel, NpmOptions, NpmSaid, NpmTold};
pub use npm_peer::NpmPeer;
pub use ours::Ours;

/// One websocket, as a server names it. Never reused, not even by a restarted server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// What a server does.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Sends a message.
    Send(ConnId, FromServer),
    /// Closes a websocket after what it sent before.
    Close(ConnId),
}

/// A signalling server without sockets or clock. Times are the world's.
pub trait Server {
    /// A websocket has opened, for this id and token.
    fn connect(&mut self, now: Micros, conn: ConnId, id: &str, token: &str);
    /// A client has said something.
    fn message(&mut self, now: Micros, conn: ConnId, message: ToServer);
    /// A websocket has closed from the other side.
    fn closed(&mut self, now: Micros, conn: ConnId);
    /// It is `next_timeout`.
    fn timeout(&mut self, now: Micros);
    /// When `timeout` wants to be called.
    fn next_timeout(&self) -> Option<Micros>;
    /// What to do next.
    fn poll(&mut self) -> Option<Deed>;
    /// The websocket under which this id is reached.
    fn owner(&self, id: &str) -> Option<ConnId>;
}

/// Which server a world has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// The product's broker.
    Ours,
    /// The model of npm `peer` 1.0.2.
    NpmPeer,
}

impl ServerKind {
    /// A fresh server of this kind. `alive_ms`: how long it holds an id without HEARTBEAT (npm `peer`: 90 000 as a
    /// library, 60 000 from its command line).
    pub fn make(self, now: Micros, alive_ms: u64) -> Box<dyn Server> {
        match self {
            ServerKind::Ours => Box::new(Ours::new(alive_ms)),
            ServerKind::NpmPeer => Box::new(NpmPeer::new(now, alive_ms)),
        }
    }

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            ServerKind::Ours => "server: ours",
            ServerKind::NpmPeer => "server: npm peer",
        }
    }
}
