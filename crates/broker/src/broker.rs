//! The machine: connections and frames in, texts and closings out.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::absent::AbsentQueues;
use crate::frame::{self, Frame, FrameError, RelayKind};
use crate::registry::{Claim, Registry};
use crate::{Config, Instant};

/// One connection. The caller numbers them and never uses a number twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What a client says of itself when it connects: the query of the websocket's URL. Missing counts as empty.
#[derive(Clone, Copy, Default)]
pub struct Hello<'a> {
    /// The server's key.
    pub key: &'a str,
    /// The id it wants to be reached under.
    pub id: &'a str,
    /// Its proof, on coming back, that the id was its own.
    pub token: &'a str,
}

impl fmt::Debug for Hello<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A token is all that protects an id: it is never shown.
        f.debug_struct("Hello")
            .field("key", &self.key)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What the caller has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send one text frame.
    Send {
        /// To whom.
        conn: ConnId,
        /// One JSON object.
        text: String,
    },
    /// Send what was asked for before, then close without a status code. The broker has forgotten the connection:
    /// what still comes from it is ignored.
    Close {
        /// Which one.
        conn: ConnId,
    },
    /// Nothing to do: something happened that a log or a test may want to know.
    Notice(Notice),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// An id is registered.
    Connected {
        /// Its connection.
        conn: ConnId,
        /// The id.
        id: Arc<str>,
    },
    /// A registered id came back with its token.
    Resumed {
        /// Its connection from now on.
        conn: ConnId,
        /// The one it had; a `Close` for it follows.
        replaced: ConnId,
        /// The id.
        id: Arc<str>,
    },
    /// An id is free again.
    Disconnected {
        /// The connection it had.
        conn: ConnId,
        /// The id.
        id: Arc<str>,
        /// Why.
        reason: Gone,
    },
    /// A connection was not admitted; a `Close` for it follows.
    Refused {
        /// Which one.
        conn: ConnId,
        /// Why.
        reason: Refusal,
    },
    /// A frame was thrown away; its sender stays connected.
    BadFrame {
        /// Whose.
        conn: ConnId,
        /// Why.
        error: FrameError,
    },
    /// A message for an absent id found the queues full. Its sender is sent an EXPIRE.
    QueueFull {
        /// Whose.
        conn: ConnId,
    },
}

/// Why an id became free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Its connection closed.
    Closed,
    /// It sent LEAVE.
    Left,
    /// It sent no HEARTBEAT for too long.
    Silent,
}

/// Why a connection was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Id, token or key missing.
    Incomplete,
    /// Id, token or key longer than [`Limits::id_bytes`](crate::Limits::id_bytes).
    TooLong,
    /// Another server's key.
    WrongKey,
    /// The id belongs to somebody with another token.
    IdTaken,
    /// [`Config::concurrent_limit`] is reached.
    Full,
}

impl Refusal {
    /// The frame that tells the client; the words are npm `peer`'s where it has such a case.
    fn text(self) -> String {
        match self {
            Self::Incomplete => {
                frame::error_text("No id, token, or key supplied to websocket server")
            }
            Self::TooLong => frame::error_text("The id, token, or key is too long"),
            Self::WrongKey => frame::error_text("Invalid key provided"),
            Self::IdTaken => frame::ID_TAKEN.to_owned(),
            Self::Full => frame::error_text("Server has reached its concurrent user limit"),
        }
    }
}

/// What a broker has done since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Ids registered anew.
    pub registered: u64,
    /// Registrations taken over with their token.
    pub resumed: u64,
    /// Connections not admitted.
    pub refused: u64,
    /// Clients removed for want of a HEARTBEAT.
    pub silent: u64,
    /// Messages passed to a connected client, those collected from a queue included.
    pub relayed: u64,
    /// Messages kept for an absent id.
    pub queued: u64,
    /// Messages that were kept and not collected in time.
    pub expired: u64,
    /// Messages for an absent id that found the queues full.
    pub queue_full: u64,
    /// Frames thrown away as malformed, too large or too deep.
    pub bad_frames: u64,
}

