//! The record that carries messages: a piece of one, mostly the whole.

use super::{Reader, Writer, kind};
use crate::prelude::*;

const DIRECTED: u8 = 1;
const AFTER: u8 = 2;
const PART: u8 = 4;
const OWN: u8 = 8;

/// A piece of a message. Ids are in wire form, so that a relay copies them.
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Piece<'a> {
    /// The sender; `None`: the member at the other end of the link.
    pub(crate) sender: Option<&'a [u8]>,
    pub(crate) inc: u64,
    /// A broadcast's number, or the broadcast after which a directed message comes.
    pub(crate) b: u64,
    /// The receiver of a directed message and its place after broadcast `b`, from 1.
    pub(crate) to: Option<(&'a [u8], u32)>,
    /// Of a broadcast's first piece: who got how many directed messages since the broadcast before it. A receiver waits
    /// for them: so that a broadcast never overtakes a directed message, by whatever path the two come.
    pub(crate) after: Vec<(&'a [u8], u32)>,
    pub(crate) total: usize,
    pub(crate) offset: usize,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    /// Bytes that [`write`](Self::write) adds to the payload, at most.
    pub(crate) fn overhead(after: usize) -> usize {
        64 + after * 24
    }

    /// Appends it to a frame, as a record.
    pub(crate) fn write(&self, frame: &mut Writer) {
        let part = self.offset != 0 || self.bytes.len() != self.total;
        let mut head = Writer {
            buf: Vec::with_capacity(48),
        };
        head.u8(kind::PIECE);
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        head.u8(flag(self.to.is_some(), DIRECTED)
            | flag(!self.after.is_empty(), AFTER)
            | flag(part, PART)
            | flag(self.sender.is_none(), OWN));
        if let Some(sender) = self.sender {
            head.bytes(sender);
        }
        head.u64(self.inc);
        head.varint(self.b);
        if let Some((to, d)) = self.to {
            head.bytes(to);
            head.varint(u64::from(d));
        }
        if !self.after.is_empty() {
            head.varint(self.after.len() as u64);
            for (id, d) in &self.after {
                head.bytes(id);
                head.varint(u64::from(*d));
            }
        }
        if part {
            head.varint(self.total as u64);
            head.varint(self.offset as u64);
        }
        frame.varint((head.buf.len() + self.bytes.len()) as u64);
        frame.bytes(&head.buf);
        frame.bytes(self.bytes);
    }

    pub(crate) fn read(body: &mut Reader<'a>) -> Option<Piece<'a>> {
        let flags = body.u8()?;
        let sender = if flags & OWN == 0 {
            Some(body.id()?)
        } else {
            None
        };
        let inc = body.u64()?;
        let b = body.place()?;
        let to = if flags & DIRECTED != 0 {
            Some((body.id()?, body.u32()?))
        } else {
            None
        };
        let after = if flags & AFTER != 0 {
            body.list(|item| Some((item.id()?, item.u32()?)))?
        } else {
            Vec::new()
        };
        let (total, offset) = if flags & PART != 0 {
            (body.size()?, body.size()?)
        } else {
            (body.rest().len(), 0)
        };
        let bytes = body.rest();
        (offset.checked_add(bytes.len())? <= total).then_some(Piece {
            sender,
            inc,
            b,
            to,
            after,
            total,
            offset,
            bytes,
        })
    }
}
