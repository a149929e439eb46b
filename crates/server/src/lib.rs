//! A PeerServer-compatible signalling server: the [broker](peerjs_mesh_broker) with sockets, a clock and files.
//!
//! PeerJS clients find here what they find at npm `peer`; the differences are those of the broker, and bounds.
//!
//! ```no_run
//! use peerjs_mesh_server::{ServeOptions, Server};
//!
//! # async fn example() -> Result<(), peerjs_mesh_server::BindError> {
//! let server = Server::bind(ServeOptions { port: 0, ..ServeOptions::default() }).await?;
//! println!("Listening on {}", server.url());
//! server.run(async { tokio::time::sleep(std::time::Duration::from_secs(60)).await }).await;
//! # Ok(())
//! # }
//! ```
//!
//! A message's way: `socket` reads a frame → `hub` locks the broker, tells it, and moves what it wants sent to the
//! receivers' `outbox`es → each receiver's `socket` writes. Nobody who sends waits for somebody who receives.
//!
//! There is no router: PeerServer's paths ignore case and a slash at the end, all but one, below any prefix. One
//! function, `routes`, says that in a page.

mod accept;
mod assets;
mod cors;
mod demo;
mod http;
mod hub;
mod listen;
mod options;
mod outbox;
mod routes;
mod self_signed;
mod server;
mod shared;
mod socket;
mod tls;

pub use assets::{Asset, Assets, Embedded, EmbeddedFile, Folder, Keep, mime_of};
pub use options::{
    ConnectionLimits, Cors, Deadlines, Demo, IceServer, ServeOptions, Tls, TlsFiles,
};
pub use peerjs_mesh_broker::{Config as BrokerConfig, Counters, Limits as BrokerLimits};
pub use self_signed::FILES as SELF_SIGNED;
pub use server::{BindError, Gauge, Server};
