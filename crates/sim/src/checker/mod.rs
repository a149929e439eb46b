//! The judge: what users were promised, checked from what users see and from nothing else.
//!
//! Rules that one event can break are checked at that event ([`Checker::event`]); rules about everybody are checked
//! when all is quiet ([`agreement`], [`Checker::complete`]).

mod book;
mod mutation;
mod quiet;
#[cfg(test)]
mod tests;

use crate::payload::{self, Said};
use crate::{Micros, SECOND};
use book::{Book, Drop, Fate, Sending};
use peerjs_mesh_core::{ErrorCode, Event, SendError, Sent};
use std::collections::BTreeMap;

pub use mutation::Mutation;
pub(crate) use mutation::mutate;
pub(crate) use quiet::agreement;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Micros,
    /// Which promise, in one or two words.
    pub rule: &'static str,
    /// Who and what.
    pub detail: String,
}

/// The reign that a member knew of at some moment: founding, counter, host.
pub(crate) type Reign = ([u8; 16], u64, Option<String>);

/// See the module.
#[derive(Debug, Default)]
pub struct Checker {
    index: BTreeMap<String, usize>,
    books: Vec<Book>,
    violations: Vec<Violation>,
}

/// How long a dropped member may come back without loss (PROTOCOL §5).
const RETENTION: Micros = 30 * SECOND;
/// So many violations are kept; one is enough to fail.
const ENOUGH: usize = 50;

