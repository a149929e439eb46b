//! Rules about everybody, for moments when nothing is disturbed any more.

use super::book::Drop;
use super::{Checker, Fate, Reign};
use crate::Micros;
use peerjs_mesh_core::Status;
use std::collections::BTreeMap;

/// When a gap of somebody dead is told at the latest, after it was said to be gone.
const GAP_BY: Micros = super::RETENTION + 2 * crate::SECOND;
/// For so long last words are waited for at least, if they come: until the drop, and until the host forgets who was dropped.
const WAITED: Micros = 2 * super::RETENTION;

/// Whether these members, and nobody else, are one room: one host, one reign, one roster. Else what is not so.
pub(crate) fn agreement(statuses: &[(usize, Status)]) -> Result<(), String> {
    let hosts: Vec<&(usize, Status)> = statuses.iter().filter(|(_, s)| s.is_host).collect();
    let [(chief, reign)] = hosts[..] else {
        if statuses.is_empty() {
            return Ok(());
        }
        let who: Vec<usize> = hosts.iter().map(|(m, _)| *m).collect();
        return Err(format!("hosts: {who:?}"));
    };
    let mut everybody: Vec<&str> = statuses.iter().map(|(_, s)| s.id.as_str()).collect();
    everybody.sort_unstable();
    for (member, status) in statuses {
        if (status.founding, status.term) != (reign.founding, reign.term) {
            return Err(format!(
                "m{member} is in term {}, its host m{chief} in {} (or foundings differ)",
                status.term, reign.term
            ));
        }
        if status.host.as_deref() != Some(reign.id.as_str()) {
            return Err(format!(
                "m{member}'s host is {:?}, not m{chief}",
                status.host
            ));
        }
        let mut roster: Vec<&str> = status.peers.iter().map(|p| p.id.as_str()).collect();
        roster.push(&status.id);
        roster.sort_unstable();
        if roster != everybody {
            return Err(format!(
                "m{member} lists {} members of {}: {roster:?}",
                roster.len(),
                everybody.len()
            ));
        }
    }
    Ok(())
}

/// Those who were told at one time that a sender is gone, of those who were told it in one reign.
///
/// A sender that is dropped, comes back, and dies may have been dropped twice in one reign. Who was away when it came
/// back has heard of the first drop only, and was on another side when the second was said: to that user nothing is
/// missing, for what was said meanwhile was said by somebody who, as far as it was told, was not in the room. And who
/// came to that host after a drop was said was on another side, too.
fn one_stay_each(mut side: Vec<(usize, &Drop)>) -> Vec<Vec<usize>> {
    let mut stays = Vec::new();
    while let Some((_, latest)) = side.iter().max_by_key(|(_, drop)| drop.at) {
        let begun = latest.joined;
        let (stay, earlier): (Vec<_>, Vec<_>) =
            side.into_iter().partition(|(_, drop)| drop.at >= begun);
        let first = stay.iter().map(|(_, drop)| drop.at).min().unwrap_or(0);
        let there = stay.iter().filter(|(_, drop)| drop.since <= first);
        stays.push(there.map(|(member, _)| *member).collect());
        side = earlier;
    }
    stays
}

impl Checker {
    /// All is quiet and these are in the room: nothing may be missing, nothing may wait.
    pub fn complete(&mut self, now: Micros, present: &[usize]) {
        for receiver in present {
            for sender in present {
                if sender != receiver {
                    self.nothing_missing(now, *sender, *receiver);
                }
            }
            let waiting = self.books[*receiver].tickets.len();
            if waiting > 0 {
                self.blame(
                    now,
                    "send-stuck",
                    format!("{waiting} sends of m{receiver} wait although all is quiet"),
                );
            }
        }
        for member in present {
            for (to, number) in std::mem::take(&mut self.books[*member].unknown) {
                self.blame(
                    now,
                    "send-refused",
                    format!("m{member} refused #{number} to m{to} as unknown and never dropped it"),
                );
            }
        }
        // Whoever was to be dropped after a gap has been by now.
        self.early_gaps(Micros::MAX);
        self.lists_agree(now, present);
        self.same_prefixes(now, present);
    }

    /// Whether each of these has heard all that it must of all others (or knows of a gap), and no send waits.
    pub fn is_complete(&self, present: &[usize]) -> bool {
        present.iter().all(|receiver| {
            self.books[*receiver].tickets.is_empty()
                && present
                    .iter()
                    .filter(|sender| *sender != receiver)
                    .all(|sender| {
                        let heard = self.books[*receiver].heard.get(sender);
                        let next = heard
                            .and_then(|h| h.numbers.last())
                            .map_or(0, |last| last + 1);
                        let spare = heard.map_or(0, |h| h.gaps.saturating_sub(h.forgiven));
                        let (missing, direct) = self.required(
                            *sender,
                            *receiver,
                            next..self.books[*sender].sends.len() as u64,
                        );
                        let owed = heard.is_some_and(|h| !h.excused.is_empty());
                        let told = heard.map_or(0, |h| h.gap_until.max(h.lost_until));
                        missing <= spare && direct.iter().all(|n| *n < told) && !owed
                    })
        })
    }

