//! What the judge knows of one member.

use super::messages::APART;
use super::{RETENTION, Reign};
use crate::Micros;
use std::collections::{BTreeMap, BTreeSet};

/// Who is announced and dropped within so long was not here.
const MOMENT: Micros = 10 * crate::SECOND;

/// What became of a `send`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted,
    Waiting,
    Failed,
}

/// One `send`.
#[derive(Debug)]
pub(super) struct Sending {
    /// When it was accepted, or (it waits still) was to be sent.
    pub(super) at: Micros,
    pub(super) to: Option<usize>,
    pub(super) bytes: usize,
    pub(super) fate: Fate,
    /// Whether its sender had been in the room by then. What was sent earlier goes to the roster of its first sync.
    pub(super) after_sync: bool,
}

/// What a member's user has heard of one sender.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Numbers, rising.
    pub(super) numbers: Vec<u64>,
    /// Broadcasts that `gap` events said would never come.
    pub(super) gaps: u64,
    /// Which numbers these were.
    pub(super) gone: BTreeSet<u64>,
    /// Whether a `gap` was told since the two last met, or parted.
    pub(super) gap_told: bool,
    /// The user was told of a gap when the sender had sent so many: those of them that were directed to it need not come.
    pub(super) gap_until: u64,
    /// The user was told that directed ones are lost when the sender had sent so many. Should the sender be back, they come.
    pub(super) lost_until: u64,
    /// How many of these have been missed.
    pub(super) forgiven: u64,
    /// Directed messages that were passed over.
    pub(super) owed: BTreeSet<u64>,
    /// And those of them whose sender was then said to be dropped.
    pub(super) excused: BTreeSet<u64>,
    /// And those that need not come any more, but may: late rather than never.
    pub(super) released: BTreeSet<u64>,
    /// How the sender was last said to be dropped.
    pub(super) drop: Option<Drop>,
}

impl Heard {
    /// A message that was passed over comes late: once, and only after its sender was dropped, or what it directed to this
    /// one was said to be lost (it may be met again with a host that has it, seed 2702002102).
    pub(super) fn owed_late(&mut self, number: u64) -> bool {
        let lost = number < self.lost_until && self.owed.contains(&number);
        let owed = self.excused.remove(&number) || self.released.remove(&number) || lost;
        match self.numbers.binary_search(&number) {
            Err(place) if owed => self.numbers.insert(place, number),
            // The drop has to follow all the same, so it stays among those; but it comes once.
            Ok(_) if lost => return false,
            _ => {}
        }
        owed
    }
}

/// A `peerdropped`.
#[derive(Debug, Clone)]
pub(super) struct Drop {
    /// When its hearer had been told that the sender is there.
    pub(super) joined: Micros,
    pub(super) at: Micros,
    /// In which reign it was heard.
    pub(super) reign: Reign,
    /// Since when its hearer had that host, without a break.
    pub(super) since: Micros,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) id: String,
    pub(super) born: Micros,
    pub(super) gone: Option<Micros>,
    pub(super) joined: bool,
    pub(super) synced: bool,
    pub(super) leaving: bool,
    /// When it was told of its host; never, while it has none.
    pub(super) host_since: Micros,
    /// It is the host itself, as it was told.
    pub(super) hosts: bool,
    /// Which hosts it was told of, and when.
    pub(super) hosted_by: Vec<(Micros, usize)>,
    pub(super) left: bool,
    /// What it was told of the server last.
    pub(super) signalling: Option<bool>,
    /// The others that are announced.
    pub(super) list: BTreeSet<usize>,
    /// When each was announced last.
    pub(super) joined_at: BTreeMap<usize, Micros>,
    /// Everybody who was ever announced.
    pub(super) heard_of: BTreeSet<usize>,
    /// Who was dropped, and when last, by its own clock: at the earliest and at the latest.
    dropped_at: BTreeMap<usize, (Micros, Micros)>,
    /// Since when, by its own clock, each that was dropped was away, and until when.
    pub(super) absences: BTreeMap<usize, (Micros, Option<Micros>)>,
    /// The absence of each before that one, since when and until when.
    past_absences: BTreeMap<usize, (Micros, Micros)>,
    /// When its user was told so: it may have slept, and found out as it woke.
    told_dropped: BTreeMap<usize, Micros>,
    /// Since when, by its clock, its user may have heard nothing, and when it began to hear again.
    deaf: Option<(Micros, Micros)>,
    /// By how much its clock was set ahead, in all: what it keeps for so long it keeps by that clock.
    ahead: Micros,
    /// The same before it was set last, and when that was.
    was_ahead: Option<(Micros, Micros)>,
    /// By number.
    pub(super) sends: Vec<Sending>,
    pub(super) tickets: BTreeMap<u32, u64>,
    /// Sends that were refused because their receiver, which is announced, was unknown: receiver, number.
    pub(super) unknown: Vec<(usize, u64)>,
    /// Who was ever announced, and from which own number on it must get everything.
    pub(super) stays: BTreeMap<usize, u64>,
    /// Who was gone for so long that what was directed to it is kept no more, as the user was told: up to which number.
    pub(super) given_up: BTreeMap<usize, u64>,
    pub(super) heard: BTreeMap<usize, Heard>,
}

impl Book {
    /// The host that it was told of last, at that moment.
    pub(super) fn host_at(&self, at: Micros) -> Option<usize> {
        let told = self.hosted_by.iter().rev().find(|(since, _)| *since <= at);
        told.map(|(_, host)| *host)
    }

