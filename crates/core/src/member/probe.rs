//! What the simulator looks at, and nobody else.

use super::Member;
use super::data::MAX_STRAYS;
use super::init::InitData;
use super::meet::MAX_EARLY;
use super::offers::{MAX_CANDIDATES, MAX_PENDING};
use super::roster::{MAX_HELD, MAX_PAST};
use crate::config::{
    FRAME, MAX_EVENT_BYTES, MAX_EVENTS, MAX_INIT_DATA, MAX_INIT_STRANGERS, MAX_WAITING_SENDS,
    SENDER_BUDGET, TOTAL_BUDGET,
};
use crate::delivery::MAX_OWED;

/// A queue of a member: how full it is, and how full it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// What stands in it, and in what it is counted.
    pub what: &'static str,
    /// So much now.
    pub now: usize,
    /// So much at most.
    pub most: usize,
}

impl Member {
    /// Every queue that grows with what others say, or with what the user says or leaves unread. `largest`: bytes of the
    /// largest message that anybody says, by which a budget may be exceeded (one that is above it goes alone).
    pub fn queues(&self, largest: usize) -> [Queue; 18] {
        let of = |what, now, most| Queue { what, now, most };
        // With what is kept beside it: up to so many numbers of directed messages.
        let largest = largest + crate::delivery::BESIDE + 16 * self.roster.len().max(60);
        // After every step of every member: all of them are looked through once.
        let (mut made_by_us, mut made_by_others, mut candidates, mut early_bytes) = (0, 0, 0, 0);
        let mut control = 0;
        for link in &self.links {
            if !link.is_in_use() {
                made_by_us += usize::from(link.dialled);
                made_by_others += usize::from(!link.dialled);
            }
            control = link.control.len().max(control);
            candidates = link.candidates.len().max(candidates);
            early_bytes = link.early_bytes.max(early_bytes);
        }
        let (mut of_one, mut of_all, mut owed) = (0, 0, 0);
        for stream in self.streams.iter().chain([&self.out.stream]) {
            of_one = stream.bytes.max(of_one);
            of_all += stream.bytes;
            owed = stream.owed().max(owed);
        }
        [
            // Who comes and goes is told on top of what messages may take, and a user that does not hear it is not waited
            // for: no more than all names twice.
            of("events", self.events.len(), 2 * MAX_EVENTS),
            of(
                "bytes of events",
                self.event_bytes,
                MAX_EVENT_BYTES + largest,
            ),
            of(
                "sends that wait, and their outcomes",
                self.out
                    .waiting
                    .iter()
                    .filter(|it| it.ticket.is_some())
                    .count()
                    + self.outcomes.len(),
                MAX_WAITING_SENDS,
            ),
            of(
                "bytes of broadcasts before the first sync",
                self.out
                    .waiting
                    .iter()
                    .filter(|it| it.ticket.is_none())
                    .map(crate::delivery::Waiting::weight)
                    .sum(),
                SENDER_BUDGET + crate::delivery::BESIDE,
            ),
            // Who is back may lack what is kept for those who were dropped a moment ago: as much again.
            of(
                "bytes of own messages that not all have",
                self.out.stream.unsafe_bytes(),
                2 * SENDER_BUDGET + largest,
            ),
            of(
                "bytes of one sender that are kept",
                of_one,
                2 * SENDER_BUDGET + largest,
            ),
            of(
                "bytes of all that are kept",
                of_all,
                2 * TOTAL_BUDGET + largest,
            ),
            of(
                "directed messages of one sender that are owed",
                owed,
                MAX_OWED,
            ),
            of("bytes of strays", self.stray_bytes, MAX_STRAYS),
            of("roster changes held", self.held_deltas.len(), MAX_HELD),
            of(
                "positions of those who were forgotten",
                self.past.len(),
                MAX_PAST,
            ),
            of("links that others are making", made_by_others, MAX_PENDING),
            // To each member, to ask it and to have it at hand: rooms have up to 60 members here.
            of("links that it is making", made_by_us, 2 * MAX_PENDING),
            of(
                "candidates that wait for a description",
                candidates,
                MAX_CANDIDATES,
            ),
            of("bytes that came before hello", early_bytes, MAX_EARLY),
            of(
                "bytes of init data of one",
                self.init
                    .iter()
                    .map(|init| init.data.len())
                    .max()
                    .unwrap_or(0),
                MAX_INIT_DATA,
            ),
            // Of each its init data and what it gives. (Those who were dropped are forgotten in time.)
            of(
                "bytes of init data of all",
                self.init.iter().map(InitData::weight).sum(),
                MAX_INIT_STRANGERS
                    + 2 * (MAX_INIT_DATA + crate::delivery::BESIDE)
                        * (self.roster.len() + self.dropped.len()),
            ),
            of("bytes of control that wait", control, FRAME),
        ]
    }

    /// Whether it could register a name under this token.
    pub fn knows_token(&self, token: &str) -> bool {
        self.name.token == token || self.name.shared.as_deref() == Some(token)
    }

    /// Whether a link that it keeps warm could not be made, and will be dialled again.
    pub fn dials_again(&self) -> bool {
        self.is_to_dial()
    }
}
