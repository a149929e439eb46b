//! WebRTC connections: descriptions, candidates, handshakes. What flows stands in `lanes`, how they die in `closing`.

use super::facts::Fact;
use super::{Due, World};
use crate::pipe::Pipe;
use crate::{MS, Micros};
use peerjs_mesh_core::{Lane, LinkId};
use peerjs_mesh_protocol::signalling::{Candidate, ConnectionKind};
use std::collections::VecDeque;

/// One end of a connection, made by a `Dial` or an `Answer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EndId(pub(super) usize);

/// What a data channel carries in one message, bytes: Chromium's and Firefox's `max-message-size`.
pub(super) const MAX_FRAME: u32 = 262_144;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndState {
    /// A description was made; the remote's is missing, or no way is known yet.
    Waiting,
    /// Both descriptions and a way: packets are tried.
    Checking,
    /// Channels are open.
    Open,
    /// The member has asked to close it; what it holds leaves first.
    Closing,
    /// Nothing more happens.
    Gone,
}

pub(super) struct End {
    pub(super) member: usize,
    pub(super) link: LinkId,
    pub(super) state: EndState,
    /// The other end: for an answer from the beginning, for an offer once its answer was accepted.
    pub(super) peer: Option<EndId>,
    pub(super) offered: bool,
    pub(super) lanes: bool,
    /// Whether it knows a way to its remote.
    pub(super) candidate: bool,
    pub(super) described: bool,
    pub(super) buffered: usize,
    /// What has not left: unordered lanes first, as in SCTP stacks.
    pub(super) outs: [VecDeque<(Lane, Vec<u8>)>; 2],
    /// The frame that is being sent.
    pub(super) wire: Option<(Lane, Vec<u8>)>,
    /// It cannot be sent: there is no way.
    pub(super) stalled: bool,
    pub(super) inbound: [Pipe<Vec<u8>>; 4],
    /// Since when its remote is out of reach.
    pub(super) unreachable: Option<Micros>,
    pub(super) fin_sent: bool,
}

impl World {
    fn new_end(&mut self, member: usize, link: LinkId, offered: bool) -> EndId {
        let id = EndId(self.ends.len());
        if self.nodes[member].links.insert(link, id.0).is_some() {
            self.blame("link-reused", format!("m{member} makes {link:?} twice"));
        }
        self.ends.push(End {
            member,
            link,
            state: EndState::Waiting,
            peer: None,
            offered,
            lanes: false,
            candidate: false,
            described: false,
            buffered: 0,
            outs: [VecDeque::new(), VecDeque::new()],
            wire: None,
            stalled: false,
            inbound: [Lane::Default, Lane::Data, Lane::Beat, Lane::Control]
                .map(|lane| Pipe::new(matches!(lane, Lane::Default | Lane::Data))),
            unreachable: None,
            fin_sent: false,
        });
        id
    }

    pub(super) fn end_of(&mut self, member: usize, link: LinkId, verb: &str) -> Option<EndId> {
        let found = self.nodes[member].links.get(&link).copied().map(EndId);
        if found.is_none() && self.nodes[member].ended.1 != Some(link) {
            self.blame(
                "link-dead",
                format!("m{member} {verb} {link:?}, which is closed or was never made"),
            );
        }
        found
    }

    /// Descriptions name their end; nothing else of them matters here.
    fn describe(&mut self, end: EndId) {
        let End {
            member,
            link,
            offered,
            ..
        } = self.ends[end.0];
        let word = if offered { "offer" } else { "answer" };
        let trickle = self.nodes[member].trickle;
        let inline = if trickle { "" } else { " with-candidates" };
        let delay = self.gathering(member);
        self.ends[end.0].described = true;
        self.tell_later(
            member,
            delay,
            Fact::LinkDescribed(link, format!("sim-{word} {}{inline}", end.0)),
        );
        if trickle {
            for nth in 0..2 {
                let later = delay + (nth + 1) * self.nodes[member].rng.range(MS / 2, 8 * MS);
                let candidate = Candidate {
                    connection_id: String::new(),
                    kind: ConnectionKind::Data,
                    candidate: format!("candidate:sim {} {nth}", end.0),
                    sdp_mid: Some("0".to_owned()),
                    sdp_mline_index: Some(0),
                    username_fragment: None,
                };
                self.tell_later(member, later, Fact::LinkCandidate(link, candidate));
            }
        }
    }

    pub(super) fn dial(&mut self, member: usize, link: LinkId) {
        self.stats.count("dials", 1);
        let end = self.new_end(member, link, true);
        self.describe(end);
    }

