//! Signalling messages, and the command line's values, as JSON text (feature `json`).
//!
//! Reading is total and bounded: every text gives a message or an error, and nothing longer than [`MAX_TEXT`] or
//! nested deeper than [`MAX_DEPTH`] is even parsed. What a message carries beyond the fields we know is ignored, a
//! stock program's own `metadata` included. Half a character (`"\ud800"`), which anybody may send and Rust's text cannot
//! hold, is read as U+FFFD. A browser does all this with its own JSON; `testdata/signalling.json`
//! holds the two together.

mod read;
mod surrogates;
mod tagged;
mod write;

pub use read::{read_from_server, read_to_server};
pub use surrogates::mend_surrogates;
pub use tagged::{Tagged, read_tagged, write_tagged};
pub use write::{write_from_server, write_to_server};

/// The longest text read, in bytes. An offer with all its candidates is below 10 kB.
pub const MAX_TEXT: usize = 1 << 20;

/// How deep objects and arrays may stand in each other. Ours and PeerJS's need four levels.
pub const MAX_DEPTH: usize = 64;

/// The `payload.type` of an echo.
const ECHO: &str = "mesh-echo";

/// The largest integer that JavaScript reads exactly, 2^53 − 1.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// Why a text is no signalling message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum JsonError {
    /// Longer than [`MAX_TEXT`].
    TooLong,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Not JSON.
    Syntax,
    /// JSON, but not an object.
    NotAnObject,
    /// A message of a known type that lacks what it must have, or has it in another form.
    BadMessage,
    /// A type that clients do not send ([`read_to_server`] only).
    UnknownType,
}

impl JsonError {
    /// The reason in words; also its name in `testdata/signalling.json`, with hyphens for spaces.
    pub fn text(self) -> &'static str {
        match self {
            JsonError::TooLong => "too long",
            JsonError::TooDeep => "too deep",
            JsonError::Syntax => "not JSON",
            JsonError::NotAnObject => "not an object",
            JsonError::BadMessage => "bad message",
            JsonError::UnknownType => "unknown type",
        }
    }
}

impl core::fmt::Display for JsonError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for JsonError {}
