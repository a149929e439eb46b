//! Rooms over WebRTC, with no server in the middle: the mesh for native programs.
//!
//! A program joins a room by its name, and from then on hears who is in it and what they say; browsers with the npm
//! package of the same name are members like any other. A PeerServer-compatible signalling server is needed to find
//! each other, not to talk.
//!
//! ```no_run
//! use peerjs_mesh::{Event, Mesh, Options};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), peerjs_mesh::Error> {
//!     let mesh = Mesh::join("tea-room", Options::new("http://localhost:9000/"))?;
//!     mesh.send("hello").await?;
//!     while let Some(event) = mesh.next_event().await {
//!         match event {
//!             Event::Message(message) => println!("{}: {:?}", message.from, message.data),
//!             Event::PeerJoined { id, .. } => println!("{id} is here"),
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Parts: [`Mesh`] is the handle; behind it one task owns the machine that decides (`peerjs-mesh-core`), the websockets
//! and all WebRTC links (`native`).
//!
//! Programs built with `AWS_LC_SYS_NO_JITTER_ENTROPY=1` in the environment (as this repository's own are) start 30 ms sooner:
//! the cryptographic library then takes its random numbers from the system alone.

#[cfg(target_family = "wasm")]
compile_error!("in a browser use the npm package peerjs-mesh");

mod error;
mod event;
mod mesh;
#[doc(hidden)]
pub mod native;
mod options;
mod outlet;
mod server;

pub use bytes::Bytes;
pub use error::{Error, ErrorCode, code_text};
pub use event::{Event, Message, Peer, Status};
pub use mesh::Mesh;
pub use options::{MeshMode, Options};
pub use peerjs_mesh_protocol::Value;
pub use peerjs_mesh_protocol::serialize::Date;
