//! Reads what JavaScript hands over. `None` anywhere: the bytes are no such record.

use crate::records::NEVER;
use alloc::{borrow::ToOwned, string::String};
use peerjs_mesh_core::{Ahead, Config, Mode};
use peerjs_mesh_protocol::signalling::{
    Answer, Candidate, ConnectionKind, Echo, FromServer, MeshMark, Offer, Signal,
};

/// What pages may have unsent on one link, bytes (PROTOCOL §4).
const PAGE_WINDOW: u32 = 256 << 10;

/// A place in a record.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A double that holds a whole number.
    fn number(&mut self) -> Option<u64> {
        self.array().map(|bytes| f64::from_le_bytes(bytes) as u64)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.u32()? as usize;
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        text(head)
    }

    fn optional<T>(&mut self, read: fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            _ => read(self).map(Some),
        }
    }

    fn mark(&mut self) -> Option<MeshMark> {
        Some(MeshMark {
            min: self.u16()?,
            max: self.u16()?,
        })
    }

    fn kind(&mut self) -> Option<ConnectionKind> {
        match self.byte()? {
            0 => Some(ConnectionKind::Data),
            1 => Some(ConnectionKind::Media),
            _ => None,
        }
    }

    /// A *config*.
    pub(crate) fn config(mut self) -> Option<Config> {
        let mut config = Config::new(&self.text()?);
        config.ahead = Some(Ahead {
            id: self.text()?,
            token: self.text()?,
            connection_id: self.text()?,
        });
        config.mesh_limit = Some(self.u32()?).filter(|&limit| limit != 0);
        config.health_interval_ms = self.u32()?;
        config.join_timeout_ms = Some(self.u32()?).filter(|&ms| ms != NEVER);
        config.auto_call = Some(self.u32()?);
        config.mode = match self.byte()? {
            0 => Mode::Host,
            1 => Mode::Full,
            _ => return None,
        };
        let versions = (self.u16()?, self.u16()?);
        if versions != (0, 0) {
            config.versions = versions;
        }
        config.init_data = Some(self.rest.to_vec()).filter(|data| !data.is_empty());
        config.link_window = PAGE_WINDOW;
        Some(config)
    }

    /// A *message from the server*.
    pub(crate) fn message(&mut self) -> Option<FromServer> {
        Some(match self.byte()? {
            0 => FromServer::Open,
            1 => FromServer::IdTaken,
            2 => FromServer::InvalidKey,
            3 => FromServer::Error {
                message: self.text()?,
            },
            4 => FromServer::Expire { src: self.text()? },
            5 => FromServer::Leave { src: self.text()? },
            6 => FromServer::Relayed {
                src: self.text()?,
                signal: self.signal()?,
            },
            7 => FromServer::Unknown,
            _ => return None,
        })
    }

    fn signal(&mut self) -> Option<Signal> {
        Some(match self.byte()? {
            0 => Signal::Offer(self.offer()?),
            1 => Signal::Answer(self.answer()?),
            2 => Signal::Candidate(self.candidate()?),
            3 => Signal::Echo(self.echo()?),
            _ => return None,
        })
    }

    fn offer(&mut self) -> Option<Offer> {
        Some(Offer {
            connection_id: self.text()?,
            kind: self.kind()?,
            sdp: self.text()?,
            label: self.optional(Self::text)?,
            reliable: match self.byte()? {
                0 => None,
                flag => Some(flag == 2),
            },
            serialization: self.optional(Self::text)?,
            browser: self.optional(Self::text)?,
            mesh: self.optional(Self::mark)?,
        })
    }

    fn answer(&mut self) -> Option<Answer> {
        Some(Answer {
            connection_id: self.text()?,
            kind: self.kind()?,
            sdp: self.text()?,
            browser: self.optional(Self::text)?,
            mesh: self.optional(Self::mark)?,
        })
    }

    /// A *candidate*.
    pub(crate) fn candidate(&mut self) -> Option<Candidate> {
        Some(Candidate {
            connection_id: self.text()?,
            kind: self.kind()?,
            candidate: self.text()?,
            sdp_mid: self.optional(Self::text)?,
            sdp_mline_index: self.optional(Self::u16)?,
            username_fragment: self.optional(Self::text)?,
        })
    }

    fn echo(&mut self) -> Option<Echo> {
        let (low, high) = (self.u32()?, self.u32()?);
        Some(Echo {
            nonce: u64::from(high) << 32 | u64::from(low),
            term: self.number()?,
            member: self.text()?,
        })
    }
}

/// Bytes that are UTF-8, as a string of its own.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().map(str::to_owned)
}
