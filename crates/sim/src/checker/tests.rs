//! The judge is judged: histories that are right, and histories each of which breaks one rule.

use super::{Checker, Reign, agreement};
use crate::payload::{Said, encode};
use crate::{Micros, SECOND};
use peerjs_mesh_core::{ErrorCode, Event, PeerStatus, SendError, Sent, Status, Ticket};

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
    checker.sent(30, member, to, &Ok(Sent::Accepted));
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

#[test]
fn a_right_history_breaks_nothing() {
    let mut checker = room();
    send(&mut checker, 0, None);
    send(&mut checker, 0, Some(1));
    send(&mut checker, 0, None);
    for number in 0..3 {
        hear(&mut checker, 1, 0, number, (number == 1).then_some(1));
    }
    hear(&mut checker, 2, 0, 0, None);
    hear(&mut checker, 2, 0, 2, None);
    checker.complete(50, &[0, 1, 2]);
    rules(&checker, &[]);
}

#[test]
fn a_message_twice_is_doubled() {
    let mut checker = room();
    send(&mut checker, 0, None);
    hear(&mut checker, 1, 0, 0, None);
    hear(&mut checker, 1, 0, 0, None);
    rules(&checker, &["doubled"]);
}

#[test]
fn a_message_that_overtook_leaves_a_hole_and_comes_reordered() {
    let mut checker = room();
    send(&mut checker, 0, None);
    send(&mut checker, 0, None);
    hear(&mut checker, 1, 0, 1, None);
    hear(&mut checker, 1, 0, 0, None);
    rules(&checker, &["hole", "reordered"]);
}

#[test]
fn a_gap_that_was_announced_is_forgiven_and_a_larger_hole_is_not() {
    let mut checker = room();
    for _ in 0..4 {
        send(&mut checker, 0, None);
    }
    checker.event(
        33,
        1,
        &Event::Gap {
            from: "a".into(),
            first: 1,
            last: 2,
        },
        REIGN,
    );
    hear(&mut checker, 1, 0, 2, None);
    rules(&checker, &[]);
    checker.complete(50, &[0, 1]);
    assert!(checker.violations().iter().any(|v| v.rule == "lost"));
}

#[test]
fn nothing_may_be_missing_at_quiet() {
    let mut checker = room();
    send(&mut checker, 0, Some(1));
    checker.complete(50, &[0, 1, 2]);
    rules(&checker, &["lost"]);
}

#[test]
fn nothing_may_wait_at_quiet() {
    let mut checker = room();
    checker.sent(30, 0, None, &Ok(Sent::Waiting(Ticket(4))));
    checker.complete(50, &[0, 1, 2]);
    rules(&checker, &["send-stuck"]);
    checker.event(51, 0, &Event::Accepted { ticket: Ticket(4) }, REIGN);
    checker.event(52, 0, &Event::Accepted { ticket: Ticket(4) }, REIGN);
    rules(&checker, &["send-stuck", "ticket-unknown"]);
}

#[test]
fn messages_come_only_between_peerjoined_and_peerdropped() {
    let mut checker = room();
    send(&mut checker, 2, None);
    dropped(&mut checker, 0, "c", &["a", "b"]);
    hear(&mut checker, 0, 2, 0, None);
    checker.born(36, "d");
    checker.event(
        37,
        3,
        &Event::Data {
            from: "c".into(),
            data: encode(
                Said {
                    from: 2,
                    number: 0,
                    to: None,
                },
                40,
            )
            .into(),
        },
        REIGN,
    );
    rules(&checker, &["unannounced", "unannounced"]);
}

#[test]
fn messages_must_be_what_their_sender_sent_to_this_receiver() {
    let mut checker = room();
    send(&mut checker, 0, Some(2));
    checker.sent(30, 0, None, &Err(SendError::MessageTooLarge));
    hear(&mut checker, 1, 0, 0, Some(2));
    hear(&mut checker, 1, 0, 1, None);
    hear(&mut checker, 1, 0, 9, None);
    let data = encode(
        Said {
            from: 0,
            number: 0,
            to: None,
        },
        40,
    );
    checker.event(
        36,
        1,
        &Event::Data {
            from: "c".into(),
            data: data.clone().into(),
        },
        REIGN,
    );
    checker.event(
        36,
        1,
        &Event::Data {
            from: "a".into(),
            data: data[..30].to_vec().into(),
        },
        REIGN,
    );
    hear(&mut checker, 0, 0, 0, None);
    rules(
        &checker,
        &[
            "misdelivered",
            "refused-yet-sent",
            "never-sent",
            "forged",
            "corrupt",
            "own-message",
        ],
    );
}

