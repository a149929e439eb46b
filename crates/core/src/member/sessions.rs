//! L0: the sessions at the signalling server: the own one, and the room's name.

use super::{Member, Role};
use crate::api::{ErrorCode, Event, Output, SessionEnd, SessionId};
use crate::config::{ANSWER_MS, BACKOFF_MS, ECHO_MS, SESSION_BEAT_MS};
use crate::link::Goal;
use crate::prelude::*;
use crate::time::Instant;
use peerjs_mesh_protocol::signalling::{Echo, FromServer, Signal, ToServer};

/// A websocket that says nothing for so long is given up, ms (PeerServers answer within one round trip; guess).
const SILENT_SERVER_MS: u64 = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The websocket is being opened.
    Connecting,
    /// It is open; neither OPEN nor the own echo has come.
    Connected,
    /// The id is ours.
    Up,
}

/// One registration.
pub(super) struct Session {
    pub(super) id: SessionId,
    stage: Stage,
    since: Instant,
    beat_at: Instant,
}

/// The own session, kept for life under one id and token.
pub(super) struct Own {
    token: String,
    pub(super) session: Option<Session>,
    retry_at: Option<Instant>,
    tries: u32,
    /// It has been up at least once.
    joined: bool,
    /// The user has been told that the server cannot be reached.
    told: bool,
}

impl Own {
    pub(super) fn new(token: String) -> Own {
        Own {
            token,
            session: None,
            retry_at: None,
            tries: 0,
            joined: false,
            told: false,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.stage == Stage::Up)
    }
}

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
    token: String,
    /// The token by which the last owner registered it; deputies know it.
    pub(super) shared: Option<String>,
    tries: u32,
    nonce: u64,
    echo_at: Instant,
    /// When the last echo of ours came back; `None`: never yet, so its absence proves nothing.
    echoed: Option<Instant>,
}

impl Member {
    fn new_session(&mut self, id: String, token: String) -> Session {
        let session = SessionId(self.next_session);
        self.next_session += 1;
        self.outputs
            .push_back(Output::OpenSession { session, id, token });
        Session {
            id: session,
            stage: Stage::Connecting,
            since: self.now,
            beat_at: self.now,
        }
    }

    pub(super) fn open_own(&mut self) {
        let (id, token) = (self.names.text(self.me).to_owned(), self.own.token.clone());
        self.own.retry_at = None;
        self.own.session = Some(self.new_session(id, token));
    }

    /// Claims the room's name, with a fresh token or with the shared one.
    pub(super) fn claim_name(&mut self, shared: bool) {
        self.close_name();
        let token = match (&self.name.shared, shared) {
            (Some(token), true) => token.clone(),
            _ => self.rng.token(),
        };
        self.name.token = token.clone();
        self.name.phase = Phase::Claiming;
        self.name.echoed = None;
        self.name.session = Some(self.new_session(self.cfg.room.clone(), token));
    }

    /// Gives the room's name up.
    pub(super) fn release_name(&mut self) {
        self.close_name();
        self.name.phase = Phase::Idle;
        self.name.tries = 0;
    }

