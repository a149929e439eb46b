//! The PeerJS words: ids, signalling messages, offer and answer payloads, BinaryPack, chunks.
//! No behaviour, no I/O.

pub mod binarypack;
pub mod chunks;
pub mod ids;
pub mod signalling;
pub mod value;

pub use value::Value;