#[test]
fn a_newcomer_hears_nothing_that_was_sent_before_it_started() {
    let mut checker = room();
    send(&mut checker, 0, None);
    checker.born(31, "d");
    let list: Vec<String> = ["a", "d"].map(String::from).to_vec();
    joined(&mut checker, 3, "a", &list);
    hear(&mut checker, 3, 0, 0, None);
    rules(&checker, &["before-start"]);
}

#[test]
fn what_was_sent_after_a_newcomer_was_announced_is_required_and_what_before_is_not() {
    let mut checker = room();
    send(&mut checker, 0, None);
    checker.born(31, "d");
    let list: Vec<String> = ["a", "b", "c", "d"].map(String::from).to_vec();
    joined(&mut checker, 0, "d", &list);
    joined(&mut checker, 3, "a", &["a", "d"].map(String::from));
    checker.complete(50, &[0, 3]);
    assert!(checker.violations().iter().all(|v| v.rule != "lost"));
    checker.sent(45, 0, None, &Ok(Sent::Accepted));
    checker.complete(50, &[0, 3]);
    assert!(checker.violations().iter().any(|v| v.rule == "lost"));
}

#[test]
fn lists_follow_their_events() {
    let mut checker = room();
    dropped(&mut checker, 0, "c", &["a", "b", "c"]);
    dropped(&mut checker, 0, "c", &["a", "b"]);
    joined(&mut checker, 0, "b", &["a", "b"].map(String::from));
    joined(&mut checker, 0, "a", &["a", "b"].map(String::from));
    joined(&mut checker, 0, "nobody", &["a", "b"].map(String::from));
    checker.event(
        60,
        1,
        &Event::Sync {
            peers: Some(vec!["b".into()]),
        },
        REIGN,
    );
    rules(
        &checker,
        &[
            "list",
            "dropped-unknown",
            "joined-twice",
            "own-join",
            "stranger",
            "list",
        ],
    );
}

#[test]
fn survivors_have_heard_the_same_of_a_dead_member() {
    let mut checker = room();
    send(&mut checker, 2, None);
    send(&mut checker, 2, None);
    hear(&mut checker, 0, 2, 0, None);
    hear(&mut checker, 0, 2, 1, None);
    hear(&mut checker, 1, 2, 0, None);
    checker.gone(38, 2, false);
    dropped(&mut checker, 0, "c", &["a", "b"]);
    dropped(&mut checker, 1, "c", &["a", "b"]);
    checker.complete(50, &[0, 1]);
    rules(&checker, &["prefix"]);
}

#[test]
fn who_had_lost_the_host_when_a_drop_was_said_was_on_another_side() {
    let mut checker = room();
    send(&mut checker, 2, None);
    hear(&mut checker, 0, 2, 0, None);
    checker.gone(38, 2, false);
    checker.event(39, 1, &Event::HostDropped, REIGN);
    dropped(&mut checker, 0, "c", &["a", "b"]);
    dropped(&mut checker, 1, "c", &["a", "b"]);
    has_host(&mut checker, 41, 1);
    checker.complete(50, &[0, 1]);
    rules(&checker, &[]);
}

