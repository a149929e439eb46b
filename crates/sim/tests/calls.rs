//! Calls: everybody who gives is seen by everybody, over one connection for each two.

mod common;
use common::calls::*;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::server::ServerKind;

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
