//! Random clients with random frames: nothing panics, no registration leaks, no bound is passed.
//!
//! A seed fixes a run; a failure names it.

mod common;

use std::collections::BTreeMap;

use common::{World, millis};
use peerjs_mesh_broker::{Config, ConnId, Frame, Limits, Notice};

/// xorshift64*: enough chance for a test, without a dependency.
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\u",
    "\\ud800",
    "null",
    "true",
    "1e9",
    "-",
    "0",
    "type",
    "dst",
    "payload",
    "OFFER",
    "LEAVE",
    "HEARTBEAT",
    "EXPIRE",
    "\"type\":\"OFFER\"",
    "\"dst\":\"a\"",
    "\"payload\":",
    "\u{0}",
    "é",
    " ",
];

fn frame(chance: &mut Chance, ids: &[&str]) -> Vec<u8> {
    match chance.below(8) {
        0 => (0..chance.below(40)).map(|_| chance.next() as u8).collect(),
        1 => (0..chance.below(30))
            .map(|_| chance.pick(WORDS))
            .collect::<String>()
            .into_bytes(),
        2 => format!(
            "{{\"type\":\"OFFER\",\"dst\":\"a\",\"payload\":{}",
            "[".repeat(chance.below(200))
        )
        .into_bytes(),
        3 => br#"{"type":"HEARTBEAT"}"#.to_vec(),
        4 if chance.below(4) == 0 => br#"{"type":"LEAVE"}"#.to_vec(),
        _ => {
            let kind = chance.pick(&["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "EXPIRE", "OPEN"]);
            let payload = "x".repeat(chance.below(300));
            let mut frame = format!(
                r#"{{"type":"{kind}","dst":"{}","payload":"{payload}"}}"#,
                chance.pick(ids)
            )
            .into_bytes();
            if chance.below(6) == 0 {
                let at = chance.below(frame.len());
                frame[at] = chance.next() as u8;
            }
            frame
        }
    }
}

fn run(seed: u64) {
    let chance = &mut Chance::new(seed);
    let limits = Limits {
        queue_messages: 20,
        queue_bytes: 4_000,
        queue_destinations: 5,
        queue_total_bytes: 10_000,
        ..Limits::default()
    };
    let mut world = World::with(Config {
        limits,
        concurrent_limit: 6,
        ..Config::default()
    });
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "é\"\\", "__proto__"];
    let mut open: Vec<ConnId> = Vec::new();
    for _ in 0..400 {
        match chance.below(12) {
            0 | 1 => {
                let (id, token) = (chance.pick(&ids), chance.pick(&["t", "u"]));
                open.push(world.connect(id, token));
            }
            2 if !open.is_empty() => {
                let conn = open.swap_remove(chance.below(open.len()));
                world.close(conn);
            }
            3 => world.pass(millis(chance.next() % 20_000)),
            _ if !open.is_empty() => {
                let conn = open[chance.below(open.len())];
                let frame = frame(chance, &ids);
                world.says_bytes(conn, &frame);
            }
            _ => {}
        }
        assert!(world.broker.clients() <= 6);
        let (messages, bytes) = world.broker.waiting();
        assert!(messages <= 5 * 20 && bytes <= 10_000);
    }
    // Whatever is registered speaks through an open connection that was not closed, and each of those only once.
    let mut owners: BTreeMap<String, ConnId> = BTreeMap::new();
    for notice in &world.notices {
        match notice {
            Notice::Connected { conn, id } => {
                assert_eq!(owners.insert(id.to_string(), *conn), None)
            }
            Notice::Resumed { conn, replaced, id } => {
                assert_eq!(owners.insert(id.to_string(), *conn), Some(*replaced));
            }
            Notice::Disconnected { conn, id, .. } => assert_eq!(owners.remove(&**id), Some(*conn)),
            Notice::Refused { .. } | Notice::BadFrame { .. } | Notice::QueueFull { .. } => {}
        }
    }
    assert_eq!(owners.len(), world.broker.clients());
    for (id, conn) in &owners {
        assert!(
            world.broker.is_connected(id) && open.contains(conn) && !world.is_closed(*conn),
            "{id} {conn:?}"
        );
    }
    for conn in open {
        world.close(conn);
    }
    world.pass(millis(5_000));
    assert_eq!(
        (world.broker.clients(), world.broker.waiting()),
        (0, (0, 0))
    );
    assert_eq!(world.broker.poll_timeout(), None);
}

#[test]
fn random_clients_never_leak_a_registration_or_pass_a_bound() {
    for seed in 0..300 {
        if let Err(panic) = std::panic::catch_unwind(|| run(seed)) {
            eprintln!("failing seed: {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn what_is_accepted_is_passed_on_as_json() {
    let limits = Limits::default();
    for seed in 0..20_000 {
        let chance = &mut Chance::new(seed);
        let bytes = frame(chance, &["a", "b"]);
        if let Ok(Frame::Relay { kind, dst, payload }) = Frame::parse(&bytes, &limits) {
            let text = peerjs_mesh_broker::frame::relay_text(kind, "s\"rc", &dst, payload);
            let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| {
                // Lone surrogates are JSON text that Rust's strings cannot hold; nothing else may fail.
                assert!(
                    error.to_string().contains("surrogate") || text.contains("\\ud8"),
                    "seed {seed}: {error}"
                );
                serde_json::Value::Null
            });
            assert!(value.is_null() || value["src"] == "s\"rc", "seed {seed}");
        }
    }
}
