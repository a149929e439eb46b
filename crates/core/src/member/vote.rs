//! Before the office is taken: do others hear the host?

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::LinkId;
use crate::link::{Link, Standing};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Moved, Record, Refusal};

/// How long answers are waited for, ms, or two round trips (topology study §3.3: 300 or two of the slowest).
const ANSWERS_MS: u64 = 300;

/// What is known of those who were asked.
pub(super) struct Vote {
    /// `true`: the host is gone for it, too.
    asked: Vec<(Key, Option<bool>)>,
    until: Instant,
}

/// What came of asking.
pub(super) enum Verdict {
    /// Until then it is open.
    Open(Instant),
    Gone,
    /// It is only our link that broke.
    Alive,
    /// So it was when others could be asked; now there is nobody.
    Alone,
}

impl Member {
    /// Whether the host is gone for the majority of those who can be asked; nobody to ask: we said so ourselves.
    pub(super) fn vote(&mut self) -> Verdict {
        let now = self.now;
        let Role::Seeking(seek) = &self.role else {
            return Verdict::Gone;
        };
        if seek.sure || mutant!(self, NoVote) {
            return Verdict::Gone;
        }
        let kept = mutant!(self, VotesKept);
        if seek.vote.is_none() {
            self.ask_others();
        }
        let Role::Seeking(seek) = &mut self.role else {
            return Verdict::Gone;
        };
        let Some(vote) = &seek.vote else {
            return Verdict::Gone;
        };
        if vote.asked.is_empty() && seek.outvoted {
            return Verdict::Alone;
        }
        let gone = 1 + vote.asked.iter().filter(|it| it.1 == Some(true)).count();
        let alive = vote.asked.iter().filter(|it| it.1 == Some(false)).count();
        let open = vote.asked.len() + 1 - gone - alive;
        if gone > alive + open {
            Verdict::Gone
        } else if alive >= gone + open
            // Once told that it lives, silence (a lost word) makes it no less so.
            || (now >= vote.until && alive + usize::from(seek.outvoted) >= gone)
        {
            // Asked anew the next time: answers get old.
            if !kept {
                seek.vote = None;
            }
            Verdict::Alive
        } else if now >= vote.until {
            Verdict::Gone
        } else {
            Verdict::Open(vote.until)
        }
    }

    fn ask_others(&mut self) {
        let silence = self.silence_ms();
        let shared = self.shared_slack_ms;
        let Role::Seeking(seek) = &self.role else {
            return;
        };
        let mut asked = Vec::new();
        let mut slowest = 0;
        let mut ids = Vec::new();
        for link in &self.links {
            let Some(key) = link.peer.filter(|key| !seek.lost.contains(key)) else {
                continue;
            };
            if link.warm
                && link.beats()
                && link.suspicion.is_none()
                && self.now.ms_since(link.heard) <= link.patience(silence, shared)
                && self.seat(key).is_some()
            {
                // Whoever has come to be admitted has said it.
                let said = matches!(link.standing, Standing::Waiting(_));
                asked.push((key, said.then_some(true)));
                slowest = slowest.max(u64::from(link.rtt_micros.unwrap_or(0)) / 1_000);
                if !said {
                    ids.push(link.id);
                }
            }
        }
        for id in ids {
            self.control(id, &Record::Ask);
        }
        let until = self.now.plus_ms(ANSWERS_MS.max(2 * slowest));
        if let Role::Seeking(seek) = &mut self.role {
            seek.vote = Some(Vote { asked, until });
        }
    }

    /// Somebody asks whether we hear the host. What was heard before the question proves nothing: a link that breaks is
    /// noticed by one a moment before the other. So the host is asked first.
    pub(super) fn on_ask(&mut self, id: LinkId) {
        let host = match &self.role {
            Role::Host(hosting) if !hosting.in_doubt() => Some(self.me),
            Role::Guest(host) => {
                let host = *host;
                if !self.asks.contains(&id) {
                    self.asks.push(id);
                }
                return self.probe(host);
            }
            // It has asked somebody to take it in, and has heard since that this one lives: that one will host.
            Role::Seeking(_) => {
                let lives = |link: &&Link| {
                    link.is_knocking()
                        && link.id != id
                        && (!link.beats() || link.heard > link.standing_since)
                };
                self.links.iter().find(lives).and_then(|link| link.peer)
            }
            _ => None,
        };
        self.control(id, &Record::Heard { host });
    }

    /// Those who asked whether we hear the host.
    pub(super) fn answer_asks(&mut self, host: Option<Key>) {
        for id in core::mem::take(&mut self.asks) {
            self.control(id, &Record::Heard { host });
        }
    }

    /// The host lives: whoever asked, and whoever took it for dead, is told.
    pub(super) fn host_lives(&mut self) {
        let host = self.host;
        self.answer_asks(host);
        let waiting = self.links_that(|link| matches!(link.standing, Standing::Waiting(_)));
        for id in waiting {
            self.refuse(id, Refusal::NotHost { host });
        }
    }

    /// Whether our host has been silent for so long that one with less patience would be halfway to its verdict: enough to
    /// believe those for whom it is gone. (A room is whole again when its last member has followed.)
    pub(super) fn doubts_host(&self) -> bool {
        let Role::Guest(id) = self.role else {
            return false;
        };
        self.link(id).is_some_and(|link| {
            let enough = self.silence_ms() + self.verdict_ms(link.rtt_micros) / 2;
            self.now.ms_since(link.heard) >= enough
        })
    }

    /// Whether half of the others have come to be taken in, for they take the host for dead.
    pub(super) fn most_came(&self) -> bool {
        let came = self.links.iter().filter(|link| {
            matches!(link.standing, Standing::Waiting(_))
                && link.peer.is_some_and(|key| self.seat(key).is_some())
        });
        2 + 2 * came.count() >= self.roster.len()
    }

    /// That the office is, or is to be, this member's.
    #[inline(never)]
    pub(super) fn own_office(&self) -> Record<'static> {
        Record::Moved(Moved {
            founding: self.founding,
            term: self.term,
            host: self.me,
        })
    }

    /// Those at hand are told of the new host: whoever doubts the old one goes there at once.
    pub(super) fn tell_taken(&mut self) {
        let moved = self.own_office();
        for id in self.links_that(Link::is_peer) {
            self.control(id, &moved);
        }
    }

    /// Somebody says whom it hears as the host.
    pub(super) fn on_heard(&mut self, by: Key, host: Option<Key>) {
        let now = self.now;
        let Role::Seeking(seek) = &mut self.role else {
            return;
        };
        let Some(vote) = &mut seek.vote else {
            return;
        };
        if let Some(host) = host
            && !seek.lost.contains(&host)
        {
            // The others have found one already.
            seek.vote = None;
            return self.redirected(Some(host));
        }
        if let Some(it) = vote.asked.iter_mut().find(|it| it.0 == by) {
            it.1 = Some(host.is_none());
            seek.next_at = seek.next_at.min(now);
            self.seek_step();
        }
    }
}
