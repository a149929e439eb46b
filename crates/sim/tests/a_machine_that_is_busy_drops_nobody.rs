//! Eight videos on two cores: everything is there, and takes seconds. Whoever is silent then is slow, not gone.

mod common;
use common::calls::*;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::World;
use peerjs_mesh_sim::server::ServerKind;

#[test]
fn where_every_way_takes_seconds_a_silence_of_some_more_is_nobodys_end() {
    for server in BOTH {
        for seed in 0..10 {
            let (mut world, all, host) = busy(server, seed, 1_500);
            for silent in without(&all, &[host]) {
                world.cut_one_way(silent, host, true);
                world.run_ms(4_000);
                world.cut_one_way(silent, host, false);
                world.run_ms(6_000);
            }
            nobody_is_dropped(&world, &all, seed);
        }
    }
}

#[test]
fn where_every_way_takes_five_seconds_nobody_is_too_slow() {
    for server in BOTH {
        for seed in 0..10 {
            let (mut world, all, _) = busy(server, seed, 5_500);
            for _ in 0..3 {
                talk(&mut world, &all, 500, 500);
                all_arrives(&mut world, &all, 40_000);
                world.run_ms(12_000);
            }
            nobody_is_dropped(&world, &all, seed);
        }
    }
}

#[test]
fn a_round_trip_longer_than_a_heartbeat_stands_in_the_status() {
    for server in BOTH {
        let (mut world, all, host) = busy(server, 1, 1_500);
        world.run_ms(10_000);
        for guest in without(&all, &[host]) {
            let status = world.machine(guest).expect("it runs").status();
            let micros = status
                .peers
                .iter()
                .find(|peer| Some(&peer.id) == status.host.as_ref())
                .and_then(|peer| peer.rtt_micros)
                .expect("it has been measured");
            assert!(
                (3_000_000..3_500_000).contains(&micros),
                "{micros} µs, and each way takes 1.5 s and some more"
            );
        }
    }
}

#[test]
fn a_connection_for_sound_and_pictures_that_takes_sixteen_seconds_there_is_not_made_again() {
    for server in BOTH {
        let (mut world, all, host) = busy(server, 1, 2_250);
        world.give(host, Some(BOTH_KINDS));
        until_all_see(&mut world, &all, &[host], 30_000);
        assert_eq!(
            made(&world),
            14,
            "one with each of seven, both ends counted"
        );
    }
}

/// Eight members, and their host; queues have grown for some seconds, until a way takes `way_ms`.
fn busy(server: ServerKind, seed: u64, way_ms: u64) -> (World, Vec<usize>, usize) {
    let mut world = homes(server, seed);
    let all = call_room(&mut world, 8, u32::MAX);
    let host = host_of(&world, all[0]).expect("there is a host");
    for extra in (150..=way_ms).step_by(150) {
        for (nth, a) in all.iter().enumerate() {
            for b in &all[..nth] {
                world.delay(*a, *b, extra);
            }
        }
        world.run_ms(500);
    }
    world.run_ms(3_000);
    (world, all, host)
}

#[track_caller]
fn nobody_is_dropped(world: &World, all: &[usize], seed: u64) {
    for member in all {
        let dropped = times(world, *member, |event| {
            matches!(event, Event::PeerDropped { .. })
        });
        assert_eq!(dropped, 0, "seed {seed}");
    }
}
