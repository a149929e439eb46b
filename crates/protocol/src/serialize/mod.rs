//! Values from and to anything that implements serde's traits (feature `serde`).
//!
//! The mapping is JSON's, with bytes and dates besides: structs are maps, an enum's variant is its name or a map from
//! its name to its content, `None` and `()` are null, keys of maps become text. [`Date`] is a moment; `serde_bytes`
//! gives bytes (a plain `Vec<u8>` is sent as a list, but both forms are read into one).

mod from_value;
mod to_value;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Value;

/// The name by which the serializer knows a [`Date`].
const DATE: &str = "$peerjs_mesh::Date";

/// A moment inside what is serialised: milliseconds since 1970-01-01T00:00:00Z, a `Date` in JavaScript. It is read
/// from an integer too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename = "$peerjs_mesh::Date")]
pub struct Date(pub i64);

/// Why something is no value, or a value not the thing asked for: the words of the type that refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerializeError(String);

impl core::fmt::Display for SerializeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for SerializeError {}

impl serde::ser::Error for SerializeError {
    fn custom<T: core::fmt::Display>(message: T) -> Self {
        SerializeError(message.to_string())
    }
}

impl serde::de::Error for SerializeError {
    fn custom<T: core::fmt::Display>(message: T) -> Self {
        SerializeError(message.to_string())
    }
}

impl Value {
    /// The value of anything serialisable. It fails if the thing's own code does, at integers beyond 64 bits, and at
    /// map keys that are neither text nor a number nor a truth value.
    pub fn from_serialize<T: Serialize + ?Sized>(thing: &T) -> Result<Value, SerializeError> {
        thing.serialize(to_value::ToValue)
    }

    /// Reads the value as a `T`. A number without a fraction is an integer where `T` wants one, whatever language
    /// sent it.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, SerializeError> {
        T::deserialize(from_value::FromValue(self))
    }
}
