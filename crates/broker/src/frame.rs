//! The frames of the PeerServer protocol as text: what a client says, read; what a server says, written.
//!
//! A payload is never interpreted: it passes as the JSON text that came, so numbers keep all their digits. What it
//! may do to a receiver is bounded by its size and its depth, both checked before anything else is looked at.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::Limits;

/// The types that a server passes from one client to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayKind {
    /// A description to be answered.
    Offer,
    /// The answer to an offer.
    Answer,
    /// A way to reach the sender.
    Candidate,
    /// The sender says good-bye to one other client.
    Leave,
    /// Clients may send it to each other; nobody does.
    Expire,
}

impl RelayKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "OFFER",
            Self::Answer => "ANSWER",
            Self::Candidate => "CANDIDATE",
            Self::Leave => "LEAVE",
            Self::Expire => "EXPIRE",
        }
    }

    /// Whether it waits for a receiver that is not connected (else it is dropped).
    pub const fn waits_for_absent(self) -> bool {
        matches!(self, Self::Offer | Self::Answer | Self::Candidate)
    }
}

/// A client's frame, understood as far as a server has to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The client is alive.
    Heartbeat,
    /// A message for the client called `dst`.
    Relay {
        /// What it is.
        kind: RelayKind,
        /// The receiver's id, never empty.
        dst: Cow<'a, str>,
        /// The payload's JSON text as it came; absent if there was none.
        payload: Option<&'a str>,
    },
    /// LEAVE without a receiver: the client gives its id back.
    Leave,
    /// Well formed, but nothing a server acts on: another type, or no receiver.
    Nothing,
}

/// Why a frame was thrown away. The sender's socket stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// Larger than [`Limits::frame_bytes`].
    TooLarge,
    /// Nested deeper than [`Limits::frame_depth`].
    TooDeep,
    /// Not one JSON object in UTF-8.
    NotAnObject,
    /// A receiver that is not a string.
    BadReceiver,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the frame is too large",
            Self::TooDeep => "the frame is nested too deeply",
            Self::NotAnObject => "the frame is not a JSON object in UTF-8",
            Self::BadReceiver => "the receiver is not a string",
        })
    }
}

impl std::error::Error for FrameError {}

impl<'a> Frame<'a> {
    /// Reads one frame, text or binary. Total: any bytes give a frame or an error, in time and memory linear in
    /// their number.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, FrameError> {
        if bytes.len() > limits.frame_bytes {
            return Err(FrameError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| FrameError::NotAnObject)?;
        if deeper_than(text.as_bytes(), limits.frame_depth) {
            return Err(FrameError::TooDeep);
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let fields = reader
            .deserialize_map(FieldsVisitor)
            .map_err(|_| FrameError::NotAnObject)?;
        reader.end().map_err(|_| FrameError::NotAnObject)?;
        fields.understand()
    }
}

/// The three fields that count, as raw JSON. `src` is not among them: the server knows who speaks.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a RawValue>,
    dst: Option<&'a RawValue>,
    payload: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn understand(self) -> Result<Frame<'a>, FrameError> {
        let Some(kind) = self.kind.and_then(string_of) else {
            return Ok(Frame::Nothing);
        };
        let kind = match kind.as_ref() {
            "HEARTBEAT" => return Ok(Frame::Heartbeat),
            "OFFER" => RelayKind::Offer,
            "ANSWER" => RelayKind::Answer,
            "CANDIDATE" => RelayKind::Candidate,
            "LEAVE" => RelayKind::Leave,
            "EXPIRE" => RelayKind::Expire,
            _ => return Ok(Frame::Nothing),
        };
        match self.dst.map(RawValue::get) {
            // JavaScript's empty values, which npm `peer` takes for "no receiver".
            None | Some("null" | "false" | "0" | "\"\"") => Ok(match kind {
                RelayKind::Leave => Frame::Leave,
                _ => Frame::Nothing,
            }),
            Some(_) => {
                let dst = self
                    .dst
                    .and_then(string_of)
                    .ok_or(FrameError::BadReceiver)?;
                Ok(Frame::Relay {
                    kind,
                    dst,
                    payload: self.payload.map(RawValue::get),
                })
            }
        }
    }
}

/// The text of a JSON string; nothing for any other value, or for escapes that make no Unicode text.
fn string_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        // A repeated key counts the last time it is given, as in JavaScript.
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                "type" => fields.kind = Some(map.next_value()?),
                "dst" => fields.dst = Some(map.next_value()?),
                "payload" => fields.payload = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

/// Whether brackets outside of strings nest deeper than `limit`. Says nothing about whether the text is JSON.
fn deeper_than(text: &[u8], limit: usize) -> bool {
    let mut depth = 0_usize;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                // To the closing quote; a backslash hides the character after it.
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            bytes.next();
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    false
}

/// `{"type":"OPEN"}`: the id is registered.
pub const OPEN: &str = r#"{"type":"OPEN"}"#;

/// The refusal of an id that is registered under another token.
pub const ID_TAKEN: &str = r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#;

/// An ERROR frame with the server's words.
pub fn error_text(message: &str) -> String {
    let mut text = String::with_capacity(message.len() + 40);
    text.push_str(r#"{"type":"ERROR","payload":{"msg":"#);
    push_json_string(&mut text, message);
    text.push_str("}}");
    text
}

/// A frame from one client to another, or (EXPIRE, LEAVE) from the server in a client's name: the keys in npm
/// `peer`'s order, `payload` as it came.
pub fn relay_text(kind: RelayKind, src: &str, dst: &str, payload: Option<&str>) -> String {
    let mut text = String::with_capacity(src.len() + dst.len() + payload.map_or(0, str::len) + 64);
    text.push_str(r#"{"type":""#);
    text.push_str(kind.as_str());
    text.push_str(r#"","src":"#);
    push_json_string(&mut text, src);
    text.push_str(r#","dst":"#);
    push_json_string(&mut text, dst);
    if let Some(payload) = payload {
        text.push_str(r#","payload":"#);
        text.push_str(payload);
    }
    text.push('}');
    text
}

fn push_json_string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            control @ '\0'..='\u{1f}' => {
                text.push_str("\\u00");
                for nibble in [control as u32 >> 4, control as u32 & 15] {
                    text.push(char::from_digit(nibble, 16).unwrap_or('0'));
                }
            }
            other => text.push(other),
        }
    }
    text.push('"');
}
