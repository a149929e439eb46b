//! Calls: everybody who gives is seen by everybody, over one connection for each two, whatever happens meanwhile.

mod common;
use common::*;
use peerjs_mesh_core::{Config, ErrorCode, Event, LeaveHow};
use peerjs_mesh_sim::World;
use peerjs_mesh_sim::server::ServerKind;

const SOUND: u8 = 1;
const BOTH_KINDS: u8 = 3;

/// A member that carries media, from so many others by itself.
fn pager(auto_call: u32) -> Config {
    Config {
        auto_call: Some(auto_call),
        ..config()
    }
}

fn call_room(world: &mut World, members: usize, auto_call: u32) -> Vec<usize> {
    let all: Vec<usize> = (0..members)
        .map(|_| world.join(pager(auto_call)).expect("the options are right"))
        .collect();
    settle(world, &all, 15_000);
    all
}

/// Whether everybody of `members` sees what each of `givers` gives.
fn all_see(world: &World, members: &[usize], givers: &[usize], kinds: u8) -> bool {
    members.iter().all(|member| {
        givers
            .iter()
            .all(|giver| giver == member || world.sees(*member, *giver) == Some(kinds))
    })
}

#[track_caller]
fn until_all_see(world: &mut World, members: &[usize], givers: &[usize], limit_ms: u64) -> u64 {
    let took = world.run_until(limit_ms, |w| all_see(w, members, givers, BOTH_KINDS));
    took.unwrap_or_else(|| {
        let sees: Vec<_> = members
            .iter()
            .map(|m| {
                givers
                    .iter()
                    .map(|g| world.sees(*m, *g))
                    .collect::<Vec<_>>()
            })
            .collect();
        panic!(
            "not all see all within {limit_ms} ms: {sees:?} {:?}",
            world.violations()
        )
    })
}

#[track_caller]
fn drops(world: &World, member: usize, other: usize) -> usize {
    let id = world.id(other).to_owned();
    times(world, member, |e| {
        *e == Event::StreamDrop { id: id.clone() }
    })
}

/// How often a stream of `other` began at `member`: changes of a stream that is known do not count.
fn begins(world: &World, member: usize, other: usize) -> usize {
    let mut there = false;
    let mut count = 0;
    for (_, event) in &world.view(member).events {
        match event {
            Event::Stream { id, .. } if id == world.id(other) => {
                count += usize::from(!there);
                there = true;
            }
            Event::StreamDrop { id } if id == world.id(other) => there = false,
            _ => {}
        }
    }
    count
}

/// Connections that were made: both ends of each count.
fn made(world: &World) -> u64 {
    world.stats().get("media ends")
}

fn left_open(world: &World, members: &[usize]) -> usize {
    members.iter().map(|m| world.media_open(*m)).sum()
}

