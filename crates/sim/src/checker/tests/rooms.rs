//! Histories of who is in the room, who went, and who agrees.

use super::*;
use crate::SECOND;
use crate::checker::agreement;
use peerjs_mesh_core::{ErrorCode, PeerStatus, SendError, Status};

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
    // It may be back with what is missing.
    checker.complete(50, &[0, 1]);
    assert!(checker.gaps_to_come());
    rules(&checker, &[]);
    checker.complete(50 + 32 * SECOND, &[0, 1]);
    assert!(!checker.gaps_to_come());
    rules(&checker, &["prefix"]);
}

#[test]
fn a_gap_does_not_excuse_what_one_that_was_always_there_could_have_passed_on() {
    // Nobody was away; the one who has it was for the other; the other was for the dead (seed 2693801594); who has heard
    // the last of it came too late for the rest.
    for what in ["nobody", "who has it", "who lacks it", "who came late"] {
        let mut checker = room();
        let away = match what {
            "who has it" => Some((1, "a", ["b", "c", "a"])),
            "who lacks it" => Some((2, "b", ["c", "a", "b"])),
            _ => None,
        };
        if let Some((member, id, peers)) = away {
            dropped(&mut checker, member, id, &peers[..2]);
            let peers = peers.map(String::from).to_vec();
            let id = id.into();
            checker.event(32, member, &Event::PeerJoined { id, peers }, REIGN);
        }
        send(&mut checker, 2, None);
        if what == "who came late" {
            send(&mut checker, 2, None);
            hear(&mut checker, 0, 2, 1, None);
        } else {
            hear(&mut checker, 0, 2, 0, None);
        }
        checker.gone(38, 2, false);
        dropped(&mut checker, 0, "c", &["a", "b"]);
        let last = if what == "who came late" { 2 } else { 1 };
        let (from, first) = ("c".into(), 1);
        checker.event(39, 1, &Event::Gap { from, first, last }, REIGN);
        dropped(&mut checker, 1, "c", &["a", "b"]);
        checker.complete(50 + 32 * SECOND, &[0, 1]);
        let wrong = checker.violations().iter().any(|v| v.rule == "prefix");
        assert_eq!(
            wrong,
            what == "nobody",
            "{what}: {:?}",
            checker.violations()
        );
    }
}

#[test]
fn a_gap_excuses_what_one_said_that_had_not_come_to_the_new_host_yet() {
    for came in [true, false] {
        let mut checker = room();
        let moved = Event::HostConnected {
            is_host: false,
            host: "b".into(),
            term: 2,
        };
        let of_b = Event::HostConnected {
            is_host: true,
            host: "b".into(),
            term: 2,
        };
        checker.event(30, 1, &of_b, REIGN);
        checker.event(30, 0, &moved, REIGN);
        if came {
            checker.event(31, 2, &moved, REIGN);
        }
        send(&mut checker, 2, None);
        hear(&mut checker, 0, 2, 0, None);
        checker.gone(38, 2, false);
        dropped(&mut checker, 0, "c", &["a", "b"]);
        let (from, first, last) = ("c".into(), 1, 1);
        checker.event(39, 1, &Event::Gap { from, first, last }, REIGN);
        dropped(&mut checker, 1, "c", &["a", "b"]);
        checker.complete(50 + 32 * SECOND, &[0, 1]);
        rules(&checker, if came { &["prefix"] } else { &[] });
    }
}

#[test]
fn a_gap_excuses_what_was_waited_for_as_long_as_it_may_be() {
    // So long after it is gone, and after the other has heard so.
    for (waits, since, excused) in [(59, 30, false), (61, 32, true), (40, 9, true)] {
        let mut checker = room();
        send(&mut checker, 2, None);
        hear(&mut checker, 0, 2, 0, None);
        checker.gone(38, 2, false);
        let (id, peers) = ("c".into(), ["a", "b"].map(String::from).to_vec());
        let event = Event::PeerDropped { id, peers };
        checker.event(since * SECOND, 0, &event, REIGN);
        let now = waits * SECOND;
        let (id, peers) = ("c".into(), ["a", "b"].map(String::from).to_vec());
        checker.event(now, 1, &Event::PeerDropped { id, peers }, REIGN);
        let (from, first, last) = ("c".into(), 1, 1);
        checker.event(now, 1, &Event::Gap { from, first, last }, REIGN);
        checker.complete(now + 40 * SECOND, &[0, 1]);
        rules(&checker, if excused { &[] } else { &["prefix"] });
    }
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
fn who_was_away_when_a_sender_came_back_and_died_has_heard_of_another_drop() {
    for back in [true, false] {
        let mut checker = room();
        for member in [0, 1] {
            dropped(&mut checker, member, "c", &["a", "b"]);
        }
        let event = Event::PeerJoined {
            id: "c".into(),
            peers: ["a", "b", "c"].map(String::from).to_vec(),
        };
        for member in [0, 1].into_iter().filter(|member| *member == 0 || back) {
            checker.event(45, member, &event, REIGN);
        }
        checker.sent(46, 2, None, 8, &Ok(Sent::Accepted));
        hear(&mut checker, 0, 2, 0, None);
        checker.gone(47, 2, false);
        let event = Event::PeerDropped {
            id: "c".into(),
            peers: ["a", "b"].map(String::from).to_vec(),
        };
        for member in [0, 1].into_iter().filter(|member| *member == 0 || back) {
            checker.event(48, member, &event, REIGN);
        }
        checker.complete(50 + 32 * SECOND, &[0, 1]);
        rules(&checker, if back { &["prefix"] } else { &[] });
    }
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
fn a_member_that_left_is_silent_and_others_say_honestly_why_they_refuse() {
    let mut checker = room();
    checker.sent(30, 0, Some(1), 8, &Err(SendError::UnknownMember));
    checker.sent(30, 0, None, 8, &Err(SendError::BufferFull));
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

#[test]
fn nobody_takes_the_office_of_a_host_that_lives_and_has_not_dropped_it() {
    let takes = Event::HostConnected {
        is_host: true,
        host: "b".into(),
        term: 2,
    };
    let taken = |steady: bool, dropped_before: bool| {
        let mut checker = room();
        checker.be_strict(steady);
        if dropped_before {
            dropped(&mut checker, 0, "b", &["a", "c"]);
        }
        checker.event(50, 1, &takes, REIGN);
        checker.violations().iter().any(|v| v.rule == "false-alarm")
    };
    assert!(taken(true, false));
    assert!(!taken(true, true));
    assert!(!taken(false, false));
}

#[test]
fn the_server_goes_and_comes_by_turns() {
    for (told, twice) in [
        (&[false, true, false][..], false),
        (&[true], true),
        (&[false, false], true),
        (&[false, true, true], true),
    ] {
        let mut checker = room();
        for up in told {
            checker.event(40, 1, &Event::Signalling { up: *up }, REIGN);
        }
        rules(&checker, if twice { &["signalling-twice"] } else { &[] });
    }
}