    fn nothing_missing(&mut self, now: Micros, sender: usize, receiver: usize) {
        let next = self.books[receiver]
            .heard
            .get(&sender)
            .and_then(|h| h.numbers.last())
            .map_or(0, |last| last + 1);
        let end = self.books[sender].sends.len() as u64;
        let (missing, direct) = self.required(sender, receiver, next..end);
        let what = format!("at quiet, from #{next}");
        self.forgive(now, receiver, sender, missing, &direct, "lost", &what);
        let Some(heard) = self.books[receiver].heard.get_mut(&sender) else {
            return;
        };
        let (owed, excused) = (
            std::mem::take(&mut heard.owed),
            std::mem::take(&mut heard.excused),
        );
        if !owed.is_empty() {
            let detail = format!(
                "m{receiver} passed over {owed:?} of m{sender}, directed to it, without a drop"
            );
            self.blame(now, "hole", detail);
        }
        if !excused.is_empty() {
            let detail =
                format!("m{sender} is back in time, but {excused:?} never came to m{receiver}");
            self.blame(now, "lost", detail);
        }
    }

    fn lists_agree(&mut self, now: Micros, present: &[usize]) {
        for member in present {
            let others: Vec<usize> = present
                .iter()
                .copied()
                .filter(|other| other != member)
                .collect();
            let list = self.list(*member);
            if list != others {
                self.blame(
                    now,
                    "events-list",
                    format!("m{member}'s events make {list:?}, the room is {others:?} and it"),
                );
            }
        }
    }

    /// Whether some of what somebody dead has said is missing, and a gap still to be told, when it was looked at last.
    pub fn gaps_to_come(&self) -> bool {
        self.gaps_to_come
    }

    /// Members that heard in one reign that a sender is gone have heard the same of it.
    fn same_prefixes(&mut self, now: Micros, present: &[usize]) {
        self.gaps_to_come = false;
        for dead in 0..self.books.len() {
            if self.books[dead].gone.is_none() {
                continue;
            }
            let mut sides: BTreeMap<&Reign, Vec<(usize, &Drop)>> = BTreeMap::new();
            for member in present {
                if let Some(drop) = self.books[*member]
                    .heard
                    .get(&dead)
                    .and_then(|h| h.drop.as_ref())
                {
                    sides.entry(&drop.reign).or_default().push((*member, drop));
                }
            }
            let stays: Vec<Vec<usize>> = sides.into_values().flat_map(one_stay_each).collect();
            for stay in stays {
                self.same_prefix(now, dead, &stay);
            }
        }
    }

    fn same_prefix(&mut self, now: Micros, dead: usize, side: &[usize]) {
        let last = side
            .iter()
            .filter_map(|member| self.last_broadcast(*member, dead))
            .max();
        let Some(last) = last else { return };
        for member in side {
            let next = self.books[*member]
                .heard
                .get(&dead)
                .and_then(|h| h.numbers.last())
                .map_or(0, |n| n + 1);
            let (missing, _) = self.required(dead, *member, next..last + 1);
            // Its last words may come as long as it may: the gap is told after that.
            let told = |member: usize| Some(self.books[member].heard.get(&dead)?.drop.as_ref()?.at);
            let at = told(*member);
            if missing > 0 && !self.no_gaps && at.is_some_and(|at| now < at + GAP_BY) {
                self.gaps_to_come = true;
                continue;
            }
            let what = format!("m{dead} is dead, others heard it up to #{last}");
            // Where nobody was away from another, nor from the dead, and somebody has heard it, that one could have passed
            // it on: no gap excuses that.
            // Where the dead had not come to its host yet it may not have been able to say where it begins (seed 2706203548).
            let died = self.books[dead].gone.unwrap_or(now);
            let host_then = |member: usize| self.books[member].host_at(died);
            let apart = |a: &usize| {
                let absences = &self.books[*a].absences;
                side.iter().any(|b| absences.contains_key(b))
                    || absences.get(&dead).is_some_and(|it| it.1.is_some())
                    || self.books[dead].absences.contains_key(a)
                    || host_then(*a) != host_then(dead)
            };
            let has = |a: &usize| {
                let heard = self.books[*a].heard.get(&dead);
                heard.is_some_and(|h| h.numbers.first().is_some_and(|first| *first <= next))
                    && self.last_broadcast(*a, dead) == Some(last)
            };
            // Last words are waited for as long as anything is kept, from when the others had them; and twice as long, where it
            // was not dropped sooner: a flood's 10 MB take more on a slow way (seeds 3884935017, 2706312547).
            let first = side.iter().filter_map(|it| told(*it)).min();
            let waited = at.is_some_and(|at| {
                at >= died + WAITED || first.is_some_and(|first| at >= first + super::RETENTION)
            });
            if missing > 0 && side.iter().any(has) && !side.iter().any(apart) && !waited {
                let detail = format!("{what}: {missing} of them never came to m{member}");
                self.blame(now, "prefix", detail);
                continue;
            }
            self.forgive(now, *member, dead, missing, &[], "prefix", &what);
        }
    }

    fn last_broadcast(&self, receiver: usize, sender: usize) -> Option<u64> {
        let sends = &self.books[sender].sends;
        let broadcast = |n: &&u64| {
            sends
                .get(**n as usize)
                .is_some_and(|s| s.to.is_none() && s.fate != Fate::Failed)
        };
        self.books[receiver]
            .heard
            .get(&sender)?
            .numbers
            .iter()
            .rev()
            .find(broadcast)
            .copied()
    }
}
