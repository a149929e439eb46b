//! Looking for the room's host: by the line of succession, then by the room's name.

use super::mutation::mutant;
use super::vote::{Verdict, Vote};
use super::{Member, Role};
use crate::api::{Event, LinkId, Output};
use crate::config::NEXT_OF_LINE_MS;
use crate::link::{Goal, Stage, Standing};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;

/// How long a dialled member may take from its answer to its welcome before the next of the line is tried, ms (guess:
/// ICE, DTLS and hello are six round trips, and a deputy may need 2 s to notice what we noticed).
pub(super) const WELCOME_MS: u64 = 4_000;
/// So often it is looked whether whom we asked lives, ms (guess: half a beat).
pub(super) const AGAIN_MS: u64 = 250;

/// So many of those who were dropped a host without the name asks at a time (guess: a host and its deputies, and one more).
const ASKED: usize = 4;

/// Whoever has lost the host and been sent back to it more often than that does not reach it (guess: some ten seconds).
const SENT_BACK: u32 = 3;

/// How long after having slept a member leaves it to others to take over, ms (guess: a search by the line).
const SLEEPY_MS: u64 = 5_000;

/// A search for the host.
pub(super) struct Seek {
    /// The members to dial under their own ids, in the order of the line.
    pub(super) line: Vec<Key>,
    at: usize,
    /// When to try the next of the line.
    pub(super) next_at: Instant,
    /// The line is at its end: the room's name is claimed, and dialled when it is taken.
    pub(super) by_name: bool,
    /// The host that was lost, and those of the line who did not answer: nobody waits for them.
    pub(super) lost: Vec<Key>,
    /// Not before that moment: refused for want of room, or too slow.
    pub(super) not_before: Option<Instant>,
    redirects: u32,
    /// Whom to ask at `next_at`, before the next of the line: redirected too often.
    then: Option<Key>,
    /// The host has said itself that it is going: nobody needs to be asked.
    pub(super) sure: bool,
    pub(super) vote: Option<Vote>,
    /// Others have heard the host that this member has lost.
    pub(super) outvoted: bool,
    /// Whom the host before has named its successor.
    pub(super) named: Option<Key>,
    /// The name is being claimed, too: nobody answers by it.
    again: bool,
}

impl Seek {
    pub(super) fn by_name(now: Instant) -> Seek {
        Seek {
            by_name: true,
            ..Seek::by_line(Vec::new(), Vec::new(), now)
        }
    }

    fn by_line(line: Vec<Key>, lost: Vec<Key>, now: Instant) -> Seek {
        Seek {
            line,
            at: 0,
            next_at: now,
            by_name: false,
            lost,
            not_before: None,
            redirects: 0,
            then: None,
            sure: false,
            vote: None,
            outvoted: false,
            named: None,
            again: false,
        }
    }

    /// Somebody answers: it has time to welcome us.
    pub(super) fn answered(&mut self, now: Instant, ms: u64) {
        self.next_at = now.plus_ms(ms);
    }

    /// Nobody waits for these.
    pub(super) fn given_up(&self) -> Vec<Key> {
        let silent = self.line.get(..self.at).unwrap_or_default();
        self.lost.iter().chain(silent).copied().gather()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.not_before {
            Some(at) => Some(at),
            None => (!self.by_name).then_some(self.next_at),
        }
    }
}

impl Member {
    /// The host is gone (`lost`), or has ended its office and stays a member. `sure`: it said so.
    pub(super) fn host_lost(&mut self, lost: Option<Key>, sure: bool) {
        // One that has just been asleep does not take the office: the others have long decided who has it.
        let sleepy = self
            .woke_at
            .is_some_and(|at| self.now.ms_since(at) < SLEEPY_MS);
        let line: Vec<Key> = self
            .line()
            .into_iter()
            .filter(|key| Some(*key) != lost && !(sleepy && *key == self.me))
            .gather();
        self.end_standing();
        self.answer_asks(None);
        let mut seek = Seek::by_line(line, lost.into_iter().gather(), self.now);
        seek.sure = sure;
        self.role = Role::Seeking(Box::new(seek));
        self.seek_step();
    }

