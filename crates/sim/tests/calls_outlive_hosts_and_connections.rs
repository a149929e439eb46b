//! Calls go on, or come about, whoever dies, leaves or comes back, and whatever connection fails.

mod common;
use common::calls::*;
use common::*;
use peerjs_mesh_core::{ErrorCode, Event, LeaveHow};
use peerjs_mesh_sim::World;
use peerjs_mesh_sim::server::ServerKind;

#[test]
fn a_host_dies_and_the_call_goes_on_untouched() {
    for server in BOTH {
        let mut world = homes(server, 5);
        let all = call_room(&mut world, 4, u32::MAX);
        for member in &all {
            world.give(*member, Some(BOTH_KINDS));
        }
        until_all_see(&mut world, &all, &all, 8_000);
        let host = host_of(&world, all[1]).expect("there is one");
        let rest = without(&all, &[host]);
        let before = made(&world);
        world.crash(host);
        settle(&mut world, &rest, 15_000);
        world.run_ms(10_000);
        assert!(all_see(&world, &rest, &rest, BOTH_KINDS));
        assert_eq!(made(&world), before);
        for member in &rest {
            assert_eq!(drops(&world, *member, host), 1);
            for other in without(&rest, &[*member]) {
                assert_eq!(
                    (
                        begins(&world, *member, other),
                        drops(&world, *member, other)
                    ),
                    (1, 0)
                );
            }
        }
        // The new host knows who gives what: a newcomer sees everybody.
        let newcomer = world.join(pager(u32::MAX)).expect("the options are right");
        until_all_see(&mut world, &[newcomer], &rest, 8_000);
        assert_eq!(left_open(&world, &[newcomer]), 3);
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn calls_begun_while_the_host_is_dying_come_about() {
    for seed in 0..30 {
        let mut world = homes(ServerKind::Ours, seed);
        let all = call_room(&mut world, 4, u32::MAX);
        let host = host_of(&world, all[0]).expect("there is one");
        let rest = without(&all, &[host]);
        for member in &rest {
            world.give(*member, Some(BOTH_KINDS));
        }
        // What the two ends say to each other is lost with it, wherever it is.
        world.run_ms(seed * 8);
        world.crash(host);
        settle(&mut world, &rest, 15_000);
        until_all_see(&mut world, &rest, &rest, 4_000);
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn whoever_leaves_is_seen_no_more_once() {
    let mut world = homes(ServerKind::Ours, 6);
    let all = call_room(&mut world, 4, u32::MAX);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
    }
    until_all_see(&mut world, &all, &all, 8_000);
    world.leave(all[3], LeaveHow::Delivered);
    world.kill(all[2]);
    let rest = &all[..2];
    world
        .run_until(20_000, |w| left_open(w, rest) == 2)
        .expect("only the connection between the two that stay is left");
    world.run_ms(20_000);
    for member in rest {
        for gone in &all[2..] {
            assert_eq!(drops(&world, *member, *gone), 1);
        }
    }
    assert!(all_see(&world, rest, rest, BOTH_KINDS));
    assert_eq!(world.violations(), []);
}

#[test]
fn who_is_dropped_and_comes_back_goes_on_with_the_same_connections() {
    let mut world = homes(ServerKind::Ours, 11);
    let all = call_room(&mut world, 4, u32::MAX);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
    }
    until_all_see(&mut world, &all, &all, 8_000);
    let host = host_of(&world, all[0]).expect("there is one");
    let busy = without(&all, &[host])[0];
    let rest = without(&all, &[busy]);
    let before = made(&world);
    world.freeze(busy);
    world
        .run_until(10_000, |w| rest.iter().all(|m| drops(w, *m, busy) == 1))
        .expect("it is dropped");
    world.run_ms(2_000);
    world.wake(busy);
    settle(&mut world, &all, 15_000);
    until_all_see(&mut world, &all, &all, 1_000);
    assert_eq!(made(&world), before);
    // One that does not come back is let go.
    world.freeze(busy);
    world
        .run_until(20_000, |w| left_open(w, &rest) == 6)
        .expect("its connections are closed");
    for member in &rest {
        assert_eq!(
            (begins(&world, *member, busy), drops(&world, *member, busy)),
            (2, 2)
        );
    }
    assert_eq!(world.violations(), []);
}

#[test]
fn a_connection_that_fails_is_made_again_in_place() {
    let mut world = homes(ServerKind::Ours, 7);
    let all = call_room(&mut world, 2, u32::MAX);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
    }
    until_all_see(&mut world, &all, &all, 5_000);
    // Until both know that it is up.
    world.run_ms(1_000);
    let before = made(&world);
    world.break_media(all[0], all[1]);
    assert!(!all_see(&world, &all, &all, BOTH_KINDS));
    until_all_see(&mut world, &all, &all, 3_000);
    assert_eq!(world.stats().get("media restarts"), 1);
    assert_eq!(made(&world), before);
    for (member, other) in [(0, 1), (1, 0)] {
        assert_eq!(
            (begins(&world, member, other), drops(&world, member, other)),
            (1, 0)
        );
    }
    assert_eq!(world.violations(), []);
}

#[test]
fn a_connection_that_is_made_again_may_fail_more_than_once_meanwhile() {
    let mut world = homes(ServerKind::Ours, 9);
    let all = call_room(&mut world, 2, u32::MAX);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
    }
    until_all_see(&mut world, &all, &all, 5_000);
    world.run_ms(1_000);
    let before = made(&world);
    // For as long as it takes to be made again: whenever a browser has no way left to try it says so.
    world.cut(all[0], all[1], true);
    world.break_media(all[0], all[1]);
    for _ in 0..20 {
        world.run_ms(50);
        world.media_fails_again(all[0], all[1]);
    }
    world.cut(all[0], all[1], false);
    until_all_see(&mut world, &all, &all, 5_000);
    assert_eq!(world.stats().get("media restarts"), 1);
    assert_eq!(made(&world), before);
    for (member, other) in [(0, 1), (1, 0)] {
        assert_eq!(
            (begins(&world, member, other), drops(&world, member, other)),
            (1, 0)
        );
    }
    assert_eq!(world.violations(), []);
}

