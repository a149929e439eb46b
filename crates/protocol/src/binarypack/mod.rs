//! BinaryPack, the bytes behind a value, in three dialects.
//!
//! PeerJS packs every `binary` message with it: a cousin of old MessagePack with its text and binary families moved.
//! Between our own members we use an exact superset: whatever BinaryPack can say exactly has BinaryPack's bytes, the
//! rest stands on tags that BinaryPack never emits:
//!
//! | tag | body | value |
//! |---|---|---|
//! | `c1` | – | JavaScript's `undefined` ([`Value::Null`] here) |
//! | `c4` | the 8 bytes of a double | a zero with its sign, a subnormal, an infinity, NaN |
//! | `c5` | 8 bytes, signed | a date, milliseconds since 1970 |
//!
//! `c6`–`c9`, `ca` and `d4`–`d7` are free and refused. All numbers are big-endian.
//!
//! Decoding is total: any bytes give a value or an error. Memory is taken only for what the input still has bytes
//! for, and depth and number of values are bounded by [`Limits`].

mod date;
mod decode;
mod encode;
mod text;

pub use decode::{DecodeError, decode, decode_with};
#[cfg(feature = "json")]
pub(crate) use decode::{keep_last, number};
pub use encode::{EncodeError, encode, encode_into, encode_lossy};

#[cfg(doc)]
use crate::Value;

/// How deep lists and maps may stand in each other, in every dialect and in both directions. A value that is neither
/// has depth 0. (JSON readers commonly stop at 128 levels.)
pub const MAX_DEPTH: usize = 100;

/// How many values one message may consist of, all lists and maps counted together. A value takes 32 bytes of memory
/// (56 in a map, with its key) and as little as one byte of input, so that size alone would let a message of 256 MiB
/// take 8 GiB. Large numbers of numbers are better sent as bytes.
pub const MAX_VALUES: usize = 1 << 22;

/// Who will read, or has written, the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Our members: every value comes back as it was, bit by bit.
    Ours,
    /// `peerjs-js-binarypack` 2, of PeerJS 1.5.
    V2,
    /// `peerjs-js-binarypack` 1, of PeerJS 1.0 to 1.4 (their offers and answers carry `browser`).
    V1,
}

/// What a decoder accepts at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of lists and maps.
    pub depth: usize,
    /// Values in all, keys not counted.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            depth: MAX_DEPTH,
            values: MAX_VALUES,
        }
    }
}

/// The type bytes that are not ranges.
mod tag {
    pub(super) const MAP: u8 = 0x80;
    pub(super) const LIST: u8 = 0x90;
    pub(super) const BYTES: u8 = 0xa0;
    pub(super) const TEXT: u8 = 0xb0;
    pub(super) const NULL: u8 = 0xc0;
    pub(super) const UNDEFINED: u8 = 0xc1;
    pub(super) const FALSE: u8 = 0xc2;
    pub(super) const TRUE: u8 = 0xc3;
    pub(super) const ODD_FLOAT: u8 = 0xc4;
    pub(super) const DATE: u8 = 0xc5;
    pub(super) const FLOAT_32: u8 = 0xca;
    pub(super) const FLOAT_64: u8 = 0xcb;
    pub(super) const UINT_8: u8 = 0xcc;
    pub(super) const UINT_16: u8 = 0xcd;
    pub(super) const UINT_32: u8 = 0xce;
    pub(super) const UINT_64: u8 = 0xcf;
    pub(super) const INT_8: u8 = 0xd0;
    pub(super) const INT_16: u8 = 0xd1;
    pub(super) const INT_32: u8 = 0xd2;
    pub(super) const INT_64: u8 = 0xd3;
    pub(super) const TEXT_16: u8 = 0xd8;
    pub(super) const TEXT_32: u8 = 0xd9;
    pub(super) const BYTES_16: u8 = 0xda;
    pub(super) const BYTES_32: u8 = 0xdb;
    pub(super) const LIST_16: u8 = 0xdc;
    pub(super) const LIST_32: u8 = 0xdd;
    pub(super) const MAP_16: u8 = 0xde;
    pub(super) const MAP_32: u8 = 0xdf;
}

/// 2^53: up to here a double holds every integer.
const SAFE: f64 = 9_007_199_254_740_992.0;
/// 2^63.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
/// 2^64.
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// Whether a number has no fraction. (`f64::trunc` needs `std`.)
fn is_whole(value: f64) -> bool {
    const FROM_HERE_ALL_ARE: f64 = 9_007_199_254_740_992.0;
    value as i64 as f64 == value || value.abs() >= FROM_HERE_ALL_ARE
}
