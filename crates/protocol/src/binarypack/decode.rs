//! Bytes to values.

use super::is_whole;
use super::{Dialect, Limits, SAFE, tag, text};
use crate::Value;
use crate::prelude::*;
use alloc::vec;

/// Why bytes are no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DecodeError {
    /// The bytes end before the value does, or a length promises more than is there.
    Truncated,
    /// Bytes follow the value (ours only; PeerJS ignores them, and so do we when it wrote them).
    Trailing,
    /// A type byte that nobody writes in this dialect.
    UnknownTag,
    /// Text that is not UTF-8 (from PeerJS, pairs of three-byte surrogates are text too).
    BadText,
    /// A map key that is not text.
    BadKey,
    /// Deeper than [`Limits::depth`].
    TooDeep,
    /// More than [`Limits::values`].
    TooMany,
}

impl DecodeError {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            DecodeError::Truncated => "the value ends too early",
            DecodeError::Trailing => "bytes follow the value",
            DecodeError::UnknownTag => "an unknown type byte",
            DecodeError::BadText => "text that is not UTF-8",
            DecodeError::BadKey => "a map key that is not text",
            DecodeError::TooDeep => "lists and maps stand too deep in each other",
            DecodeError::TooMany => "too many values in one message",
        }
    }
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for DecodeError {}

/// The value that a writer of the given dialect meant, within the default [`Limits`].
///
/// Reading PeerJS: bytes after the value are ignored; a float zero is NaN, because that is what its packer makes of
/// NaN and of nothing else; a double without a fraction within ±2^53 is an integer, as in JavaScript.
pub fn decode(bytes: &[u8], dialect: Dialect) -> Result<Value, DecodeError> {
    decode_with(bytes, dialect, Limits::default())
}

/// As [`decode`], with limits of one's own. Depth is spent on the stack, about 200 bytes a level.
pub fn decode_with(bytes: &[u8], dialect: Dialect, limits: Limits) -> Result<Value, DecodeError> {
    let mut decoder = Decoder {
        rest: bytes,
        dialect,
        owed: 0,
        values: limits.values,
    };
    let value = decoder.value(limits.depth)?;
    if dialect == Dialect::Ours && !decoder.rest.is_empty() {
        return Err(DecodeError::Trailing);
    }
    Ok(value)
}

struct Decoder<'a> {
    rest: &'a [u8],
    dialect: Dialect,
    /// How many bytes the lists and maps begun so far need at least. It never exceeds `rest`, so that all memory
    /// reserved together stays proportional to the input.
    owed: usize,
    /// How many more values may follow.
    values: usize,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, DecodeError> {
        self.values = self.values.checked_sub(1).ok_or(DecodeError::TooMany)?;
        let byte = self.byte()?;
        Ok(match byte {
            0..=0x7f => Value::Int(i64::from(byte)),
            0xe0.. => Value::Int(i64::from(byte as i8)),
            0x80..=0x8f => return self.map(usize::from(byte & 15), depth),
            tag::MAP_16 | tag::MAP_32 => {
                let len = self.len(byte - tag::MAP_16)?;
                return self.map(len, depth);
            }
            0x90..=0x9f => return self.list(usize::from(byte & 15), depth),
            tag::LIST_16 | tag::LIST_32 => {
                let len = self.len(byte - tag::LIST_16)?;
                return self.list(len, depth);
            }
            0xa0..=0xaf => Value::Bytes(self.take(usize::from(byte & 15))?.to_vec()),
            tag::BYTES_16 | tag::BYTES_32 => {
                let len = self.len(byte - tag::BYTES_16)?;
                Value::Bytes(self.take(len)?.to_vec())
            }
            0xb0..=0xbf | tag::TEXT_16 | tag::TEXT_32 => Value::Text(self.text(byte)?),
            tag::NULL | tag::UNDEFINED => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::FLOAT_64 => match (f64::from_be_bytes(self.array()?), self.dialect) {
                (value, Dialect::Ours) => Value::Float(value),
                (value, _) if value.to_bits() == 0 => Value::Float(f64::NAN),
                (value, _) => number(value),
            },
            tag::ODD_FLOAT if self.dialect == Dialect::Ours => {
                Value::Float(f64::from_be_bytes(self.array()?))
            }
            tag::DATE if self.dialect == Dialect::Ours => {
                Value::Date(i64::from_be_bytes(self.array()?))
            }
            tag::FLOAT_32 if self.dialect != Dialect::Ours => {
                number(f64::from(f32::from_be_bytes(self.array()?)))
            }
            tag::UINT_8 => Value::Int(i64::from(self.byte()?)),
            tag::UINT_16 => Value::Int(i64::from(u16::from_be_bytes(self.array()?))),
            tag::UINT_32 => Value::Int(i64::from(u32::from_be_bytes(self.array()?))),
            tag::UINT_64 => Value::from(u64::from_be_bytes(self.array()?)),
            tag::INT_8 => Value::Int(i64::from(self.byte()? as i8)),
            tag::INT_16 => Value::Int(i64::from(i16::from_be_bytes(self.array()?))),
            tag::INT_32 => Value::Int(i64::from(i32::from_be_bytes(self.array()?))),
            tag::INT_64 => Value::Int(i64::from_be_bytes(self.array()?)),
            _ => return Err(DecodeError::UnknownTag),
        })
    }

    fn list(&mut self, len: usize, depth: usize) -> Result<Value, DecodeError> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
        self.owe(len, len)?;
        let mut items = Vec::with_capacity(len);
        for _ in 0..len {
            self.owed -= 1;
            items.push(self.value(depth)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, len: usize, depth: usize) -> Result<Value, DecodeError> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
        self.owe(len, len.saturating_mul(2))?;
        let mut pairs = Vec::with_capacity(len);
        for _ in 0..len {
            self.owed -= 1;
            let byte = self.byte()?;
            if !matches!(byte, 0xb0..=0xbf | tag::TEXT_16 | tag::TEXT_32) {
                return Err(DecodeError::BadKey);
            }
            let key = self.text(byte)?;
            self.owed -= 1;
            pairs.push((key, self.value(depth)?));
        }
        keep_last(&mut pairs);
        Ok(Value::Map(pairs))
    }

    /// Called before memory is taken for `values` values, which need at least `bytes` bytes of input.
    fn owe(&mut self, values: usize, bytes: usize) -> Result<(), DecodeError> {
        if values > self.values {
            return Err(DecodeError::TooMany);
        }
        self.owed = self.owed.saturating_add(bytes);
        if self.owed > self.rest.len() {
            Err(DecodeError::Truncated)
        } else {
            Ok(())
        }
    }

    fn text(&mut self, byte: u8) -> Result<String, DecodeError> {
        let declared = match byte {
            tag::TEXT_16 | tag::TEXT_32 => self.len(byte - tag::TEXT_16)?,
            _ => usize::from(byte & 15),
        };
        let len = match self.dialect {
            Dialect::V1 => text::v1_len(self.rest, declared),
            _ => declared,
        };
        let bytes = self.take(len)?;
        let text = match self.dialect {
            Dialect::Ours => core::str::from_utf8(bytes).ok().map(String::from),
            _ => text::from_stock(bytes),
        };
        text.ok_or(DecodeError::BadText)
    }

    /// A length of 16 bits, or of 32 if `wide` is 1.
    fn len(&mut self, wide: u8) -> Result<usize, DecodeError> {
        if wide == 0 {
            return Ok(usize::from(u16::from_be_bytes(self.array()?)));
        }
        // (Where a pointer is narrower, no input is that long either.)
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| DecodeError::Truncated)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (first, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (first, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(first)
    }
}