#[test]
fn who_gives_nothing_receives_and_who_comes_later_too() {
    for server in BOTH {
        let mut world = homes(server, 3);
        let mut all = call_room(&mut world, 3, u32::MAX);
        world.give(all[0], Some(BOTH_KINDS));
        until_all_see(&mut world, &all, &all[..1], 5_000);
        all.push(world.join(pager(u32::MAX)).expect("the options are right"));
        until_all_see(&mut world, &all, &all[..1], 8_000);
        world.give(all[3], Some(BOTH_KINDS));
        until_all_see(&mut world, &all, &[all[0], all[3]], 5_000);
        // 1 and 2 have a connection to each of the two, and the two have one.
        assert_eq!(left_open(&world, &all), 10);
        for giver in [0, 3] {
            for member in 0..4 {
                let once = usize::from(member != giver);
                assert_eq!(begins(&world, all[member], all[giver]), once);
                assert_eq!(drops(&world, all[member], all[giver]), 0);
            }
        }
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn all_call_at_once_and_there_is_one_connection_for_each_two() {
    for seed in 0..20 {
        let mut world = homes(ServerKind::Ours, seed);
        let all = call_room(&mut world, 6, u32::MAX);
        for member in &all {
            world.give(*member, Some(BOTH_KINDS));
            world.run_ms(seed * 5);
        }
        until_all_see(&mut world, &all, &all, 8_000);
        world.run_ms(5_000);
        assert_eq!(left_open(&world, &all), 30, "seed {seed}");
        assert_eq!(
            made(&world),
            30,
            "seed {seed}: one for each two, both ends counted"
        );
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn what_changes_later_changes_no_connection_and_begins_no_stream() {
    let mut world = calm(ServerKind::Ours);
    let all = call_room(&mut world, 3, u32::MAX);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
    }
    until_all_see(&mut world, &all, &all, 5_000);
    let before = made(&world);
    for kinds in [SOUND, BOTH_KINDS, 0, 2, BOTH_KINDS | 4] {
        world.give(all[0], Some(kinds));
        world
            .run_until(2_000, |w| all_see(w, &all, &all[..1], kinds))
            .expect("everybody hears of the change");
    }
    assert_eq!(made(&world), before);
    assert_eq!(
        (
            begins(&world, all[1], all[0]),
            drops(&world, all[1], all[0])
        ),
        (1, 0)
    );
    assert_eq!(world.violations(), []);
}

#[test]
fn hanging_up_ends_the_stream_once_and_calling_again_needs_no_new_connection() {
    let mut world = homes(ServerKind::Ours, 4);
    let all = call_room(&mut world, 3, u32::MAX);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
    }
    until_all_see(&mut world, &all, &all, 5_000);
    let before = made(&world);
    world.give(all[0], None);
    world
        .run_until(2_000, |w| {
            all[1..].iter().all(|m| w.sees(*m, all[0]).is_none())
        })
        .expect("the others hear of it");
    // It goes on to receive.
    assert!(all_see(&world, &all, &all[1..], BOTH_KINDS));
    world.give(all[0], Some(BOTH_KINDS));
    until_all_see(&mut world, &all, &all, 2_000);
    assert_eq!(made(&world), before);
    for member in &all {
        world.give(*member, None);
    }
    world
        .run_until(2_000, |w| left_open(w, &all) == 0)
        .expect("nobody gives anything: all connections are closed");
    world.run_ms(30_000);
    for member in &all[1..] {
        assert_eq!(
            (
                begins(&world, *member, all[0]),
                drops(&world, *member, all[0])
            ),
            (2, 2)
        );
    }
    assert_eq!(left_open(&world, &all), 0);
    assert_eq!(world.violations(), []);
}

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
    world.run_ms(60_000);
    assert!(guests.iter().all(|m| failed(&world, *m) == 1), "once");
    world.heal_links();
    until_all_see(&mut world, &all, &all, 15_000);
    world.run_ms(5_000);
    assert_eq!(left_open(&world, &all), 6);
    assert_eq!(world.violations(), []);
}

#[test]
fn beyond_the_limit_the_user_is_asked() {
    let mut world = calm(ServerKind::Ours);
    let all = call_room(&mut world, 5, 2);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
        world.run_ms(1_000);
    }
    world.run_ms(5_000);
    // Each gets the two that were first in its list; who is dialled takes more.
    let manual = |w: &World, m: usize, o: usize| {
        let id = w.id(o).to_owned();
        times(w, m, |e| *e == Event::ManualStream { id: id.clone() })
    };
    let mut unseen = Vec::new();
    for member in &all {
        for other in without(&all, &[*member]) {
            let seen = world.sees(*member, other).is_some();
            assert_eq!(manual(&world, *member, other), usize::from(!seen));
            if !seen {
                unseen.push((*member, other));
            }
        }
        let seen = 4 - unseen.iter().filter(|(m, _)| m == member).count();
        assert!(seen >= 2, "m{member} sees {seen}");
    }
    let (asking, asked) = *unseen.first().expect("not everybody sees everybody");
    world.call_peer(asking, asked);
    world
        .run_until(2_000, |w| {
            w.sees(asking, asked).is_some() && w.sees(asked, asking).is_some()
        })
        .expect("both see each other");
    assert_eq!(world.violations(), []);
}

#[test]
fn a_limit_of_none_takes_what_is_asked_for_only() {
    let mut world = calm(ServerKind::Ours);
    let all = call_room(&mut world, 2, 0);
    world.give(all[0], Some(SOUND));
    world
        .run_until(1_000, |w| {
            times(w, all[1], |e| matches!(e, Event::ManualStream { .. })) == 1
        })
        .expect("the user is asked");
    world.run_ms(5_000);
    assert_eq!(made(&world), 0);
    world.call_peer(all[1], all[0]);
    world
        .run_until(1_000, |w| w.sees(all[1], all[0]) == Some(SOUND))
        .expect("it comes");
    assert_eq!(world.violations(), []);
}

#[test]
fn two_that_ask_for_each_other_at_once_get_one_connection() {
    let mut world = homes(ServerKind::Ours, 2);
    let all = call_room(&mut world, 3, 0);
    let pair = &all[1..];
    for member in pair {
        world.give(*member, Some(BOTH_KINDS));
    }
    world.run_ms(1_000);
    world.call_peer(pair[0], pair[1]);
    world.call_peer(pair[1], pair[0]);
    until_all_see(&mut world, pair, pair, 3_000);
    world.run_ms(15_000);
    assert!(all_see(&world, pair, pair, BOTH_KINDS));
    assert_eq!(left_open(&world, pair), 2);
    assert_eq!(world.violations(), []);
}

#[test]
fn members_without_media_are_left_alone_even_as_hosts() {
    let mut world = homes(ServerKind::Ours, 9);
    let host = join(&mut world);
    settle(&mut world, &[host], 15_000);
    let pages: Vec<usize> = (0..3)
        .map(|_| world.join(pager(u32::MAX)).expect("the options are right"))
        .collect();
    let all = [&[host][..], &pages].concat();
    settle(&mut world, &all, 15_000);
    for member in &pages {
        world.give(*member, Some(BOTH_KINDS));
    }
    until_all_see(&mut world, &pages, &pages, 8_000);
    all_hear_all(&mut world, &all);
    world.run_ms(15_000);
    let media = |e: &Event| {
        matches!(
            e,
            Event::Stream { .. } | Event::ManualStream { .. } | Event::Error { .. }
        )
    };
    assert_eq!(times(&world, host, media), 0);
    assert_eq!(made(&world), 6);
    assert_eq!(world.violations(), []);
}
