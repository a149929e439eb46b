//! Histories of messages.

use super::*;
use peerjs_mesh_core::{ErrorCode, Outcome, SendError, Ticket};

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
fn no_more_than_1024_sends_wait() {
    let mut checker = room();
    for ticket in 0..1_024 {
        checker.sent(30, 0, None, 8, &Ok(Sent::Waiting(Ticket(ticket))));
    }
    rules(&checker, &[]);
    checker.sent(30, 0, None, 8, &Ok(Sent::Waiting(Ticket(1_024))));
    rules(&checker, &["waiting-sends"]);
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
    checker.sent(30, 0, None, 8, &Ok(Sent::Waiting(Ticket(4))));
    checker.complete(50, &[0, 1, 2]);
    rules(&checker, &["send-stuck"]);
    let through = Outcome {
        ticket: Ticket(4),
        result: Ok(()),
    };
    checker.outcome(51, 0, &through);
    checker.outcome(52, 0, &through);
    rules(&checker, &["send-stuck", "ticket-unknown"]);
}

#[test]
fn messages_must_be_what_their_sender_sent_to_this_receiver() {
    let mut checker = room();
    send(&mut checker, 0, Some(2));
    checker.sent(30, 0, None, 8, &Err(SendError::MessageTooLarge));
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
    checker.sent(45, 0, None, 8, &Ok(Sent::Accepted));
    checker.complete(50, &[0, 3]);
    assert!(checker.violations().iter().any(|v| v.rule == "lost"));
}

#[test]
fn what_was_passed_over_is_not_kept_for_somebody_who_was_away_too_long_as_its_sender_saw_it() {
    for (away, set_ahead, expected) in [
        (24, 0, &["lost"][..]),
        (26, 0, &[]),
        (10, 14_000, &["lost"]),
        (10, 3_600_000, &[]),
    ] {
        let mut checker = room();
        send(&mut checker, 2, Some(0));
        send(&mut checker, 2, None);
        dropped(&mut checker, 2, "a", &["b", "c"]);
        checker.clock_set(40, 2, set_ahead);
        hear(&mut checker, 0, 2, 1, None);
        hear(&mut checker, 1, 2, 1, None);
        dropped(&mut checker, 0, "c", &["a", "b"]);
        joined(&mut checker, 0, "c", &["a", "b", "c"].map(String::from));
        let event = Event::PeerJoined {
            id: "a".into(),
            peers: ["a", "b", "c"].map(String::from).to_vec(),
        };
        let back = 40 + away * crate::SECOND;
        checker.event(back, 2, &event, REIGN);
        checker.complete(back + 1, &[0, 1, 2]);
        rules(&checker, expected);
    }
}

#[test]
fn a_clock_may_be_set_between_a_drop_and_the_word_of_it() {
    const SECOND: crate::Micros = crate::SECOND;
    for (word_after, expected) in [(1, &[][..]), (7, &["lost"])] {
        let mut checker = room();
        send(&mut checker, 2, Some(0));
        send(&mut checker, 2, None);
        hear(&mut checker, 0, 2, 1, None);
        hear(&mut checker, 1, 2, 1, None);
        checker.clock_set(40, 2, 18_000);
        let gone = 40 + word_after * SECOND;
        let told = |event: &Event, at, checker: &mut Checker| checker.event(at, 2, event, REIGN);
        let dropped_it = Event::PeerDropped {
            id: "a".into(),
            peers: ["b", "c"].map(String::from).to_vec(),
        };
        told(&dropped_it, gone, &mut checker);
        dropped(&mut checker, 0, "c", &["a", "b"]);
        let not_kept = Event::Error {
            code: ErrorCode::MemberLeft,
            detail: "a".into(),
        };
        told(&not_kept, gone + 11 * SECOND, &mut checker);
        joined(&mut checker, 0, "c", &["a", "b", "c"].map(String::from));
        let joined_it = Event::PeerJoined {
            id: "a".into(),
            peers: ["a", "b", "c"].map(String::from).to_vec(),
        };
        let back = gone + 12 * SECOND;
        told(&joined_it, back, &mut checker);
        checker.complete(back + 1, &[0, 1, 2]);
        rules(&checker, expected);
    }
}