    /// Nobody answers by the room's name, which may stay with the dead for long: whoever was in the room asks all others
    /// whether they know a host, and becomes it if none of them lives (seed 1000000183); a host asks those who were
    /// dropped, some each time, by chance, or if they are few whoever it has ever known.
    pub(super) fn ask_everybody(&mut self) {
        let me = self.me;
        if self.is_host() {
            let among = self.dropped.len().saturating_sub(ASKED - 1).max(1);
            let first = self.rng.below(among as u64) as usize;
            for at in first..first + ASKED {
                let key = match self.dropped.get(at) {
                    Some(gone) => gone.was.member,
                    None => Key(self.rng.below(self.names.count()) as u32),
                };
                if self.seat(key).is_none() {
                    self.dial(Goal::Member(key));
                }
            }
            return;
        }
        let mut line = self.line();
        line.keep(|key| *key != me);
        match &self.role {
            Role::Seeking(seek) if seek.by_name && self.was_in => {}
            _ => return,
        }
        line.push(me);
        let mut seek = Seek::by_line(line, Vec::new(), self.now);
        seek.again = true;
        self.role = Role::Seeking(Box::new(seek));
        self.seek_step();
    }

    /// The room's host is, or should be, that member.
    pub(super) fn seek_member(&mut self, host: Key) {
        self.end_standing();
        self.role = Role::Seeking(Box::new(Seek::by_line(vec![host], Vec::new(), self.now)));
    }

    /// The members in the order in which they succeed the host; one's own place among them.
    pub(super) fn line(&self) -> Vec<Key> {
        self.roster
            .iter()
            .map(|seat| seat.key)
            .filter(|key| Some(*key) != self.host)
            .gather()
    }

    /// Out of the room: its links are closed, and the user is told.
    fn end_standing(&mut self) {
        if self.leave.is_some() {
            // Whoever hosted until now may be leaving, too, and wait for others to know.
            self.say_bye(false);
        }
        self.sync_due = false;
        if core::mem::take(&mut self.synced) {
            self.emit(Event::Sync { peers: None });
        }
        if self.host.take().is_some() {
            self.emit(Event::HostDropped);
        }
        let closing = self.links_that(|link| link.is_in_use() || link.is_knocking());
        for id in closing {
            self.flush_control(id);
            self.remove_link(id);
            self.outputs.push_back(Output::CloseLink { link: id });
        }
        self.ack_at = None;
    }

    /// Looks for the room from the beginning, by its name, not before that moment.
    pub(super) fn seek_by_name(&mut self, not_before: Option<Instant>) {
        self.end_standing();
        let mut seek = Seek::by_name(self.now);
        seek.not_before = not_before;
        self.role = Role::Seeking(Box::new(seek));
        if not_before.is_none() {
            self.told_unavailable = false;
            self.want_name();
        } else {
            self.release_name();
        }
    }

    pub(super) fn seek_step(&mut self) {
        let now = self.now;
        let Role::Seeking(seek) = &mut self.role else {
            return;
        };
        if let Some(at) = seek.not_before {
            if now >= at && !self.blocked {
                seek.not_before = None;
                self.want_name();
            } else if now >= at {
                seek.not_before = Some(now.plus_ms(1_000));
            }
            return;
        }
        if seek.by_name || now < seek.next_at {
            return;
        }
        if self.waits_for_welcome() {
            if let Role::Seeking(seek) = &mut self.role {
                seek.next_at = now.plus_ms(AGAIN_MS);
            }
            return;
        }
        let Role::Seeking(seek) = &mut self.role else {
            return;
        };
        if let Some(host) = seek.then.take() {
            seek.next_at = now.plus_ms(NEXT_OF_LINE_MS * 2);
            return self.go_to(host);
        }
        let next = seek.line.get(seek.at).copied();
        match next {
            Some(key) if key == self.me => self.take_turn(),
            Some(key) => {
                seek.at += 1;
                if self.is_silent(key) {
                    // Its link says that it is gone as well.
                    return self.seek_step();
                }
                if let Role::Seeking(seek) = &mut self.role {
                    seek.next_at = now.plus_ms(NEXT_OF_LINE_MS);
                }
                self.go_to(key);
            }
            None => {
                seek.by_name = true;
                if !seek.again {
                    self.told_unavailable = false;
                    self.want_name();
                }
            }
        }
    }

