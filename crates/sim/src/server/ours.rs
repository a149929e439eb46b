//! The product's broker behind the same door, JSON text included: what its frames say is parsed here, too.

use super::{ConnId, Deed, Server};
use crate::Micros;
use peerjs_mesh_broker::{self as broker, Broker, Hello, Notice, Output};
use peerjs_mesh_protocol::json;
use peerjs_mesh_protocol::signalling::ToServer;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The product's server.
#[derive(Debug)]
pub struct Ours {
    broker: Broker,
    owners: BTreeMap<Arc<str>, ConnId>,
    deeds: VecDeque<Deed>,
}

impl Ours {
    /// A server that has just started.
    pub fn new(alive_ms: u64) -> Ours {
        let config = broker::Config {
            alive_timeout: Duration::from_millis(alive_ms),
            ..broker::Config::default()
        };
        Ours {
            broker: Broker::new(config),
            owners: BTreeMap::new(),
            deeds: VecDeque::new(),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    // A page closes the session of a server that it cannot understand; so does every driver.
                    let deed = match json::read_from_server(&text) {
                        Ok(message) => Deed::Send(ConnId(conn.0), message),
                        Err(_) => Deed::Close(ConnId(conn.0)),
                    };
                    self.deeds.push_back(deed);
                }
                Output::Close { conn } => self.deeds.push_back(Deed::Close(ConnId(conn.0))),
                Output::Notice(
                    Notice::Connected { conn, id } | Notice::Resumed { conn, id, .. },
                ) => {
                    self.owners.insert(id, ConnId(conn.0));
                }
                Output::Notice(Notice::Disconnected { id, .. }) => {
                    self.owners.remove(&id);
                }
                Output::Notice(_) => {}
            }
        }
    }
}

fn at(now: Micros) -> broker::Instant {
    broker::Instant::from_micros(now)
}

impl Server for Ours {
    fn connect(&mut self, now: Micros, conn: ConnId, id: &str, token: &str) {
        self.broker.handle_connect(
            at(now),
            broker::ConnId(conn.0),
            Hello {
                key: "peerjs",
                id,
                token,
            },
        );
        self.drain();
    }

    fn message(&mut self, now: Micros, conn: ConnId, message: ToServer) {
        let text = json::write_to_server(&message);
        self.broker
            .handle_frame(at(now), broker::ConnId(conn.0), text.as_bytes());
        self.drain();
    }

    fn closed(&mut self, now: Micros, conn: ConnId) {
        self.broker.handle_close(at(now), broker::ConnId(conn.0));
        self.drain();
    }

    fn timeout(&mut self, now: Micros) {
        self.broker.handle_timeout(at(now));
        self.drain();
    }

    fn next_timeout(&self) -> Option<Micros> {
        self.broker.poll_timeout().map(broker::Instant::as_micros)
    }

    fn poll(&mut self) -> Option<Deed> {
        self.deeds.pop_front()
    }

    fn owner(&self, id: &str) -> Option<ConnId> {
        self.owners.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerjs_mesh_protocol::signalling::{Echo, FromServer, Signal};

    #[test]
    fn it_answers_a_claim_an_echo_and_a_rival() {
        let mut server = Ours::new(60_000);
        server.connect(0, ConnId(7), "room", "t");
        let echo = Signal::Echo(Echo {
            nonce: u64::MAX,
            term: 3,
            member: "m".into(),
        });
        server.message(
            1,
            ConnId(7),
            ToServer::Relay {
                dst: "room".into(),
                signal: echo.clone(),
            },
        );
        server.connect(2, ConnId(8), "room", "u");
        let deeds: Vec<Deed> = std::iter::from_fn(|| server.poll()).collect();
        let back = FromServer::Relayed {
            src: "room".into(),
            signal: echo,
        };
        assert_eq!(
            deeds,
            [
                Deed::Send(ConnId(7), FromServer::Open),
                Deed::Send(ConnId(7), back),
                Deed::Send(ConnId(8), FromServer::IdTaken),
                Deed::Close(ConnId(8)),
            ]
        );
        assert_eq!(server.owner("room"), Some(ConnId(7)));
    }
}
