//! L0: the sessions at the signalling server, what they say, and their time.

use super::name::Phase;
use super::{Member, Role};
use crate::api::{ErrorCode, Event, Output, SessionEnd, SessionId};
use crate::config::{BACKOFF_MS, SESSION_BEAT_MS};
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
    pub(super) joined: bool,
    /// The user has been told that the server cannot be reached, or that signalling is down.
    told: bool,
    /// So many heartbeats ago the last echo of ours came back; `None`: none has, and its absence proves nothing.
    unechoed: Option<u32>,
}

/// A server that gives so many echoes in a row not back is not there, one for each heartbeat (guess: 15 to 20 s).
const UNECHOED: u32 = 3;

impl Own {
    pub(super) fn new(token: String) -> Own {
        Own {
            token,
            session: None,
            retry_at: None,
            tries: 0,
            joined: false,
            told: false,
            unechoed: None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.stage == Stage::Up)
    }
}

impl Member {
    pub(super) fn new_session(&mut self, id: String, token: String) -> Session {
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
        self.own.unechoed = None;
        self.own.session = Some(self.new_session(id, token));
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

    pub(super) fn echo(&mut self, session: SessionId, dst: String) -> u64 {
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

    /// Asks the server to bring something back.
    #[inline(never)]
    fn echo_own(&mut self) {
        if let Some(session) = self.own.session.as_ref().map(|session| session.id) {
            let dst = self.names.text(self.me).to_owned();
            self.echo(session, dst);
        }
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
            self.echo_own();
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
                self.lose_own(false, false);
            }
            FromServer::IdTaken => self.on_name_taken(),
            FromServer::InvalidKey => self.refuse_key(""),
            FromServer::Error { message } => self.on_server_error(is_own, &message),
            FromServer::Expire { src } | FromServer::Leave { src } => self.on_absent(&src),
            FromServer::Relayed { src, signal } => match signal {
                Signal::Offer(offer) => self.on_offer(Some(id), None, src, offer),
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
            self.lose_own(false, false);
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
            let told = core::mem::take(&mut self.own.told);
            if self.own.joined {
                if told {
                    self.emit(Event::Signalling { up: true });
                }
            } else {
                self.own.joined = true;
                let id = self.names.text(self.me).to_owned();
                self.emit(Event::Joined { id });
            }
            self.send_offers();
            self.echo_own();
            match self.name.phase {
                Phase::Owned => self.on_name_owned(),
                // The server is there again.
                Phase::Waiting(_) if self.name.unreachable => self.claim_name(false),
                // Whoever has the name, or gets it before us, answers: sooner than if we waited to be told.
                Phase::Claiming if matches!(self.role, Role::Seeking(_)) => {
                    self.name.asked = true;
                    self.dial(Goal::Room);
                }
                _ => {}
            }
        } else {
            self.name_up();
        }
    }

    fn on_echo(&mut self, is_own: bool, src: &str, echo: &Echo) {
        if echo.member == self.names.text(self.me) {
            if is_own || echo.nonce == self.name.nonce {
                if is_own {
                    self.own.unechoed = Some(0);
                } else {
                    self.name.echoed = Some(self.now);
                    self.name.echoes = Some(true);
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
            // Firefox carries out late what was given up while it was being opened, and that takes the registration for a
            // moment (measured after a server was out of reach for a minute): nobody need know, if it can be had again.
            let blip = self.own.is_up() && end == SessionEnd::Closed;
            self.own.session = None;
            if end == SessionEnd::Garbage {
                self.error(
                    ErrorCode::ServerError,
                    "what it says is no signalling message",
                );
            }
            self.lose_own(end != SessionEnd::Garbage, blip);
        } else if self
            .name
            .session
            .as_ref()
            .is_some_and(|session| session.id == id)
        {
            self.name.session = None;
            self.name.unreachable = true;
            self.lose_name();
        }
    }

    /// `blip`: whether it is down shows when it is tried again.
    fn lose_own(&mut self, unreachable: bool, blip: bool) {
        let joined = self.own.joined;
        let tells = !blip && (joined || unreachable);
        if tells && !core::mem::replace(&mut self.own.told, true) {
            if joined {
                self.emit(Event::Signalling { up: false });
            } else {
                self.error(ErrorCode::ServerUnreachable, "");
            }
        }
        if let Some(session) = self.own.session.take() {
            self.outputs.push_back(Output::CloseSession {
                session: session.id,
            });
        }
        let ms = self.back_off(self.own.tries);
        self.own.tries += 1;
        self.own.retry_at = Some(self.now.plus_ms(ms));
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
        [
            self.own.session.as_ref().map(session),
            self.name.session.as_ref().map(session),
            self.own.retry_at,
            self.name_deadline(),
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
                    self.lose_own(true, false);
                } else {
                    self.close_name();
                    self.lose_name();
                }
                continue;
            }
            if session.stage != Stage::Connecting && now >= session.beat_at {
                session.beat_at = now.plus_ms(SESSION_BEAT_MS);
                self.say(id, ToServer::Heartbeat);
                if is_own && self.own.joined {
                    // A machine that is gone closes no socket.
                    if self.own.unechoed >= Some(UNECHOED) {
                        self.lose_own(true, false);
                        continue;
                    }
                    self.own.unechoed = self.own.unechoed.map(|beats| beats + 1);
                    self.echo_own();
                }
            }
        }
        if self.own.retry_at.is_some_and(|at| now >= at) {
            self.open_own();
        }
        self.name_on_time();
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
}
