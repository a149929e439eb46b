//! Writes the records that JavaScript reads.

use crate::records::NEVER;
use alloc::sync::Arc;
use alloc::{string::String, vec::Vec};
use peerjs_mesh_core::{Event, Outcome, Output, Status};
use peerjs_mesh_protocol::signalling::{
    Answer, Candidate, ConnectionKind, MeshMark, Offer, Signal, ToServer,
};

/// Bytes that a record points to. They live until the next drain.
pub(crate) enum Held {
    /// A frame to be sent.
    Frame(Vec<u8>),
    /// A value for the user.
    Value(Arc<Vec<u8>>),
}

impl Held {
    fn bytes(&self) -> &[u8] {
        match self {
            Held::Frame(bytes) => bytes,
            Held::Value(bytes) => bytes,
        }
    }
}

/// A buffer that grows to what is needed and is used again.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    held: Vec<Held>,
    held_bytes: usize,
    /// Where in `bytes` the addresses stand.
    #[cfg(not(target_family = "wasm"))]
    places: Vec<usize>,
}

impl Writer {
    /// Empties it, and leaves room at the front for `head` bytes.
    pub(crate) fn begin(&mut self, head: usize) {
        const KEPT: usize = 64 << 10;
        self.held.clear();
        #[cfg(not(target_family = "wasm"))]
        self.places.clear();
        self.held_bytes = 0;
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        self.bytes.resize(head, 0);
    }

    /// Bytes that records point to so far, and bytes of records.
    pub(crate) fn weight(&self) -> usize {
        self.held_bytes + self.bytes.len()
    }

    /// Fills the head in; the first four bytes are the length of what follows them.
    pub(crate) fn finish(&mut self, after_length: &[u8]) -> *const u8 {
        let length = (self.bytes.len() as u32).saturating_sub(4).to_le_bytes();
        let head = length.iter().chain(after_length);
        for (place, byte) in self.bytes.iter_mut().zip(head) {
            *place = *byte;
        }
        self.bytes.as_ptr()
    }

    fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    fn flag(&mut self, value: bool) {
        self.byte(value.into());
    }

    fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn number(&mut self, value: u64) {
        self.bytes.extend_from_slice(&(value as f64).to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        self.u32(value.len() as u32);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    fn optional_text(&mut self, value: Option<&str>) {
        self.flag(value.is_some());
        if let Some(value) = value {
            self.text(value);
        }
    }

    fn list(&mut self, values: &[String]) {
        self.u32(values.len() as u32);
        for value in values {
            self.text(value);
        }
    }

    /// Keeps the bytes, and says where they are: four bytes are enough for an address on wasm32.
    fn view(&mut self, held: Held) {
        let bytes = held.bytes();
        let (address, length) = (bytes.as_ptr() as usize as u32, bytes.len());
        #[cfg(not(target_family = "wasm"))]
        self.places.push(self.bytes.len());
        self.u32(address);
        self.u32(length as u32);
        self.held_bytes += length;
        self.held.push(held);
    }

    /// Something to be done.
    pub(crate) fn output(&mut self, output: Output) {
        match output {
            Output::OpenSession { session, id, token } => {
                self.head(1, session.0);
                self.text(&id);
                self.text(&token);
            }
            Output::SendSession { session, message } => {
                self.head(2, session.0);
                self.server_message(&message);
            }
            Output::CloseSession { session } => self.head(3, session.0),
            Output::Dial { link, label } => {
                self.head(4, link.0);
                self.text(&label);
            }
            Output::Answer { link, sdp, lanes } => {
                self.head(5, link.0);
                self.flag(lanes);
                self.text(&sdp);
            }
            Output::Accept { link, sdp, lanes } => {
                self.head(6, link.0);
                self.flag(lanes);
                self.text(&sdp);
            }
            Output::AddCandidate { link, candidate } => {
                self.head(7, link.0);
                self.candidate(&candidate);
            }
            Output::Send { link, lane, frame } => {
                self.head(8, link.0);
                self.byte(lane as u8);
                self.view(Held::Frame(frame));
            }
            Output::CloseLink { link } => self.head(9, link.0),
            Output::Media { link, dial } => {
                self.head(10, link.0);
                self.flag(dial);
            }
            Output::MediaSignal { link, signal } => {
                self.head(11, link.0);
                self.view(Held::Frame(signal));
            }
        }
    }

    /// Something to be heard.
    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::Joined { id } => {
                self.byte(32);
                self.text(&id);
            }
            Event::HostConnected {
                is_host,
                host,
                term,
            } => {
                self.byte(33);
                self.flag(is_host);
                self.text(&host);
                self.number(term);
            }
            Event::Sync { peers } => {
                self.byte(34);
                self.flag(peers.is_some());
                if let Some(peers) = peers {
                    self.list(&peers);
                }
            }
            Event::HostDropped => self.byte(35),
            Event::PeerJoined { id, peers } => self.peer(36, &id, &peers),
            Event::PeerDropped { id, peers } => self.peer(37, &id, &peers),
            Event::Data { from, data } => {
                self.byte(38);
                self.text(&from);
                self.view(Held::Value(data));
            }
            Event::InitData { id, data } => {
                self.byte(39);
                self.text(&id);
                self.view(Held::Value(data));
            }
            Event::MeshLimitExceeded { limit, tries } => {
                self.head(40, limit);
                self.u32(tries);
            }
            Event::Signalling { up } => {
                self.byte(41);
                self.flag(up);
            }
            Event::Gap { from, first, last } => {
                self.byte(42);
                self.text(&from);
                self.number(first);
                self.number(last);
            }
            Event::Error { code, detail } => self.error(code as u8, &detail),
            Event::Left => self.left(),
            Event::Stream { id, link, kinds } => {
                self.byte(47);
                self.text(&id);
                self.u32(link.0);
                self.byte(kinds);
            }
            Event::StreamDrop { id } => {
                self.byte(48);
                self.text(&id);
            }
            Event::ManualStream { id } => {
                self.byte(49);
                self.text(&id);
            }
        }
    }

