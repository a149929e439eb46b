//! Members' ids, interned: inside, a member is a [`Key`].

use crate::prelude::*;
use crate::wire::{MAX_ID, Writer};
use peerjs_mesh_protocol::ids::{uuid_bytes, uuid_text};

/// A member's id, as this machine numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u32);

/// Once so many ids are known, records make none known any more, ids (guess: 10 MB): whoever comes does, by its hello,
/// which costs it a link.
const MAX_NAMES: usize = 1 << 16;

/// The table of ids.
#[derive(Default)]
pub(crate) struct Names {
    texts: Vec<String>,
    wires: Vec<Vec<u8>>,
    /// Keys in the order of their wire forms.
    sorted: Vec<Key>,
}

impl Names {
    /// The key of an id, new if need be.
    pub(crate) fn key(&mut self, text: &str) -> Key {
        let wire = to_wire(text);
        match self.place(&wire) {
            Ok(key) => key,
            Err(at) => {
                let key = Key(self.texts.len() as u32);
                self.texts.push(text.to_owned());
                self.wires.push(wire);
                self.sorted.put_at(at, key);
                key
            }
        }
    }

    /// So many are known; their keys are the numbers below.
    pub(crate) fn count(&self) -> u64 {
        self.texts.len() as u64
    }

    /// The key of an id that is known.
    pub(crate) fn find(&self, text: &str) -> Option<Key> {
        self.place(&to_wire(text)).ok()
    }

    /// The key of a wire form that is known.
    pub(crate) fn find_wire(&self, wire: &[u8]) -> Option<Key> {
        self.place(wire).ok()
    }

    /// The key of a wire form, new if need be; `None` when it is no id, or one too many.
    pub(crate) fn key_of_wire(&mut self, wire: &[u8]) -> Option<Key> {
        match self.place(wire) {
            Ok(key) => Some(key),
            Err(_) if self.texts.len() < MAX_NAMES => Some(self.key(&from_wire(wire)?)),
            Err(_) => None,
        }
    }

    pub(crate) fn text(&self, key: Key) -> &str {
        self.texts.get(key.0 as usize).map_or("", |text| text)
    }

    pub(crate) fn wire(&self, key: Key) -> &[u8] {
        self.wires
            .get(key.0 as usize)
            .map_or(&[1, b'?'], |wire| wire)
    }

    /// Orders two members by their ids, as every member would.
    pub(crate) fn smaller(&self, one: Key, other: Key) -> bool {
        self.text(one) < self.text(other)
    }

    fn place(&self, wire: &[u8]) -> Result<Key, usize> {
        match self
            .sorted
            .binary_search_by(|key| self.wire(*key).cmp(wire))
        {
            Ok(at) => self.sorted.get(at).copied().ok_or(at),
            Err(at) => Err(at),
        }
    }
}

/// `0` and 16 bytes for a UUID in its usual form, else the text behind its length.
pub(crate) fn to_wire(text: &str) -> Vec<u8> {
    if let Some(bytes) = uuid_bytes(text) {
        let mut wire = Vec::with_capacity(17);
        wire.push(0);
        wire.extend_from_slice(&bytes);
        return wire;
    }
    let mut writer = Writer::default();
    let text = text.get(..MAX_ID).unwrap_or(text);
    writer.varint(text.len() as u64);
    writer.bytes(text.as_bytes());
    writer.buf
}

fn from_wire(wire: &[u8]) -> Option<String> {
    let (first, rest) = wire.split_first()?;
    if *first == 0 {
        let bytes: [u8; 16] = rest.try_into().ok()?;
        return Some(uuid_text(&bytes));
    }
    // Ids of one varint byte: MAX_ID is below 128.
    let text = core::str::from_utf8(rest).ok()?;
    (!text.is_empty() && uuid_bytes(text).is_none()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_name_ever_more_ids_fill_no_memory_and_whoever_comes_is_known() {
        let mut names = Names::default();
        let first = names.key("first");
        for number in 0..MAX_NAMES + 1_000 {
            let _ = names.key_of_wire(&to_wire(&format!("id{number}")));
        }
        assert_eq!(names.texts.len(), MAX_NAMES);
        assert_eq!(names.key_of_wire(&to_wire("first")), Some(first));
        assert_eq!(names.key_of_wire(&to_wire("another")), None);
        let newcomer = names.key("another");
        assert_eq!(names.key_of_wire(&to_wire("another")), Some(newcomer));
    }

    #[test]
    fn ids_survive_the_wire_and_intern_once() {
        let mut names = Names::default();
        for id in [
            "6a2f41a3-c54c-8fce-b2d8-9e1f0c3a5b7d",
            "room-1",
            "A",
            "6A2F41A3-C54C-8FCE-B2D8-9E1F0C3A5B7D",
        ] {
            let key = names.key(id);
            assert_eq!(names.key(id), key);
            assert_eq!(names.text(key), id);
            let wire = names.wire(key).to_vec();
            assert_eq!(names.find_wire(&wire), Some(key));
            let mut others = Names::default();
            let there = others
                .key_of_wire(&wire)
                .expect("a wire form of ours is an id");
            assert_eq!(others.text(there), id);
        }
        assert_eq!(names.texts.len(), 4);
        assert_eq!(
            names
                .wire(
                    names
                        .find("6a2f41a3-c54c-8fce-b2d8-9e1f0c3a5b7d")
                        .expect("known")
                )
                .len(),
            17
        );
    }
}
