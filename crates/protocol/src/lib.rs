//! The PeerJS words: ids, signalling messages, offer and answer payloads, BinaryPack, chunks.
//! No behaviour, no I/O.

pub mod signalling;