    /// What became of a send that waited.
    pub(crate) fn outcome(&mut self, outcome: Outcome) {
        match outcome.result {
            Ok(()) => self.head(43, outcome.ticket.0),
            Err(code) => {
                self.head(44, outcome.ticket.0);
                self.byte(code as u8);
            }
        }
    }

    /// An error that belongs to no call.
    pub(crate) fn error(&mut self, code: u8, detail: &str) {
        self.byte(45);
        self.byte(code);
        self.text(detail);
    }

    /// The last word.
    pub(crate) fn left(&mut self) {
        self.byte(46);
    }

    fn head(&mut self, kind: u8, number: u32) {
        self.byte(kind);
        self.u32(number);
    }

    fn peer(&mut self, kind: u8, id: &str, peers: &[String]) {
        self.byte(kind);
        self.text(id);
        self.list(peers);
    }

    fn server_message(&mut self, message: &ToServer) {
        match message {
            ToServer::Heartbeat => self.byte(0),
            ToServer::Relay { dst, signal } => {
                self.byte(1);
                self.text(dst);
                self.signal(signal);
            }
        }
    }

    fn signal(&mut self, signal: &Signal) {
        match signal {
            Signal::Offer(offer) => {
                self.byte(0);
                self.offer(offer);
            }
            Signal::Answer(answer) => {
                self.byte(1);
                self.answer(answer);
            }
            Signal::Candidate(candidate) => {
                self.byte(2);
                self.candidate(candidate);
            }
            Signal::Echo(echo) => {
                self.byte(3);
                self.u32(echo.nonce as u32);
                self.u32((echo.nonce >> 32) as u32);
                self.number(echo.term);
                self.text(&echo.member);
            }
        }
    }

    fn kind(&mut self, kind: ConnectionKind) {
        self.flag(kind == ConnectionKind::Media);
    }

    fn mark(&mut self, mark: Option<MeshMark>) {
        self.flag(mark.is_some());
        if let Some(mark) = mark {
            self.u16(mark.min);
            self.u16(mark.max);
        }
    }

    fn offer(&mut self, offer: &Offer) {
        self.text(&offer.connection_id);
        self.kind(offer.kind);
        self.text(&offer.sdp);
        self.optional_text(offer.label.as_deref());
        self.byte(offer.reliable.map_or(0, |reliable| 1 + u8::from(reliable)));
        self.optional_text(offer.serialization.as_deref());
        self.optional_text(offer.browser.as_deref());
        self.mark(offer.mesh);
    }

    fn answer(&mut self, answer: &Answer) {
        self.text(&answer.connection_id);
        self.kind(answer.kind);
        self.text(&answer.sdp);
        self.optional_text(answer.browser.as_deref());
        self.mark(answer.mesh);
    }

    fn candidate(&mut self, candidate: &Candidate) {
        self.text(&candidate.connection_id);
        self.kind(candidate.kind);
        self.text(&candidate.candidate);
        self.optional_text(candidate.sdp_mid.as_deref());
        self.flag(candidate.sdp_mline_index.is_some());
        if let Some(index) = candidate.sdp_mline_index {
            self.u16(index);
        }
        self.optional_text(candidate.username_fragment.as_deref());
    }

    /// A picture of the member.
    pub(crate) fn status(&mut self, status: &Status) {
        self.text(&status.id);
        self.text(&status.room);
        self.bytes.extend_from_slice(&status.founding);
        self.number(status.term);
        self.optional_text(status.host.as_deref());
        self.flag(status.is_host);
        self.flag(status.signalling);
        self.number(status.buffered);
        self.u32(status.peers.len() as u32);
        for peer in &status.peers {
            self.text(&peer.id);
            self.flag(peer.direct);
            self.u32(peer.rtt_micros.unwrap_or(NEVER));
        }
    }

    /// The records so far.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in them an address stands, and the bytes it leads to.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn views(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let places = self.places.iter().copied();
        places.zip(self.held.iter().map(Held::bytes))
    }
}
