//! The first words on a link: a BinaryPack map that a stock peer can read (and ignore).
//!
//! Written and read by hand, in the few types that it needs: the general codec of the protocol crate weighs four
//! kilobytes in the browser's module, for one message per link. A test holds the two together.

use super::{Reader, Writer};
use crate::prelude::*;

/// What the sender of a hello is in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Member,
    Host,
}

/// Who speaks, in which room, in which wire versions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hello {
    pub(crate) versions: (u16, u16),
    pub(crate) id: String,
    pub(crate) inc: u64,
    /// All zero: not in a room yet.
    pub(crate) founding: [u8; 16],
    pub(crate) term: u64,
    pub(crate) room: String,
    pub(crate) role: Role,
    /// How many members the sender's room has; decides a merge.
    pub(crate) size: u32,
}

/// BinaryPack's types, as far as a hello of this or a later release may use them.
enum Item<'a> {
    Int(u64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// So many items follow.
    List(usize),
    /// So many pairs follow.
    Map(usize),
    /// Anything else of fixed size.
    Other,
}

fn item<'a>(r: &mut Reader<'a>) -> Option<Item<'a>> {
    let tag = r.u8()?;
    let short = usize::from(tag & 15);
    Some(match tag {
        0..=0x7f => Item::Int(u64::from(tag)),
        0x80..=0x8f => Item::Map(short),
        0x90..=0x9f => Item::List(short),
        0xa0..=0xaf => Item::Bytes(r.take(short)?),
        0xb0..=0xbf => Item::Text(r.take(short)?),
        0xcc..=0xcf => Item::Int(big_endian(r.take(1 << (tag - 0xcc))?)),
        // A number that needs 33 to 63 bits; BinaryPack sends it as signed.
        0xd3 => Item::Int(big_endian(r.take(8)?)),
        0xd8 => Item::Text(long(r)?),
        0xda => Item::Bytes(long(r)?),
        0xd0..=0xd2 => r.take(1 << (tag - 0xd0)).map(|_| Item::Other)?,
        0xca => r.take(4).map(|_| Item::Other)?,
        0xcb => r.take(8).map(|_| Item::Other)?,
        0xc0..=0xc3 | 0xe0..=0xff => Item::Other,
        _ => return None,
    })
}

fn long<'a>(r: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = big_endian(r.take(2)?) as usize;
    r.take(length)
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

/// Passes over a value; `depth` bounds what a remote can make us nest.
fn skip(r: &mut Reader<'_>, depth: u8) -> Option<()> {
    let inside = match item(r)? {
        Item::List(count) => count,
        Item::Map(count) => 2 * count,
        _ => 0,
    };
    for _ in 0..inside {
        skip(r, depth.checked_sub(1)?)?;
    }
    Some(())
}

fn int(r: &mut Reader<'_>) -> Option<u64> {
    match item(r)? {
        Item::Int(value) => Some(value),
        _ => None,
    }
}

fn text(r: &mut Reader<'_>) -> Option<String> {
    match item(r)? {
        Item::Text(text) => Some(core::str::from_utf8(text).ok()?.to_owned()),
        _ => None,
    }
}

fn bytes<const N: usize>(r: &mut Reader<'_>) -> Option<[u8; N]> {
    match item(r)? {
        Item::Bytes(bytes) => bytes.try_into().ok(),
        _ => None,
    }
}

