//! Dials: offers, answers and candidates, by way of the signalling server.

use super::seek::Seek;
use super::{Member, Role};
use crate::api::{ErrorCode, LinkId, Output, SessionId};
use crate::config::ANSWER_MS;
use crate::link::{Goal, Link, Stage};
use crate::prelude::*;
use peerjs_mesh_protocol::ids;
use peerjs_mesh_protocol::signalling::{
    Answer, Candidate, ConnectionKind, MeshMark, Offer, Signal,
};

/// Links that are not in use yet, at most: a flood of offers must not become a flood of connections.
pub(super) const MAX_PENDING: usize = 64;
/// Candidates kept per offer (interfaces × protocols; browsers make about ten).
pub(super) const MAX_CANDIDATES: usize = 64;

impl Member {
    fn new_link(&mut self, connection_id: String, dialled: bool) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        self.links
            .push(Link::new(id, connection_id, dialled, self.now));
        id
    }

    /// Has an offer made before anybody needs it, under that connection id or one of its own.
    pub(super) fn prepare_spare(&mut self, label: Option<String>) -> LinkId {
        let random = self.rng.u64().to_le_bytes();
        let label = label.unwrap_or_else(|| ids::connection_id(ConnectionKind::Data, random));
        let link = self.new_link(label.clone(), true);
        self.counters.dials += 1;
        self.outputs.push_back(Output::Dial { link, label });
        link
    }

    /// Offers a link to somebody; again, when that is under way already and has not been answered.
    pub(super) fn dial(&mut self, goal: Goal) {
        let via = match goal {
            Goal::Member(key) => self.route(key),
            _ => None,
        };
        self.dial_by(goal, via);
    }

    /// The same, by way of a member (`via`) as well as by the server; warm links by way of a member only.
    pub(super) fn dial_by(&mut self, goal: Goal, via: Option<LinkId>) {
        if goal == Goal::Member(self.me) {
            return;
        }
        if let Some(link) = self
            .links
            .iter_mut()
            .find(|link| link.goal == Some(goal) && link.dialled)
        {
            if link.is_unanswered() {
                link.via = via;
                link.sent = false;
                self.send_offers();
            }
            return;
        }
        let remote = match goal {
            Goal::Room => self.cfg.room.clone(),
            Goal::Member(key) | Goal::Peer(key) => self.names.text(key).to_owned(),
        };
        let spare = self
            .links
            .iter()
            .find(|link| link.is_unanswered() && link.goal.is_none())
            .map(|link| link.id);
        let id = match spare {
            Some(id) => id,
            None => self.prepare_spare(None),
        };
        let now = self.now;
        if let Some(link) = self.link_mut(id) {
            link.goal = Some(goal);
            link.remote = remote;
            link.via = via;
            link.by_server = via.is_none() || !matches!(goal, Goal::Peer(_));
            link.sent = false;
            link.since = now;
        }
        self.send_offers();
    }

    /// Sends every offer that is ready and not sent, if there is a way: a member's, or the own session.
    pub(super) fn send_offers(&mut self) {
        let up = self.own.is_up();
        let mark = self.mark();
        for at in 0..self.links.len() {
            let via = self.links.get(at).and_then(|link| self.via(link));
            let Some(link) = self.links.get_mut(at) else {
                return;
            };
            if link.stage != Stage::Offering || link.goal.is_none() || link.sent {
                continue;
            }
            link.via = via;
            link.by_server |= via.is_none();
            if via.is_none() && !up {
                continue;
            }
            let Some(sdp) = link.sdp.clone() else {
                continue;
            };
            link.sent = true;
            link.since = self.now;
            let offer = Offer {
                connection_id: link.connection_id.clone(),
                kind: ConnectionKind::Data,
                sdp,
                label: Some(link.connection_id.clone()),
                reliable: Some(true),
                serialization: Some("binary".to_owned()),
                browser: None,
                mesh: Some(mark),
            };
            let id = link.id;
            self.describe(id, Signal::Offer(offer));
        }
    }

    pub(super) fn mark(&self) -> MeshMark {
        MeshMark {
            min: self.cfg.versions.0,
            max: self.cfg.versions.1,
        }
    }

    /// The session by which a link's signals go.
    pub(super) fn session_of(&self, link: &Link) -> Option<SessionId> {
        match link.session {
            Some(id)
                if self
                    .name
                    .session
                    .as_ref()
                    .is_some_and(|session| session.id == id) =>
            {
                Some(id)
            }
            _ => self.own.session.as_ref().map(|session| session.id),
        }
    }

    pub(super) fn on_link_described(&mut self, id: LinkId, sdp: String) {
        let now = self.now;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        if link.stage != Stage::Preparing {
            return;
        }
        if link.dialled {
            link.stage = Stage::Offering;
            link.sdp = Some(sdp);
            return self.send_offers();
        }
        link.stage = Stage::Opening;
        link.since = now;
        link.sdp = Some(sdp);
        self.send_answer(id);
    }

    fn send_answer(&mut self, id: LinkId) {
        let mark = self.mark();
        let Some(link) = self.link(id) else { return };
        let Some(sdp) = link.sdp.clone() else {
            return;
        };
        let answer = Answer {
            connection_id: link.connection_id.clone(),
            kind: ConnectionKind::Data,
            sdp,
            browser: None,
            mesh: Some(mark),
        };
        self.describe(id, Signal::Answer(answer));
    }

    pub(super) fn on_link_candidate(&mut self, id: LinkId, mut candidate: Candidate) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        candidate.connection_id = link.connection_id.clone();
        candidate.kind = ConnectionKind::Data;
        if link.candidates.len() < MAX_CANDIDATES {
            link.candidates.push(candidate.clone());
        }
        // Before the description has been sent it waits with it.
        let out = if link.dialled {
            link.sent
        } else {
            link.sdp.is_some()
        };
        if out {
            self.convey(id, Signal::Candidate(candidate));
        }
    }

    /// An offer has come: under one of our sessions, or by way of a member.
    pub(super) fn on_offer(
        &mut self,
        session: Option<SessionId>,
        via: Option<LinkId>,
        src: String,
        offer: Offer,
    ) {
        // A queue at the server may bring one's own offer back once one owns the name; calls have no place here yet.
        if src == self.names.text(self.me) || offer.kind == ConnectionKind::Media {
            return;
        }
        let known = self
            .links
            .iter()
            .find(|link| link.connection_id == offer.connection_id && link.remote == src);
        if let Some(link) = known {
            // It was sent again, for want of an answer.
            let again = !link.dialled && link.stage == Stage::Opening;
            let id = link.id;
            if let Some(link) = self.link_mut(id).filter(|_| again) {
                // Perhaps under our other name this time: the answer must come from the one that was asked.
                link.session = session;
                (link.via, link.by_server) = (via, via.is_none());
                self.send_answer(id);
            }
            return;
        }
        if self.links.iter().filter(|link| !link.is_in_use()).count() >= MAX_PENDING {
            return;
        }
        let ours = offer.mesh.is_some();
        if !ours {
            self.error(ErrorCode::Unsupported, &src);
        }
        let id = self.new_link(offer.connection_id, false);
        if let Some(link) = self.link_mut(id) {
            link.remote = src;
            link.session = session;
            (link.via, link.by_server) = (via, via.is_none());
            link.ours = ours;
        }
        self.outputs.push_back(Output::Answer {
            link: id,
            sdp: offer.sdp,
            lanes: ours,
        });
    }

    pub(super) fn on_answer(&mut self, src: &str, answer: Answer) {
        let now = self.now;
        // Whoever had the room's name may have given it away meanwhile, and answers under its own.
        let wanted = |link: &&mut Link| {
            link.connection_id == answer.connection_id
                && (link.remote == src || link.goal == Some(Goal::Room))
                && link.dialled
                && link.stage == Stage::Offering
        };
        let Some(link) = self.links.iter_mut().find(wanted) else {
            return;
        };
        let id = link.id;
        src.clone_into(&mut link.remote);
        link.ours = answer.mesh.is_some();
        link.stage = Stage::Opening;
        link.since = now;
        if !link.ours {
            let src = src.to_owned();
            self.error(ErrorCode::Unsupported, &src);
            return self.fail_link(id, true);
        }
        self.outputs.push_back(Output::Accept {
            link: id,
            sdp: answer.sdp,
            lanes: true,
        });
        if let Role::Seeking(seek) = &mut self.role {
            seek.answered(now, super::seek::WELCOME_MS);
        }
    }

    pub(super) fn on_candidate(&mut self, src: &str, candidate: Candidate) {
        let wanted =
            |link: &&Link| link.connection_id == candidate.connection_id && link.remote == src;
        let Some(link) = self.links.iter().find(wanted) else {
            return;
        };
        if link.dialled && link.is_unanswered() {
            return;
        }
        let id = link.id;
        self.outputs.push_back(Output::AddCandidate {
            link: id,
            candidate,
        });
    }

    /// Nobody has that id at the server.
    pub(super) fn on_absent(&mut self, id: &str) {
        let wanted = |link: &&Link| link.remote == id && link.is_unanswered() && link.sent;
        let Some(link) = self.links.iter().find(wanted) else {
            return;
        };
        let (id, goal) = (link.id, link.goal);
        self.unanswered(id);
        if goal == Some(Goal::Room) && !matches!(self.role, Role::Guest(_)) {
            self.claim_name(false);
        }
    }

    /// Takes an unanswered offer back; another dial may use it.
    pub(super) fn unanswered(&mut self, id: LinkId) {
        let spare = self
            .links
            .iter()
            .any(|link| link.goal.is_none() && link.is_unanswered());
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let goal = link.goal.take();
        link.sent = false;
        link.via = None;
        link.remote.clear();
        if spare {
            self.remove_link(id);
            self.outputs.push_back(Output::CloseLink { link: id });
        }
        if let Some(Goal::Peer(key)) = goal {
            self.warm_lost(key);
        } else if let Role::Seeking(seek) = &mut self.role {
            seek.next_at = seek.next_at.min(self.now);
        }
    }

    /// Ends all offers of the search that nobody has answered: it is over.
    pub(super) fn drop_offers(&mut self) {
        let ids = self
            .links_that(|link| link.is_unanswered() && !matches!(link.goal, Some(Goal::Peer(_))));
        for id in ids {
            self.remove_link(id);
            self.outputs.push_back(Output::CloseLink { link: id });
        }
    }

    /// Dials that were sent and have not been answered in time.
    pub(super) fn offers_on_time(&mut self) {
        let late: Vec<(LinkId, Option<Goal>)> = self
            .links
            .iter()
            .filter(|link| {
                link.is_unanswered() && link.sent && self.now >= link.since.plus_ms(ANSWER_MS)
            })
            .map(|link| (link.id, link.goal))
            .gather();
        for (id, goal) in late {
            // The room's name is dialled as long as it is taken; `Name` decides about that.
            if goal != Some(Goal::Room) || matches!(self.role, Role::Guest(_)) {
                self.unanswered(id);
            } else if let Some(link) = self.links.iter_mut().find(|link| link.id == id) {
                link.since = self.now;
            }
        }
    }

    pub(super) fn seek_mut(&mut self) -> Option<&mut Seek> {
        match &mut self.role {
            Role::Seeking(seek) => Some(seek),
            _ => None,
        }
    }
}
