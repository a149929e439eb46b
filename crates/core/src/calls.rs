//! Calls: what members give to each other, and the media connection between two of them.
//!
//! A member says to all what it gives ([`Given`]); who gets something decides whether it wants it, and dials. One
//! connection carries both directions and whatever is given later.

use crate::api::LinkId;
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Reader, Writer};

/// What somebody gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    /// Which of its streams it is: higher than of all streams that it had heard of before (Lamport's clock). So two
    /// that give know alike who began later.
    pub(crate) serial: u64,
    /// Sound 1, picture 2, muted 4.
    pub(crate) kinds: u8,
}

impl Given {
    /// `None`: nothing is given.
    pub(crate) fn read(bytes: &[u8]) -> Option<Given> {
        let mut reader = Reader::new(bytes);
        Some(Given {
            serial: reader.varint()?,
            kinds: reader.u8()?,
        })
    }

    pub(crate) fn write(given: Option<Given>) -> Vec<u8> {
        let mut writer = Writer::default();
        if let Some(given) = given {
            writer.varint(given.serial);
            writer.u8(given.kinds);
        }
        writer.buf
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is being made, or made again after a failure.
    Making,
    Up,
    /// It could not be made.
    Failed,
}

/// A media connection.
pub(crate) struct Conn {
    pub(crate) link: LinkId,
    /// How its dialler numbers it.
    pub(crate) number: u32,
    pub(crate) dialled: bool,
    pub(crate) stage: Stage,
    /// Its tracks are known, and the user may hear of the stream. Once it has failed that waits until it is up.
    pub(crate) ready: bool,
    /// It has been up.
    pub(crate) was_up: bool,
    /// Since when it is in this stage.
    pub(crate) since: Instant,
    /// When to make the offer again: nothing has come back.
    pub(crate) again_at: Option<Instant>,
}

/// What there is, or is to be, between another member and this one.
pub(crate) struct Call {
    pub(crate) key: Key,
    pub(crate) conn: Option<Conn>,
    /// The last dial of theirs.
    pub(crate) theirs: u32,
    /// The user wants its stream whatever the limit.
    pub(crate) asked: bool,
    /// The stream that the user has been told of, and the connection.
    pub(crate) told: Option<(Given, LinkId)>,
    /// The stream for which the user has been told to ask.
    pub(crate) manual: u64,
    /// Failures since it was up.
    pub(crate) tries: u32,
    /// Not to be dialled before.
    pub(crate) at: Option<Instant>,
    /// It is not in the room at present; until when its connection is kept.
    pub(crate) gone: Option<Instant>,
}

impl Call {
    pub(crate) fn new(key: Key) -> Call {
        Call {
            key,
            conn: None,
            theirs: 0,
            asked: false,
            told: None,
            manual: 0,
            tries: 0,
            at: None,
            gone: None,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.conn
            .as_ref()
            .is_some_and(|conn| conn.stage == Stage::Up)
    }

    /// Whether that connection is this one's.
    pub(crate) fn has(&self, link: LinkId) -> bool {
        self.conn.as_ref().is_some_and(|conn| conn.link == link)
    }
}
