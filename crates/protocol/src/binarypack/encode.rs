//! Values to bytes.

use super::is_whole;
use super::{Dialect, MAX_DEPTH, MAX_VALUES, TWO_63, TWO_64, date, tag, text};
use crate::Value;
use crate::prelude::*;

/// Why a value cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum EncodeError {
    /// Lists and maps stand deeper in each other than [`MAX_DEPTH`].
    TooDeep,
    /// More than [`MAX_VALUES`] values.
    TooMany,
    /// A text, a byte string, a list or a map of 2^32 or more.
    TooLong,
    /// NaN or an infinity, for PeerJS, which reads another number.
    NotFinite,
    /// An integer that no double holds, for PeerJS, where every number is a double.
    NotExact,
}

impl EncodeError {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            EncodeError::TooDeep => "lists and maps stand more than 100 deep in each other",
            EncodeError::TooMany => "more than 4 194 304 values in one message",
            EncodeError::TooLong => "a part of 4 GiB or more",
            EncodeError::NotFinite => "PeerJS has no bytes for NaN and infinities",
            EncodeError::NotExact => {
                "PeerJS has no bytes for an integer beyond 2^53 that no double holds"
            }
        }
    }
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for EncodeError {}

/// The bytes of a value for a reader of the given dialect. With [`Dialect::Ours`] only size can fail.
pub fn encode(value: &Value, dialect: Dialect) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(128);
    encode_into(value, dialect, &mut out)?;
    Ok(out)
}

/// Appends the bytes of a value. After an error `out` holds what it held before.
pub fn encode_into(value: &Value, dialect: Dialect, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    Encoder {
        out,
        dialect,
        lossy: false,
        values: MAX_VALUES,
    }
    .whole(value)
}

/// As [`encode`], but what PeerJS has no bytes for goes out as the nearest thing: NaN and infinities as null, an
/// integer as the nearest double. Meant for broadcasts, which one old member should not stop.
pub fn encode_lossy(value: &Value, dialect: Dialect) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(128);
    Encoder {
        out: &mut out,
        dialect,
        lossy: true,
        values: MAX_VALUES,
    }
    .whole(value)?;
    Ok(out)
}

struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    dialect: Dialect,
    lossy: bool,
    /// How many more values may follow.
    values: usize,
}