#[test]
fn who_cannot_be_reached_is_told_of_and_tried_until_it_can() {
    let mut world = homes(ServerKind::Ours, 8);
    let all = call_room(&mut world, 3, u32::MAX);
    let host = host_of(&world, all[0]).expect("there is one");
    let guests = without(&all, &[host]);
    world.cut(guests[0], guests[1], true);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
    }
    let failed = |w: &World, m: usize| {
        times(w, m, |e| {
            matches!(
                e,
                Event::Error {
                    code: ErrorCode::CallFailed,
                    ..
                }
            )
        })
    };
    world
        .run_until(20_000, |w| guests.iter().all(|m| failed(w, *m) == 1))
        .expect("both hear of it");
    let (pause, since) = (60_000, made(&world));
    world.run_ms(pause);
    assert!(guests.iter().all(|m| failed(&world, *m) == 1), "once");
    // A try takes 15 s, and there is a wait after it that grows.
    let tries = (made(&world) - since).div_ceil(2);
    assert!((1..=pause / 15_000).contains(&tries), "{tries} tries");
    // Nobody wants it any more: nobody tries.
    for member in &guests {
        world.give(*member, None);
    }
    world.run_ms(1_000);
    let since = made(&world);
    world.run_ms(60_000);
    assert_eq!(made(&world), since, "it was tried for nobody");
    for member in &guests {
        world.give(*member, Some(BOTH_KINDS));
    }
    world.run_ms(3_000);
    world.heal_links();
    until_all_see(&mut world, &all, &all, 15_000);
    world.run_ms(5_000);
    assert_eq!(left_open(&world, &all), 6);
    assert_eq!(world.violations(), []);
}
