//! The driver for programs: websockets, UDP, one task per member.

mod clock;
pub(crate) mod driver;
pub mod link;
mod recording;
mod session;
mod sieve;
pub(crate) mod tls;

pub(crate) use recording::member;