    /// Half of the others have come to be taken in: whoever is before this member in the line, and has not answered it, has
    /// not answered them either.
    pub(super) fn skip_to_own_turn(&mut self) {
        if !self.most_came() || self.waits_for_welcome() {
            return;
        }
        let (me, now) = (self.me, self.now);
        let Role::Seeking(seek) = &mut self.role else {
            return;
        };
        let idle = !seek.by_name && seek.then.is_none() && seek.vote.is_none();
        let mine = seek.line.iter().position(|key| *key == me);
        if let Some(mine) = mine.filter(|mine| idle && seek.at <= *mine) {
            seek.at = mine;
            seek.next_at = now;
            self.seek_step();
        }
    }

    /// Whether the host that others hear is not reached by us.
    pub(super) fn is_cut(&self) -> bool {
        !mutant!(self, VotesKept)
            && matches!(&self.role, Role::Seeking(seek) if seek.outvoted && seek.redirects > SENT_BACK)
    }

    /// It is this member's turn to take the office.
    fn take_turn(&mut self) {
        let verdict = self.vote();
        let cut = self.is_cut();
        let Role::Seeking(seek) = &mut self.role else {
            return;
        };
        match verdict {
            Verdict::Open(until) => seek.next_at = until,
            Verdict::Alone => {
                // The room has gone on without this member, whose links it has closed.
                seek.at += 1;
                self.seek_step();
            }
            Verdict::Alive if cut => {
                // They reach it, and we do not: the others are asked to take us in, see `Join::cut`.
                seek.at += 1;
                if seek.at >= seek.line.len() {
                    seek.at = 0;
                }
                self.seek_step();
            }
            Verdict::Alive => {
                seek.outvoted = true;
                let host = seek.lost.first().copied();
                self.counters.outvoted += 1;
                self.redirected(host);
            }
            Verdict::Gone => {
                let lost = seek.given_up();
                self.take_over(lost);
                self.tell_taken();
            }
        }
    }

    /// The host, or whom this member takes for it.
    pub(super) fn goes_to(&self) -> Option<Key> {
        match &self.role {
            Role::Seeking(seek) => seek.line.first().copied(),
            _ => self.host,
        }
    }

    /// A member that we asked says that another one is the host.
    pub(super) fn redirected(&mut self, host: Option<Key>) {
        let now = self.now;
        let Role::Seeking(seek) = &mut self.role else {
            return;
        };
        seek.redirects += 1;
        let host = host.filter(|host| *host != self.me);
        if seek.redirects > 4 {
            // Two members that each take the other for the host must not keep us busy.
            seek.then = host;
            seek.next_at = now.plus_ms(NEXT_OF_LINE_MS);
        } else if let Some(host) = host {
            seek.next_at = now.plus_ms(NEXT_OF_LINE_MS * 2);
            self.go_to(host);
        } else {
            seek.next_at = now;
        }
    }

    /// Knocking for too long, or links that do not open.
    pub(super) fn seek_on_time(&mut self) {
        let now = self.now;
        let late = |link: &&crate::link::Link| match link.standing {
            Standing::Knocking => now >= link.standing_since.plus_ms(WELCOME_MS + 1_000),
            Standing::Waiting(_) => now >= link.standing_since.plus_ms(WELCOME_MS - 500),
            _ => false,
        };
        let ids: Vec<LinkId> = self.links.iter().filter(late).map(|link| link.id).gather();
        for id in ids {
            let host = self.host;
            if self
                .link(id)
                .is_some_and(|link| matches!(link.standing, Standing::Waiting(_)))
            {
                self.refuse(id, crate::wire::Refusal::NotHost { host });
            } else {
                self.fail_link(id, true);
            }
        }
        self.seek_step();
    }

    /// A link of ours has come to nothing.
    pub(super) fn dial_failed(&mut self, goal: Option<Goal>, stage: Stage) {
        let now = self.now;
        let Role::Seeking(seek) = &mut self.role else {
            return;
        };
        if seek.by_name || (seek.again && goal == Some(Goal::Room)) {
            if goal == Some(Goal::Room) && stage != Stage::Preparing {
                let ms = self.back_off(3);
                self.claim_later(ms);
            }
        } else {
            seek.next_at = seek.next_at.min(now);
            self.seek_step();
        }
    }
}