/// A PeerServer without sockets, clock or chance. See the [crate's documentation](crate) for how to drive it.
#[derive(Debug)]
pub struct Broker {
    config: Config,
    registry: Registry,
    absent: AbsentQueues,
    outputs: VecDeque<Output>,
    counters: Counters,
}

impl Broker {
    /// A broker with nobody registered.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            registry: Registry::default(),
            absent: AbsentQueues::default(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    // ----- What happened ---------------------------------------------------------------------------------------

    /// A connection has opened. It is admitted or refused at once. `conn` must be new.
    pub fn handle_connect(&mut self, now: Instant, conn: ConnId, hello: Hello<'_>) {
        if let Err(reason) = self.admit(now, conn, hello) {
            self.counters.refused += 1;
            self.notice(Notice::Refused { conn, reason });
            self.send(conn, reason.text());
            self.outputs.push_back(Output::Close { conn });
        }
    }

    /// A connection has delivered one frame, text or binary.
    pub fn handle_frame(&mut self, now: Instant, conn: ConnId, frame: &[u8]) {
        let frame = Frame::parse(frame, &self.config.limits);
        self.handle_parsed(now, conn, frame);
    }

    /// As [`handle_frame`](Self::handle_frame), for a caller that has called [`Frame::parse`] itself, perhaps
    /// without holding the lock that guards its broker.
    pub fn handle_parsed(
        &mut self,
        now: Instant,
        conn: ConnId,
        frame: Result<Frame<'_>, FrameError>,
    ) {
        let Some(sender) = self.registry.id_of(conn).cloned() else {
            return;
        };
        match frame {
            Ok(Frame::Heartbeat) => self.registry.heartbeat(now, conn),
            Ok(Frame::Relay { kind, dst, payload }) => {
                self.on_relay(now, conn, &sender, kind, &dst, payload)
            }
            Ok(Frame::Leave) => {
                self.unregister(conn, Gone::Left);
                self.outputs.push_back(Output::Close { conn });
            }
            Ok(Frame::Nothing) => {}
            Err(error) => {
                self.counters.bad_frames += 1;
                self.notice(Notice::BadFrame { conn, error });
            }
        }
    }

    /// A connection has gone, whoever closed it. Late and double calls do nothing.
    pub fn handle_close(&mut self, _now: Instant, conn: ConnId) {
        self.unregister(conn, Gone::Closed);
    }

    /// Does what is due at `now`. Early and double calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(expired) = self.absent.pop_expired(now, self.config.expire_timeout) {
            self.counters.expired += expired.messages as u64;
            for sender in &expired.senders {
                if let Some(conn) = self.registry.conn_of(sender) {
                    self.send(
                        conn,
                        frame::relay_text(RelayKind::Expire, &expired.receiver, sender, None),
                    );
                }
            }
        }
        for (conn, id) in self.registry.take_stale(now, self.config.alive_timeout) {
            self.counters.silent += 1;
            self.notice(Notice::Disconnected {
                conn,
                id,
                reason: Gone::Silent,
            });
            self.outputs.push_back(Output::Close { conn });
        }
        self.debug_check();
    }

    // ----- What is to be done ----------------------------------------------------------------------------------

    /// The next thing to do; nothing if all is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() && self.outputs.capacity() > 1_024 {
            // After a sweep over thousands of queues.
            self.outputs.shrink_to(64);
        }
        output
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next, if nothing happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let expiry = self.absent.next_expiry(self.config.expire_timeout);
        [expiry, self.registry.stale_check()]
            .into_iter()
            .flatten()
            .min()
    }

    // ----- Questions -------------------------------------------------------------------------------------------

    /// The options it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether somebody is registered under this id.
    pub fn is_connected(&self, id: &str) -> bool {
        self.registry.conn_of(id).is_some()
    }

    /// The ids registered, in order of registration.
    pub fn ids(&self) -> Vec<Arc<str>> {
        self.registry.ids_by_age()
    }

    /// How many ids are registered.
    pub fn clients(&self) -> usize {
        self.registry.len()
    }

    /// Messages waiting for absent ids, and the bytes they take.
    pub fn waiting(&self) -> (usize, usize) {
        self.absent.held()
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    // ----- Inside ----------------------------------------------------------------------------------------------

    fn admit(&mut self, now: Instant, conn: ConnId, hello: Hello<'_>) -> Result<(), Refusal> {
        let Hello { key, id, token } = hello;
        let longest = self.config.limits.id_bytes;
        if id.is_empty() || token.is_empty() || key.is_empty() {
            return Err(Refusal::Incomplete);
        }
        if id.len() > longest
            || token.len() > longest
            || key.len() > longest.max(self.config.key.len())
        {
            return Err(Refusal::TooLong);
        }
        if key != self.config.key {
            return Err(Refusal::WrongKey);
        }
        let Config {
            alive_timeout,
            concurrent_limit,
            ..
        } = self.config;
        let id = match self
            .registry
            .claim(now, alive_timeout, concurrent_limit, conn, id, token)
        {
            Claim::Taken => return Err(Refusal::IdTaken),
            Claim::Full => return Err(Refusal::Full),
            Claim::Registered(id) => {
                self.counters.registered += 1;
                self.notice(Notice::Connected {
                    conn,
                    id: Arc::clone(&id),
                });
                id
            }
            Claim::Resumed { id, replaced } => {
                self.counters.resumed += 1;
                self.notice(Notice::Resumed {
                    conn,
                    replaced,
                    id: Arc::clone(&id),
                });
                self.outputs.push_back(Output::Close { conn: replaced });
                id
            }
        };
        self.send(conn, frame::OPEN.to_owned());
        for text in self.absent.take(&id) {
            self.counters.relayed += 1;
            self.send(conn, text);
        }
        self.debug_check();
        Ok(())
    }

    fn on_relay(
        &mut self,
        now: Instant,
        conn: ConnId,
        sender: &Arc<str>,
        kind: RelayKind,
        receiver: &str,
        payload: Option<&str>,
    ) {
        if let Some(to) = self.registry.conn_of(receiver) {
            self.counters.relayed += 1;
            self.send(to, frame::relay_text(kind, sender, receiver, payload));
            return;
        }
        if !kind.waits_for_absent() {
            return;
        }
        // An id that is too long to be registered is absent for ever.
        let limits = &self.config.limits;
        let kept = receiver.len() <= limits.id_bytes && {
            let text = frame::relay_text(kind, sender, receiver, payload);
            self.absent.push(now, limits, sender, receiver, text)
        };
        if kept {
            self.counters.queued += 1;
        } else {
            // What cannot wait has expired at once: the sender hears of it rather than waiting in vain.
            self.counters.queue_full += 1;
            self.notice(Notice::QueueFull { conn });
            self.send(
                conn,
                frame::relay_text(RelayKind::Expire, receiver, sender, None),
            );
        }
    }

    fn unregister(&mut self, conn: ConnId, reason: Gone) {
        if let Some(id) = self.registry.remove(conn) {
            self.notice(Notice::Disconnected { conn, id, reason });
        }
        self.debug_check();
    }

    fn send(&mut self, conn: ConnId, text: String) {
        self.outputs.push_back(Output::Send { conn, text });
    }

    fn notice(&mut self, notice: Notice) {
        self.outputs.push_back(Output::Notice(notice));
    }

    fn debug_check(&self) {
        #[cfg(debug_assertions)]
        debug_assert!(
            self.registry.len() > 64 || self.registry.is_consistent(),
            "the registry's two maps disagree"
        );
    }
}
