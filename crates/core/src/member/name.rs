//! L0: the room's name: claimed, proved, given up.

use super::mutation::mutant;
use super::sessions::Session;
use super::{Member, Role};
use crate::api::{ErrorCode, LinkId, Output};
use crate::config::{ANSWER_MS, ECHO_MS};
use crate::link::Goal;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::Refusal;

/// What this member has to do with the room's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// Nothing: somebody else is the host.
    #[default]
    Idle,
    /// It is being claimed.
    Claiming,
    /// It is ours.
    Owned,
    /// It is taken; who has it is being asked, until then.
    Asking(Instant),
    /// Claimed again then.
    Waiting(Instant),
}

/// The room's name at the signalling server: a directory entry, not the authority.
#[derive(Default)]
pub(super) struct Name {
    pub(super) phase: Phase,
    pub(super) session: Option<Session>,
    /// Whoever has it has been dialled since it was claimed.
    pub(super) asked: bool,
    pub(super) token: String,
    /// The token by which the last owner registered it; deputies know it.
    pub(super) shared: Option<String>,
    tries: u32,
    /// The last session under it was lost, or never came up.
    pub(super) unreachable: bool,
    pub(super) nonce: u64,
    echo_at: Instant,
    /// This server gives echoes back; `Some(false)`: it does not, as far as we know, and that is why a session was made anew.
    pub(super) echoes: Option<bool>,
    /// When the last echo of ours came back, or the session came up; `None`: its absence proves nothing.
    pub(super) echoed: Option<Instant>,
}

/// A host that lacks the name waits no longer than after so many tries, between two of them.
const HOST_TRIES: u32 = 3;

impl Member {
    /// Claims the room's name, with a fresh token or with the shared one.
    pub(super) fn claim_name(&mut self, shared: bool) {
        self.close_name();
        let token = match (&self.name.shared, shared) {
            (Some(token), true) => token.clone(),
            _ => self.tokens.draw(&mut self.rng),
        };
        self.name.token = token.clone();
        self.name.phase = Phase::Claiming;
        self.name.asked = false;
        self.name.unreachable = false;
        self.name.session = Some(self.new_session(self.cfg.room.clone(), token));
    }

    /// Gives the room's name up.
    pub(super) fn release_name(&mut self) {
        self.close_name();
        self.name.phase = Phase::Idle;
        self.name.tries = 0;
    }

    pub(super) fn close_name(&mut self) {
        if let Some(session) = self.name.session.take() {
            self.outputs.push_back(Output::CloseSession {
                session: session.id,
            });
        }
    }

    /// Claims the name again after a while.
    pub(super) fn claim_later(&mut self, ms: u64) {
        self.close_name();
        self.name.phase = Phase::Waiting(self.now.plus_ms(ms));
    }

    /// Makes sure that the name is being claimed, if it is not ours still.
    pub(super) fn want_name(&mut self) {
        match self.name.phase {
            Phase::Idle => {
                self.name.tries = 0;
                self.claim_name(false);
            }
            // An office was handed over, and nobody has taken it.
            Phase::Owned => self.on_name_owned(),
            _ => {}
        }
    }

    /// The room's name is ours: then so is the room, unless we are in it already.
    pub(super) fn on_name_owned(&mut self) {
        match &self.role {
            Role::Host(_) => self.tell_deputies(),
            // `joined` comes first: the own session is a moment behind.
            Role::Seeking(seek) if seek.by_name && !self.own.joined => {}
            Role::Seeking(seek) if seek.by_name && self.leave.is_none() => self.become_host(),
            _ => self.release_name(),
        }
    }

    pub(super) fn on_name_taken(&mut self) {
        self.close_name();
        self.name.tries += 1;
        let wait = self.now.plus_ms(ANSWER_MS);
        match &self.role {
            Role::Host(_) => self.name.phase = Phase::Asking(wait),
            Role::Seeking(seek) if seek.by_name => {
                let more = if self.name.tries > 1 {
                    self.back_off(self.name.tries)
                } else {
                    0
                };
                self.name.phase = Phase::Waiting(wait.plus_ms(more));
            }
            _ => return self.release_name(),
        }
        if !self.name.asked {
            self.dial(Goal::Room);
        }
    }

