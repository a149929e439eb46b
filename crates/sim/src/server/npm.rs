//! A model of npm `peer` 1.0.2, with its faults: every branch here was seen on the real one, and the contract suite in
//! `e2e/contract` is put to both.
//!
//! What it models is who is registered, for how long, and who gets what. Websockets, JSON, HTTP, keys and paths are not
//! its matter, and what a message says is only passed on.

use super::ConnId;
use crate::{MS, Micros};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a client is told when there are too many.
pub const NPM_FULL: &str = "Server has reached its concurrent user limit";
/// How often queues are looked at (`cleanup_out_msgs`).
const SWEEP: Micros = 1_000 * MS;
/// How often liveness is looked at.
const CHECK: Micros = 300 * MS;

/// The options that matter, with npm `peer`'s names and defaults as a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NpmOptions {
    /// A client that says no HEARTBEAT for so long is removed, ms.
    pub alive_timeout: u64,
    /// A queue older than this expires as a whole, ms.
    pub expire_timeout: u64,
    /// So many clients at most.
    pub concurrent_limit: usize,
}

impl Default for NpmOptions {
    fn default() -> NpmOptions {
        NpmOptions {
            alive_timeout: 90_000,
            expire_timeout: 5_000,
            concurrent_limit: 5_000,
        }
    }
}

/// What a client says, as far as the server looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NpmSaid<P> {
    /// It lives.
    Heartbeat,
    /// It gives its id back, and keeps its websocket.
    Leave,
    /// For somebody.
    Relay {
        /// For whom.
        dst: String,
        /// Whether it waits for somebody who is absent: LEAVE and EXPIRE do not.
        waits: bool,
        /// What, and which type.
        what: P,
    },
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NpmTold<P> {
    /// It is registered.
    Open,
    /// Its id is somebody else's.
    IdTaken,
    /// There are too many clients.
    Full,
    /// What it sent was not fetched in time.
    Expire {
        /// By whom.
        src: String,
        /// The id that had sent it.
        dst: String,
    },
    /// Somebody says something to it.
    Relayed {
        /// The sender.
        src: String,
        /// What, and which type.
        what: P,
    },
}

/// What the model does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NpmDeed<P> {
    /// Tells a client something.
    Tell(ConnId, NpmTold<P>),
    /// Closes a websocket after that.
    Close(ConnId),
}

/// One registration. A websocket keeps the registration it came with, even when another one has the id by now.
#[derive(Debug)]
struct Client {
    id: String,
    token: String,
    socket: ConnId,
    last_ping: Micros,
}

/// Messages for an absent id.
#[derive(Debug)]
struct Queue<P> {
    since: Micros,
    messages: Vec<(String, P)>,
}

/// The model; `P`: what messages say.
#[derive(Debug)]
pub struct NpmModel<P> {
    options: NpmOptions,
    next_sweep: Micros,
    next_check: Micros,
    /// Registrations by number, also removed ones while a websocket of theirs is open.
    clients: BTreeMap<u64, Client>,
    made: u64,
    registry: BTreeMap<String, u64>,
    sockets: BTreeMap<ConnId, u64>,
    queues: BTreeMap<String, Queue<P>>,
    deeds: VecDeque<NpmDeed<P>>,
}

impl<P> NpmModel<P> {
    /// A server that has just started.
    pub fn new(now: Micros, options: NpmOptions) -> NpmModel<P> {
        NpmModel {
            options,
            next_sweep: now + SWEEP,
            next_check: now + CHECK,
            clients: BTreeMap::new(),
            made: 0,
            registry: BTreeMap::new(),
            sockets: BTreeMap::new(),
            queues: BTreeMap::new(),
            deeds: VecDeque::new(),
        }
    }

    fn tell(&mut self, conn: ConnId, told: NpmTold<P>) {
        self.deeds.push_back(NpmDeed::Tell(conn, told));
    }

    fn refuse(&mut self, conn: ConnId, told: NpmTold<P>) {
        self.tell(conn, told);
        self.deeds.push_back(NpmDeed::Close(conn));
    }

    fn deliver_queue(&mut self, id: &str, conn: ConnId) {
        for (src, what) in self
            .queues
            .remove(id)
            .map(|queue| queue.messages)
            .unwrap_or_default()
        {
            self.tell(conn, NpmTold::Relayed { src, what });
        }
    }

    /// Registrations nobody refers to are forgotten.
    fn forget(&mut self, number: u64) {
        let used = self.sockets.values().any(|n| *n == number)
            || self.registry.values().any(|n| *n == number);
        if !used {
            self.clients.remove(&number);
        }
    }

