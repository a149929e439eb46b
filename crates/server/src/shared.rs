//! What all connections of one server share.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::hub::Hub;
use crate::options::{Cors, Deadlines, Demo, IceServer};
use crate::routes::Routes;

/// A connection's place among those the server accepts.
pub(crate) type Place = OwnedSemaphorePermit;

pub(crate) struct Shared {
    pub(crate) hub: Arc<Hub>,
    pub(crate) routes: Routes,
    pub(crate) key: String,
    pub(crate) cors: Cors,
    pub(crate) demo: Demo,
    pub(crate) ice_servers: Vec<IceServer>,
    pub(crate) allow_discovery: bool,
    pub(crate) proxied: bool,
    pub(crate) tls: bool,
    pub(crate) local: SocketAddr,
    pub(crate) frame_bytes: usize,
    pub(crate) deadlines: Deadlines,
    /// Every connection, as HTTP and as websocket.
    pub(crate) tasks: TaskTracker,
    /// The server is stopping.
    pub(crate) stop: CancellationToken,
}

impl Shared {
    /// An id that nobody is connected under. It is not reserved.
    pub(crate) fn fresh_id(&self) -> String {
        loop {
            let id = Uuid::new_v4().to_string();
            if !self.hub.is_connected(&id) {
                return id;
            }
        }
    }
}