#[test]
fn somebody_who_never_heard_of_a_member_and_comes_back_after_retention_begins_anew() {
    let late = 40 + 31 * SECOND;
    for heard in [false, true] {
        let mut checker = Checker::default();
        for id in ["a", "b"] {
            checker.born(10, id);
        }
        joined(&mut checker, 0, "b", &["a", "b"].map(String::from));
        checker.event(
            16,
            0,
            &Event::Sync {
                peers: Some(vec!["a".into(), "b".into()]),
            },
            REIGN,
        );
        if heard {
            joined(&mut checker, 1, "a", &["a", "b"].map(String::from));
        }
        send(&mut checker, 0, None);
        dropped(&mut checker, 0, "b", &["a"]);
        let event = Event::PeerJoined {
            id: "b".into(),
            peers: vec!["a".into(), "b".into()],
        };
        checker.event(late, 0, &event, REIGN);
        if !heard {
            joined(&mut checker, 1, "a", &["a", "b"].map(String::from));
        }
        checker.complete(late + 1, &[0, 1]);
        rules(&checker, if heard { &["lost"] } else { &[] });
    }
}

#[test]
fn a_directed_message_may_be_passed_over_only_when_its_sender_is_gone_and_comes_when_it_is_back() {
    for (drop, late, expected) in [
        (true, true, &[][..]),
        (true, false, &["lost"]),
        (false, false, &["hole"]),
        (false, true, &["reordered", "hole"]),
    ] {
        let mut checker = room();
        send(&mut checker, 2, Some(0));
        send(&mut checker, 2, None);
        hear(&mut checker, 0, 2, 1, None);
        hear(&mut checker, 1, 2, 1, None);
        if drop {
            dropped(&mut checker, 0, "c", &["a", "b"]);
            joined(&mut checker, 0, "c", &["a", "b", "c"].map(String::from));
        }
        if late {
            hear(&mut checker, 0, 2, 0, Some(0));
        }
        checker.complete(50, &[0, 1, 2]);
        rules(&checker, expected);
    }
}

#[test]
fn a_member_that_left_is_silent_and_others_say_honestly_why_they_refuse() {
    let mut checker = room();
    checker.sent(30, 0, Some(1), &Err(SendError::UnknownMember));
    checker.sent(30, 0, None, &Err(SendError::BufferFull));
    checker.event(
        41,
        0,
        &Event::Error {
            code: ErrorCode::Internal,
            detail: String::new(),
        },
        REIGN,
    );
    checker.event(42, 0, &Event::Left, REIGN);
    checker.event(43, 0, &Event::HostDropped, REIGN);
    checker.complete(44, &[0, 1, 2]);
    rules(
        &checker,
        &["send-refused", "internal", "after-left", "send-refused"],
    );
}

fn status(id: &str, host: &str, term: u64, others: &[&str]) -> Status {
    let peers = others
        .iter()
        .map(|id| PeerStatus {
            id: id.to_string(),
            direct: true,
            rtt_micros: None,
        })
        .collect();
    Status {
        id: id.into(),
        room: "room".into(),
        founding: [3; 16],
        term,
        host: Some(host.into()),
        is_host: id == host,
        signalling: true,
        buffered: 0,
        peers,
    }
}

#[test]
fn one_room_has_one_host_one_reign_one_roster() {
    let good = [
        (0, status("a", "a", 2, &["b"])),
        (1, status("b", "a", 2, &["a"])),
    ];
    assert_eq!(agreement(&good), Ok(()));
    let broken = [
        (
            "two hosts",
            [
                (0, status("a", "a", 2, &["b"])),
                (1, status("b", "b", 2, &["a"])),
            ],
        ),
        (
            "no host",
            [
                (0, status("a", "b", 2, &["b"])),
                (1, status("b", "a", 2, &["a"])),
            ],
        ),
        (
            "two terms",
            [
                (0, status("a", "a", 2, &["b"])),
                (1, status("b", "a", 1, &["a"])),
            ],
        ),
        (
            "a member too few",
            [
                (0, status("a", "a", 2, &["b"])),
                (1, status("b", "a", 2, &[])),
            ],
        ),
        (
            "a member too many",
            [
                (0, status("a", "a", 2, &["b", "c"])),
                (1, status("b", "a", 2, &["a"])),
            ],
        ),
        (
            "another host",
            [
                (0, status("a", "a", 2, &["b"])),
                (1, status("b", "c", 2, &["a"])),
            ],
        ),
    ];
    for (what, statuses) in broken {
        assert!(agreement(&statuses).is_err(), "{what}");
    }
}