fn put_int(w: &mut Writer, value: u64) {
    match value {
        0..=0x7f => w.u8(value as u8),
        0x80..=0xff => w.bytes(&[0xcc, value as u8]),
        0x100..=0xffff => {
            w.u8(0xcd);
            w.bytes(&(value as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            w.u8(0xce);
            w.bytes(&(value as u32).to_be_bytes());
        }
        _ => {
            w.u8(0xd3);
            w.bytes(&(value & (u64::MAX >> 1)).to_be_bytes());
        }
    }
}

/// A string (`family` 0xb0, long form 0xd8) or bytes (0xa0, 0xda).
fn put_run(w: &mut Writer, family: u8, long: u8, bytes: &[u8]) {
    match bytes.len() {
        length @ 0..=15 => w.u8(family | length as u8),
        length => {
            w.u8(long);
            w.bytes(&(length as u16).to_be_bytes());
        }
    }
    w.bytes(bytes);
}

fn put_text(w: &mut Writer, text: &str) {
    put_run(w, 0xb0, 0xd8, text.as_bytes());
}

fn put_bytes(w: &mut Writer, bytes: &[u8]) {
    put_run(w, 0xa0, 0xda, bytes);
}

impl Hello {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u8(0x81);
        put_text(&mut w, "mesh");
        w.u8(0x89);
        put_text(&mut w, "v");
        w.u8(0x92);
        put_int(&mut w, u64::from(self.versions.0));
        put_int(&mut w, u64::from(self.versions.1));
        put_text(&mut w, "caps");
        put_int(&mut w, 0);
        put_text(&mut w, "id");
        put_text(&mut w, &self.id);
        put_text(&mut w, "inc");
        put_bytes(&mut w, &self.inc.to_le_bytes());
        put_text(&mut w, "founding");
        put_bytes(&mut w, &self.founding);
        put_text(&mut w, "term");
        put_int(&mut w, self.term);
        put_text(&mut w, "room");
        put_text(&mut w, &self.room);
        put_text(&mut w, "role");
        put_text(
            &mut w,
            if self.role == Role::Host {
                "host"
            } else {
                "member"
            },
        );
        put_text(&mut w, "size");
        put_int(&mut w, u64::from(self.size));
        w.buf
    }

    /// Fields may stand in any order; those that this release does not know are passed over.
    pub(crate) fn read(frame: &[u8]) -> Option<Hello> {
        let r = &mut Reader::new(frame);
        let (Item::Map(1), Item::Text(b"mesh"), Item::Map(fields)) = (item(r)?, item(r)?, item(r)?)
        else {
            return None;
        };
        let mut hello = Hello {
            versions: (0, 0),
            id: String::new(),
            inc: 0,
            founding: [0; 16],
            term: 0,
            room: String::new(),
            role: Role::Member,
            size: 1,
        };
        for _ in 0..fields {
            let Item::Text(key) = item(r)? else {
                return None;
            };
            match key {
                b"v" => {
                    let Item::List(2) = item(r)? else { return None };
                    hello.versions = (u16::try_from(int(r)?).ok()?, u16::try_from(int(r)?).ok()?);
                }
                b"id" => hello.id = text(r)?,
                b"inc" => hello.inc = u64::from_le_bytes(bytes(r)?),
                b"founding" => hello.founding = bytes(r)?,
                b"term" => hello.term = int(r)?,
                b"room" => hello.room = text(r)?,
                b"role" if text(r)? == "host" => hello.role = Role::Host,
                b"role" => {}
                b"size" => hello.size = u32::try_from(int(r)?).ok()?,
                _ => skip(r, 8)?,
            }
        }
        (hello.versions.1 > 0 && !hello.id.is_empty()).then_some(hello)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerjs_mesh_protocol::binarypack::{self, Dialect};
    use peerjs_mesh_protocol::value::Value;

    fn hello() -> Hello {
        Hello {
            versions: (1, 300),
            id: "6a2f41a3-c54c-8fce-b2d8-9e1f0c3a5b7d".to_owned(),
            inc: 0x0123_4567_89ab_cdef,
            founding: [9; 16],
            term: 5_000_000_000,
            room: "a room".to_owned(),
            role: Role::Host,
            size: 70_000,
        }
    }

    #[test]
    fn a_hello_is_the_binarypack_that_a_stock_peer_reads() {
        let written = hello().write();
        let value = binarypack::decode(&written, Dialect::V2).expect("BinaryPack");
        let mesh = value.get("mesh").expect("mesh");
        assert_eq!(
            mesh.get("term").and_then(Value::as_u64),
            Some(5_000_000_000)
        );
        assert_eq!(mesh.get("role").and_then(Value::as_str), Some("host"));
        assert_eq!(
            binarypack::encode(&value, Dialect::V2).expect("encodes"),
            written
        );
        assert_eq!(Hello::read(&written), Some(hello()));
    }

    #[test]
    fn a_later_release_may_add_fields_and_change_their_order() {
        let written = hello().write();
        let Value::Map(mut whole) = binarypack::decode(&written, Dialect::V2).expect("BinaryPack")
        else {
            panic!("a map")
        };
        let Value::Map(fields) = &mut whole[0].1 else {
            panic!("a map")
        };
        fields.reverse();
        let new = Value::List(vec![
            Value::Null,
            Value::Float(0.5),
            Value::Map(vec![("x".into(), Value::Int(-9))]),
        ]);
        fields.insert(3, ("news".into(), new));
        let later = binarypack::encode(&Value::Map(whole), Dialect::V2).expect("encodes");
        assert_eq!(Hello::read(&later), Some(hello()));
    }

    #[test]
    fn any_bytes_are_a_hello_or_not() {
        let written = hello().write();
        for cut in 0..written.len() {
            assert_eq!(Hello::read(&written[..cut]), None, "cut at {cut}");
        }
        let mut rng = crate::rng::Rng::new([3; 32]);
        for _ in 0..20_000 {
            let mut bent = written.clone();
            for _ in 0..=rng.below(3) {
                let at = rng.below(bent.len() as u64) as usize;
                bent[at] = rng.u32() as u8;
            }
            let _ = Hello::read(&bent);
        }
    }
}
