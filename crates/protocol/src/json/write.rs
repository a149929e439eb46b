//! Signalling messages to JSON text, with PeerJS's keys in PeerJS's order.

use serde::Serialize;

use super::ECHO;
use crate::ids::hex;
use crate::signalling::{ConnectionKind, FromServer, MeshMark, Signal, ToServer};

/// The text of a message to a server.
pub fn write_to_server(message: &ToServer) -> String {
    match message {
        ToServer::Heartbeat => text(&Message::of("HEARTBEAT")),
        ToServer::Relay { dst, signal } => text(&relayed(signal, None, dst)),
    }
}

/// The text of a message from a server to the client `dst`, as npm `peer` writes it. [`FromServer::Unknown`] becomes
/// an object that stays unknown.
pub fn write_from_server(message: &FromServer, dst: &str) -> String {
    match message {
        FromServer::Open => text(&Message::of("OPEN")),
        FromServer::IdTaken => text(&Message {
            payload: Some(Payload::words("ID is taken")),
            ..Message::of("ID-TAKEN")
        }),
        FromServer::InvalidKey => text(&Message::of("INVALID-KEY")),
        FromServer::Error { message } => text(&Message {
            payload: Some(Payload::words(message)),
            ..Message::of("ERROR")
        }),
        FromServer::Expire { src } => text(&Message {
            src: Some(src),
            dst: Some(dst),
            ..Message::of("EXPIRE")
        }),
        FromServer::Leave { src } => text(&Message {
            src: Some(src),
            dst: Some(dst),
            ..Message::of("LEAVE")
        }),
        FromServer::Relayed { src, signal } => text(&relayed(signal, Some(src), dst)),
        FromServer::Unknown => text(&Message::of("UNKNOWN")),
    }
}

fn text(message: &Message<'_>) -> String {
    // (Writing these structures, without maps and floats, into a string cannot fail.)
    serde_json::to_string(message).unwrap_or_default()
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dst: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload<'a>>,
}

/// Every field that any payload has.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdp: Option<Description<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<IceCandidate<'a>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<Mark>,
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reliable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serialization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    term: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a str>,
}

#[derive(Serialize)]
struct Description<'a> {
    sdp: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The browser's own JSON form of a candidate: absent fields are null there.
#[derive(Serialize)]
struct IceCandidate<'a> {
    candidate: &'a str,
    #[serde(rename = "sdpMid")]
    sdp_mid: Option<&'a str>,
    #[serde(rename = "sdpMLineIndex")]
    sdp_mline_index: Option<u16>,
    #[serde(rename = "usernameFragment")]
    username_fragment: Option<&'a str>,
}

#[derive(Serialize)]
struct Metadata {
    mesh: Mark,
}

#[derive(Serialize)]
struct Mark {
    v: [u16; 2],
}

impl From<MeshMark> for Mark {
    fn from(mark: MeshMark) -> Self {
        Mark {
            v: [mark.min, mark.max],
        }
    }
}

impl Message<'_> {
    fn of(kind: &'static str) -> Self {
        Message {
            kind,
            src: None,
            dst: None,
            payload: None,
        }
    }
}

impl<'a> Payload<'a> {
    fn words(message: &'a str) -> Self {
        Payload {
            msg: Some(message),
            ..Payload::default()
        }
    }
}

fn relayed<'a>(signal: &'a Signal, src: Option<&'a str>, dst: &'a str) -> Message<'a> {
    let (kind, payload) = match signal {
        Signal::Offer(offer) => (
            "OFFER",
            Payload {
                sdp: Some(Description {
                    sdp: &offer.sdp,
                    kind: "offer",
                }),
                kind: Some(connection_type(offer.kind)),
                connection_id: Some(&offer.connection_id),
                metadata: offer.mesh.map(|mark| Metadata { mesh: mark.into() }),
                browser: offer.browser.as_deref(),
                label: offer.label.as_deref(),
                reliable: offer.reliable,
                serialization: offer.serialization.as_deref(),
                ..Payload::default()
            },
        ),
        Signal::Answer(answer) => (
            "ANSWER",
            Payload {
                sdp: Some(Description {
                    sdp: &answer.sdp,
                    kind: "answer",
                }),
                kind: Some(connection_type(answer.kind)),
                connection_id: Some(&answer.connection_id),
                mesh: answer.mesh.map(Mark::from),
                browser: answer.browser.as_deref(),
                ..Payload::default()
            },
        ),
        Signal::Candidate(candidate) => (
            "CANDIDATE",
            Payload {
                candidate: Some(IceCandidate {
                    candidate: &candidate.candidate,
                    sdp_mid: candidate.sdp_mid.as_deref(),
                    sdp_mline_index: candidate.sdp_mline_index,
                    username_fragment: candidate.username_fragment.as_deref(),
                }),
                kind: Some(connection_type(candidate.kind)),
                connection_id: Some(&candidate.connection_id),
                ..Payload::default()
            },
        ),
        Signal::Echo(echo) => (
            "CANDIDATE",
            Payload {
                kind: Some(ECHO),
                nonce: Some(hex(&echo.nonce.to_be_bytes())),
                term: Some(echo.term),
                member: Some(&echo.member),
                ..Payload::default()
            },
        ),
    };
    Message {
        kind,
        src,
        dst: Some(dst),
        payload: Some(payload),
    }
}

fn connection_type(kind: ConnectionKind) -> &'static str {
    match kind {
        ConnectionKind::Data => "data",
        ConnectionKind::Media => "media",
    }
}
