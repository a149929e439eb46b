//! Ids and tokens: the pattern PeerJS asks of an id, our members' version 8 UUIDs, and names made from random bytes
//! that the caller supplies (this crate draws no randomness).

use crate::prelude::*;
use crate::signalling::ConnectionKind;

/// The longest id we use or accept, in bytes. PeerServer sets no limit but its HTTP parser's 16 kB; ids are repeated
/// in rosters and messages, and the longest ones seen in use (UUIDs, hex digests) are 36 and 64 bytes long.
pub const MAX_ID_LEN: usize = 128;

/// Whether `id` is an id that PeerJS accepts (`^[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*$`: letters and digits in groups,
/// between two groups one space, underscore or hyphen), not empty and at most [`MAX_ID_LEN`] bytes long.
pub fn is_valid_id(id: &str) -> bool {
    // A separator, and the end, are allowed only after a letter or digit.
    let mut after_alphanumeric = false;
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => after_alphanumeric = true,
            b' ' | b'_' | b'-' if after_alphanumeric => after_alphanumeric = false,
            _ => return false,
        }
    }
    after_alphanumeric && id.len() <= MAX_ID_LEN
}

/// The version 8 UUID (RFC 9562) that carries 122 of the given 128 bits: version and variant take the place of six.
/// Lower case, 36 characters. Version 8 makes our members recognisable in another program's list of members.
pub fn uuid_v8(mut random: [u8; 16]) -> String {
    random[6] = (random[6] & 0x0f) | 0x80;
    random[8] = (random[8] & 0x3f) | 0x80;
    uuid_text(&random)
}

/// The text of any UUID: lower case, 36 characters.
pub fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(hex_digit(byte >> 4));
        text.push(hex_digit(byte & 15));
    }
    text
}

/// The bytes of a UUID in the form that [`uuid_text`] writes. Upper case is refused, so that text and bytes stand for
/// each other and two spellings are never one member.
pub fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    let mut position = 0;
    for (index, byte) in bytes.iter_mut().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            if text.get(position) != Some(&b'-') {
                return None;
            }
            position += 1;
        }
        let high = hex_value(*text.get(position)?)?;
        let low = hex_value(*text.get(position + 1)?)?;
        *byte = high << 4 | low;
        position += 2;
    }
    Some(bytes)
}

/// Whether `id` looks like one of our members: a version 8 UUID in lower case.
pub fn is_uuid_v8(id: &str) -> bool {
    uuid_bytes(id).is_some_and(|bytes| bytes[6] >> 4 == 8 && bytes[8] >> 6 == 2)
}

/// A token for a session at a server: 26 characters of `[a-z2-7]` that carry all 128 bits.
pub fn token(random: [u8; 16]) -> String {
    let mut text = String::with_capacity(26);
    push_base32(&mut text, &random);
    text
}

/// A connection id as PeerJS names them, `dc_…` or `mc_…`, with 13 characters of `[a-z2-7]` that carry all 64 bits.
pub fn connection_id(kind: ConnectionKind, random: [u8; 8]) -> String {
    let mut text = String::with_capacity(16);
    text.push_str(match kind {
        ConnectionKind::Data => "dc_",
        ConnectionKind::Media => "mc_",
    });
    push_base32(&mut text, &random);
    text
}

/// Lower-case hex digits, two a byte, as a founding is written.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(hex_digit(byte >> 4));
        text.push(hex_digit(byte & 15));
    }
    text
}

/// The value of exactly 16 lower-case hex digits, as an echo's nonce is written.
pub fn u64_from_hex(text: &str) -> Option<u64> {
    if text.len() != 16 {
        return None;
    }
    let mut value = 0;
    for digit in text.bytes() {
        value = value << 4 | u64::from(hex_value(digit)?);
    }
    Some(value)
}

fn hex_digit(value: u8) -> char {
    char::from(if value < 10 {
        b'0' + value
    } else {
        b'a' + value - 10
    })
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// RFC 4648 base 32 in lower case, without padding.
fn push_base32(text: &mut String, bytes: &[u8]) {
    let mut waiting: u32 = 0;
    let mut bits = 0;
    for &byte in bytes {
        waiting = waiting << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(base32_digit(waiting >> bits));
        }
    }
    if bits > 0 {
        text.push(base32_digit(waiting << (5 - bits)));
    }
}

fn base32_digit(value: u32) -> char {
    let value = (value & 31) as u8;
    char::from(if value < 26 {
        b'a' + value
    } else {
        b'2' + value - 26
    })
}
