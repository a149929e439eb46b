//! JSON text to signalling messages.

use serde_json::{Map, Value};

use super::{ECHO, JsonError, MAX_DEPTH, MAX_SAFE, MAX_TEXT, mend_surrogates};
use crate::ids::u64_from_hex;
use crate::signalling::{
    Answer, Candidate, ConnectionKind, Echo, FromServer, MeshMark, Offer, Signal, ToServer,
};

/// What a server said. A type of message, or of payload, that this release does not know is [`FromServer::Unknown`].
pub fn read_from_server(text: &str) -> Result<FromServer, JsonError> {
    let message = object(text)?;
    let src = || string(&message, "src").ok_or(JsonError::BadMessage);
    Ok(match message.get("type").and_then(Value::as_str) {
        Some("OPEN") => FromServer::Open,
        Some("ID-TAKEN") => FromServer::IdTaken,
        Some("INVALID-KEY") => FromServer::InvalidKey,
        Some("ERROR") => FromServer::Error {
            message: server_words(&message),
        },
        Some("EXPIRE") => FromServer::Expire { src: src()? },
        Some("LEAVE") => FromServer::Leave { src: src()? },
        _ => match signal(&message)? {
            Some(signal) => FromServer::Relayed {
                src: src()?,
                signal,
            },
            None => FromServer::Unknown,
        },
    })
}

/// What a client said. Servers of ours relay payloads unread and need no more than this crate's types; tests and
/// simulators do.
pub fn read_to_server(text: &str) -> Result<ToServer, JsonError> {
    let message = object(text)?;
    if message.get("type").and_then(Value::as_str) == Some("HEARTBEAT") {
        return Ok(ToServer::Heartbeat);
    }
    let signal = signal(&message)?.ok_or(JsonError::UnknownType)?;
    Ok(ToServer::Relay {
        dst: string(&message, "dst").ok_or(JsonError::BadMessage)?,
        signal,
    })
}

fn object(text: &str) -> Result<Map<String, Value>, JsonError> {
    if text.len() > MAX_TEXT {
        return Err(JsonError::TooLong);
    }
    if is_deep(text) {
        return Err(JsonError::TooDeep);
    }
    match serde_json::from_str(&mend_surrogates(text)) {
        Ok(Value::Object(message)) => Ok(message),
        Ok(_) => Err(JsonError::NotAnObject),
        Err(_) => Err(JsonError::Syntax),
    }
}

/// Whether brackets outside strings open deeper than allowed. (The parser's own limit is twice ours.)
fn is_deep(text: &str) -> bool {
    let mut depth: usize = 0;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The signal of an OFFER, ANSWER or CANDIDATE; `None` for other types of message and of payload.
fn signal(message: &Map<String, Value>) -> Result<Option<Signal>, JsonError> {
    let Some(kind @ ("OFFER" | "ANSWER" | "CANDIDATE")) =
        message.get("type").and_then(Value::as_str)
    else {
        return Ok(None);
    };
    let payload = message
        .get("payload")
        .and_then(Value::as_object)
        .ok_or(JsonError::BadMessage)?;
    let connection = match payload
        .get("type")
        .and_then(Value::as_str)
        .ok_or(JsonError::BadMessage)?
    {
        "data" => ConnectionKind::Data,
        "media" => ConnectionKind::Media,
        ECHO if kind == "CANDIDATE" => {
            return echo(payload)
                .map(|echo| Some(Signal::Echo(echo)))
                .ok_or(JsonError::BadMessage);
        }
        _ => return Ok(None),
    };
    let signal = match kind {
        "OFFER" => offer(payload, connection).map(Signal::Offer),
        "ANSWER" => answer(payload, connection).map(Signal::Answer),
        _ => candidate(payload, connection).map(Signal::Candidate),
    };
    signal.map(Some).ok_or(JsonError::BadMessage)
}

fn offer(payload: &Map<String, Value>, kind: ConnectionKind) -> Option<Offer> {
    Some(Offer {
        connection_id: string(payload, "connectionId")?,
        kind,
        sdp: sdp(payload)?,
        label: string(payload, "label"),
        reliable: payload.get("reliable").and_then(Value::as_bool),
        serialization: string(payload, "serialization"),
        browser: string(payload, "browser"),
        mesh: payload
            .get("metadata")
            .and_then(|metadata| mark(metadata.get("mesh")?)),
    })
}

fn answer(payload: &Map<String, Value>, kind: ConnectionKind) -> Option<Answer> {
    Some(Answer {
        connection_id: string(payload, "connectionId")?,
        kind,
        sdp: sdp(payload)?,
        browser: string(payload, "browser"),
        mesh: payload.get("mesh").and_then(mark),
    })
}

fn candidate(payload: &Map<String, Value>, kind: ConnectionKind) -> Option<Candidate> {
    let candidate = payload.get("candidate")?.as_object()?;
    Some(Candidate {
        connection_id: string(payload, "connectionId")?,
        kind,
        candidate: string(candidate, "candidate")?,
        sdp_mid: string(candidate, "sdpMid"),
        sdp_mline_index: candidate.get("sdpMLineIndex").and_then(u16_of),
        username_fragment: string(candidate, "usernameFragment"),
    })
}

fn echo(payload: &Map<String, Value>) -> Option<Echo> {
    Some(Echo {
        nonce: u64_from_hex(payload.get("nonce")?.as_str()?)?,
        term: payload
            .get("term")?
            .as_u64()
            .filter(|term| *term <= MAX_SAFE)?,
        member: string(payload, "member")?,
    })
}

/// Our mark. Anything else in its place is a stock program's own business, and no error.
fn mark(value: &Value) -> Option<MeshMark> {
    match value.get("v")?.as_array()?.as_slice() {
        [min, max] => {
            let mark = MeshMark {
                min: u16_of(min)?,
                max: u16_of(max)?,
            };
            (mark.min <= mark.max).then_some(mark)
        }
        _ => None,
    }
}

/// `{"sdp": "v=0…", "type": "offer"}`.
fn sdp(payload: &Map<String, Value>) -> Option<String> {
    string(payload.get("sdp")?.as_object()?, "sdp")
}

fn server_words(message: &Map<String, Value>) -> String {
    message
        .get("payload")
        .and_then(|payload| payload.get("msg")?.as_str())
        .unwrap_or_default()
        .into()
}

fn string(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(String::from)
}

fn u16_of(value: &Value) -> Option<u16> {
    value.as_u64()?.try_into().ok()
}
