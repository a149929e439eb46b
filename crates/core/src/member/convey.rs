//! How descriptions and candidates come to the other end of a link that is being made: by the signalling server, or by way
//! of a member that has a link there.

use super::Member;
use crate::api::LinkId;
use crate::link::{Link, Stage};
use crate::names::Key;
use crate::prelude::*;
use crate::wire::Record;
use peerjs_mesh_protocol::signalling::{
    Answer, Candidate, ConnectionKind, Offer, Signal, ToServer,
};

impl Member {
    /// Says an offer or an answer, and the candidates that are known.
    pub(super) fn describe(&mut self, id: LinkId, signal: Signal) {
        let candidates = self
            .link(id)
            .map(|link| link.candidates.clone())
            .unwrap_or_default();
        let candidates = candidates.into_iter().map(Signal::Candidate);
        for signal in core::iter::once(signal).chain(candidates) {
            self.convey(id, signal);
        }
    }

    /// The member's link by which that link's signals go, if it is still there.
    pub(super) fn via(&self, link: &Link) -> Option<LinkId> {
        link.via
            .filter(|via| self.link(*via).is_some_and(|via| via.stage == Stage::Up))
    }

    /// Brings a signal to the other end of a link that is being made.
    pub(super) fn convey(&mut self, id: LinkId, signal: Signal) {
        let Some(link) = self.link(id) else { return };
        let (via, dst) = (self.via(link), link.remote.clone());
        let session = match (link.by_server || via.is_none(), link.session) {
            (false, _) => None,
            (true, None) if !self.own.is_up() => None,
            _ => self.session_of(link),
        };
        if let Some(via) = via {
            let to = self.names.key(&dst);
            let record = dial_record(self.me, to, &signal).write(&self.names);
            self.pieces_lane(via, record);
        }
        if let Some(session) = session {
            self.say(session, ToServer::Relay { dst, signal });
        }
    }

    /// A signal has come by way of a member.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn on_dial(
        &mut self,
        via: LinkId,
        from: Key,
        what: u8,
        connection_id: &str,
        text: &str,
        mid: Option<&str>,
        index: Option<u16>,
        fragment: Option<&str>,
    ) {
        if self.seat(from).is_none() {
            return;
        }
        let src = self.names.text(from).to_owned();
        let (connection_id, text) = (connection_id.to_owned(), text.to_owned());
        let kind = ConnectionKind::Data;
        let mesh = Some(self.mark());
        match what {
            0 => {
                let offer = Offer {
                    connection_id,
                    kind,
                    sdp: text,
                    label: None,
                    reliable: Some(true),
                    serialization: None,
                    browser: None,
                    mesh,
                };
                self.on_offer(None, Some(via), src, offer);
            }
            1 => {
                let answer = Answer {
                    connection_id,
                    kind,
                    sdp: text,
                    browser: None,
                    mesh,
                };
                self.on_answer(&src, answer);
            }
            2 => {
                let candidate = Candidate {
                    connection_id,
                    kind,
                    candidate: text,
                    sdp_mid: mid.map(str::to_owned),
                    sdp_mline_index: index,
                    username_fragment: fragment.map(str::to_owned),
                };
                self.on_candidate(&src, candidate);
            }
            _ => {}
        }
    }
}

/// A signal as it goes by way of a member.
fn dial_record<'a>(from: Key, to: Key, signal: &'a Signal) -> Record<'a> {
    let (what, connection_id, text, candidate) = match signal {
        Signal::Offer(offer) => (0, &*offer.connection_id, &*offer.sdp, None),
        Signal::Answer(answer) => (1, &*answer.connection_id, &*answer.sdp, None),
        Signal::Candidate(it) => (2, &*it.connection_id, &*it.candidate, Some(it)),
        // A host's word to itself: it goes by the server only.
        Signal::Echo(_) => (3, "", "", None),
    };
    Record::Dial {
        from,
        to,
        what,
        connection_id,
        text,
        mid: candidate.and_then(|it| it.sdp_mid.as_deref()),
        index: candidate.and_then(|it| it.sdp_mline_index),
        fragment: candidate.and_then(|it| it.username_fragment.as_deref()),
    }
}
