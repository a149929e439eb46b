//! A seeded world of N members, a signalling server and lossy links: the test bed of the core.
//!
//! Only the core's public API is used, and no room rule lives here: the [`World`] moves bytes and breaks ways, the
//! [`Checker`] knows what users were promised.
//!
//! - [`World`]: members driven exactly as the core's contract says, websockets, links, faults;
//! - [`server`]: the product's broker, and a model of npm `peer` 1.0.2 with its faults;
//! - [`Checker`]: what must never happen, and what must be true when all is quiet;
//! - [`chaos`]: rooms and faults drawn from a seed.
#![forbid(unsafe_code)]

pub mod chaos;
mod checker;
mod machine;
mod payload;
mod pipe;
mod rng;
pub mod server;
mod stats;
mod trace;
mod world;

pub use checker::{Checker, Mutation, Violation};
pub use machine::Machine;
pub use payload::{Said, decode, encode};
pub use rng::Rng;
pub use stats::Stats;
pub use trace::Trace;
pub use world::{Climate, Life, Unsettled, UserView, World};

/// A span of time or a moment of the world, microseconds.
pub type Micros = u64;
/// A millisecond.
pub const MS: Micros = 1_000;
/// A second.
pub const SECOND: Micros = 1_000_000;
