//! A broker with a clock that the test moves, and everything each connection was told.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::time::Duration;

use peerjs_mesh_broker::{Broker, Config, ConnId, Hello, Instant, Notice, Output};

/// A broker and what came out of it.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) now: Instant,
    pub(crate) notices: Vec<Notice>,
    told: BTreeMap<ConnId, Vec<String>>,
    closed: BTreeMap<ConnId, usize>,
    next_conn: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self {
            broker: Broker::new(config),
            now: Instant::from_millis(1_000),
            notices: Vec::new(),
            told: BTreeMap::new(),
            closed: BTreeMap::new(),
            next_conn: 1,
        }
    }

    /// Opens a connection with the right key.
    pub(crate) fn connect(&mut self, id: &str, token: &str) -> ConnId {
        self.connect_as(Hello {
            key: "peerjs",
            id,
            token,
        })
    }

    pub(crate) fn connect_as(&mut self, hello: Hello<'_>) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.broker.handle_connect(self.now, conn, hello);
        self.drain();
        conn
    }

    pub(crate) fn says(&mut self, conn: ConnId, frame: &str) {
        self.says_bytes(conn, frame.as_bytes());
    }

    pub(crate) fn says_bytes(&mut self, conn: ConnId, frame: &[u8]) {
        self.broker.handle_frame(self.now, conn, frame);
        self.drain();
    }

    pub(crate) fn heartbeat(&mut self, conn: ConnId) {
        self.says(conn, r#"{"type":"HEARTBEAT"}"#);
    }

    pub(crate) fn close(&mut self, conn: ConnId) {
        self.broker.handle_close(self.now, conn);
        self.drain();
    }

    /// Moves the clock, stopping at every deadline the broker names.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(deadline) = self
            .broker
            .poll_timeout()
            .filter(|deadline| *deadline <= until)
        {
            assert!(
                deadline > self.now || self.now == deadline,
                "a deadline may not lie in the past for ever"
            );
            self.now = self.now.max(deadline);
            self.broker.handle_timeout(self.now);
            self.drain();
            assert!(
                self.broker
                    .poll_timeout()
                    .is_none_or(|next| next > self.now),
                "the deadline was not dealt with"
            );
        }
        self.now = until;
    }

    /// What `conn` was told since the last call.
    pub(crate) fn heard(&mut self, conn: ConnId) -> Vec<String> {
        self.told.remove(&conn).unwrap_or_default()
    }

    /// Whether `conn` was closed by the broker.
    pub(crate) fn is_closed(&self, conn: ConnId) -> bool {
        self.closed.contains_key(&conn)
    }

    fn drain(&mut self) {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    assert!(
                        !self.closed.contains_key(&conn),
                        "{conn:?} is told {text} after it was closed"
                    );
                    self.told.entry(conn).or_default().push(text);
                }
                Output::Close { conn } => {
                    *self.closed.entry(conn).or_default() += 1;
                    assert_eq!(self.closed[&conn], 1, "{conn:?} is closed twice");
                }
                Output::Notice(notice) => self.notices.push(notice),
            }
        }
    }
}

pub(crate) const OPEN: &str = r#"{"type":"OPEN"}"#;

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
