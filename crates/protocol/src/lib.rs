//! The PeerJS words: ids, signalling messages, offer and answer payloads, BinaryPack, chunks.
//! No behaviour, no I/O.
//!
//! Without features there are no dependencies, no formatting and no maps beside vectors: this part is compiled into
//! the browser module. Features: `json` (signalling and the command line's values as JSON text), `serde` (values from
//! and to what implements serde's traits), `fuzz` (bodies of fuzz targets).
#![cfg_attr(not(any(test, feature = "json", feature = "serde")), no_std)]

extern crate alloc;

pub mod binarypack;
pub mod chunks;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod ids;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "serde")]
pub mod serialize;
pub mod signalling;
pub mod value;

pub use value::Value;

/// What `std`'s prelude has and `core`'s has not.
pub(crate) mod prelude {
    pub(crate) use alloc::string::String;
    pub(crate) use alloc::vec::Vec;
}
