//! Websockets: handshakes, ordered messages both ways, ends that are half open.

use super::facts::Fact;
use super::{Due, Life, World};
use crate::pipe::Pipe;
use crate::server::{ConnId, Deed};
use crate::{Micros, SECOND};
use peerjs_mesh_core::{SessionEnd, SessionId};
use peerjs_mesh_protocol::signalling::{FromServer, ToServer};

/// What a TCP stack waits before it repeats a SYN, then gives up with the driver's 10 s.
const SYN_RETRIES: [Micros; 5] = [0, SECOND, 3 * SECOND, 7 * SECOND, 10 * SECOND];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SocketState {
    /// SYNs are on their way.
    Opening,
    /// The server knows it as this connection.
    Accepted(ConnId),
    /// Nothing more happens here.
    Gone,
}

#[derive(Debug)]
enum UpItem {
    Message(ToServer),
    Close,
}

#[derive(Debug)]
enum DownItem {
    Connected,
    Message(FromServer),
    Close,
}

/// One websocket.
pub(super) struct Socket {
    member: usize,
    session: SessionId,
    id: String,
    token: String,
    state: SocketState,
    began: Micros,
    /// The server's life in which it was accepted.
    era: u64,
    up: Pipe<UpItem>,
    down: Pipe<DownItem>,
}

impl World {
    pub(super) fn open_session(
        &mut self,
        member: usize,
        session: SessionId,
        id: String,
        token: String,
    ) {
        let socket = self.sockets.len();
        if self.nodes[member]
            .sessions
            .insert(session, socket)
            .is_some()
        {
            self.blame(
                "session-reused",
                format!("m{member} opens {session:?} twice"),
            );
        }
        self.stats.count("sessions opened", 1);
        self.sockets.push(Socket {
            member,
            session,
            id,
            token,
            state: SocketState::Opening,
            began: self.now,
            era: 0,
            up: Pipe::new(true),
            down: Pipe::new(true),
        });
        let arrival = self.now + self.paths.server_delay(member);
        self.schedule(arrival, Due::Connect { socket, attempt: 0 });
    }

    /// A SYN would arrive now.
    pub(super) fn on_connect(&mut self, socket: usize, attempt: u8) {
        let Socket {
            member,
            session,
            state,
            began,
            ..
        } = self.sockets[socket];
        if state != SocketState::Opening {
            return;
        }
        let delay = self.paths.server_delay(member);
        let heard = self.paths.signalling_up(member) && self.nodes[member].life.alive();
        if heard && self.paths.server_up {
            // SYN, SYN-ACK, upgrade: the server has it one round trip after the SYN.
            self.sockets[socket].era = self.paths.server_era;
            self.schedule(self.now + 2 * delay, Due::Connected { socket });
        } else if heard && self.paths.server_refuses {
            self.sockets[socket].state = SocketState::Gone;
            self.tell_later(
                member,
                delay,
                Fact::SessionClosed(session, SessionEnd::Unreachable),
            );
        } else if let Some(wait) = SYN_RETRIES.get(usize::from(attempt) + 1) {
            self.schedule(
                began + wait + delay,
                Due::Connect {
                    socket,
                    attempt: attempt + 1,
                },
            );
        } else {
            self.sockets[socket].state = SocketState::Gone;
            self.tell_later(
                member,
                0,
                Fact::SessionClosed(session, SessionEnd::Unreachable),
            );
        }
    }

    /// The upgrade has arrived at the server.
    pub(super) fn on_connected(&mut self, socket: usize) {
        let Socket {
            member,
            session,
            state,
            era,
            ..
        } = self.sockets[socket];
        if state != SocketState::Opening {
            return;
        }
        if !self.paths.server_up || era != self.paths.server_era || !self.nodes[member].life.alive()
        {
            self.sockets[socket].state = SocketState::Gone;
            self.tell_later(
                member,
                self.paths.server_delay(member),
                Fact::SessionClosed(session, SessionEnd::Unreachable),
            );
            return;
        }
        let conn = ConnId(socket as u64);
        self.sockets[socket].state = SocketState::Accepted(conn);
        self.push_down(socket, DownItem::Connected);
        let Socket { id, token, .. } = &self.sockets[socket];
        self.server.connect(self.now, conn, id, token);
        self.serve();
    }

    pub(super) fn send_session(&mut self, member: usize, session: SessionId, message: ToServer) {
        let Some(socket) = self.nodes[member].sessions.get(&session).copied() else {
            if self.nodes[member].ended.0 == Some(session) {
                return;
            }
            self.blame(
                "session-dead",
                format!("m{member} sends on {session:?}, which is closed or was never opened"),
            );
            return;
        };
        self.stats.count("signalling messages", 1);
        self.push_up(socket, UpItem::Message(message));
    }

    pub(super) fn close_session(&mut self, member: usize, session: SessionId) {
        let Some(socket) = self.nodes[member].sessions.remove(&session) else {
            self.blame(
                "session-dead",
                format!("m{member} closes {session:?}, which is closed or was never opened"),
            );
            return;
        };
        self.close_socket(socket);
    }

    fn close_socket(&mut self, socket: usize) {
        match self.sockets[socket].state {
            SocketState::Opening => self.sockets[socket].state = SocketState::Gone,
            SocketState::Accepted(_) => self.push_up(socket, UpItem::Close),
            SocketState::Gone => {}
        }
    }

    /// A member is gone: its kernel closes its sockets, unless the kernel is gone too.
    pub(super) fn end_sessions(&mut self, member: usize, life: Life) {
        let sockets = std::mem::take(&mut self.nodes[member].sessions);
        for socket in sockets.into_values() {
            if life == Life::Crashed {
                self.sockets[socket].up.orphan(self.now);
            } else {
                self.close_socket(socket);
            }
        }
    }

