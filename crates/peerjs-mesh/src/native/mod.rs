//! The driver for programs: websockets, UDP, one task per member.

pub mod link;
