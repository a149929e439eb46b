//! Gaps: told with reason, once, and of what never came.

use super::*;
use crate::SECOND;

#[test]
fn a_gap_that_was_announced_is_forgiven_and_a_larger_hole_is_not() {
    let mut checker = room();
    for _ in 0..4 {
        send(&mut checker, 0, None);
    }
    gap(&mut checker, 1, 2);
    hear(&mut checker, 1, 0, 2, None);
    rules(&checker, &[]);
    checker.complete(50, &[0, 1]);
    assert!(checker.violations().iter().any(|v| v.rule == "lost"));
}

/// `b` hears that these broadcasts of `a`, counted from 1, will never come.
fn gap(checker: &mut Checker, first: u64, last: u64) {
    let from = "a".into();
    checker.event(33, 1, &Event::Gap { from, first, last }, REIGN);
}

#[test]
fn one_gap_for_each_sender_until_they_meet_anew() {
    let mut checker = room();
    for _ in 0..4 {
        send(&mut checker, 0, None);
    }
    gap(&mut checker, 1, 1);
    has_host(&mut checker, 34, 1);
    gap(&mut checker, 2, 2);
    rules(&checker, &[]);
    gap(&mut checker, 3, 4);
    rules(&checker, &["gap-twice"]);
}

#[test]
fn what_comes_though_it_is_not_kept_any_more_may_have_holes() {
    // Said before a long absence, or at its end.
    for fresh in [false, true] {
        let mut checker = room();
        if !fresh {
            (0..4).for_each(|_| send(&mut checker, 0, None));
        }
        dropped(&mut checker, 0, "b", &["a", "c"]);
        if fresh {
            for _ in 0..4 {
                checker.sent(31 * SECOND, 0, None, 8, &Ok(Sent::Accepted));
            }
        }
        let (id, peers) = ("b".into(), ["a", "c", "b"].map(String::from).to_vec());
        let now = 40 * SECOND;
        checker.event(now, 0, &Event::PeerJoined { id, peers }, REIGN);
        for b in [1, 3] {
            let (from, first, last) = ("a".into(), b, b);
            checker.event(now, 1, &Event::Gap { from, first, last }, REIGN);
        }
        rules(&checker, if fresh { &["gap-twice"] } else { &[] });
    }
}

#[test]
fn whoever_is_dropped_may_leave_a_gap_of_its_own_behind() {
    for drop in [true, false] {
        let mut checker = room();
        for _ in 0..4 {
            send(&mut checker, 0, None);
        }
        gap(&mut checker, 1, 1);
        if drop {
            checker.gone(34, 0, false);
            dropped(&mut checker, 1, "a", &["b", "c"]);
        }
        gap(&mut checker, 3, 4);
        rules(&checker, if drop { &[] } else { &["gap-twice"] });
        gap(&mut checker, 4, 4);
        let twice = checker
            .violations()
            .iter()
            .filter(|v| v.rule == "gap-twice");
        assert_eq!(twice.count(), if drop { 1 } else { 2 });
    }
}

#[test]
fn a_gap_names_only_broadcasts_that_were_sent_and_never_came() {
    let mut checker = room();
    send(&mut checker, 0, None);
    send(&mut checker, 0, Some(1));
    send(&mut checker, 0, None);
    hear(&mut checker, 1, 0, 0, None);
    hear(&mut checker, 1, 0, 1, Some(1));
    gap(&mut checker, 2, 2);
    rules(&checker, &[]);
    hear(&mut checker, 1, 0, 2, None);
    rules(&checker, &["gap-wrong"]);
    has_host(&mut checker, 36, 1);
    gap(&mut checker, 1, 1);
    has_host(&mut checker, 37, 1);
    gap(&mut checker, 3, 3);
    rules(&checker, &["gap-wrong", "gap-wrong", "gap-wrong"]);
}

#[test]
fn where_there_is_no_reason_for_a_gap_one_of_somebody_who_is_there_is_a_loss() {
    #[derive(Clone, Copy, PartialEq)]
    enum Then {
        Nothing,
        Dead,
        Dropped,
        ClockSet,
    }
    let early = |strict: bool, apart: Micros, then: Then| {
        let mut checker = room();
        if strict {
            checker.be_strict(false);
        }
        for _ in 0..2 {
            send(&mut checker, 0, None);
        }
        dropped(&mut checker, 1, "a", &["b", "c"]);
        let now = 40 + apart;
        let a = || "a".to_owned();
        let peers = ["a", "b", "c"].map(str::to_owned).to_vec();
        checker.event(now, 1, &Event::PeerJoined { id: a(), peers }, REIGN);
        match then {
            Then::Dead => checker.gone(now, 0, false),
            Then::ClockSet => checker.clock_set(now, 2, 2_000),
            _ => {}
        }
        let (first, last) = (1, 1);
        checker.event(
            now,
            1,
            &Event::Gap {
                from: a(),
                first,
                last,
            },
            REIGN,
        );
        let peers = ["b", "c"].map(str::to_owned).to_vec();
        if then == Then::Dropped {
            checker.event(
                now + 4 * SECOND,
                1,
                &Event::PeerDropped { id: a(), peers },
                REIGN,
            );
        }
        checker.event(now + 11 * SECOND, 2, &Event::HostDropped, REIGN);
        checker.violations().iter().any(|v| v.rule == "gap-early")
    };
    for strict in [true, false] {
        assert!(early(strict, 20 * SECOND, Then::Nothing), "{strict}");
        assert!(!early(strict, 25 * SECOND, Then::Nothing), "{strict}");
        assert!(!early(strict, 20 * SECOND, Then::Dead), "{strict}");
    }
    assert!(early(true, 20 * SECOND, Then::Dropped));
    assert!(early(false, 20 * SECOND, Then::Dropped));
    assert!(!early(false, 20 * SECOND, Then::ClockSet));
}