    fn check_alive(&mut self, now: Micros) {
        let silent: Vec<(String, u64)> = self
            .registry
            .iter()
            .filter(|(_, number)| {
                self.clients
                    .get(number)
                    .is_some_and(|c| now - c.last_ping >= self.options.alive_timeout * MS)
            })
            .map(|(id, number)| (id.clone(), *number))
            .collect();
        for (id, number) in silent {
            self.registry.remove(&id);
            self.queues.remove(&id);
            if let Some(client) = self.clients.get(&number) {
                // Only the newest socket is closed; a replaced one stays.
                let socket = client.socket;
                self.sockets.remove(&socket);
                self.deeds.push_back(NpmDeed::Close(socket));
            }
            self.forget(number);
        }
    }

    fn sweep(&mut self, now: Micros) {
        let old: Vec<String> = self
            .queues
            .iter()
            .filter(|(_, q)| now - q.since >= self.options.expire_timeout * MS)
            .map(|(id, _)| id.clone())
            .collect();
        for absent in old {
            let senders: BTreeSet<String> = self
                .queues
                .remove(&absent)
                .map(|q| q.messages)
                .unwrap_or_default()
                .into_iter()
                .map(|(s, _)| s)
                .collect();
            for sender in senders {
                if let Some(conn) = self.owner(&sender) {
                    let src = absent.clone();
                    self.tell(conn, NpmTold::Expire { src, dst: sender });
                }
            }
        }
    }

    /// A websocket has opened, for this id and token.
    pub fn connect(&mut self, now: Micros, conn: ConnId, id: &str, token: &str) {
        if let Some(number) = self.registry.get(id).copied()
            && let Some(client) = self.clients.get_mut(&number)
        {
            if client.token != token {
                return self.refuse(conn, NpmTold::IdTaken);
            }
            // The socket is replaced: no OPEN, the liveness clock goes on, the old socket stays open and may send.
            client.socket = conn;
            self.sockets.insert(conn, number);
        } else if self.registry.len() >= self.options.concurrent_limit {
            return self.refuse(conn, NpmTold::Full);
        } else {
            self.made += 1;
            let client = Client {
                id: id.to_owned(),
                token: token.to_owned(),
                socket: conn,
                last_ping: now,
            };
            self.clients.insert(self.made, client);
            self.registry.insert(id.to_owned(), self.made);
            self.sockets.insert(conn, self.made);
            self.tell(conn, NpmTold::Open);
        }
        self.deliver_queue(id, conn);
    }

    /// A client has said something.
    pub fn message(&mut self, now: Micros, conn: ConnId, said: NpmSaid<P>) {
        let Some(client) = self
            .sockets
            .get(&conn)
            .and_then(|number| self.clients.get_mut(number))
        else {
            return;
        };
        match said {
            NpmSaid::Heartbeat => client.last_ping = now,
            NpmSaid::Leave => {
                // By id, whoever has it by now.
                let id = client.id.clone();
                self.registry.remove(&id);
            }
            NpmSaid::Relay { dst, waits, what } => {
                let src = client.id.clone();
                match self.owner(&dst) {
                    Some(to) => self.tell(to, NpmTold::Relayed { src, what }),
                    None if waits => {
                        let queue = self.queues.entry(dst).or_insert(Queue {
                            since: now,
                            messages: Vec::new(),
                        });
                        queue.messages.push((src, what));
                    }
                    None => {}
                }
            }
        }
    }

    /// A websocket has closed from the other side.
    pub fn closed(&mut self, conn: ConnId) {
        let Some(number) = self.sockets.remove(&conn) else {
            return;
        };
        if let Some(client) = self.clients.get(&number)
            && client.socket == conn
        {
            // By id, whoever has it by now.
            self.registry.remove(&client.id);
        }
        self.forget(number);
    }

    /// It is `next_timeout`.
    pub fn timeout(&mut self, now: Micros) {
        if now >= self.next_check {
            self.next_check = now + CHECK;
            self.check_alive(now);
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP;
            self.sweep(now);
        }
    }

    /// When `timeout` wants to be called.
    pub fn next_timeout(&self) -> Micros {
        self.next_check.min(self.next_sweep)
    }

    /// What to do next.
    pub fn poll(&mut self) -> Option<NpmDeed<P>> {
        self.deeds.pop_front()
    }

    /// The websocket under which this id is reached.
    pub fn owner(&self, id: &str) -> Option<ConnId> {
        let client = self.clients.get(self.registry.get(id)?)?;
        Some(client.socket)
    }
}
