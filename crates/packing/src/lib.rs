//! The browser module is packed by a model that knows WebAssembly, and a small module of its own takes it out, in a page.
//!
//! That is a fifth shorter than LZMA. As a module, and not as JavaScript, it takes a third of the time.
#![cfg_attr(target_family = "wasm", no_std)]

mod model;

#[cfg(target_family = "wasm")]
mod exports;
#[cfg(not(target_family = "wasm"))]
mod pack;

pub use model::LONGEST;
#[cfg(not(target_family = "wasm"))]
pub use pack::{Error, pack, unpack};

/// Takes bits out of what was packed.
pub(crate) struct Decoder {
    range: u32,
    code: u32,
    next: usize,
}

impl Decoder {
    pub(crate) const NEW: Decoder = Decoder {
        range: u32::MAX,
        code: 0,
        next: 0,
    };

    /// The coder with what was packed.
    pub(crate) fn with<'a>(&'a mut self, packed: &'a [u8]) -> Decoding<'a> {
        while self.next < 4 {
            self.code = self.code << 8 | take(packed, self.next);
            self.next += 1;
        }
        Decoding {
            coder: self,
            packed,
        }
    }
}

/// Beyond the end are zeros.
fn take(packed: &[u8], at: usize) -> u32 {
    packed.get(at).copied().map_or(0, u32::from)
}

pub(crate) struct Decoding<'a> {
    coder: &'a mut Decoder,
    packed: &'a [u8],
}

impl model::Ask for Decoding<'_> {
    #[inline(always)]
    fn ask(&mut self, chance: u32) -> bool {
        let coder = &mut *self.coder;
        let bound = (coder.range >> 16) * chance;
        let one = coder.code < bound;
        if one {
            coder.range = bound;
        } else {
            coder.range -= bound;
            coder.code -= bound;
        }
        while coder.range >> 24 == 0 {
            coder.range <<= 8;
            coder.code = coder.code << 8 | take(self.packed, coder.next);
            coder.next += 1;
        }
        one
    }
}
