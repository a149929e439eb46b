//! How links end: a good-bye that arrives or not, a remote out of reach for too long, a process that is gone.

use super::facts::Fact;
use super::links::{EndId, EndState};
use super::{Due, Life, World};
use crate::pipe::Pipe;
use crate::{Micros, SECOND};
use peerjs_mesh_core::{LinkEnd, LinkId};
use std::collections::VecDeque;

impl World {
    pub(super) fn close_link(&mut self, member: usize, link: LinkId) {
        if self.close_media(member, link) {
            return;
        }
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
    pub(super) fn reach(&self, from: usize, to: usize) -> bool {
        let answers =
            |m: usize| matches!(self.nodes[m].life, Life::Running | Life::Busy | Life::Left);
        !self.paths.is_cut(from, to) && answers(from) && answers(to)
    }

    /// Ways have changed: what waited goes on, what lost its remote begins to count.
    pub(super) fn repath(&mut self) {
        for end in 0..self.ends.len() {
            self.repath_end(EndId(end));
        }
        self.repath_media();
    }

    pub(super) fn repath_end(&mut self, end: EndId) {
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
    pub(super) fn watch(&mut self, end: EndId) {
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

    pub(super) fn fail_end(&mut self, end: EndId, delay: Micros) {
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
