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
    let mut out = Vec::with_capacity(bytes + 8);
    out.extend_from_slice(&head(said, bytes));
    let mut filling = Filling::of(said);
    while out.len() < bytes {
        out.extend_from_slice(&filling.next());
    }
    out.truncate(bytes);
    out
}

/// The sender and the number of a message that somebody else has read in full.
pub(crate) fn peek(bytes: &[u8]) -> Option<(usize, u64)> {
    let first: &[u8; HEAD] = bytes.first_chunk()?;
    let said = said(first);
    Some((said.from, said.number))
}

/// Reads a message; `None` when any byte is not as it was sent.
pub fn decode(bytes: &[u8]) -> Option<Said> {
    let (first, rest) = bytes.split_first_chunk::<HEAD>()?;
    let said = said(first);
    // Compared where it stands: every member of a room reads every message.
    let mut filling = Filling::of(said);
    let words = rest.chunks_exact(8);
    let end = words.remainder();
    let same = words
        .map(|word| word.first_chunk().copied())
        .all(|word| word == Some(filling.next()))
        && filling.next().starts_with(end);
    (*first == head(said, bytes.len()) && same).then_some(said)
}

fn said(first: &[u8; HEAD]) -> Said {
    let from = u32::from_le_bytes([first[4], first[5], first[6], first[7]]) as usize;
    let number = u64::from_le_bytes([
        first[8], first[9], first[10], first[11], first[12], first[13], first[14], first[15],
    ]);
    let to = u32::from_le_bytes([first[16], first[17], first[18], first[19]]);
    Said {
        from,
        number,
        to: (to != ALL).then_some(to as usize),
    }
}

fn head(said: Said, bytes: usize) -> [u8; HEAD] {
    let mut out = [0; HEAD];
    out[..4].copy_from_slice(b"sim!");
    out[4..8].copy_from_slice(&(said.from as u32).to_le_bytes());
    out[8..16].copy_from_slice(&said.number.to_le_bytes());
    out[16..20].copy_from_slice(&said.to.map_or(ALL, |to| to as u32).to_le_bytes());
    out[20..].copy_from_slice(&(bytes as u32).to_le_bytes());
    out
}

/// What follows the head, eight bytes at a time.
struct Filling(u64);

impl Filling {
    fn of(said: Said) -> Filling {
        Filling((said.from as u64) << 48 ^ said.number << 8 ^ 0x5bd1_e995)
    }

    fn next(&mut self) -> [u8; 8] {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0.to_le_bytes()
    }
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
            sent.truncate(sent.len() - 1);
            assert_eq!(decode(&sent), None);
        }
        assert_eq!(decode(b"sim!"), None);
    }
}
