//! WebRTC connections: descriptions, handshakes, lanes with a rate, and the ways in which they die.

use super::node::Fact;
use super::{Due, Life, World};
use crate::pipe::Pipe;
use crate::{MS, Micros, SECOND};
use peerjs_mesh_core::{Lane, LinkEnd, LinkId};
use peerjs_mesh_protocol::signalling::{Candidate, ConnectionKind};
use std::collections::VecDeque;

/// One end of a connection, made by a `Dial` or an `Answer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EndId(usize);

/// What a data channel carries in one message, bytes: Chromium's and Firefox's `max-message-size`.
const MAX_FRAME: u32 = 262_144;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndState {
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
    member: usize,
    link: LinkId,
    state: EndState,
    /// The other end: for an answer from the beginning, for an offer once its answer was accepted.
    peer: Option<EndId>,
    offered: bool,
    lanes: bool,
    /// Whether it knows a way to its remote.
    candidate: bool,
    described: bool,
    buffered: usize,
    /// What has not left: unordered lanes first, as in SCTP stacks.
    outs: [VecDeque<(Lane, Vec<u8>)>; 2],
    /// The frame that is being sent.
    wire: Option<(Lane, Vec<u8>)>,
    /// It cannot be sent: there is no way.
    stalled: bool,
    inbound: [Pipe<Vec<u8>>; 4],
    /// Since when its remote is out of reach.
    unreachable: Option<Micros>,
    fin_sent: bool,
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

    fn end_of(&mut self, member: usize, link: LinkId, verb: &str) -> Option<EndId> {
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

    pub(super) fn send_frame(&mut self, member: usize, link: LinkId, lane: Lane, frame: Vec<u8>) {
        let Some(end) = self.end_of(member, link, "sends on") else {
            return;
        };
        let window = self.nodes[member].link_window as usize;
        let it = &mut self.ends[end.0];
        if it.state == EndState::Gone {
            return; // it has died, and its member has not heard of it yet
        }
        let wrong = if it.state != EndState::Open {
            Some("link-not-open")
        } else if frame.is_empty() || frame.len() > MAX_FRAME as usize {
            Some("frame-size")
        } else if lane != Lane::Default && !it.lanes {
            Some("lane-not-made")
        } else {
            None
        };
        if let Some(rule) = wrong {
            self.blame(
                rule,
                format!(
                    "m{member} sends {} bytes on {lane:?} of {link:?}",
                    frame.len()
                ),
            );
            return;
        }
        it.buffered += frame.len();
        let buffered = it.buffered;
        it.outs[usize::from(matches!(lane, Lane::Default | Lane::Data))].push_back((lane, frame));
        self.stats.frame(lane);
        self.stats.high_water("link buffered", buffered as u64);
        // Control does not wait for the window; it is bounded by what a room has to say.
        if buffered > 2 * window + MAX_FRAME as usize {
            self.blame(
                "window",
                format!("m{member} has {buffered} bytes unsent on {link:?}, window {window}"),
            );
        }
        self.start_leaving(end);
    }

    fn start_leaving(&mut self, end: EndId) {
        let it = &mut self.ends[end.0];
        let (Some(peer), None) = (it.peer, &it.wire) else {
            return;
        };
        let queue = usize::from(it.outs[0].is_empty());
        let Some(frame) = it.outs[queue].pop_front() else {
            return;
        };
        let bytes = frame.1.len() as u64 + 30;
        it.wire = Some(frame);
        let from = it.member;
        let rate = self.paths.rate(from, self.ends[peer.0].member).max(1);
        self.schedule(self.now + bytes * SECOND / rate, Due::Leave { end });
    }

    /// The frame that was being sent is on its way, if there is one.
    pub(super) fn on_leave(&mut self, end: EndId) {
        let it = &self.ends[end.0];
        let Some(peer) = it
            .peer
            .filter(|_| matches!(it.state, EndState::Open | EndState::Closing))
        else {
            return;
        };
        let from = it.member;
        let to = self.ends[peer.0].member;
        let reachable = self.reach(from, to)
            && self.reach(to, from)
            && self.ends[peer.0].state != EndState::Gone;
        let frozen = self.nodes[from].life == Life::Frozen;
        let it = &mut self.ends[end.0];
        // Without a way, what must arrive waits; a beat is sent and lost.
        let lossy = matches!(it.wire, Some((Lane::Beat, _)));
        if frozen || (!reachable && !lossy) {
            it.stalled = true;
            return;
        }
        let Some((lane, frame)) = it.wire.take() else {
            return;
        };
        let before = it.buffered;
        it.buffered -= frame.len();
        let after = it.buffered;
        let (member, link, open) = (it.member, it.link, it.state == EndState::Open);
        let half = self.nodes[member].link_window as usize / 2;
        if reachable
            && let Some((arrival, resent)) =
                self.paths
                    .link_arrival(self.now, from, to, frame.len(), lane != Lane::Beat)
        {
            let at = self.ends[peer.0].inbound[lane as usize].push(arrival, resent, frame);
            self.schedule(
                at,
                Due::Lane {
                    end: peer,
                    lane: lane as u8,
                },
            );
        }
        self.start_leaving(end);
        if open && (after == 0 || (before > half && after <= half)) {
            self.tell(member, Fact::LinkDrained(link, after as u32));
        }
        if after == 0 && self.ends[end.0].state == EndState::Closing {
            self.finish_closing(end);
        }
    }

    /// Frames that have arrived at this end.
    pub(super) fn on_lane(&mut self, end: EndId, lane: u8) {
        loop {
            let it = &mut self.ends[end.0];
            let pipe = &mut it.inbound[usize::from(lane)];
            match it.state {
                EndState::Waiting | EndState::Checking => return,
                EndState::Open => {}
                EndState::Closing | EndState::Gone => {
                    pipe.clear();
                    return;
                }
            }
            let Some(peer) = it.peer else { return };
            let (member, link, lanes) = (it.member, it.link, it.lanes);
            let from = self.ends[peer.0].member;
            let lossy = lane == Lane::Beat as u8;
            if self.nodes[member].life == Life::Frozen {
                // Beats pile up in the kernel, a few of them.
                if lossy && self.ends[end.0].inbound[usize::from(lane)].len() > 20 {
                    self.ends[end.0].inbound[usize::from(lane)].pop(self.now);
                }
                return;
            }
            if self.paths.is_cut(from, member) {
                if !lossy && self.nodes[from].life.alive() {
                    return;
                }
                // Lost, and nobody repeats it.
                if self.ends[end.0].inbound[usize::from(lane)]
                    .pop(self.now)
                    .is_none()
                {
                    return;
                }
                continue;
            }
            let Some(frame) = self.ends[end.0].inbound[usize::from(lane)].pop(self.now) else {
                return;
            };
            let Some(lane) = Lane::from_u8(lane) else {
                return;
            };
            if lane == Lane::Default || lanes {
                self.tell(member, Fact::LinkReceived(link, lane, frame));
            }
        }
    }

    pub(super) fn close_link(&mut self, member: usize, link: LinkId) {
        let Some(end) = self.end_of(member, link, "closes") else {
            return;
        };
        self.nodes[member].links.remove(&link);
        let it = &mut self.ends[end.0];
        if it.state == EndState::Open && it.buffered > 0 {
            it.state = EndState::Closing;
            self.schedule(self.now + SECOND, Due::Closing { end });
        } else {
            self.finish_closing(end);
        }
    }

    /// What this end held has left, or its second is over: it says good-bye.
    pub(super) fn finish_closing(&mut self, end: EndId) {
        let it = &mut self.ends[end.0];
        let was = it.state;
        if was == EndState::Gone {
            return;
        }
        it.state = EndState::Gone;
        it.outs = [VecDeque::new(), VecDeque::new()];
        if let Some(peer) = it
            .peer
            .filter(|_| !it.fin_sent && matches!(was, EndState::Open | EndState::Closing))
        {
            it.fin_sent = true;
            let (from, to) = (it.member, self.ends[peer.0].member);
            let after = self.ends[peer.0]
                .inbound
                .iter()
                .map(Pipe::last)
                .max()
                .unwrap_or(0);
            // Said twice; when both are lost the remote finds out by itself.
            let lost = self.rng.chance(self.paths.loss * self.paths.loss);
            if self.reach(from, to) && !lost {
                let at = after.max(self.now + self.paths.link_delay(from, to));
                self.schedule(at, Due::Fin { end: peer });
            }
        }
        self.repath_end(end);
    }

    pub(super) fn on_fin(&mut self, end: EndId) {
        let it = &self.ends[end.0];
        let Some(peer) = it.peer else { return };
        if self.paths.is_cut(self.ends[peer.0].member, it.member)
            || self.nodes[it.member].life == Life::Frozen
        {
            return; // lost: `on_ice_check` will find out
        }
        let (member, link) = (it.member, it.link);
        if it.state == EndState::Open {
            self.ends[end.0].state = EndState::Gone;
            self.tell(member, Fact::LinkClosed(link, LinkEnd::Closed));
        } else {
            self.ends[end.0].state = EndState::Gone;
        }
    }

    /// A member's process is gone: its ends say nothing more.
    pub(super) fn end_links(&mut self, member: usize) {
        self.nodes[member].links.clear();
        let now = self.now;
        for end in 0..self.ends.len() {
            if self.ends[end].member != member || self.ends[end].state == EndState::Gone {
                continue;
            }
            if self.nodes[member].life == Life::Left {
                // It has closed what it wanted to; what is closing goes on for its second.
                if self.ends[end].state != EndState::Closing {
                    self.finish_closing(EndId(end));
                }
                continue;
            }
            self.ends[end].state = EndState::Gone;
            self.ends[end].outs = [VecDeque::new(), VecDeque::new()];
            if let Some(peer) = self.ends[end].peer {
                for pipe in &mut self.ends[peer.0].inbound {
                    pipe.orphan(now);
                }
            }
        }
    }

    /// Whether packets of one member's stack reach another's.
    fn reach(&self, from: usize, to: usize) -> bool {
        let answers =
            |m: usize| matches!(self.nodes[m].life, Life::Running | Life::Busy | Life::Left);
        !self.paths.is_cut(from, to) && answers(from) && answers(to)
    }

    /// Ways have changed: what waited goes on, what lost its remote begins to count.
    pub(super) fn repath(&mut self) {
        for end in 0..self.ends.len() {
            self.repath_end(EndId(end));
        }
    }

    fn repath_end(&mut self, end: EndId) {
        self.repath_one(end);
        if let Some(peer) = self.ends[end.0].peer {
            self.repath_one(peer);
        }
    }

    fn repath_one(&mut self, end: EndId) {
        let it = &self.ends[end.0];
        if !matches!(it.state, EndState::Open | EndState::Closing) {
            return;
        }
        let Some(peer) = it.peer else { return };
        let (me, other) = (it.member, self.ends[peer.0].member);
        let gone = matches!(self.ends[peer.0].state, EndState::Gone);
        if self.reach(me, other) && self.reach(other, me) && !gone {
            let was_unreachable = self.ends[end.0].unreachable.take().is_some();
            if std::mem::take(&mut self.ends[end.0].stalled) {
                let at = self.now + self.repeat_delay();
                self.schedule(at, Due::Leave { end });
            }
            if was_unreachable {
                for lane in 0..4u8 {
                    if !self.ends[end.0].inbound[usize::from(lane)].is_empty() {
                        let at = self.now + self.repeat_delay();
                        self.schedule(at, Due::Lane { end, lane });
                    }
                }
            }
        } else if self.ends[end.0].unreachable.is_none() {
            self.watch(end);
        }
    }

    /// From now on it is unreachable, or not yet reached: it fails unless that changes in time.
    fn watch(&mut self, end: EndId) {
        self.ends[end.0].unreachable = Some(self.now);
        let patience = self
            .rng
            .range(self.climate.ice_timeout.0, self.climate.ice_timeout.1);
        self.schedule(
            self.now + patience,
            Due::IceCheck {
                end,
                since: self.now,
            },
        );
    }

    pub(super) fn on_ice_check(&mut self, end: EndId, since: Micros) {
        let it = &self.ends[end.0];
        if it.unreachable != Some(since) || it.state == EndState::Gone {
            return;
        }
        match self.nodes[it.member].life {
            // A frozen one cannot look; it does so a while after it woke.
            Life::Frozen => {
                self.schedule(self.now + 5 * SECOND, Due::IceCheck { end, since });
            }
            _ => self.fail_end(end, 0),
        }
    }

    fn fail_end(&mut self, end: EndId, delay: Micros) {
        let it = &mut self.ends[end.0];
        it.state = EndState::Gone;
        it.fin_sent = true;
        let (member, link) = (it.member, it.link);
        self.stats.count("links failed", 1);
        self.tell_later(member, delay, Fact::LinkClosed(link, LinkEnd::Failed));
        self.repath_end(end);
    }

    /// Both ends of every link between two members fail at once, as after a reset of the network between them.
    pub fn break_links(&mut self, a: usize, b: usize) {
        let now = self.now;
        self.stats.count("fault: link broken", 1);
        self.trace
            .line(now, || format!("== links between m{a} and m{b} break"));
        self.disturbed_at = now;
        for end in 0..self.ends.len() {
            let it = &self.ends[end];
            let Some(peer) = it.peer.filter(|_| it.state == EndState::Open) else {
                continue;
            };
            if (it.member, self.ends[peer.0].member) == (a, b) {
                self.fail_end(EndId(end), 0);
                if self.ends[peer.0].state == EndState::Open {
                    self.fail_end(peer, 0);
                }
            }
        }
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
