//! What flows along a link: frames leave at the link's rate and arrive late, lost or in order, by lane.

use super::facts::Fact;
use super::links::{EndId, EndState, MAX_FRAME};
use super::{Due, Life, World};
use crate::SECOND;
use peerjs_mesh_core::{Lane, LinkId};

impl World {
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
        if reachable {
            let repeated = lane != Lane::Beat;
            let bytes = frame.len();
            match (self.paths).link_arrival(self.now, from, to, bytes, repeated) {
                Some((arrival, resent)) => {
                    let inbound = &mut self.ends[peer.0].inbound[lane as usize];
                    let at = inbound.push(arrival, resent, frame);
                    let lane = lane as u8;
                    self.schedule(at, Due::Lane { end: peer, lane });
                }
                None => {
                    self.lost_beats
                        .entry((from, to))
                        .or_default()
                        .push(self.now);
                }
            }
        }
        self.start_leaving(end);
        if open && (after == 0 || (before > half && after <= half)) {
            self.tell(member, Fact::LinkDrained(link, after as u32));
        }
        // Whoever is told may have said its last and closed: that leaves first.
        let it = &self.ends[end.0];
        if it.buffered == 0 && it.state == EndState::Closing {
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
}
