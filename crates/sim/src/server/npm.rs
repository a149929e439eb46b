//! A model of npm `peer` 1.0.2, with its faults: every branch here was seen on the real one.

use super::{ConnId, Deed, Server};
use crate::{MS, Micros};
use peerjs_mesh_protocol::signalling::{FromServer, Signal, ToServer};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A queue older than this expires as a whole (`expire_timeout`).
const EXPIRE: Micros = 5_000 * MS;
/// How often queues are looked at (`cleanup_out_msgs`).
const SWEEP: Micros = 1_000 * MS;
/// How often liveness is looked at.
const CHECK: Micros = 300 * MS;

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
struct Queue {
    since: Micros,
    messages: Vec<(String, Signal)>,
}

/// The model.
#[derive(Debug)]
pub struct NpmPeer {
    alive: Micros,
    next_sweep: Micros,
    next_check: Micros,
    /// Registrations by number, also removed ones while a websocket of theirs is open.
    clients: BTreeMap<u64, Client>,
    made: u64,
    registry: BTreeMap<String, u64>,
    sockets: BTreeMap<ConnId, u64>,
    queues: BTreeMap<String, Queue>,
    deeds: VecDeque<Deed>,
}

impl NpmPeer {
    /// A server that has just started.
    pub fn new(now: Micros, alive_ms: u64) -> NpmPeer {
        NpmPeer {
            alive: alive_ms * MS,
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

    fn send(&mut self, conn: ConnId, message: FromServer) {
        self.deeds.push_back(Deed::Send(conn, message));
    }

    fn deliver_queue(&mut self, id: &str, conn: ConnId) {
        for (src, signal) in self
            .queues
            .remove(id)
            .map(|queue| queue.messages)
            .unwrap_or_default()
        {
            self.send(conn, FromServer::Relayed { src, signal });
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
                    .is_some_and(|c| now - c.last_ping >= self.alive)
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
                self.deeds.push_back(Deed::Close(socket));
            }
            self.forget(number);
        }
    }

    fn sweep(&mut self, now: Micros) {
        let old: Vec<String> = self
            .queues
            .iter()
            .filter(|(_, q)| now - q.since >= EXPIRE)
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
                    self.send(
                        conn,
                        FromServer::Expire {
                            src: absent.clone(),
                        },
                    );
                }
            }
        }
    }
}

impl Server for NpmPeer {
    fn connect(&mut self, now: Micros, conn: ConnId, id: &str, token: &str) {
        if let Some(number) = self.registry.get(id).copied()
            && let Some(client) = self.clients.get_mut(&number)
        {
            if client.token != token {
                self.send(conn, FromServer::IdTaken);
                self.deeds.push_back(Deed::Close(conn));
                return;
            }
            // The socket is replaced: no OPEN, the liveness clock goes on, the old socket stays open and may send.
            client.socket = conn;
            self.sockets.insert(conn, number);
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
            self.send(conn, FromServer::Open);
        }
        self.deliver_queue(id, conn);
    }

    fn message(&mut self, now: Micros, conn: ConnId, message: ToServer) {
        let Some(client) = self
            .sockets
            .get(&conn)
            .and_then(|number| self.clients.get_mut(number))
        else {
            return;
        };
        match message {
            ToServer::Heartbeat => client.last_ping = now,
            ToServer::Relay { dst, signal } => {
                let src = client.id.clone();
                match self.owner(&dst) {
                    Some(to) => self.send(to, FromServer::Relayed { src, signal }),
                    None => {
                        let queue = self.queues.entry(dst).or_insert(Queue {
                            since: now,
                            messages: Vec::new(),
                        });
                        queue.messages.push((src, signal));
                    }
                }
            }
        }
    }