impl Checker {
    /// What was broken so far.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// A member's index by its id.
    pub fn member(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The others in a member's list, as its user was told.
    pub fn list(&self, member: usize) -> Vec<usize> {
        self.books[member].list.iter().copied().collect()
    }

    /// How many messages of `from` its user has heard.
    pub fn heard(&self, member: usize, from: usize) -> &[u64] {
        self.books[member]
            .heard
            .get(&from)
            .map_or(&[], |heard| &heard.numbers)
    }

    /// How many sends of a member still wait.
    pub fn waiting(&self, member: usize) -> usize {
        self.books[member].tickets.len()
    }

    /// Something is wrong that another part has seen.
    pub fn blame(&mut self, at: Micros, rule: &'static str, detail: String) {
        if self.violations.len() < ENOUGH {
            self.violations.push(Violation { at, rule, detail });
        }
    }

    /// A member starts.
    pub fn born(&mut self, now: Micros, id: &str) {
        let member = self.books.len();
        if self.index.insert(id.to_owned(), member).is_some() {
            self.blame(
                now,
                "id-twice",
                format!("m{member} has an id that was another's: {id}"),
            );
        }
        self.books.push(Book::new(id, now));
    }

    /// A member is no more.
    pub fn gone(&mut self, now: Micros, member: usize, _politely: bool) {
        self.books[member].gone.get_or_insert(now);
    }

    /// A member was asked to send its message with this number, and has said this.
    pub fn sent(
        &mut self,
        now: Micros,
        member: usize,
        to: Option<usize>,
        result: &Result<Sent, SendError>,
    ) {
        let number = self.books[member].sends.len() as u64;
        let fate = match result {
            Ok(Sent::Accepted) => Fate::Accepted,
            Ok(Sent::Waiting(ticket)) => {
                if self.books[member]
                    .tickets
                    .insert(ticket.0, number)
                    .is_some()
                {
                    self.blame(
                        now,
                        "ticket-twice",
                        format!("m{member} gives {ticket:?} twice"),
                    );
                }
                Fate::Waiting
            }
            Err(_) => Fate::Failed,
        };
        let bad = match (result, to) {
            // One that is dropped but has last words on their way is in the list for a moment longer: its
            // peerdropped has to follow.
            (Err(SendError::UnknownMember), Some(to)) => {
                if self.books[member].list.contains(&to) && self.books[member].synced {
                    self.books[member].unknown.push((to, number));
                }
                false
            }
            (Err(SendError::UnknownMember), None) => true,
            (Err(SendError::BufferFull), _) => self.books[member].tickets.len() < 1_024,
            (Err(SendError::Left), _) => !self.books[member].leaving,
            _ => false,
        };
        if bad {
            self.blame(
                now,
                "send-refused",
                format!("m{member} refuses #{number} to {to:?}: {result:?}"),
            );
        }
        let after_sync = self.books[member].synced;
        self.books[member].sends.push(Sending {
            at: now,
            to,
            fate,
            after_sync,
        });
    }

    /// A member is asked to leave.
    pub fn leaves(&mut self, member: usize) {
        self.books[member].leaving = true;
    }

    /// A member's user hears of something. `reign`: what its status says at that moment.
    pub(crate) fn event(
        &mut self,
        now: Micros,
        member: usize,
        event: &Event,
        reign: impl FnOnce() -> Reign,
    ) {
        if self.books[member].left {
            self.blame(
                now,
                "after-left",
                format!("m{member} says {event:?} after it has left"),
            );
            return;
        }
        match event {
            Event::Joined { id } => {
                let book = &mut self.books[member];
                let twice = std::mem::replace(&mut book.joined, true);
                if twice || *id != book.id {
                    self.blame(
                        now,
                        "joined",
                        format!("m{member} joined as {id}, twice: {twice}"),
                    );
                }
            }
            Event::PeerJoined { id, peers } => self.peer_joined(now, member, id, peers),
            Event::PeerDropped { id, peers } => self.peer_dropped(now, member, id, peers, reign()),
            Event::Sync { peers: Some(peers) } => {
                self.compare_list(now, member, "sync", peers);
                self.books[member].synced = true;
            }
            Event::Data { from, data } => self.data(now, member, from, data),
            Event::InitData { id, .. } if *id == self.books[member].id => {
                self.blame(
                    now,
                    "own-init-data",
                    format!("m{member} hears its own init data"),
                );
            }
            Event::Gap { from, first, last } => {
                let Some(from) = self.member(from).filter(|_| first <= last) else {
                    self.blame(
                        now,
                        "gap",
                        format!("m{member} hears of a gap {first}–{last} of {from}"),
                    );
                    return;
                };
                self.books[member].heard_mut(from).gaps += last - first + 1;
            }
            Event::Accepted { ticket } => self.settle(now, member, ticket.0, Fate::Accepted),
            Event::Refused { ticket, code } => {
                self.settle(now, member, ticket.0, Fate::Failed);
                let excused = matches!(code, ErrorCode::MemberLeft | ErrorCode::UnknownMember)
                    || (*code == ErrorCode::Left && self.books[member].leaving);
                if !excused {
                    self.blame(
                        now,
                        "send-refused",
                        format!("m{member}'s waiting send fails: {code:?}"),
                    );
                }
            }
            Event::HostConnected { is_host, host, .. } => {
                self.books[member].host_since = now;
                if *is_host != (*host == self.books[member].id) {
                    self.blame(
                        now,
                        "host-connected",
                        format!("m{member}: is_host {is_host}, but the host is {host}"),
                    );
                }
            }
            // What a member that went had directed to this one alone went with it, and the user is told.
            Event::Error {
                code: ErrorCode::MemberLeft,
                detail,
            } => {
                if let Some(from) = self.member(detail) {
                    self.books[member].heard_mut(from).lost_directed = true;
                }
            }
            Event::Error {
                code: ErrorCode::Internal,
                detail,
            } => {
                self.blame(
                    now,
                    "internal",
                    format!("m{member} admits a fault: {detail}"),
                );
            }
            Event::HostDropped => self.books[member].host_since = Micros::MAX,
            Event::Left => self.books[member].left = true,
            _ => {}
        }
    }

    fn settle(&mut self, now: Micros, member: usize, ticket: u32, fate: Fate) {
        let book = &mut self.books[member];
        let sending = book
            .tickets
            .remove(&ticket)
            .and_then(|number| book.sends.get_mut(number as usize));
        match sending {
            Some(sending) => sending.fate = fate,
            None => self.blame(
                now,
                "ticket-unknown",
                format!("m{member} settles ticket {ticket}, which does not wait"),
            ),
        }
    }

    fn compare_list(&mut self, now: Micros, member: usize, word: &str, peers: &[String]) {
        let book = &self.books[member];
        let mut told: Vec<&str> = peers.iter().map(String::as_str).collect();
        told.sort_unstable();
        let mut known: Vec<&str> = book
            .list
            .iter()
            .map(|m| self.books[*m].id.as_str())
            .collect();
        known.push(&book.id);
        known.sort_unstable();
        if told != known {
            let detail =
                format!("m{member}'s {word} lists {told:?}, but its events make {known:?}");
            self.blame(now, "list", detail);
        }
    }

    fn peer_joined(&mut self, now: Micros, member: usize, id: &str, peers: &[String]) {
        let Some(other) = self.member(id) else {
            self.blame(
                now,
                "stranger",
                format!("m{member} hears that {id} joined, whom nobody knows"),
            );
            return;
        };
        if other == member {
            self.blame(now, "own-join", format!("m{member} hears that it joined"));
            return;
        }
        if self.books[member].heard_of.insert(other) {
            self.begin_anew(now, other, member);
        }
        if !self.books[other].heard_of.contains(&member) {
            self.begin_anew(now, member, other);
        }
        let book = &mut self.books[member];
        if book
            .dropped_at
            .get(&other)
            .is_some_and(|at| now.saturating_sub(*at) > RETENTION)
        {
            book.heard_mut(other).excused.clear();
        }
        let from = if book.synced {
            book.sends.len() as u64
        } else {
            0
        };
        book.stays.entry(other).or_insert(from);
        if !book.list.insert(other) {
            self.blame(
                now,
                "joined-twice",
                format!("m{member} hears twice that m{other} joined"),
            );
        }
        self.compare_list(now, member, "peerjoined", peers);
    }

    /// Somebody who was in a sender's roster and was dropped before its own user had ever heard of that sender comes
    /// back after retention: it begins anew, for nobody there knows of anything that would be missing.
    fn begin_anew(&mut self, now: Micros, sender: usize, receiver: usize) {
        let book = &mut self.books[sender];
        let dropped = book.dropped_at.get(&receiver);
        if dropped.is_some_and(|at| now.saturating_sub(*at) > RETENTION)
            && !book.list.contains(&receiver)
        {
            book.stays.remove(&receiver);
        }
    }

    fn peer_dropped(
        &mut self,
        now: Micros,
        member: usize,
        id: &str,
        peers: &[String],
        reign: Reign,
    ) {
        let Some(other) = self
            .member(id)
            .filter(|other| self.books[member].list.contains(other))
        else {
            self.blame(
                now,
                "dropped-unknown",
                format!("m{member} hears that {id} dropped, which was not in its list"),
            );
            return;
        };
        self.books[member].list.remove(&other);
        self.books[member].dropped_at.insert(other, now);
        self.books[member].unknown.retain(|(to, _)| *to != other);
        let since = self.books[member].host_since;
        let heard = self.books[member].heard_mut(other);
        heard.excused.append(&mut heard.owed);
        self.books[member].heard_mut(other).drop = Some(Drop {
            at: now,
            reign,
            since,
        });
        self.compare_list(now, member, "peerdropped", peers);
    }

    fn data(&mut self, now: Micros, member: usize, from: &str, data: &[u8]) {
        let Some(Said {
            from: sender,
            number,
            to,
        }) = payload::decode(data)
        else {
            self.blame(
                now,
                "corrupt",
                format!("m{member} hears {} bytes that nobody said", data.len()),
            );
            return;
        };
        let what = format!("m{member} hears #{number} of m{sender}");
        let wrong = if self.member(from) != Some(sender) {
            Some("forged")
        } else if sender == member {
            Some("own-message")
        } else if to.is_some_and(|to| to != member) {
            Some("misdelivered")
        } else if !self.books[member].list.contains(&sender) {
            Some("unannounced")
        } else {
            None
        };
        if let Some(rule) = wrong {
            self.blame(now, rule, format!("{what}, to {to:?}, from {from}"));
            return;
        }
        let born = self.books[member].born;
        match self.books[sender].sends.get(number as usize) {
            None => {
                self.blame(now, "never-sent", what);
                return;
            }
            Some(sending) if sending.fate == Fate::Failed => {
                self.blame(now, "refused-yet-sent", what);
                return;
            }
            Some(sending) if sending.at < born && sending.after_sync => {
                self.blame(now, "before-start", what);
                return;
            }
            Some(_) => {}
        }
        let heard = self.books[member].heard.get(&sender);
        let next = heard
            .and_then(|h| h.numbers.last())
            .map_or(0, |last| last + 1);
        if number < next && to.is_some() && self.books[member].heard_mut(sender).owed_late(number) {
            return;
        }
        let heard = self.books[member].heard.get(&sender);
        if number < next {
            let doubled = heard.is_some_and(|h| h.numbers.binary_search(&number).is_ok());
            self.blame(
                now,
                if doubled { "doubled" } else { "reordered" },
                format!("{what} after #{}", next - 1),
            );
            return;
        }
        let (missing, direct) = self.required(sender, member, next..number);
        let heard = self.books[member].heard_mut(sender);
        heard.numbers.push(number);
        // Last words: all hear the same broadcasts of a sender that is gone, also who lacks a message directed to it
        // that nobody else has. The drop has to follow; should the sender come back, the message does, too.
        if heard.gaps == 0 {
            heard.owed.extend(direct);
        }
        self.forgive(now, member, sender, missing, 0, "hole", &what);
    }

    /// Which of a sender's messages a receiver had to get: how many broadcasts, and which for it alone.
    fn required(
        &self,
        sender: usize,
        receiver: usize,
        range: std::ops::Range<u64>,
    ) -> (u64, Vec<u64>) {
        let (book, to) = (&self.books[sender], &self.books[receiver]);
        let mut missing = (0, Vec::new());
        let Some(stay) = book.stays.get(&receiver) else {
            return missing;
        };
        for number in range.start.max(*stay)..range.end {
            match book.sends.get(number as usize) {
                Some(s) if s.fate != Fate::Accepted || s.at < to.born => {}
                Some(s) if s.to.is_none() => missing.0 += 1,
                Some(s) if s.to == Some(receiver) => missing.1.push(number),
                _ => {}
            }
        }
        missing
    }

    /// Missing messages that a `gap` has spoken of are no lie.
    #[allow(clippy::too_many_arguments)]
    fn forgive(
        &mut self,
        now: Micros,
        receiver: usize,
        sender: usize,
        missing: u64,
        direct: u64,
        rule: &'static str,
        what: &str,
    ) {
        if missing == 0 && direct == 0 {
            return;
        }
        let heard = self.books[receiver].heard_mut(sender);
        let covered = missing <= heard.gaps.saturating_sub(heard.forgiven)
            && (direct == 0 || heard.gaps > 0 || heard.lost_directed);
        // What is missing at a quiet point is missing again, as a hole, when the next one comes.
        if rule == "hole" {
            heard.forgiven += missing;
        }
        if !covered {
            let detail = format!(
                "{what}: {missing} broadcasts and {direct} directed ones of m{sender} never came to m{receiver}"
            );
            self.blame(now, rule, detail);
        }
    }
}
