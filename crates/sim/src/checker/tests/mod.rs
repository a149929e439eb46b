//! The judge is judged: histories that are right, and histories each of which breaks one rule.

mod gaps;
mod messages;
mod rooms;

use super::{Checker, Reign};
use crate::Micros;
use crate::payload::{Said, encode};
use peerjs_mesh_core::{Event, Sent};

const REIGN: fn() -> Reign = || ([1; 16], 1, Some("a".into()));

/// Members `a`, `b`, `c`, all of whom list each other and are synced.
fn room() -> Checker {
    let mut checker = Checker::default();
    let ids = ["a", "b", "c"];
    for id in ids {
        checker.born(10, id);
    }
    for (member, own) in ids.iter().enumerate() {
        let mut list = vec![own.to_string()];
        for other in ids.iter().filter(|other| *other != own) {
            list.push(other.to_string());
            joined(&mut checker, member, other, &list);
        }
        has_host(&mut checker, 19, member);
        checker.event(20, member, &Event::Sync { peers: Some(list) }, REIGN);
    }
    assert_eq!(checker.violations(), []);
    checker
}

fn has_host(checker: &mut Checker, now: Micros, member: usize) {
    let event = Event::HostConnected {
        is_host: member == 0,
        host: "a".into(),
        term: 1,
    };
    checker.event(now, member, &event, REIGN);
}

fn joined(checker: &mut Checker, member: usize, id: &str, peers: &[String]) {
    checker.event(
        15,
        member,
        &Event::PeerJoined {
            id: id.into(),
            peers: peers.to_vec(),
        },
        REIGN,
    );
}

fn dropped(checker: &mut Checker, member: usize, id: &str, peers: &[&str]) {
    let peers = peers.iter().map(|p| p.to_string()).collect();
    checker.event(
        40,
        member,
        &Event::PeerDropped {
            id: id.into(),
            peers,
        },
        REIGN,
    );
}

fn send(checker: &mut Checker, member: usize, to: Option<usize>) {
    checker.sent(30, member, to, 8, &Ok(Sent::Accepted));
}

fn hear(checker: &mut Checker, member: usize, from: usize, number: u64, to: Option<usize>) {
    let data = encode(Said { from, number, to }, 40).into();
    let from = ["a", "b", "c"][from].to_owned();
    checker.event(35, member, &Event::Data { from, data }, REIGN);
}

#[track_caller]
fn rules(checker: &Checker, expected: &[&str]) {
    let found: Vec<&str> = checker.violations().iter().map(|v| v.rule).collect();
    assert_eq!(found, expected, "{:?}", checker.violations());
}
