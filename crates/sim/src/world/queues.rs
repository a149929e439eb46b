//! How full the queues of members are: looked at whenever something happens to them, judged by the members' own limits.

use super::World;
use peerjs_mesh_core::Queue;

/// What has been found.
#[derive(Debug, Clone, Default)]
pub(super) struct Queues {
    highs: Vec<(&'static str, usize)>,
    /// Bytes of the largest message that anybody said.
    largest: usize,
}

impl World {
    pub(super) fn said(&mut self, bytes: usize) {
        self.queues.largest = self.queues.largest.max(bytes);
    }

    /// After all that happens to a member.
    pub(super) fn judge_queues(&mut self, member: usize) {
        let machine = self.nodes[member].machine.as_ref();
        let Some(queues) = machine.and_then(|it| it.queues(self.queues.largest)) else {
            return;
        };
        for (at, queue) in queues.into_iter().enumerate() {
            let Queue { what, now, most } = queue;
            match self.queues.highs.get_mut(at) {
                Some((_, high)) => *high = now.max(*high),
                None => self.queues.highs.push((what, now)),
            }
            if now > most {
                self.blame("queue-bound", format!("m{member}, {what}: {now} of {most}"));
            }
        }
    }

    /// How full they have been at most, for the report.
    pub(super) fn report_queues(&mut self) {
        for (what, high) in std::mem::take(&mut self.queues.highs) {
            self.stats.high_water(what, high as u64);
        }
    }
}
