//! A run written down: the same seed gives the same lines.

use crate::world::Fact;
use crate::{Micros, SECOND};
use peerjs_mesh_core::{Event, Output};
use peerjs_mesh_protocol::signalling::{FromServer, Signal, ToServer};
use std::cell::RefCell;
use std::rc::Rc;

/// More lines than this are not kept.
const MOST_LINES: usize = 400_000;

/// Lines, when somebody wants them. Clones share them, so that they survive a world that panicked.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    lines: Option<Rc<RefCell<Vec<String>>>>,
}

impl Trace {
    /// A trace that is written.
    pub fn written() -> Trace {
        Trace {
            lines: Some(Rc::default()),
        }
    }

    /// Writes a line if anybody wants it.
    pub(crate) fn line(&mut self, now: Micros, text: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines
            && lines.borrow().len() < MOST_LINES
        {
            let line = format!("{:>3}.{:06} {}", now / SECOND, now % SECOND, text());
            lines.borrow_mut().push(line);
        }
    }

    /// What was written so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines
            .as_ref()
            .map(|lines| lines.borrow().clone())
            .unwrap_or_default()
    }
}

fn signal(signal: &Signal) -> String {
    match signal {
        Signal::Offer(offer) => format!("OFFER {} {:?}", offer.sdp, offer.mesh),
        Signal::Answer(answer) => format!("ANSWER {} {:?}", answer.sdp, answer.mesh),
        Signal::Candidate(candidate) => format!("CANDIDATE {}", candidate.candidate),
        Signal::Echo(echo) => format!(
            "ECHO {} term {} of {}",
            echo.nonce % 1000,
            echo.term,
            short(&echo.member)
        ),
    }
}

/// The first 8 characters of an id.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A frame by its length and a digest, so that two runs can be compared.
fn frame(bytes: &[u8]) -> String {
    let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{} B #{:06x}", bytes.len(), digest & 0xff_ffff)
}

pub(crate) fn brief(fact: &Fact) -> String {
    match fact {
        Fact::SessionConnected(s) => format!("s{} connected", s.0),
        Fact::SessionReceived(s, message) => match message {
            FromServer::Relayed { src, signal: said } => {
                format!("s{} {} from {}", s.0, signal(said), short(src))
            }
            FromServer::Expire { src } => format!("s{} EXPIRE {}", s.0, short(src)),
            other => format!("s{} {other:?}", s.0),
        },
        Fact::SessionClosed(s, end) => format!("s{} closed {end:?}", s.0),
        Fact::LinkDescribed(l, sdp) => format!("l{} described {sdp}", l.0),
        Fact::LinkCandidate(l, candidate) => format!("l{} {}", l.0, candidate.candidate),
        Fact::LinkOpened(l, _) => format!("l{} opened", l.0),
        Fact::LinkReceived(l, lane, bytes) => format!("l{} {lane:?} {}", l.0, frame(bytes)),
        Fact::LinkDrained(l, left) => format!("l{} drained {left}", l.0),
        Fact::LinkClosed(l, end) => format!("l{} closed {end:?}", l.0),
        Fact::MediaSignal(l, signal) => format!("l{} media says {signal}", l.0),
        Fact::Media(l, state) => format!("l{} media {state:?}", l.0),
    }
}

pub(crate) fn brief_output(output: &Output) -> String {
    match output {
        // A token is all that protects an id: it is never written down.
        Output::OpenSession {
            session,
            id,
            token: _,
        } => format!("s{} open as {}", session.0, short(id)),
        Output::SendSession { session, message } => match message {
            ToServer::Heartbeat => format!("s{} HEARTBEAT", session.0),
            ToServer::Relay { dst, signal: said } => {
                format!("s{} {} to {}", session.0, signal(said), short(dst))
            }
        },
        Output::CloseSession { session } => format!("s{} close", session.0),
        Output::Dial { link, .. } => format!("l{} dial", link.0),
        Output::Answer { link, sdp, lanes } => format!("l{} answer {sdp} lanes {lanes}", link.0),
        Output::Accept { link, sdp, lanes } => format!("l{} accept {sdp} lanes {lanes}", link.0),
        Output::AddCandidate { link, candidate } => {
            format!("l{} add {}", link.0, candidate.candidate)
        }
        Output::Send {
            link,
            lane,
            frame: bytes,
        } => format!("l{} {lane:?} {}", link.0, frame(bytes)),
        Output::Media { link, dial } => format!("l{} media, dial {dial}", link.0),
        Output::MediaSignal { link, signal } => {
            format!(
                "l{} media hears {}",
                link.0,
                String::from_utf8_lossy(signal)
            )
        }
        Output::CloseLink { link } => format!("l{} close", link.0),
    }
}

pub(crate) fn brief_event(event: &Event) -> String {
    let list = |ids: &[String]| ids.iter().map(|id| short(id)).collect::<Vec<_>>().join(" ");
    match event {
        Event::Data { from, data } => match crate::payload::decode(data) {
            Some(said) => format!(
                "data m{} #{} to {:?} {} B",
                said.from,
                said.number,
                said.to,
                data.len()
            ),
            None => format!("data from {} {}", short(from), frame(data)),
        },
        Event::PeerJoined { id, peers } => format!("peerjoined {} [{}]", short(id), list(peers)),
        Event::PeerDropped { id, peers } => format!("peerdropped {} [{}]", short(id), list(peers)),
        Event::Sync { peers: Some(peers) } => format!("sync [{}]", list(peers)),
        Event::InitData { id, data } => format!("initData of {} {}", short(id), frame(data)),
        other => format!("{other:?}"),
    }
}
