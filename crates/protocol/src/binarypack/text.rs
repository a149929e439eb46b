//! The text of PeerJS, where it is not UTF-8.

use crate::prelude::*;

/// The longest text, in UTF-16 units, whose length the packer of PeerJS 1.4 and older counts wrongly.
const V1_SHORT: usize = 600;

/// The text with every character outside the basic plane as two three-byte surrogates (CESU-8), the only form that
/// PeerJS 1.4 and older reads. `None` if there is no such character and UTF-8 will do.
pub(super) fn to_cesu(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().any(|byte| byte >= 0xf0) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 2);
    let mut units = [0; 2];
    for character in text.chars() {
        if character.len_utf8() < 4 {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        for &unit in character.encode_utf16(&mut units).iter() {
            let [high, low] = unit.to_be_bytes();
            out.extend_from_slice(&[
                0xe0 | high >> 4,
                0x80 | (high & 15) << 2 | low >> 6,
                0x80 | low & 63,
            ]);
        }
    }
    Some(out)
}

/// UTF-8, or CESU-8, or a mixture; a surrogate without its partner becomes U+FFFD, as when JavaScript writes UTF-8.
/// `None` for anything else.
pub(super) fn from_stock(bytes: &[u8]) -> Option<String> {
    if let Ok(text) = core::str::from_utf8(bytes) {
        return Some(text.into());
    }
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match core::str::from_utf8(rest) {
            Ok(tail) => {
                text.push_str(tail);
                return Some(text);
            }
            Err(error) => {
                let (good, bad) = rest.split_at_checked(error.valid_up_to())?;
                text.push_str(core::str::from_utf8(good).ok()?);
                let first = surrogate(bad)?;
                rest = bad.get(3..)?;
                match surrogate(rest) {
                    Some(second) if first < 0xdc00 && second >= 0xdc00 => {
                        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        text.push(char::from_u32(code)?);
                        rest = rest.get(3..)?;
                    }
                    _ => text.push(char::REPLACEMENT_CHARACTER),
                }
            }
        }
    }
}

/// The surrogate that stands in three bytes at the start, `d800` to `dfff`.
fn surrogate(bytes: &[u8]) -> Option<u32> {
    match *bytes {
        [0xed, middle @ 0xa0..=0xbf, last @ 0x80..=0xbf, ..] => {
            Some(0xd000 | u32::from(middle & 63) << 6 | u32::from(last & 63))
        }
        _ => None,
    }
}

/// How many bytes a text really has that PeerJS 1.4 or older declares as `declared`: in texts of up to 600 UTF-16
/// units it counts six for every character outside the basic plane and sends four. Where that reading does not fit the
/// bytes, they are taken to be declared rightly.
pub(super) fn v1_len(rest: &[u8], declared: usize) -> usize {
    let plain = rest.get(..declared);
    if plain.is_some_and(|bytes| !bytes.iter().any(|&byte| byte >= 0xf0)) {
        return declared;
    }
    // A text above 600 units declares its true length.
    let units = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
    if plain
        .and_then(|bytes| core::str::from_utf8(bytes).ok())
        .is_some_and(|text| units(text) > V1_SHORT)
    {
        return declared;
    }
    let mut counted = 0;
    let mut len = 0;
    while counted < declared {
        let (bytes, counts) = match rest.get(len) {
            Some(0..=0x7f) => (1, 1),
            Some(0x80..=0xdf) => (2, 2),
            Some(0xe0..=0xef) => (3, 3),
            Some(0xf0..) => (4, 6),
            None => return declared,
        };
        len += bytes;
        counted += counts;
    }
    if counted == declared { len } else { declared }
}
