//! The judge: what users were promised, checked from what users see and from nothing else.
//!
//! Rules that one event can break are checked at that event ([`Checker::event`]); rules about everybody are checked
//! when all is quiet ([`agreement`], [`Checker::complete`]).

mod book;
mod messages;
mod mutation;
mod quiet;
#[cfg(test)]
mod tests;

use crate::{Micros, SECOND};
use book::{Book, Drop, Fate};
use peerjs_mesh_core::{ErrorCode, Event};
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
    /// Nobody is away for longer than anything is kept, and less is said than that: there is no reason for a gap.
    no_gaps: bool,
    /// Gaps for which there may be no reason: when, whose, of whom, in words.
    early: Vec<(Micros, usize, usize, String)>,
    /// Some of what somebody dead has said is missing, and it may still come, or a gap be told.
    gaps_to_come: bool,
    /// No host dies, nor is out of reach for more than one.
    steady: bool,
}

/// How long a dropped member may come back without loss (PROTOCOL §5).
const RETENTION: Micros = 30 * SECOND;
/// A member that drops another tells its user only after the last words, of which something directed may have gone astray:
/// so much later, usually, than from when on it counts (seed 2200023245).
const LATE: Micros = 5 * SECOND;
/// So many violations are kept; one is enough to fail.
const ENOUGH: usize = 50;

impl Checker {
    /// What was broken so far.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Nobody is away for longer than anything is kept, and less is said than is kept: so nothing need be missing, but
    /// what nobody has any more. `steady`: nor does a host die, nor is it out of reach for more than one, so nobody takes
    /// its office whom it has not dropped.
    pub fn be_strict(&mut self, steady: bool) {
        self.no_gaps = true;
        self.steady = steady;
    }