    fn close_name(&mut self) {
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

    /// Makes sure that the name is being claimed.
    pub(super) fn want_name(&mut self) {
        if self.name.phase == Phase::Idle {
            self.name.tries = 0;
            self.claim_name(false);
        }
    }

    pub(super) fn back_off(&mut self, tries: u32) -> u64 {
        let (first, most) = BACKOFF_MS;
        let ms = first.saturating_mul(1 << tries.min(10)).min(most);
        ms / 2 + self.rng.below(ms / 2 + 1)
    }

    pub(super) fn say(&mut self, session: SessionId, message: ToServer) {
        self.outputs
            .push_back(Output::SendSession { session, message });
    }

    fn echo(&mut self, session: SessionId, dst: String) -> u64 {
        let nonce = self.rng.u64();
        let echo = Echo {
            nonce,
            term: self.term,
            member: self.names.text(self.me).to_owned(),
        };
        self.say(
            session,
            ToServer::Relay {
                dst,
                signal: Signal::Echo(echo),
            },
        );
        nonce
    }

    pub(super) fn on_session_connected(&mut self, id: SessionId) {
        let now = self.now;
        let own = self.own.session.as_mut().filter(|session| session.id == id);
        let is_own = own.is_some();
        let Some(session) = own.or(self
            .name
            .session
            .as_mut()
            .filter(|session| session.id == id))
        else {
            return;
        };
        session.stage = Stage::Connected;
        session.since = now;
        session.beat_at = now.plus_ms(SESSION_BEAT_MS);
        self.say(id, ToServer::Heartbeat);
        // A server that takes the registration over in silence shows it by bringing our echo back.
        if is_own && self.own.joined {
            let dst = self.names.text(self.me).to_owned();
            self.echo(id, dst);
        } else if !is_own && self.name.shared.as_ref() == Some(&self.name.token) {
            self.name.nonce = self.echo(id, self.cfg.room.clone());
        }
    }

    pub(super) fn on_session_received(&mut self, id: SessionId, message: FromServer) {
        let is_own = self
            .own
            .session
            .as_ref()
            .is_some_and(|session| session.id == id);
        let is_name = self
            .name
            .session
            .as_ref()
            .is_some_and(|session| session.id == id);
        if !is_own && !is_name {
            return;
        }
        match message {
            FromServer::Open => self.session_up(is_own),
            FromServer::IdTaken if is_own => {
                self.error(ErrorCode::IdTaken, "");
                self.lose_own(false);
            }
            FromServer::IdTaken => self.on_name_taken(),
            FromServer::InvalidKey => self.refuse_key(""),
            FromServer::Error { message } => self.on_server_error(is_own, &message),
            FromServer::Expire { src } | FromServer::Leave { src } => self.on_absent(&src),
            FromServer::Relayed { src, signal } => match signal {
                Signal::Offer(offer) => self.on_offer(id, src, offer),
                Signal::Answer(answer) => self.on_answer(&src, answer),
                Signal::Candidate(candidate) => self.on_candidate(&src, candidate),
                Signal::Echo(echo) => self.on_echo(is_own, &src, &echo),
            },
            FromServer::Unknown => {}
        }
    }

    fn on_server_error(&mut self, is_own: bool, message: &str) {
        if message
            .as_bytes()
            .windows(11)
            .any(|part| part == b"Invalid key")
        {
            return self.refuse_key(message);
        }
        if is_own {
            self.error(ErrorCode::ServerError, message);
            self.own.told = true;
            self.lose_own(false);
        } else {
            let ms = self.back_off(4);
            self.claim_later(ms);
        }
    }

    /// The server does not want us, and will not change its mind.
    fn refuse_key(&mut self, message: &str) {
        self.error(ErrorCode::InvalidKey, message);
        self.finish();
    }

    fn session_up(&mut self, is_own: bool) {
        let session = if is_own {
            self.own.session.as_mut()
        } else {
            self.name.session.as_mut()
        };
        let Some(session) = session.filter(|session| session.stage != Stage::Up) else {
            return;
        };
        session.stage = Stage::Up;
        if is_own {
            self.own.tries = 0;
            self.own.told = false;
            if self.own.joined {
                self.emit(Event::Signalling { up: true });
            } else {
                self.own.joined = true;
                let id = self.names.text(self.me).to_owned();
                self.emit(Event::Joined { id });
            }
            self.send_offers();
            if self.name.phase == Phase::Owned {
                self.on_name_owned();
            }
        } else {
            self.name.phase = Phase::Owned;
            self.name.tries = 0;
            self.name.shared = Some(self.name.token.clone());
            self.name.echo_at = self.now.plus_ms(ECHO_MS);
            self.name.echoed = None;
            self.on_name_owned();
        }
    }

    /// The room's name is ours: then so is the room, unless we are in it already.
    fn on_name_owned(&mut self) {
        match &self.role {
            Role::Host(_) => self.tell_deputies(),
            // `joined` comes first: the own session is a moment behind.
            Role::Seeking(seek) if seek.by_name && !self.own.joined => {}
            Role::Seeking(seek) if seek.by_name && self.leave.is_none() => self.become_host(),
            _ => self.release_name(),
        }
    }

    fn on_name_taken(&mut self) {
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
        self.dial(Goal::Room);
    }

    fn on_echo(&mut self, is_own: bool, src: &str, echo: &Echo) {
        if echo.member == self.names.text(self.me) {
            if is_own || echo.nonce == self.name.nonce {
                if !is_own {
                    self.name.echoed = Some(self.now);
                }
                self.session_up(is_own);
            }
        } else if !is_own && src == self.cfg.room && self.is_host() {
            // Somebody believes that the name is its own: it hosts the room too.
            let key = self.names.key(&echo.member);
            self.dial(Goal::Member(key));
        }
    }

    pub(super) fn on_session_closed(&mut self, id: SessionId, end: SessionEnd) {
        if self
            .own
            .session
            .as_ref()
            .is_some_and(|session| session.id == id)
        {
            self.own.session = None;
            if end == SessionEnd::Garbage {
                self.error(
                    ErrorCode::ServerError,
                    "what the signalling server says is no signalling message",
                );
                self.own.told = true;
            }
            self.lose_own(true);
        } else if self
            .name
            .session
            .as_ref()
            .is_some_and(|session| session.id == id)
        {
            self.name.session = None;
            self.lose_name();
        }
    }

    fn lose_own(&mut self, unreachable: bool) {
        if self.own.is_up() || (self.own.joined && self.own.tries == 0) {
            self.emit(Event::Signalling { up: false });
        }
        if let Some(session) = self.own.session.take() {
            self.outputs.push_back(Output::CloseSession {
                session: session.id,
            });
        }
        if unreachable && !self.own.joined && !self.own.told {
            self.own.told = true;
            self.error(ErrorCode::ServerUnreachable, "");
        }
        let ms = self.back_off(self.own.tries);
        self.own.tries += 1;
        self.own.retry_at = Some(self.now.plus_ms(ms));
    }

    fn lose_name(&mut self) {
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
        if self.name.shared.is_some() && self.name.tries < 3 {
            self.claim_name(true);
        } else {
            let ms = ANSWER_MS + self.back_off(self.name.tries);
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

    /// Whether a dial of the room's name is being answered, so that there is no need to claim it.
    fn name_is_answered(&self) -> bool {
        self.links
            .iter()
            .any(|link| link.goal == Some(Goal::Room) && !link.is_unanswered())
    }

    pub(super) fn sessions_deadline(&self) -> Option<Instant> {
        let session =
            |session: &Session| match session.stage {
                Stage::Up => session.beat_at,
                _ => session.since.plus_ms(SILENT_SERVER_MS).min(
                    if session.stage == Stage::Connected {
                        session.beat_at
                    } else {
                        session.since.plus_ms(SILENT_SERVER_MS)
                    },
                ),
            };
        let phase = match self.name.phase {
            Phase::Idle | Phase::Claiming => None,
            Phase::Owned => Some(self.name.echo_at),
            Phase::Asking(at) | Phase::Waiting(at) => Some(at),
        };
        [
            self.own.session.as_ref().map(session),
            self.name.session.as_ref().map(session),
            self.own.retry_at,
            phase,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn sessions_on_time(&mut self) {
        let now = self.now;
        for is_own in [true, false] {
            let Some(session) = (if is_own {
                self.own.session.as_mut()
            } else {
                self.name.session.as_mut()
            }) else {
                continue;
            };
            let id = session.id;
            if session.stage != Stage::Up && now >= session.since.plus_ms(SILENT_SERVER_MS) {
                if is_own {
                    self.lose_own(true);
                } else {
                    self.close_name();
                    self.lose_name();
                }
                continue;
            }
            if session.stage != Stage::Connecting && now >= session.beat_at {
                session.beat_at = now.plus_ms(SESSION_BEAT_MS);
                self.say(id, ToServer::Heartbeat);
            }
        }
        if self.own.retry_at.is_some_and(|at| now >= at) {
            self.open_own();
        }
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
                }
            }
            _ => {}
        }
    }

    /// Proves to itself that the name is still ours.
    pub(super) fn check_name(&mut self) {
        let Some(session) = self.name.session.as_ref().map(|session| session.id) else {
            return;
        };
        let silent_ms = self.name.echoed.map_or(0, |at| self.now.ms_since(at));
        if silent_ms > ECHO_MS * 2 {
            self.name.tries = 0;
            return self.claim_name(false);
        }
        self.name.echo_at = self.now.plus_ms(ECHO_MS);
        self.name.nonce = self.echo(session, self.cfg.room.clone());
    }

    pub(super) fn close_sessions(&mut self) {
        self.release_name();
        self.own.retry_at = None;
        if let Some(session) = self.own.session.take() {
            self.outputs.push_back(Output::CloseSession {
                session: session.id,
            });
        }
    }

    /// Says once per search that nobody answers for the room.
    fn tell_unavailable(&mut self) {
        if matches!(self.role, Role::Seeking(_)) && self.own.joined && !self.told_unavailable {
            self.told_unavailable = true;
            self.error(ErrorCode::HostUnavailable, "");
        }
    }
}