#[test]
fn a_user_that_takes_nothing_as_soon_as_it_is_back_hears_late_of_what_is_missing() {
    for (apart, deaf) in [(25, true), (20, true), (25, false)] {
        let mut checker = room();
        send(&mut checker, 0, None);
        dropped(&mut checker, 0, "b", &["a", "c"]);
        let back = 40 + apart * SECOND;
        let b = || "b".to_owned();
        let peers = ["a", "c", "b"].map(str::to_owned).to_vec();
        checker.event(back, 0, &Event::PeerJoined { id: b(), peers }, REIGN);
        checker.hears(back + SECOND, 1, !deaf);
        let peers = ["a", "c"].map(str::to_owned).to_vec();
        checker.event(
            back + 13 * SECOND,
            0,
            &Event::PeerDropped { id: b(), peers },
            REIGN,
        );
        let now = back + 15 * SECOND;
        checker.hears(now, 1, true);
        let (from, first, last) = ("a".to_owned(), 1, 1);
        checker.event(now, 1, &Event::Gap { from, first, last }, REIGN);
        checker.event(now + 11 * SECOND, 2, &Event::HostDropped, REIGN);
        let early = checker.violations().iter().any(|v| v.rule == "gap-early");
        assert_eq!(early, !(deaf && apart == 25), "{apart} s, {deaf}");
    }
}

#[test]
fn an_absence_begins_when_the_first_of_the_room_is_told_of_it() {
    // The others are told in the same reign, and then it is back; or by the next host, and it is still away.
    for (first, next) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut checker = room();
        for _ in 0..2 {
            send(&mut checker, 0, None);
        }
        if first {
            dropped(&mut checker, 2, "a", &["b", "c"]);
        }
        let a = || "a".to_owned();
        let peers = |ids: &[&str]| ids.iter().map(ToString::to_string).collect();
        // Its last words were long on their way.
        let (told, back) = (40 + 10 * SECOND, 40 + 30 * SECOND);
        let (id, without) = (a(), peers(&["b", "c"]));
        let event = Event::PeerDropped { id, peers: without };
        let later: fn() -> Reign = || ([1; 16], 2, Some("b".into()));
        checker.event(told, 1, &event, if next { later } else { REIGN });
        let (id, with) = (a(), peers(&["a", "b", "c"]));
        if !next {
            checker.event(back, 1, &Event::PeerJoined { id, peers: with }, REIGN);
        }
        let (from, first_gone, last) = (a(), 1, 1);
        let event = Event::Gap {
            from,
            first: first_gone,
            last,
        };
        checker.event(back, 1, &event, REIGN);
        checker.event(back + 11 * SECOND, 2, &Event::HostDropped, REIGN);
        let early = checker.violations().iter().any(|v| v.rule == "gap-early");
        assert_eq!(early, !first, "{next}");
    }
}

#[test]
fn more_than_is_kept_may_be_gone_at_once() {
    // What is directed to somebody else is kept as well (seed 1980101497).
    for (bytes, directed) in [(4_000_000, false), (5 << 20, false), (5 << 20, true)] {
        let mut checker = room();
        checker.be_strict(true);
        for to in [None, directed.then_some(2)] {
            checker.sent(30, 0, to, bytes, &Ok(Sent::Accepted));
        }
        let (from, first, last) = ("a".into(), 1, 1);
        checker.event(33, 1, &Event::Gap { from, first, last }, REIGN);
        let early = checker.violations().iter().any(|v| v.rule == "gap-early");
        assert_eq!(early, bytes == 4_000_000);
    }
}

#[test]
fn what_was_directed_before_and_is_still_kept_leaves_less_room() {
    // Not half a minute later, when nobody keeps it any more (seed 2706017135).
    for later in [false, true] {
        let mut checker = room();
        checker.be_strict(true);
        checker.sent(30, 0, Some(2), 5 << 20, &Ok(Sent::Accepted));
        let now = if later { 31 * SECOND } else { 31 };
        for _ in 0..2 {
            checker.sent(now, 0, None, 2 << 20, &Ok(Sent::Accepted));
        }
        let (from, first, last) = ("a".into(), 1, 1);
        checker.event(now + 2, 1, &Event::Gap { from, first, last }, REIGN);
        let early = checker.violations().iter().any(|v| v.rule == "gap-early");
        assert_eq!(early, later);
    }
}