#[test]
fn what_may_have_been_forgotten_may_come_and_what_was_surely_may_not() {
    const SECOND: crate::Micros = crate::SECOND;
    for (away, expected) in [(20, &[][..]), (31, &["reordered"])] {
        let mut checker = room();
        send(&mut checker, 2, Some(0));
        send(&mut checker, 2, None);
        hear(&mut checker, 0, 2, 1, None);
        hear(&mut checker, 1, 2, 1, None);
        // The drop is told a moment after its clock was set ahead: it may have been known before.
        checker.clock_set(30, 0, 12_000);
        dropped(&mut checker, 0, "c", &["a", "b"]);
        let back = 40 + away * SECOND;
        let event = Event::PeerJoined {
            id: "c".into(),
            peers: ["a", "b", "c"].map(String::from).to_vec(),
        };
        checker.event(back, 0, &event, REIGN);
        hear(&mut checker, 0, 2, 0, Some(0));
        rules(&checker, expected);
    }
}

#[test]
fn what_its_sender_was_told_is_not_kept_is_not_lost_however_late_that_was_heard() {
    for (set_ahead, told, expected) in [
        (14_500, true, &[][..]),
        (14_500, false, &["lost"]),
        (0, true, &["lost"]),
    ] {
        let mut checker = room();
        send(&mut checker, 2, Some(0));
        send(&mut checker, 2, None);
        hear(&mut checker, 0, 2, 1, None);
        hear(&mut checker, 1, 2, 1, None);
        checker.hears(39, 2, false);
        dropped(&mut checker, 0, "c", &["a", "b"]);
        checker.clock_set(40, 2, set_ahead);
        let back = 40 + 10 * crate::SECOND;
        checker.hears(back, 2, true);
        let event = Event::PeerDropped {
            id: "a".into(),
            peers: ["b", "c"].map(String::from).to_vec(),
        };
        checker.event(back, 2, &event, REIGN);
        if told {
            let event = Event::Error {
                code: ErrorCode::MemberLeft,
                detail: "a".into(),
            };
            checker.event(back, 2, &event, REIGN);
        }
        joined(&mut checker, 0, "c", &["a", "b", "c"].map(String::from));
        let event = Event::PeerJoined {
            id: "a".into(),
            peers: ["a", "b", "c"].map(String::from).to_vec(),
        };
        checker.event(back, 2, &event, REIGN);
        checker.complete(back + 1, &[0, 1, 2]);
        rules(&checker, expected);
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
fn what_its_sender_was_told_is_not_kept_may_be_passed_over_and_come_once_all_the_same() {
    for (told, times, expected) in [
        (true, 1, &[][..]),
        (true, 2, &["doubled"]),
        (false, 1, &["reordered", "hole"]),
    ] {
        let mut checker = room();
        send(&mut checker, 2, Some(0));
        send(&mut checker, 2, None);
        dropped(&mut checker, 2, "a", &["b", "c"]);
        let late = 40 + 25 * crate::SECOND;
        if told {
            let event = Event::Error {
                code: ErrorCode::MemberLeft,
                detail: "a".into(),
            };
            checker.event(late, 2, &event, REIGN);
        }
        let event = Event::PeerJoined {
            id: "a".into(),
            peers: ["a", "b", "c"].map(String::from).to_vec(),
        };
        checker.event(late, 2, &event, REIGN);
        hear(&mut checker, 0, 2, 1, None);
        hear(&mut checker, 1, 2, 1, None);
        for _ in 0..times {
            hear(&mut checker, 0, 2, 0, Some(0));
        }
        checker.complete(late + 1, &[0, 1, 2]);
        rules(&checker, expected);
    }
}

#[test]
fn what_is_said_to_be_lost_may_come_late_before_its_sender_is_said_to_be_gone() {
    for (told, times, drop, expected) in [
        (true, 1, true, &[][..]),
        (true, 2, true, &["doubled"]),
        (true, 1, false, &["hole"]),
        (false, 1, true, &["reordered", "lost"]),
    ] {
        let mut checker = room();
        send(&mut checker, 2, Some(0));
        send(&mut checker, 2, None);
        hear(&mut checker, 0, 2, 1, None);
        hear(&mut checker, 1, 2, 1, None);
        if told {
            let event = Event::Error {
                code: ErrorCode::MemberLeft,
                detail: "c".into(),
            };
            checker.event(40, 0, &event, REIGN);
        }
        for _ in 0..times {
            hear(&mut checker, 0, 2, 0, Some(0));
        }
        if drop {
            dropped(&mut checker, 0, "c", &["a", "b"]);
            joined(&mut checker, 0, "c", &["a", "b", "c"].map(String::from));
        }
        checker.complete(50, &[0, 1, 2]);
        rules(&checker, expected);
    }
}
