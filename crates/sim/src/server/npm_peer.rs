//! The model of npm `peer` as members see it.

use super::npm::{NPM_FULL, NpmDeed, NpmModel, NpmOptions, NpmSaid, NpmTold};
use super::{ConnId, Deed, Server};
use crate::Micros;
use peerjs_mesh_protocol::signalling::{FromServer, Signal, ToServer};

/// The model as members see it.
#[derive(Debug)]
pub struct NpmPeer(NpmModel<Signal>);

impl NpmPeer {
    /// A server that has just started.
    pub fn new(now: Micros, alive_ms: u64) -> NpmPeer {
        NpmPeer(NpmModel::new(
            now,
            NpmOptions {
                alive_timeout: alive_ms,
                ..NpmOptions::default()
            },
        ))
    }
}

impl Server for NpmPeer {
    fn connect(&mut self, now: Micros, conn: ConnId, id: &str, token: &str) {
        self.0.connect(now, conn, id, token);
    }

    fn message(&mut self, now: Micros, conn: ConnId, message: ToServer) {
        let said = match message {
            ToServer::Heartbeat => NpmSaid::Heartbeat,
            ToServer::Relay { dst, signal } => NpmSaid::Relay {
                dst,
                waits: true,
                what: signal,
            },
        };
        self.0.message(now, conn, said);
    }

    fn closed(&mut self, _now: Micros, conn: ConnId) {
        self.0.closed(conn);
    }

    fn timeout(&mut self, now: Micros) {
        self.0.timeout(now);
    }

    fn next_timeout(&self) -> Option<Micros> {
        Some(self.0.next_timeout())
    }

    fn poll(&mut self) -> Option<Deed> {
        Some(match self.0.poll()? {
            NpmDeed::Close(conn) => Deed::Close(conn),
            NpmDeed::Tell(conn, told) => Deed::Send(
                conn,
                match told {
                    NpmTold::Open => FromServer::Open,
                    NpmTold::IdTaken => FromServer::IdTaken,
                    NpmTold::Full => FromServer::Error {
                        message: NPM_FULL.to_owned(),
                    },
                    NpmTold::Expire { src, dst: _ } => FromServer::Expire { src },
                    NpmTold::Relayed { src, what } => FromServer::Relayed { src, signal: what },
                },
            ),
        })
    }

    fn owner(&self, id: &str) -> Option<ConnId> {
        self.0.owner(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MS;
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
