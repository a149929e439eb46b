//! The other direction, and both as functions: for whoever builds, and for the tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Decoder;
use crate::model::{Ask, LONGEST, Model};

/// What was packed begins with its length: four bytes, the highest first.
const HEAD: usize = 4;

/// Why something cannot be packed, or taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// These are, or say that they are, more than [`LONGEST`] bytes.
    TooLong,
    /// There is not even a length.
    NoLength,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::TooLong => write!(f, "no more than {LONGEST} bytes can be packed"),
            Error::NoLength => {
                f.write_str("what was packed begins with its length, and ends before that does")
            }
        }
    }
}

impl std::error::Error for Error {}

/// It is larger than the stack of a thread.
static MODEL: Mutex<Model> = Mutex::new(Model::NEW);

fn model() -> MutexGuard<'static, Model> {
    let mut model = MODEL.lock().unwrap_or_else(PoisonError::into_inner);
    model.forget();
    model.begin();
    model
}

/// Packs bytes.
pub fn pack(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    if bytes.len() > LONGEST {
        return Err(Error::TooLong);
    }
    let mut encoder = Encoder {
        low: 0,
        range: u32::MAX,
        out: (bytes.len() as u32).to_be_bytes().to_vec(),
        bytes,
        at: 0,
    };
    let mut model = model();
    for _ in bytes {
        model.byte(&mut encoder);
    }
    for _ in 0..4 {
        encoder.put();
    }
    Ok(encoder.out)
}

/// Takes out what was packed. Bytes that were never packed give some bytes, too.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, Error> {
    let (size, packed) = packed.split_first_chunk::<HEAD>().ok_or(Error::NoLength)?;
    let size = u32::from_be_bytes(*size) as usize;
    if size > LONGEST {
        return Err(Error::TooLong);
    }
    let mut decoder = Decoder::NEW;
    let mut model = model();
    for _ in 0..size {
        model.byte(&mut decoder.with(packed));
    }
    Ok(model.out().iter().take(size).copied().collect())
}

/// An arithmetic coder whose answers are the bits of `bytes`.
struct Encoder<'a> {
    low: u64,
    range: u32,
    out: Vec<u8>,
    bytes: &'a [u8],
    at: usize,
}

impl Encoder<'_> {
    fn put(&mut self) {
        if self.low > u64::from(u32::MAX) {
            for byte in self.out.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
        self.out.push((self.low >> 24) as u8);
        self.low = self.low << 8 & 0xffff_ffff;
    }
}

impl Ask for Encoder<'_> {
    fn ask(&mut self, chance: u32) -> bool {
        let one = self.bytes[self.at >> 3] >> (7 - self.at % 8) & 1 == 1;
        self.at += 1;
        let bound = (self.range >> 16) * chance;
        if one {
            self.range = bound;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
        }
        while self.range >> 24 == 0 {
            self.range <<= 8;
            self.put();
        }
        one
    }
}