    fn push_up(&mut self, socket: usize, item: UpItem) {
        let (arrival, resent) = self
            .paths
            .server_arrival(self.now, self.sockets[socket].member);
        let at = self.sockets[socket].up.push(arrival, resent, item);
        self.schedule(at, Due::Up { socket });
    }

    fn push_down(&mut self, socket: usize, item: DownItem) {
        let (arrival, _) = self
            .paths
            .server_arrival(self.now, self.sockets[socket].member);
        let at = self.sockets[socket].down.push(arrival, None, item);
        self.schedule(at, Due::Down { socket });
    }

    /// Messages that have arrived at the server's machine.
    pub(super) fn on_up(&mut self, socket: usize) {
        let member = self.sockets[socket].member;
        while self.paths.signalling_up(member) && self.paths.server_answers() {
            let Some(item) = self.sockets[socket].up.pop(self.now) else {
                return;
            };
            let SocketState::Accepted(conn) = self.sockets[socket].state else {
                continue;
            };
            if self.sockets[socket].era != self.paths.server_era || !self.paths.server_up {
                // The server has forgotten this connection: reset.
                self.sockets[socket].state = SocketState::Gone;
                self.push_down(socket, DownItem::Close);
                continue;
            }
            match item {
                UpItem::Message(message) => self.server.message(self.now, conn, message),
                UpItem::Close => {
                    self.sockets[socket].state = SocketState::Gone;
                    self.server.closed(self.now, conn);
                }
            }
            self.serve();
        }
    }

    /// Messages that have arrived at a member.
    pub(super) fn on_down(&mut self, socket: usize) {
        let Socket {
            member, session, ..
        } = self.sockets[socket];
        while self.paths.signalling_up(member) && self.nodes[member].life != Life::Frozen {
            let Some(item) = self.sockets[socket].down.pop(self.now) else {
                return;
            };
            // A session that was given another socket is none: ids are never reused.
            if self.nodes[member].sessions.get(&session) != Some(&socket) {
                continue;
            }
            match item {
                DownItem::Connected => self.tell(member, Fact::SessionConnected(session)),
                DownItem::Message(message) => {
                    self.tell(member, Fact::SessionReceived(session, message))
                }
                DownItem::Close => {
                    self.tell(member, Fact::SessionClosed(session, SessionEnd::Closed))
                }
            }
        }
    }

    /// Does what the server wants done, and sets its next deadline.
    fn serve(&mut self) {
        while let Some(deed) = self.server.poll() {
            match deed {
                Deed::Send(conn, message) => {
                    self.push_down(conn.0 as usize, DownItem::Message(message))
                }
                Deed::Close(conn) => {
                    self.sockets[conn.0 as usize].state = SocketState::Gone;
                    self.push_down(conn.0 as usize, DownItem::Close);
                }
            }
        }
        let wake = self.server.next_timeout();
        if wake != self.server_wake {
            self.server_wake = wake;
            self.server_generation += 1;
            if let Some(at) = wake {
                self.schedule(
                    at,
                    Due::ServerWake {
                        generation: self.server_generation,
                    },
                );
            }
        }
    }

    pub(super) fn on_server_wake(&mut self, generation: u64) {
        if generation != self.server_generation || !self.paths.server_up {
            return;
        }
        self.server_wake = None;
        self.server.timeout(self.now);
        self.serve();
    }

    /// The server's process ends (`clean`: its kernel closes the sockets; else nobody hears of it).
    pub(super) fn server_stops(&mut self, clean: bool) {
        for socket in 0..self.sockets.len() {
            if matches!(self.sockets[socket].state, SocketState::Accepted(_)) && clean {
                self.sockets[socket].state = SocketState::Gone;
                self.push_down(socket, DownItem::Close);
            }
        }
        self.server_generation += 1;
        self.server_wake = None;
    }

    pub(super) fn server_starts(&mut self) {
        self.server = self.climate.server.make(self.now, self.climate.alive_ms);
        self.serve();
        self.kick_sessions();
    }

    /// A way is there again: what waited is repeated.
    pub(super) fn kick_sessions(&mut self) {
        for socket in 0..self.sockets.len() {
            if !self.sockets[socket].up.is_empty() {
                let at = self.now + self.repeat_delay();
                self.schedule(at, Due::Up { socket });
            }
            if !self.sockets[socket].down.is_empty() {
                let at = self.now + self.repeat_delay();
                self.schedule(at, Due::Down { socket });
            }
        }
    }

    /// The member whose live websocket holds an id on the server; `Some(None)`: one that nobody is behind any more.
    pub fn holder(&self, id: &str) -> Option<Option<usize>> {
        let socket = self.server.owner(id)?.0 as usize;
        let Socket {
            member, session, ..
        } = self.sockets[socket];
        let node = &self.nodes[member];
        let live = node.life.alive() && node.sessions.get(&session) == Some(&socket);
        Some(live.then_some(member))
    }

    /// Whether the server keeps an id for somebody dead, with a token that no host knows: nobody may have the id before the
    /// server lets go of it. (A guest that knows it has slept, and may not take an office: PROTOCOL §7.)
    pub fn is_held(&self, id: &str) -> bool {
        if self.holder(id) != Some(None) {
            return false;
        }
        let Some(conn) = self.server.owner(id) else {
            return false;
        };
        let token = &self.sockets[conn.0 as usize].token;
        let knows = |member: &usize| {
            let machine = self.nodes[*member].machine.as_ref();
            machine.is_some_and(|it| it.knows_token(token) && it.status().is_host)
        };
        !self.present().iter().any(knows)
    }
}