    /// A member's index by its id.
    pub fn member(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The others in a member's list, as its user was told.
    pub fn list(&self, member: usize) -> Vec<usize> {
        self.lists(member).collect()
    }

    /// As `list`, one after another, rising.
    pub(crate) fn lists(&self, member: usize) -> impl Iterator<Item = usize> {
        self.books[member].list.iter().copied()
    }

    /// How many messages of `from` its user has heard.
    pub fn heard(&self, member: usize, from: usize) -> &[u64] {
        self.books[member]
            .heard
            .get(&from)
            .map_or(&[], |heard| &heard.numbers)
    }

    /// How many messages all users have heard.
    pub fn heard_in_all(&self) -> usize {
        let heard = self.books.iter().flat_map(|book| book.heard.values());
        heard.map(|heard| heard.numbers.len()).sum()
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

    /// Whether that member's user was ever told that the room is whole.
    pub fn was_in(&self, member: usize) -> bool {
        self.books[member].synced
    }

    /// That member's clock shows so many ms more from now on, or less.
    pub fn clock_set(&mut self, now: Micros, member: usize, ms: i64) {
        self.books[member].clock_set(now, ms);
    }

    /// That member's user hears of nothing from now on, or again.
    pub fn hears(&mut self, now: Micros, member: usize, hears: bool) {
        self.books[member].hears(now, hears);
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
        self.early_gaps(now);
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
                self.gap(now, member, from, *first..=*last);
            }
            Event::HostConnected { is_host, host, .. } => {
                self.books[member].host_since = now;
                if let Some(host) = self.member(host) {
                    self.books[member].hosted_by.push((now, host));
                }
                self.books[member].hosts = *is_host;
                if self.steady && *is_host {
                    self.false_alarm(now, member);
                }
                for heard in self.books[member].heard.values_mut() {
                    heard.gap_told = false;
                }
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
                if let Some(other) = self.member(detail) {
                    let sent = self.books[other].sends.len() as u64;
                    let book = &mut self.books[member];
                    book.heard_mut(other).lost_until = sent;
                    // Or what this one had directed to somebody who was gone for too long: it keeps it no more.
                    if book.dropped_for(other, now, messages::APART) && !book.list.contains(&other)
                    {
                        let until = book.sends.len() as u64;
                        book.given_up.insert(other, until);
                        let heard = self.books[other].heard_mut(member);
                        let kept = heard.excused.split_off(&until);
                        heard.released.append(&mut heard.excused);
                        heard.excused = kept;
                        // Its user may read so slowly that the other has gone on without them by now (seed 1400015422).
                        let kept = heard.owed.split_off(&until);
                        heard.released.append(&mut heard.owed);
                        heard.owed = kept;
                    }
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
            Event::HostDropped => {
                self.books[member].host_since = Micros::MAX;
                self.books[member].hosts = false;
            }
            Event::Left => self.books[member].left = true,
            Event::Signalling { up } => {
                let known = self.books[member].signalling.replace(*up);
                // That it comes up for the first time is `joined`.
                if *up == known.unwrap_or(true) {
                    self.blame(
                        now,
                        "signalling-twice",
                        format!("m{member}: up {up}, again"),
                    );
                }
            }
            _ => {}
        }
    }

    /// A member has taken the office: of a host that lives, and counts it among its members?
    fn false_alarm(&mut self, now: Micros, member: usize) {
        let deposed =
            |book: &Book| book.hosts && book.gone.is_none() && book.list.contains(&member);
        if let Some(host) = self.books.iter().position(deposed) {
            let detail = format!("m{member} takes the office of m{host}, which lives");
            self.blame(now, "false-alarm", detail);
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
        let kept = RETENTION - LATE;
        let (forgotten, perhaps) = (
            book.dropped_surely_for(other, now, RETENTION),
            book.dropped_for(other, now, kept),
        );
        let heard = book.heard_mut(other);
        if forgotten {
            heard.excused.clear();
        } else if perhaps {
            heard.released.append(&mut heard.excused);
        }
        // Nor does the sender keep what it directed to somebody who was gone, as it was told, for longer than retention,
        // however short the receiver found it: two sides of a partition part and meet at different times.
        if book.dropped_for(other, now, kept) {
            let heard = self.books[other].heard_mut(member);
            heard.released.append(&mut heard.excused);
        }
        let book = &mut self.books[member];
        let from = if book.synced {
            book.sends.len() as u64
        } else {
            0
        };
        book.stays.entry(other).or_insert(from);
        book.joined(other, now);
        book.heard_mut(other).gap_told = false;
        if !book.list.insert(other) {
            self.blame(
                now,
                "joined-twice",
                format!("m{member} hears twice that m{other} joined"),
            );
        }
        self.compare_list(now, member, "peerjoined", peers);
    }

    /// Whether nobody was dropped of late, as this member was told, who might still come back to it: for long enough that
    /// it has forgotten them. (If its clock was set, that is not known exactly.)
    pub(crate) fn waits_for_nobody(&self, now: Micros, member: usize) -> bool {
        let book = &self.books[member];
        let mut gone = book.heard_of.difference(&book.list);
        !book.clock_was_set()
            && gone.all(|other| book.told_dropped_for(*other, now, RETENTION + 10 * SECOND))
    }

    /// Somebody who was in a sender's roster and was dropped before its own user had ever heard of that sender comes
    /// back after retention: it begins anew, for nobody there knows of anything that would be missing.
    fn begin_anew(&mut self, now: Micros, sender: usize, receiver: usize) {
        let book = &mut self.books[sender];
        if book.dropped_for(receiver, now, RETENTION) && !book.list.contains(&receiver) {
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
        self.books[member].dropped(other, now);
        self.books[member].unknown.retain(|(to, _)| *to != other);
        let since = self.books[member].host_since;
        let joined = self.books[member]
            .joined_at
            .get(&other)
            .copied()
            .unwrap_or(0);
        // What the sender's user was told of is kept no more, should the sender be back.
        let given_up = self.books[other]
            .given_up
            .get(&member)
            .copied()
            .unwrap_or(0);
        let heard = self.books[member].heard_mut(other);
        let mut kept = heard.owed.split_off(&given_up);
        heard.released.append(&mut heard.owed);
        kept.retain(|number| heard.numbers.binary_search(number).is_err());
        heard.excused.append(&mut kept);
        // Its last words may be missing as well, and are told when it does not come back (seed 2706038414).
        heard.gap_told = false;
        self.books[member].heard_mut(other).drop = Some(Drop {
            joined,
            at: now,
            reign,
            since,
        });
        self.compare_list(now, member, "peerdropped", peers);
    }
}
