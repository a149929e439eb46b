//! Errors: a code that programs can compare, a sentence for people, and what to do about it.

use std::fmt;

pub use peerjs_mesh_core::ErrorCode;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: ErrorCode,
    message: String,
    hint: String,
}

impl Error {
    /// An error with the code's own words, and `detail` behind them unless it is empty.
    pub(crate) fn new(code: ErrorCode, detail: impl fmt::Display) -> Error {
        let (_, words, hint) = words(code);
        let detail = detail.to_string();
        let message = if detail.is_empty() {
            words.to_owned()
        } else {
            format!("{words}: {detail}")
        };
        Error {
            code,
            message,
            hint: hint.to_owned(),
        }
    }

    /// What the core tells besides the answers to calls. `detail`: the server's words, an id, or empty.
    pub(crate) fn told(code: ErrorCode, detail: &str) -> Error {
        if code == ErrorCode::Unsupported {
            return Error::new(
                code,
                format!("{detail} is stock PeerJS or the original package"),
            )
            .with_hint("it was turned away: such members cannot be in the room yet");
        }
        Error::new(code, detail)
    }

    /// An error of a face in front of this crate: the code's own words with `detail` behind them, and a hint.
    pub fn with_code(code: ErrorCode, detail: &str, hint: &str) -> Error {
        Error::new(code, detail).with_hint(hint)
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = hint.into();
        self
    }

    /// What kind of error.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The code as text, the same in every language: `"server-unreachable"`.
    pub fn code_text(&self) -> &'static str {
        code_text(self.code)
    }

    /// What went wrong, in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it; may be empty.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code_text(), self.message)
    }
}

impl std::error::Error for Error {}

/// A code as text, the same in every language.
pub fn code_text(code: ErrorCode) -> &'static str {
    words(code).0
}

/// Code, message, hint.
fn words(code: ErrorCode) -> (&'static str, &'static str, &'static str) {
    match code {
        ErrorCode::InvalidRoom => (
            "invalid-room",
            "the room's name cannot be used",
            "use up to 128 letters and digits, with single spaces, - or _ between them",
        ),
        ErrorCode::InvalidOption => ("invalid-option", "an option cannot be used", ""),
        ErrorCode::BadCommand => ("bad-command", "no such command", ""),
        ErrorCode::ServerUnreachable => (
            "server-unreachable",
            "the signalling server cannot be reached",
            "check the server's URL, and that it runs; it is tried again",
        ),
        ErrorCode::InvalidKey => (
            "invalid-key",
            "the signalling server refuses the key",
            "give the key that the server was started with",
        ),
        ErrorCode::ServerError => ("server-error", "the signalling server reports an error", ""),
        ErrorCode::IdTaken => ("id-taken", "this id is taken at the signalling server", ""),
        ErrorCode::JoinTimeout => (
            "join-timeout",
            "the room was not joined in time",
            "raise join_timeout, or check the server",
        ),
        ErrorCode::SyncTimeout => (
            "sync-timeout",
            "the room was not whole in time",
            "raise sync_timeout, or check the network",
        ),
        ErrorCode::MeshFull => ("mesh-full", "the room is full", "its host sets mesh_limit"),
        ErrorCode::HostUnavailable => (
            "host-unavailable",
            "the room's host does not answer",
            "it is tried again",
        ),
        ErrorCode::VersionMismatch => (
            "version-mismatch",
            "the room speaks another version",
            "use the same release everywhere",
        ),
        ErrorCode::NotEncodable => (
            "not-encodable",
            "this value cannot be sent",
            "send lists, maps, text, numbers, dates and bytes, not deeper than 100 levels",
        ),
        ErrorCode::MessageTooLarge => (
            "message-too-large",
            "the message is too large",
            "a message may weigh 256 MiB, init data 64 KiB",
        ),
        ErrorCode::BufferFull => (
            "buffer-full",
            "too many messages are waiting",
            "wait for send before the next one",
        ),
        ErrorCode::UnknownMember => (
            "unknown-member",
            "no member has this id",
            "status lists who is there",
        ),
        ErrorCode::MemberLeft => (
            "member-left",
            "the member left before it got the message",
            "",
        ),
        ErrorCode::TooSlow => (
            "too-slow",
            "dropped: this member took nothing for too long",
            "take events as they come",
        ),
        ErrorCode::Left => ("left", "this member has left", "join again"),
        ErrorCode::MediaDenied => ("media-denied", "camera or microphone was refused", ""),
        ErrorCode::PortInUse => ("port-in-use", "the port is in use", ""),
        ErrorCode::Unsupported => ("unsupported", "not supported", ""),
        ErrorCode::CallFailed => (
            "call-failed",
            "no media connection to this member could be made",
            "it is tried again; behind strict networks a TURN server is needed",
        ),
        ErrorCode::Internal => (
            "internal",
            "an error inside peerjs-mesh",
            "please report it",
        ),
    }
}
