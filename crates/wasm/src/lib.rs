//! [`Member`](peerjs_mesh_core::Member) behind a byte-record boundary, for the npm package.
//!
//! JavaScript calls one export with a fact or a command, then `drain`s until nothing more comes. Bytes come in by an
//! inbox in this module's memory; what goes out stands as records in one reused buffer there, which JavaScript reads
//! after the call has returned. Frames and values are not copied into that buffer: a record names where they lie, and
//! they lie there until the next `drain`.
//!
//! The layout of all records is written once, in [`records`], and read by `packages/peerjs-mesh/src/records.ts`; the
//! exports are called by `packages/peerjs-mesh/src/glue.ts`, and what they do stands at [`Boundary`].
//!
//! # Invariants
//! The module imports nothing, so no export is called while another one runs. A panic is a fault of ours: it traps, and
//! JavaScript tells the user once.
// Without `std` the module carries no formatting of panics.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

mod boundary;
#[cfg(target_family = "wasm")]
mod exports;
mod reader;
pub mod records;
#[cfg(test)]
mod vectors;
mod writer;

pub use boundary::Boundary;
