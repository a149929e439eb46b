//! PeerJS's way of sending large values: above 16 300 packed bytes they are cut, and each piece travels as a value
//! `{__peerData: id, n: index, data: bytes, total: pieces}`.
//!
//! Channels of PeerJS are often unordered, so pieces arrive in any order and those of several values mixed.
//! [`Assembler`] takes every frame of one channel and says what it was.

use crate::Value;
use crate::binarypack::{DecodeError, Dialect, decode};
use crate::prelude::*;

/// A packed value larger than this, in bytes, is cut into pieces of this size.
pub const PIECE: usize = 16_300;

/// The key that tells an envelope from a value.
const MARK: &str = "__peerData";

/// The frames that carry a packed value: itself if it fits, else its pieces.
///
/// `id` tells the pieces of different values of one connection apart; count it up from 1 per connection and per cut
/// value. Frames are made one by one, as they are asked for.
pub fn cut(packed: &[u8], id: u32) -> impl ExactSizeIterator<Item = Vec<u8>> {
    let whole = packed.len() <= PIECE;
    let size = if whole { packed.len().max(1) } else { PIECE };
    let total = packed.len().div_ceil(size);
    packed.chunks(size).enumerate().map(move |(n, data)| {
        if whole {
            data.to_vec()
        } else {
            envelope(id, n, data, total)
        }
    })
}

/// Written by hand rather than through a [`Value`]: it saves a copy of every piece.
fn envelope(id: u32, n: usize, data: &[u8], total: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 48);
    out.extend_from_slice(b"\x84\xba__peerData");
    small(&mut out, id as usize);
    out.extend_from_slice(b"\xb1n");
    small(&mut out, n);
    out.extend_from_slice(b"\xb4data");
    if data.len() <= 15 {
        out.push(0xa0 | data.len() as u8);
    } else {
        out.push(0xda);
        out.extend_from_slice(&(data.len() as u16).to_be_bytes());
    }
    out.extend_from_slice(data);
    out.extend_from_slice(b"\xb5total");
    small(&mut out, total);
    out
}

/// An unsigned integer below 2^32 (pieces of 16 300 bytes never number more).
fn small(out: &mut Vec<u8>, number: usize) {
    match number {
        0..=0x7f => out.push(number as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend_from_slice(&(number as u16).to_be_bytes());
        }
        _ => {
            out.push(0xce);
            out.extend_from_slice(&(number as u32).to_be_bytes());
        }
    }
}

/// What a frame brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A value, whole.
    Value(Value),
    /// A piece; the value is not complete yet.
    Piece,
    /// PeerJS 1.5's in-band `{__peerData: {type: "close"}}`: close the connection.
    Close,
}

/// Why a frame was refused. The connection may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkError {
    /// The frame, or the value put together, is no BinaryPack.
    Decode(DecodeError),
    /// Something marked as a piece that is none, or a piece within a piece.
    BadEnvelope,
    /// A piece that came twice, lies beyond the total, or names another total: the whole value is dropped.
    BadPiece,
    /// The value would be larger than [`AssemblerLimits::message`]: dropped.
    TooLarge,
    /// A piece of a value that was dropped before.
    Dropped,
}

impl ChunkError {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            ChunkError::Decode(error) => error.text(),
            ChunkError::BadEnvelope => "a piece that is none",
            ChunkError::BadPiece => "a piece that came twice or does not fit the others",
            ChunkError::TooLarge => "a message over the limit",
            ChunkError::Dropped => "a piece of a message that was dropped",
        }
    }
}

impl core::fmt::Display for ChunkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for ChunkError {}

/// What one channel may make us keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssemblerLimits {
    /// The size of one value, packed bytes.
    pub message: usize,
    /// Packed bytes of all incomplete values together; the one that waits longest for a piece makes room.
    pub bytes: usize,
    /// Incomplete (or dropped) values remembered; the one that waits longest makes room.
    pub sets: usize,
}

impl Default for AssemblerLimits {
    fn default() -> Self {
        // The size of a message is the room's limit. PeerJS sends a value's pieces in one go, so that more than a few
        // incomplete ones at a time are unheard of; 32 is a guess on the safe side.
        AssemblerLimits {
            message: 256 << 20,
            bytes: 288 << 20,
            sets: 32,
        }
    }
}

/// What a piece costs beside its bytes.
const PIECE_COST: usize = 64;

/// Pieces of a value at the limit have at least this many bytes on average: it bounds their number, and with it the
/// work of keeping them in order. PeerJS's have 16 300.
const LEAST_PIECE: usize = 1024;

/// Reads the frames of one channel and puts cut values together.
#[derive(Debug)]
pub struct Assembler {
    dialect: Dialect,
    limits: AssemblerLimits,
    /// The one touched last stands last.
    sets: Vec<Set>,
    /// Sum of `Set::cost`.
    cost: usize,
}

#[derive(Debug)]
struct Set {
    id: u64,
    total: u32,
    /// Ordered by index; `None` once the value has been dropped, so that its late pieces start nothing new.
    pieces: Option<Vec<(u32, Vec<u8>)>>,
    bytes: usize,
    cost: usize,
}