    pub(super) fn lose_name(&mut self) {
        let ms = self.back_off(self.name.tries);
        self.name.tries += 1;
        match self.role {
            Role::Seeking(_) | Role::Host(_) if self.name.phase != Phase::Idle => {
                self.claim_later(ms)
            }
            _ => self.release_name(),
        }
    }

    /// A dial found who owns the name, or did not: a host without the name goes on.
    fn name_not_answered(&mut self) {
        if self
            .name
            .shared
            .as_ref()
            .is_some_and(|shared| *shared != self.name.token)
        {
            self.claim_name(true);
        } else {
            // A running room that cannot be found is worth a claim every few seconds: two of them become one that way.
            let ms = self.back_off(self.name.tries.min(HOST_TRIES));
            self.claim_later(ms);
        }
    }

    /// Somebody else may have the name, though this host goes on: it is claimed soon.
    pub(super) fn name_contested(&mut self) {
        if self.name.phase != Phase::Owned {
            self.name.tries = 0;
            self.claim_later(500);
        }
    }

    /// Whoever had the name that this host wants is host no more, and says who is.
    pub(super) fn name_outlived(&mut self, id: LinkId, refusal: Refusal) {
        self.close_link(id);
        if let Refusal::NotHost { host: Some(host) } = refusal {
            self.dial(Goal::Member(host));
        }
    }

    /// Whether a dial of the room's name is being answered, so that there is no need to claim it.
    fn name_is_answered(&self) -> bool {
        self.links
            .iter()
            .any(|link| link.goal == Some(Goal::Room) && !link.is_unanswered())
    }

    /// Proves to itself that the name is still ours.
    pub(super) fn check_name(&mut self) {
        let Some(session) = self.name.session.as_ref().map(|session| session.id) else {
            return;
        };
        self.name.echo_at = self.now.plus_ms(ECHO_MS);
        if mutant!(self, EchoUnchecked) {
            return;
        }
        let silent_ms = self.name.echoed.map_or(0, |at| self.now.ms_since(at));
        if silent_ms > ECHO_MS * 3 / 2 {
            self.name.tries = 0;
            self.name.echoes.get_or_insert(false);
            return self.claim_name(false);
        }
        self.name.nonce = self.echo(session, self.cfg.room.clone());
    }

    /// Says once per search that nobody answers for the room.
    fn tell_unavailable(&mut self) {
        if matches!(self.role, Role::Seeking(_)) && self.own.joined && !self.told_unavailable {
            self.told_unavailable = true;
            self.error(ErrorCode::HostUnavailable, "");
        }
    }

    /// The session under the room's name is up.
    pub(super) fn name_up(&mut self) {
        self.name.phase = Phase::Owned;
        self.name.tries = 0;
        self.name.shared = Some(self.name.token.clone());
        self.name.echo_at = self.now.plus_ms(ECHO_MS);
        self.name.echoed = (self.name.echoes != Some(false)).then_some(self.now);
        self.on_name_owned();
    }

    pub(super) fn name_deadline(&self) -> Option<Instant> {
        match self.name.phase {
            Phase::Idle | Phase::Claiming => None,
            Phase::Owned => Some(self.name.echo_at),
            Phase::Asking(at) | Phase::Waiting(at) => Some(at),
        }
    }

    pub(super) fn name_on_time(&mut self) {
        let now = self.now;
        match self.name.phase {
            Phase::Owned if now >= self.name.echo_at => self.check_name(),
            Phase::Asking(at) if now >= at => {
                if self.name_is_answered() {
                    self.name.phase = Phase::Asking(now.plus_ms(ANSWER_MS));
                } else {
                    self.name_not_answered();
                }
            }
            Phase::Waiting(at) if now >= at => {
                if matches!(self.role, Role::Seeking(_)) && self.name_is_answered() {
                    self.name.phase = Phase::Waiting(now.plus_ms(ANSWER_MS));
                } else {
                    self.tell_unavailable();
                    self.claim_name(false);
                    self.ask_everybody();
                }
            }
            _ => {}
        }
    }
}