impl Encoder<'_> {
    fn whole(mut self, value: &Value) -> Result<(), EncodeError> {
        let before = self.out.len();
        let result = self.value(value, MAX_DEPTH);
        if result.is_err() {
            self.out.truncate(before);
        }
        result
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        self.values = self.values.checked_sub(1).ok_or(EncodeError::TooMany)?;
        match value {
            Value::Null => self.out.push(tag::NULL),
            Value::Bool(false) => self.out.push(tag::FALSE),
            Value::Bool(true) => self.out.push(tag::TRUE),
            Value::Int(value) => return self.int(*value),
            Value::UInt(value) => return self.uint(*value),
            Value::Float(value) => return self.float(*value),
            Value::Text(value) => return self.text(value),
            Value::Bytes(value) => {
                self.head(value.len(), tag::BYTES, tag::BYTES_16)?;
                self.out.extend_from_slice(value);
            }
            Value::Date(ms) => return self.date(*ms),
            Value::List(items) => {
                let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
                self.head(items.len(), tag::LIST, tag::LIST_16)?;
                for item in items {
                    self.value(item, depth)?;
                }
            }
            Value::Map(pairs) => {
                let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
                self.head(pairs.len(), tag::MAP, tag::MAP_16)?;
                for (key, item) in pairs {
                    self.text(key)?;
                    self.value(item, depth)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a length behind the tag that has room for it: `short` takes up to 15 in its low half, `long` has a
    /// 16-bit length and `long + 1` a 32-bit one. There is no 8-bit form.
    fn head(&mut self, len: usize, short: u8, long: u8) -> Result<(), EncodeError> {
        if len <= 15 {
            self.out.push(short | len as u8);
        } else if let Ok(len) = u16::try_from(len) {
            self.tagged(long, &len.to_be_bytes());
        } else if let Ok(len) = u32::try_from(len) {
            self.tagged(long + 1, &len.to_be_bytes());
        } else {
            return Err(EncodeError::TooLong);
        }
        Ok(())
    }

    fn text(&mut self, value: &str) -> Result<(), EncodeError> {
        if self.dialect == Dialect::V1
            && let Some(cesu) = text::to_cesu(value)
        {
            self.head(cesu.len(), tag::TEXT, tag::TEXT_16)?;
            self.out.extend_from_slice(&cesu);
            return Ok(());
        }
        self.head(value.len(), tag::TEXT, tag::TEXT_16)?;
        self.out.extend_from_slice(value.as_bytes());
        Ok(())
    }

    fn date(&mut self, ms: i64) -> Result<(), EncodeError> {
        if self.dialect == Dialect::Ours {
            self.tagged(tag::DATE, &ms.to_be_bytes());
            return Ok(());
        }
        self.text(&date::iso(ms))
    }

    /// The shortest form, unsigned before signed, as PeerJS chooses: everything it sends above 32 bits is signed.
    fn int(&mut self, value: i64) -> Result<(), EncodeError> {
        match value {
            -32..=127 => self.out.push(value as u8),
            128..=0xff => self.tagged(tag::UINT_8, &[value as u8]),
            -128..=-33 => self.tagged(tag::INT_8, &[value as u8]),
            0x100..=0xffff => self.tagged(tag::UINT_16, &(value as u16).to_be_bytes()),
            -0x8000..=-129 => self.tagged(tag::INT_16, &(value as i16).to_be_bytes()),
            0x1_0000..=0xffff_ffff => self.tagged(tag::UINT_32, &(value as u32).to_be_bytes()),
            -0x8000_0000..=-0x8001 => self.tagged(tag::INT_32, &(value as i32).to_be_bytes()),
            _ => return self.wide_int(value),
        }
        Ok(())
    }

    fn wide_int(&mut self, value: i64) -> Result<(), EncodeError> {
        if self.dialect != Dialect::Ours {
            let nearest = value as f64;
            // (2^63, the nearest double of the largest integers, saturates and must not pass for exact.)
            let exact = nearest < TWO_63 && nearest as i64 == value;
            if !exact && !self.lossy {
                return Err(EncodeError::NotExact);
            }
            // PeerJS reads a negative one through a double near 2^64, where doubles are 2048 apart: those between
            // come out wrong. As a double they come out right.
            if !exact {
                return self.float(nearest);
            }
            if value < 0 && value & 2047 != 0 {
                self.tagged(tag::FLOAT_64, &nearest.to_be_bytes());
                return Ok(());
            }
        }
        self.tagged(tag::INT_64, &value.to_be_bytes());
        Ok(())
    }

    fn uint(&mut self, value: u64) -> Result<(), EncodeError> {
        if let Ok(value) = i64::try_from(value) {
            return self.int(value);
        }
        if self.dialect != Dialect::Ours {
            let nearest = value as f64;
            if nearest >= TWO_64 || nearest as u64 != value {
                if !self.lossy {
                    return Err(EncodeError::NotExact);
                }
                return self.float(nearest);
            }
        }
        self.tagged(tag::UINT_64, &value.to_be_bytes());
        Ok(())
    }

    fn float(&mut self, value: f64) -> Result<(), EncodeError> {
        if self.dialect == Dialect::Ours {
            // BinaryPack's own readers and writers get exactly the normal doubles right.
            let tag = if value.is_normal() {
                tag::FLOAT_64
            } else {
                tag::ODD_FLOAT
            };
            self.tagged(tag, &value.to_be_bytes());
        } else if !value.is_finite() {
            if !self.lossy {
                return Err(EncodeError::NotFinite);
            }
            self.out.push(tag::NULL);
        } else if is_whole(value) && (-TWO_63..TWO_64).contains(&value) {
            // In JavaScript a number without a fraction is an integer; its readers get a float zero wrong.
            return if value < TWO_63 {
                self.int(value as i64)
            } else {
                self.uint(value as u64)
            };
        } else {
            self.tagged(tag::FLOAT_64, &value.to_be_bytes());
        }
        Ok(())
    }

    fn tagged(&mut self, tag: u8, body: &[u8]) {
        self.out.push(tag);
        self.out.extend_from_slice(body);
    }
}