impl Assembler {
    /// An assembler for a channel whose other end speaks `dialect`.
    pub fn new(dialect: Dialect, limits: AssemblerLimits) -> Self {
        Assembler {
            dialect,
            limits,
            sets: Vec::new(),
            cost: 0,
        }
    }

    /// Bytes kept for incomplete values, with an allowance for each piece.
    pub fn buffered(&self) -> usize {
        self.cost
    }

    /// Takes a frame.
    pub fn accept(&mut self, frame: &[u8]) -> Result<Received, ChunkError> {
        match self.read(frame)? {
            Sorted::Value(value) => Ok(Received::Value(value)),
            Sorted::Close => Ok(Received::Close),
            Sorted::Piece(piece) => self.piece(piece),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<Sorted, ChunkError> {
        sort(decode(bytes, self.dialect).map_err(ChunkError::Decode)?)
    }

    fn piece(&mut self, Piece { id, n, total, data }: Piece) -> Result<Received, ChunkError> {
        let mut set = match self.sets.iter().position(|set| set.id == id) {
            Some(position) => self.sets.remove(position),
            None => Set {
                id,
                total,
                pieces: Some(Vec::new()),
                bytes: 0,
                cost: 0,
            },
        };
        self.cost -= set.cost;
        let result = set.add(n, total, data, &self.limits);
        if let Ok(Some(packed)) = result {
            return match self.read(&packed)? {
                Sorted::Value(value) => Ok(Received::Value(value)),
                Sorted::Close => Ok(Received::Close),
                Sorted::Piece(_) => Err(ChunkError::BadEnvelope),
            };
        }
        self.cost += set.cost;
        self.sets.push(set);
        self.make_room();
        result.map(|_| Received::Piece)
    }

    /// Drops values until the limits are kept, the one whose last piece is longest ago first. The one just touched,
    /// which keeps them by itself, stays.
    fn make_room(&mut self) {
        while self.sets.len() > self.limits.sets.max(1) {
            self.cost -= self.sets.remove(0).cost;
        }
        for set in &mut self.sets {
            if self.cost <= self.limits.bytes {
                break;
            }
            self.cost -= set.cost;
            set.drop_pieces();
        }
    }
}

impl Set {
    /// Adds a piece; the packed value if it was the last one missing.
    fn add(
        &mut self,
        n: u32,
        total: u32,
        data: Vec<u8>,
        limits: &AssemblerLimits,
    ) -> Result<Option<Vec<u8>>, ChunkError> {
        let Some(pieces) = &mut self.pieces else {
            return Err(ChunkError::Dropped);
        };
        let place = pieces.binary_search_by_key(&n, |piece| piece.0);
        let (Err(place), true) = (place, n < total && total == self.total) else {
            self.drop_pieces();
            return Err(ChunkError::BadPiece);
        };
        let bytes = self.bytes + data.len();
        let cost = self.cost + data.len() + PIECE_COST;
        let most = limits.message / LEAST_PIECE + 16;
        if bytes > limits.message || cost > limits.bytes || total as usize > most {
            self.drop_pieces();
            return Err(ChunkError::TooLarge);
        }
        self.bytes = bytes;
        self.cost = cost;
        pieces.insert(place, (n, data));
        if pieces.len() < self.total as usize {
            return Ok(None);
        }
        let mut packed = Vec::with_capacity(bytes);
        for (_, data) in core::mem::take(pieces) {
            packed.extend_from_slice(&data);
        }
        Ok(Some(packed))
    }

    fn drop_pieces(&mut self) {
        self.pieces = None;
        self.bytes = 0;
        self.cost = 0;
    }
}

enum Sorted {
    Value(Value),
    Close,
    Piece(Piece),
}

struct Piece {
    id: u64,
    n: u32,
    total: u32,
    data: Vec<u8>,
}

/// Tells values, pieces and the close message apart as PeerJS does: by a `__peerData` that JavaScript takes for true.
fn sort(value: Value) -> Result<Sorted, ChunkError> {
    match value.get(MARK) {
        None | Some(Value::Null | Value::Bool(false) | Value::Int(0)) => {
            return Ok(Sorted::Value(value));
        }
        Some(Value::Text(text)) if text.is_empty() => return Ok(Sorted::Value(value)),
        Some(Value::Float(number)) if number.is_nan() => return Ok(Sorted::Value(value)),
        Some(mark) if mark.get("type").and_then(Value::as_str) == Some("close") => {
            return Ok(Sorted::Close);
        }
        Some(_) => {}
    }
    let number = |key| value.get(key).and_then(Value::as_u64);
    let index = |key| number(key).and_then(|number| u32::try_from(number).ok());
    let (Some(id), Some(n), Some(total)) = (number(MARK), index("n"), index("total")) else {
        return Err(ChunkError::BadEnvelope);
    };
    let Value::Map(pairs) = value else {
        return Err(ChunkError::BadEnvelope);
    };
    match pairs.into_iter().find(|pair| pair.0 == "data") {
        Some((_, Value::Bytes(data))) => Ok(Sorted::Piece(Piece { id, n, total, data })),
        _ => Err(ChunkError::BadEnvelope),
    }
}