    fn closed(&mut self, _now: Micros, conn: ConnId) {
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

    fn timeout(&mut self, now: Micros) {
        if now >= self.next_check {
            self.next_check = now + CHECK;
            self.check_alive(now);
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP;
            self.sweep(now);
        }
    }

    fn next_timeout(&self) -> Option<Micros> {
        Some(self.next_check.min(self.next_sweep))
    }

    fn poll(&mut self) -> Option<Deed> {
        self.deeds.pop_front()
    }

    fn owner(&self, id: &str) -> Option<ConnId> {
        let client = self.clients.get(self.registry.get(id)?)?;
        Some(client.socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerjs_mesh_protocol::signalling::Echo;

    fn echo(nonce: u64) -> Signal {
        Signal::Echo(Echo {
            nonce,
            term: 1,
            member: "m".into(),
        })
    }

    fn relay(dst: &str, nonce: u64) -> ToServer {
        ToServer::Relay {
            dst: dst.into(),
            signal: echo(nonce),
        }
    }

    fn deeds(server: &mut NpmPeer) -> Vec<Deed> {
        std::iter::from_fn(|| server.poll()).collect()
    }

    fn from(src: &str, nonce: u64) -> FromServer {
        FromServer::Relayed {
            src: src.into(),
            signal: echo(nonce),
        }
    }

    const A: ConnId = ConnId(1);
    const B: ConnId = ConnId(2);
    const C: ConnId = ConnId(3);

    #[test]
    fn a_resume_gets_no_open_and_the_replaced_socket_still_sends() {
        let mut server = NpmPeer::new(0, 60_000);
        server.connect(0, A, "room", "t");
        server.connect(0, B, "room", "t");
        server.message(0, A, relay("room", 5));
        assert_eq!(
            deeds(&mut server),
            [
                Deed::Send(A, FromServer::Open),
                Deed::Send(B, from("room", 5))
            ]
        );
    }

    #[test]
    fn the_newest_sockets_close_frees_the_id_and_an_older_ones_does_not() {
        let mut server = NpmPeer::new(0, 60_000);
        server.connect(0, A, "room", "t");
        server.connect(0, B, "room", "t");
        server.closed(0, A);
        assert_eq!(server.owner("room"), Some(B));
        server.connect(0, A, "room", "t");
        server.closed(0, A);
        assert_eq!(server.owner("room"), None);
        server.connect(0, C, "room", "other");
        assert_eq!(server.owner("room"), Some(C));
    }

    #[test]
    fn a_resume_does_not_reset_the_liveness_clock() {
        let mut server = NpmPeer::new(0, 60_000);
        server.connect(0, A, "room", "t");
        server.connect(59_000 * MS, B, "room", "t");
        server.timeout(60_100 * MS);
        assert_eq!(server.owner("room"), None);
        assert!(deeds(&mut server).contains(&Deed::Close(B)));
    }

    #[test]
    fn a_queue_expires_whole_and_its_senders_own_offer_comes_back_on_a_claim() {
        let mut server = NpmPeer::new(0, 60_000);
        server.connect(0, A, "ann", "t");
        server.message(0, A, relay("room", 1));
        server.message(4_900 * MS, A, relay("room", 2));
        server.timeout(4_990 * MS);
        assert_eq!(deeds(&mut server).len(), 1);
        server.timeout(5_990 * MS);
        assert_eq!(
            deeds(&mut server),
            [Deed::Send(A, FromServer::Expire { src: "room".into() })]
        );
        server.message(7_000 * MS, A, relay("room", 3));
        server.connect(7_100 * MS, B, "room", "u");
        assert_eq!(
            deeds(&mut server),
            [
                Deed::Send(B, FromServer::Open),
                Deed::Send(B, from("ann", 3))
            ]
        );
    }

    #[test]
    fn an_id_with_another_token_is_taken_until_its_owner_is_silent_for_too_long() {
        let mut server = NpmPeer::new(0, 60_000);
        server.connect(0, A, "room", "t");
        server.message(5_000 * MS, A, ToServer::Heartbeat);
        server.connect(64_000 * MS, B, "room", "u");
        assert_eq!(
            deeds(&mut server)[1..],
            [Deed::Send(B, FromServer::IdTaken), Deed::Close(B)]
        );
        server.timeout(65_100 * MS);
        server.connect(65_200 * MS, C, "room", "u");
        assert_eq!(server.owner("room"), Some(C));
    }

    #[test]
    fn the_rows_seen_on_the_real_server_hold_for_a_socket_whose_id_was_lost() {
        // Removed by the liveness check while an older socket is open: the older one still sends under the id.
        let mut server = NpmPeer::new(0, 60_000);
        server.connect(0, A, "room", "t");
        server.connect(0, B, "room", "t");
        server.timeout(60_000 * MS);
        server.connect(60_500 * MS, C, "room", "u");
        deeds(&mut server);
        server.message(61_000 * MS, A, relay("room", 9));
        assert_eq!(deeds(&mut server), [Deed::Send(C, from("room", 9))]);
    }
}