    pub(super) fn answer(&mut self, member: usize, link: LinkId, sdp: &str, lanes: bool) {
        let end = self.new_end(member, link, false);
        let Some((remote, inline)) = parse(sdp, "sim-offer").filter(|(e, _)| e.0 < self.ends.len())
        else {
            self.fail_end(end, 5 * MS);
            return;
        };
        let it = &mut self.ends[end.0];
        it.peer = Some(remote);
        it.lanes = lanes;
        it.candidate = inline;
        self.describe(end);
        // If the offerer never accepts, ICE gives up.
        self.watch(end);
    }

    pub(super) fn accept(&mut self, member: usize, link: LinkId, sdp: &str, lanes: bool) {
        let Some(end) = self.end_of(member, link, "accepts an answer for") else {
            return;
        };
        let Some((remote, inline)) =
            parse(sdp, "sim-answer").filter(|(e, _)| e.0 < self.ends.len())
        else {
            self.fail_end(end, 5 * MS);
            return;
        };
        let it = &self.ends[end.0];
        if it.peer.is_some() || !it.offered {
            self.blame(
                "accept-twice",
                format!("m{member} accepts a second answer for {link:?}"),
            );
            return;
        }
        if self.ends[remote.0].peer != Some(end) {
            // An answer to another offer: the stack refuses it.
            self.fail_end(end, 5 * MS);
            return;
        }
        let it = &mut self.ends[end.0];
        it.peer = Some(remote);
        it.lanes = lanes;
        it.candidate |= inline;
        self.watch(end);
        self.try_handshake(end);
    }

    pub(super) fn add_candidate(&mut self, member: usize, link: LinkId, candidate: &Candidate) {
        let Some(end) = self.end_of(member, link, "adds a candidate to") else {
            return;
        };
        let from = candidate
            .candidate
            .strip_prefix("candidate:sim ")
            .and_then(|rest| rest.split(' ').next()?.parse().ok());
        let Some(from) = from.map(EndId).filter(|from| from.0 < self.ends.len()) else {
            return;
        };
        // Held until the remote's description is there; one of another connection of the same remote's is useless.
        let it = &mut self.ends[end.0];
        let useful = match it.peer {
            Some(peer) => peer == from,
            None => self.ends[from.0].peer == Some(end),
        };
        if useful {
            self.ends[end.0].candidate = true;
            self.try_handshake(end);
        }
    }

    fn try_handshake(&mut self, end: EndId) {
        let Some(peer) = self.ends[end.0].peer else {
            return;
        };
        let (one, other) = (&self.ends[end.0], &self.ends[peer.0]);
        let ready = |it: &End| it.state == EndState::Waiting;
        // One side that knows a way is enough: the other learns it from the packets.
        if other.peer != Some(end)
            || !ready(one)
            || !ready(other)
            || !(one.candidate || other.candidate)
        {
            return;
        }
        let (a, b) = (one.member, other.member);
        let offer = if one.offered { end } else { peer };
        self.ends[end.0].state = EndState::Checking;
        self.ends[peer.0].state = EndState::Checking;
        let delay = self.paths.link_delay(a, b);
        let cpu = self.rng.range(MS, 5 * MS);
        self.schedule(
            self.now + 5 * delay + cpu,
            Due::Handshake { offer, attempt: 0 },
        );
    }

    pub(super) fn on_handshake(&mut self, offer: EndId, attempt: u32) {
        let Some(answer) = self.ends[offer.0].peer else {
            return;
        };
        let checking = |it: &End| it.state == EndState::Checking;
        if !checking(&self.ends[offer.0]) || !checking(&self.ends[answer.0]) {
            return;
        }
        let (a, b) = (self.ends[offer.0].member, self.ends[answer.0].member);
        let lucky = !self.rng.chance(self.paths.loss * 3.0);
        if self.reach(a, b) && self.reach(b, a) && lucky {
            self.stats.count("links opened", 1);
            let delay = self.paths.link_delay(a, b);
            // Which side is ready first depends on the stacks.
            let (first, second) = if self.rng.chance(0.5) {
                (offer, answer)
            } else {
                (answer, offer)
            };
            self.open_end(first);
            self.schedule(self.now + delay, Due::Open { end: second });
        } else {
            self.schedule(
                self.now + 500 * MS,
                Due::Handshake {
                    offer,
                    attempt: attempt + 1,
                },
            );
        }
    }

    pub(super) fn open_end(&mut self, end: EndId) {
        let it = &mut self.ends[end.0];
        if it.state != EndState::Checking {
            return;
        }
        it.state = EndState::Open;
        let (member, link) = (it.member, it.link);
        self.tell(member, Fact::LinkOpened(link, MAX_FRAME));
        for lane in 0..4 {
            self.schedule(self.now, Due::Lane { end, lane });
        }
        self.repath_end(end);
    }
}

fn parse(sdp: &str, word: &str) -> Option<(EndId, bool)> {
    let mut parts = sdp.split(' ');
    if parts.next()? != word {
        return None;
    }
    let end = parts.next()?.parse().ok()?;
    Some((EndId(end), parts.next().is_some()))
}
