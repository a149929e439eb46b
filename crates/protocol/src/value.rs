//! The values that members send each other, the same in every language.

use crate::prelude::*;

/// One value. Maps keep their order; text is UTF-8.
///
/// JavaScript's `undefined` arrives here as [`Value::Null`]. Integers that fit an `i64` are written as
/// [`Value::Int`] by every decoder, larger ones as [`Value::UInt`]; encoders take either form. A JavaScript number
/// that is an integer within ±2^53 is an integer here too; any other number is a [`Value::Float`].
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`. (Smaller ones are allowed and come back as [`Value::Int`].)
    UInt(u64),
    /// A double, kept bit by bit.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes: an `ArrayBuffer` in JavaScript.
    Bytes(Vec<u8>),
    /// A moment: milliseconds since 1970-01-01T00:00:00Z. Outside ±8.64e15 it is JavaScript's invalid date, which
    /// JavaScript sends as `i64::MIN`.
    Date(i64),
    /// A sequence.
    List(Vec<Value>),
    /// Keys and values, in order. Decoders never produce a key twice (the last value wins, at the first's place, as
    /// in JavaScript).
    Map(Vec<(String, Value)>),
}

/// The moments JavaScript can name, in milliseconds either side of 1970.
pub const MAX_DATE_MS: i64 = 8_640_000_000_000_000;

impl Value {
    /// The value of a map's key; the last one, should the key stand there twice. `None` for anything but a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(pairs) => pairs
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, if these are bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, if this is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Value::Int(value) => Some(value),
            Value::UInt(value) => i64::try_from(value).ok(),
            _ => None,
        }
    }

    /// The integer, if this is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Value::Int(value) => u64::try_from(value).ok(),
            Value::UInt(value) => Some(value),
            _ => None,
        }
    }

    /// The number as a double, rounded if it is an integer beyond 2^53.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Int(value) => Some(value as f64),
            Value::UInt(value) => Some(value as f64),
            Value::Float(value) => Some(value),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs, if this is a map.
    pub fn as_map(&self) -> Option<&[(String, Value)]> {
        match self {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident $(as $through:ty)?),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Value::$variant(value $(as $through)?)
            }
        }
    )*};
}

value_from! {
    bool => Bool,
    i8 => Int as i64, i16 => Int as i64, i32 => Int as i64, i64 => Int,
    u8 => Int as i64, u16 => Int as i64, u32 => Int as i64,
    f32 => Float as f64, f64 => Float,
    String => Text,
    Vec<u8> => Bytes,
    Vec<Value> => List,
    Vec<(String, Value)> => Map,
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::UInt(value),
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.into())
    }
}
