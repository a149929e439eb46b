//! What members say: bytes that name their sender, their number and their receiver, so that a judge who sees only
//! what a user sees can tell what is missing.

/// What a message says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The sender's index in the world.
    pub from: usize,
    /// The how-manieth `send` of its sender, from 0, whatever became of it.
    pub number: u64,
    /// The receiver's index; `None`: all.
    pub to: Option<usize>,
}

/// Bytes before the filling.
pub(crate) const HEAD: usize = 24;
const ALL: u32 = u32::MAX;

/// A message of at least 24 bytes; the rest is filled in a way that shows bytes that were moved.
pub fn encode(said: Said, bytes: usize) -> Vec<u8> {
    let bytes = bytes.max(HEAD);
    let mut out = Vec::with_capacity(bytes);
    out.extend_from_slice(b"sim!");
    out.extend_from_slice(&(said.from as u32).to_le_bytes());
    out.extend_from_slice(&said.number.to_le_bytes());
    out.extend_from_slice(&said.to.map_or(ALL, |to| to as u32).to_le_bytes());
    out.extend_from_slice(&(bytes as u32).to_le_bytes());
    let mut state = filling(said);
    while out.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = state.to_le_bytes();
        let take = (bytes - out.len()).min(8);
        out.extend_from_slice(&word[..take]);
    }
    out
}

/// Reads a message; `None` when any byte is not as it was sent.
pub fn decode(bytes: &[u8]) -> Option<Said> {
    let head: &[u8; HEAD] = bytes.first_chunk()?;
    let from = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let number = u64::from_le_bytes([
        head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15],
    ]);
    let to = u32::from_le_bytes([head[16], head[17], head[18], head[19]]);
    let said = Said {
        from,
        number,
        to: (to != ALL).then_some(to as usize),
    };
    (encode(said, bytes.len()) == bytes).then_some(said)
}

fn filling(said: Said) -> u64 {
    (said.from as u64) << 48 ^ said.number << 8 ^ 0x5bd1_e995
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_and_a_changed_byte_shows() {
        for (bytes, to) in [(0, None), (21, Some(3)), (1000, None)] {
            let said = Said {
                from: 2,
                number: 77,
                to,
            };
            let mut sent = encode(said, bytes);
            assert_eq!(decode(&sent), Some(said));
            if let Some(last) = sent.last_mut() {
                *last ^= 1;
            }
            assert_ne!(decode(&sent), Some(said));
        }
        assert_eq!(decode(b"sim!"), None);
    }
}