/// A number as JavaScript has it. (Minus zero stays a float: as an integer it would lose its sign.)
pub(crate) fn number(value: f64) -> Value {
    if value.abs() <= SAFE && is_whole(value) && (value != 0.0 || value.is_sign_positive()) {
        return Value::Int(value as i64);
    }
    Value::Float(value)
}

/// Of pairs with equal keys, keeps the last value at the first one's place, as a JavaScript object would.
pub(crate) fn keep_last(pairs: &mut Vec<(String, Value)>) {
    // Small maps, nearly all, cost no memory.
    let before = |at: usize| pairs.iter().take(at);
    if pairs.len() <= 16
        && !pairs
            .iter()
            .enumerate()
            .any(|(at, pair)| before(at).any(|other| other.0 == pair.0))
    {
        return;
    }
    let key = |at: usize| pairs.get(at).map_or("", |pair| pair.0.as_str());
    // Where equal keys stand side by side, in the order of their places.
    let order = sorted(pairs.len(), key);
    let mut doubles: Vec<(usize, usize)> = Vec::new();
    let mut first = 0;
    for (rank, &at) in order.iter().enumerate() {
        if rank > 0 && key(first) == key(at) {
            doubles.push((first, at));
        } else {
            first = at;
        }
    }
    if doubles.is_empty() {
        return;
    }
    let mut gone = vec![false; pairs.len()];
    for (first, later) in doubles {
        if let (Some(pair), Some(gone)) = (pairs.get_mut(later), gone.get_mut(later)) {
            let value = core::mem::take(&mut pair.1);
            *gone = true;
            if let Some(pair) = pairs.get_mut(first) {
                pair.1 = value;
            }
        }
    }
    let mut gone = gone.into_iter();
    pairs.retain(|_| gone.next() == Some(false));
}

/// The places 0 to `len` in the order of their keys, equal ones in the order of places: a merge sort from the bottom.
/// (The library's own costs the browser module over 3 kB gzipped.)
fn sorted<'a>(len: usize, key: impl Fn(usize) -> &'a str) -> Vec<usize> {
    let mut from: Vec<usize> = (0..len).collect();
    let mut to = Vec::with_capacity(len);
    let mut width = 1;
    while width < len {
        to.clear();
        for run in from.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            // Keys in order, or all alike, cost one comparison a run.
            if let (Some(last), Some(first)) = (left.last(), right.first())
                && key(*last) <= key(*first)
            {
                to.extend_from_slice(run);
                continue;
            }
            while let (Some((a, after_a)), Some((b, after_b))) =
                (left.split_first(), right.split_first())
            {
                if key(*a) <= key(*b) {
                    to.push(*a);
                    left = after_a;
                } else {
                    to.push(*b);
                    right = after_b;
                }
            }
            to.extend_from_slice(left);
            to.extend_from_slice(right);
        }
        core::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    from
}
