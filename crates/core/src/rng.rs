//! All the chance a member uses: ChaCha20's key stream (RFC 8439), keyed by the seed.
//!
//! Written here because it is forty lines, while the crates for it weigh kilobytes in the browser's module.

use crate::prelude::*;

/// A stream of random bytes out of a seed.
pub(crate) struct Rng {
    key: [u32; 8],
    counter: u64,
    block: [u32; 16],
    used: usize,
}

impl Rng {
    pub(crate) fn new(seed: [u8; 32]) -> Rng {
        let mut key = [0u32; 8];
        for (word, bytes) in key.iter_mut().zip(seed.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Rng {
            key,
            counter: 0,
            block: [0; 16],
            used: 16,
        }
    }

    pub(crate) fn u32(&mut self) -> u32 {
        if self.used >= 16 {
            self.block = chacha20(&self.key, self.counter);
            self.counter += 1;
            self.used = 0;
        }
        let word = self.block.get(self.used).copied().unwrap_or(0);
        self.used += 1;
        word
    }

    pub(crate) fn u64(&mut self) -> u64 {
        (u64::from(self.u32()) << 32) | u64::from(self.u32())
    }

    pub(crate) fn bytes16(&mut self) -> [u8; 16] {
        let mut bytes = [0u8; 16];
        for chunk in bytes.as_chunks_mut().0 {
            *chunk = self.u32().to_le_bytes();
        }
        bytes
    }

    /// A number below `limit`, near enough to uniform for waiting times.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.u64() % limit }
    }

    /// 20 characters of `[0-9a-z]`: over 100 bits.
    pub(crate) fn token(&mut self) -> String {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
        let mut text = String::with_capacity(20);
        for _ in 0..20 {
            let digit = DIGITS
                .get((self.u32() >> 27) as usize)
                .copied()
                .unwrap_or(b'0');
            text.push(char::from(digit));
        }
        text
    }
}

fn chacha20(key: &[u32; 8], counter: u64) -> [u32; 16] {
    let mut start = [0u32; 16];
    start[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    start[4..12].copy_from_slice(key);
    start[12] = counter as u32;
    start[13] = (counter >> 32) as u32;
    let mut s = start;
    // Ten times the four columns, then the four diagonals.
    for turn in 0..80_usize {
        let (column, aside) = (turn & 3, turn >> 2 & 1);
        // (Below 16 as they are: so the compiler sees it.)
        let (a, b) = (column, 4 | ((column + aside) & 3));
        let (c, d) = (
            8 | ((column + 2 * aside) & 3),
            12 | ((column + 3 * aside) & 3),
        );
        s[a] = s[a].wrapping_add(s[b]);
        s[d] = (s[d] ^ s[a]).rotate_left(16);
        s[c] = s[c].wrapping_add(s[d]);
        s[b] = (s[b] ^ s[c]).rotate_left(12);
        s[a] = s[a].wrapping_add(s[b]);
        s[d] = (s[d] ^ s[a]).rotate_left(8);
        s[c] = s[c].wrapping_add(s[d]);
        s[b] = (s[b] ^ s[c]).rotate_left(7);
    }
    for (word, first) in s.iter_mut().zip(start) {
        *word = word.wrapping_add(first);
    }
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stream_is_that_of_rfc_8439() {
        // Appendix A.1, test vector 1: key, nonce and counter all zero.
        let block = chacha20(&[0; 8], 0);
        assert_eq!(
            block[..4],
            [0xade0_b876, 0x903d_f1a0, 0xe56a_5d40, 0x28bd_8653]
        );
        assert_eq!(block[15], 0x8665_eeb2);
        let mut rng = Rng::new([0; 32]);
        assert_eq!(rng.u32(), 0xade0_b876);
    }
}
