//! What our own members say to each other: frames of records `length varint · kind u8 · body`.
//!
//! Unknown kinds are skipped by their length, unknown trailing bytes of a known kind ignored: a room may hold two
//! releases. All integers are LEB128 varints unless said otherwise; an id is `0` and the 16 bytes of a UUID, or its text
//! behind its length (1 to 127).

use crate::prelude::*;

#[cfg(test)]
mod fuzz;
mod hello;
mod piece;
mod read;
mod records;
#[cfg(test)]
mod vectors;
mod write;

pub(crate) use hello::{Hello, Role};
pub(crate) use piece::Piece;
pub(crate) use records::{
    Join, Moved, Position, Record, Refusal, Removed, RosterEntry, Safe, Welcome, kind,
};

/// The longest id on the wire, bytes.
pub(crate) const MAX_ID: usize = 127;
/// The most items a list in a record may have.
const MAX_ITEMS: u64 = 4096;
/// No message has a number from here on, nor does anybody count so far: whoever says it lies, and is not read. So those that
/// are read can be counted on from.
const MAX_PLACE: u64 = 1 << 53;

/// Builds a record's body.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) buf: Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.buf.push(value);
    }

    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.buf.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.buf.push(value as u8);
    }

    /// Eight bytes, little end first: for numbers that are random anyway.
    pub(crate) fn u64(&mut self, value: u64) {
        self.buf.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
    }

    pub(crate) fn blob(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.bytes(bytes);
    }
}

/// A record: the body written by `fill`, behind its kind and length.
pub(crate) fn record(kind: u8, fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut body = Writer::default();
    body.u8(kind);
    fill(&mut body);
    let mut whole = Writer {
        buf: Vec::with_capacity(body.buf.len() + 3),
    };
    whole.blob(&body.buf);
    whole.buf
}

/// Reads a record's body. `None` means: too short, or not so.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A message's number, or that of the one before it.
    pub(crate) fn place(&mut self) -> Option<u64> {
        self.varint().filter(|place| *place < MAX_PLACE)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        u32::try_from(self.varint()?).ok()
    }

    pub(crate) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        let bytes = self.take(8)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |value, byte| (value << 8) | u64::from(*byte)),
        )
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn blob(&mut self) -> Option<&'a [u8]> {
        let length = self.size()?;
        self.take(length)
    }

    /// The wire form of an id.
    pub(crate) fn id(&mut self) -> Option<&'a [u8]> {
        let length = match *self.rest.first()? {
            0 => 16,
            length if usize::from(length) <= MAX_ID => usize::from(length),
            _ => return None,
        };
        self.take(1 + length)
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// A list: its length, then its items.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Reader<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = self.varint()?;
        if count > MAX_ITEMS || count > self.rest.len() as u64 {
            return None;
        }
        let mut items = Vec::with_capacity(count as usize);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Some(items)
    }

    /// The next record of a frame: its kind and body.
    pub(crate) fn record(&mut self) -> Option<(u8, Reader<'a>)> {
        let mut body = Reader::new(self.blob()?);
        let kind = body.u8()?;
        Some((kind, body))
    }
}
