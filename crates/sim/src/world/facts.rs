//! What happens to a member, on its way to it.

use crate::machine::Machine;
use peerjs_mesh_core::{Input, Instant, Lane, LinkEnd, LinkId, MediaState, SessionEnd, SessionId};
use peerjs_mesh_protocol::signalling::{Candidate, FromServer};

/// An input on its way to a member.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    SessionConnected(SessionId),
    SessionReceived(SessionId, FromServer),
    SessionClosed(SessionId, SessionEnd),
    LinkDescribed(LinkId, String),
    LinkCandidate(LinkId, Candidate),
    LinkOpened(LinkId, u32),
    LinkReceived(LinkId, Lane, Vec<u8>),
    LinkDrained(LinkId, u32),
    LinkClosed(LinkId, LinkEnd),
    MediaSignal(LinkId, String),
    Media(LinkId, MediaState),
}

/// What a fact is about.
pub(super) enum About {
    Session(SessionId),
    Link(LinkId),
    Media(LinkId),
}

impl Fact {
    pub(super) fn about(&self) -> About {
        match self {
            Fact::SessionConnected(s) | Fact::SessionReceived(s, _) | Fact::SessionClosed(s, _) => {
                About::Session(*s)
            }
            Fact::LinkDescribed(l, _)
            | Fact::LinkCandidate(l, _)
            | Fact::LinkOpened(l, _)
            | Fact::LinkReceived(l, _, _)
            | Fact::LinkDrained(l, _)
            | Fact::LinkClosed(l, _) => About::Link(*l),
            Fact::MediaSignal(l, _) | Fact::Media(l, _) => About::Media(*l),
        }
    }

    pub(super) fn tell(self, machine: &mut dyn Machine, now: Instant) {
        let input = match &self {
            Fact::SessionConnected(session) => Input::SessionConnected { session: *session },
            Fact::SessionReceived(session, message) => Input::SessionReceived {
                session: *session,
                message: message.clone(),
            },
            Fact::SessionClosed(session, end) => Input::SessionClosed {
                session: *session,
                end: *end,
            },
            Fact::LinkDescribed(link, sdp) => Input::LinkDescribed {
                link: *link,
                sdp: sdp.clone(),
            },
            Fact::LinkCandidate(link, candidate) => Input::LinkCandidate {
                link: *link,
                candidate: candidate.clone(),
            },
            Fact::LinkOpened(link, max_frame) => Input::LinkOpened {
                link: *link,
                max_frame: *max_frame,
            },
            Fact::LinkReceived(link, lane, frame) => Input::LinkReceived {
                link: *link,
                lane: *lane,
                frame,
            },
            Fact::LinkDrained(link, buffered) => Input::LinkDrained {
                link: *link,
                buffered: *buffered,
            },
            Fact::LinkClosed(link, end) => Input::LinkClosed {
                link: *link,
                end: *end,
            },
            Fact::MediaSignal(link, signal) => Input::MediaSignal {
                link: *link,
                signal: signal.as_bytes(),
            },
            Fact::Media(link, state) => Input::Media {
                link: *link,
                state: *state,
            },
        };
        machine.handle_input(now, input);
    }
}
