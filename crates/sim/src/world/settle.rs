//! When all is quiet: who should be one room, and whether it is.

use super::{Life, World};
use crate::checker::agreement;
use crate::{Micros, SECOND};
use peerjs_mesh_core::Status;

/// Why a room is not (yet) whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled(pub String);

impl World {
    /// The members that run and can reach everybody.
    pub fn present(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|m| self.nodes[*m].life == Life::Running)
            .collect()
    }

    /// Whether anybody has a link yet to make that it failed to make while faults were in force.
    pub fn dials_again(&self) -> bool {
        self.nodes
            .iter()
            .filter_map(|node| node.machine.as_ref())
            .any(|machine| machine.dials_again())
    }

    /// Of these members those who were in the room and have no host now.
    pub fn homeless(&self, members: &[usize]) -> Vec<usize> {
        let statuses = self.statuses(members).into_iter();
        let homeless = statuses.filter(|(m, it)| it.host.is_none() && self.checker.was_in(*m));
        homeless.map(|(member, _)| member).collect()
    }

    /// Of these members those who still keep own messages that all have: for nobody who might come back.
    pub fn hoarders(&self, members: &[usize]) -> Vec<(usize, u64)> {
        let statuses = self.statuses(members).into_iter();
        let kept = statuses.map(|(member, it)| (member, it.buffered));
        kept.filter(|(member, kept)| *kept > 0 && self.checker.waits_for_nobody(self.now, *member))
            .collect()
    }

    /// Whether these members are one room, in their statuses and in what their users were told.
    pub fn one_room(&self, members: &[usize]) -> Result<(), Unsettled> {
        // What users were told comes first: it costs least to look at, and is asked every millisecond.
        for member in members {
            let others = members.iter().copied().filter(|m| m != member);
            if !self.checker.lists(*member).eq(others) {
                let told = self.checker.list(*member);
                return Err(Unsettled(format!("m{member}'s user knows of {told:?}")));
            }
            if !self.nodes[*member].view.synced {
                return Err(Unsettled(format!(
                    "m{member}'s user was not told that the room is whole"
                )));
            }
        }
        agreement(&self.statuses(members)).map_err(Unsettled)
    }

    fn statuses(&self, members: &[usize]) -> Vec<(usize, Status)> {
        let status = |m: &usize| Some((*m, self.nodes[*m].machine.as_ref()?.status()));
        members.iter().filter_map(status).collect()
    }

    /// Whether these members are one room, but for some who still list somebody that has gone: its last words come, and
    /// their users hear of it then.
    pub fn lists_more(&self, members: &[usize]) -> bool {
        let mut statuses = self.statuses(members);
        let here = |id: &str| members.iter().any(|m| self.id(*m) == id);
        for (_, status) in &mut statuses {
            status.peers.retain(|peer| here(&peer.id));
        }
        agreement(&statuses).is_ok()
    }

    /// Runs until these members are one room; returns how many milliseconds that took.
    pub fn settle(&mut self, members: &[usize], limit_ms: u64) -> Result<u64, Unsettled> {
        let mut why = Ok(());
        let mut looked = Micros::MAX;
        let took = self.run_until(limit_ms, |world| {
            // Looking at every event would cost more than the events.
            if looked != Micros::MAX && world.now < looked + SECOND / 1000 {
                return false;
            }
            looked = world.now;
            why = world.one_room(members);
            why.is_ok()
        });
        match took {
            Some(ms) => Ok(ms),
            None => self.one_room(members).map(|()| limit_ms),
        }
    }

    /// Runs until each of these has heard all that it must of all others; else returns `None` after the limit.
    pub fn settle_messages(&mut self, members: &[usize], limit_ms: u64) -> Option<u64> {
        let begin = self.now;
        loop {
            if self.checker.is_complete(members) {
                return Some((self.now - begin).div_ceil(1000));
            }
            if self.now >= begin + limit_ms * 1000 {
                return None;
            }
            self.run_ms(10);
        }
    }

    /// Judges the whole room at a quiet point.
    pub fn judge_quiet(&mut self, members: &[usize]) {
        if let Err(Unsettled(why)) = self.one_room(members) {
            self.blame("not-one-room", why);
        }
        let now = self.now;
        self.checker.complete(now, members);
        for member in 0..self.nodes.len() {
            self.judge_queues(member);
        }
    }

    /// Adds the counters of everybody who still runs to the stats; for the end of a run.
    pub fn collect_counters(&mut self) {
        for node in &self.nodes {
            if let Some(machine) = &node.machine {
                self.stats.add_counters(&machine.counters());
            }
        }
        self.report_queues();
    }
}
