//! The driver for programs: websockets, UDP, one task per member.

mod clock;
pub(crate) mod driver;
pub mod link;
mod session;
pub(crate) mod tls;

pub(crate) use clock::now;