    pub(super) fn new(id: &str, born: Micros) -> Book {
        Book {
            id: id.to_owned(),
            born,
            gone: None,
            joined: false,
            synced: false,
            leaving: false,
            host_since: Micros::MAX,
            hosts: false,
            hosted_by: Vec::new(),
            left: false,
            signalling: None,
            list: BTreeSet::new(),
            joined_at: BTreeMap::new(),
            heard_of: BTreeSet::new(),
            dropped_at: BTreeMap::new(),
            absences: BTreeMap::new(),
            past_absences: BTreeMap::new(),
            told_dropped: BTreeMap::new(),
            deaf: None,
            ahead: 0,
            was_ahead: None,
            sends: Vec::new(),
            tickets: BTreeMap::new(),
            unknown: Vec::new(),
            stays: BTreeMap::new(),
            given_up: BTreeMap::new(),
            heard: BTreeMap::new(),
        }
    }

    /// Its clock shows so many ms more from now on. Less is no matter: it never runs back by as much as a heartbeat.
    pub(super) fn clock_set(&mut self, now: Micros, ms: i64) {
        self.was_ahead = Some((self.ahead, now));
        self.ahead += u64::try_from(ms).unwrap_or(0) * 1_000;
    }

    /// Its user hears of nothing from now on, or of all that has happened since then: at once.
    pub(super) fn hears(&mut self, now: Micros, hears: bool) {
        self.deaf = match (self.deaf, hears) {
            (Some((since, until)), _) if until >= now => {
                Some((since, if hears { now } else { Micros::MAX }))
            }
            (_, false) => Some((now + self.ahead, Micros::MAX)),
            (_, true) => None,
        };
    }

    pub(super) fn dropped(&mut self, other: usize, now: Micros) {
        // A user that heard nothing for a while hears late of what came to pass meanwhile.
        let at = match self.deaf {
            Some((since, until)) if until >= now => since,
            _ => now + self.ahead_at(now),
        };
        self.dropped_at.insert(other, (at, now + self.ahead));
        // Who was here for a moment only, may not have heard of it.
        let absence = self.absences.entry(other).or_insert((at, None));
        if let Some(until) = absence.1.filter(|until| until + MOMENT < at) {
            self.past_absences.insert(other, (absence.0, until));
            absence.0 = at;
        }
        absence.1 = None;
        self.told_dropped.insert(other, now);
    }

    /// The other is announced, again perhaps.
    pub(super) fn joined(&mut self, other: usize, now: Micros) {
        self.joined_at.insert(other, now);
        let now = now + self.ahead;
        if let Some(absence) = self.absences.get_mut(&other) {
            absence.1.get_or_insert(now);
        }
    }

    /// Whether the other was away for so long, the last time it was, by this member's clock.
    /// `dropped`: when anybody of its room was told so first, if that is known.
    pub(super) fn was_away(
        &self,
        other: usize,
        now: Micros,
        least: Micros,
        dropped: Option<Micros>,
    ) -> bool {
        let absence = self.absences.get(&other);
        absence.is_some_and(|(since, until)| {
            let since = dropped.map_or(*since, |at| (at + self.ahead).min(*since));
            until.unwrap_or(now + self.ahead).saturating_sub(since) >= least
        })
    }

    /// Whether the other was away for so long before it was here the last time, and for no longer than `here` was here before
    /// that moment.
    pub(super) fn had_been_away(
        &self,
        other: usize,
        then: Micros,
        here: Micros,
        least: Micros,
    ) -> bool {
        let absence = self.past_absences.get(&other);
        absence.is_some_and(|(since, until)| *until + here >= then && until - since >= least)
    }

    /// Since when its user has heard nothing, if it has not, or hears at once now.
    pub(super) fn deaf_since(&self, now: Micros) -> Option<Micros> {
        let (since, until) = self.deaf?;
        (until >= now).then_some(since)
    }

    /// Whether its user was told at least so long ago that the other was dropped. (By a clock that was never set.)
    pub(super) fn told_dropped_for(&self, other: usize, now: Micros, least: Micros) -> bool {
        let at = self.told_dropped.get(&other);
        at.is_some_and(|at| now.saturating_sub(*at) >= least)
    }

    /// By how much it was ahead when it knew of what its user hears now, at the latest: of a drop the user hears after the
    /// last words, and the clock may have been set meanwhile (seed 800036026).
    fn ahead_at(&self, now: Micros) -> Micros {
        match self.was_ahead {
            Some((ahead, at)) if now < at + (RETENTION - APART) => ahead,
            _ => self.ahead,
        }
    }

    /// What it keeps for so long it may have kept for less.
    pub(super) fn was_set_ahead(&self) -> bool {
        self.ahead >= crate::SECOND
    }

    pub(super) fn clock_was_set(&self) -> bool {
        self.was_ahead.is_some()
    }

    /// Whether the other may have been dropped at least so long ago, the last time it was, by this member's clock.
    pub(super) fn dropped_for(&self, other: usize, now: Micros, least: Micros) -> bool {
        let at = self.dropped_at.get(&other);
        at.is_some_and(|(at, _)| (now + self.ahead).saturating_sub(*at) >= least)
    }

    /// Whether it was, whatever its user was told late and however its clock was set (seed 1761832342).
    pub(super) fn dropped_surely_for(&self, other: usize, now: Micros, least: Micros) -> bool {
        let at = self.dropped_at.get(&other);
        at.is_some_and(|(_, at)| (now + self.ahead).saturating_sub(*at) >= least)
    }

    pub(super) fn heard_mut(&mut self, sender: usize) -> &mut Heard {
        self.heard.entry(sender).or_default()
    }
}
