//! Eight videos on two cores: everything is there, and takes seconds. Whoever is silent then is slow, not gone; nor is
//! a member whose thread is busy for two seconds, host or guest, where nobody else is slow.

mod common;
use common::calls::*;
use common::*;
use peerjs_mesh_core::Mode;
use peerjs_mesh_sim::World;
use peerjs_mesh_sim::server::ServerKind;

#[test]
fn a_member_whose_thread_is_busy_for_two_seconds_is_dropped_by_nobody_whatever_its_place() {
    for server in BOTH {
        for mode in [Mode::Host, Mode::Full] {
            for seed in 0..10 {
                // The host, and each of its line.
                for place in 0..5 {
                    let mut world = homes(server, seed);
                    let all = room_in(&mut world, mode, 5);
                    // Somewhere between two beats.
                    talk(&mut world, &all, 100, 2_000);
                    world.run_ms(37 * seed);
                    let host = host_of(&world, all[0]).expect("there is a host");
                    let busy = [&[host], &line(&world, host)[..]].concat()[place];
                    let before = hosts_told(&world, &all);
                    world.busy(busy);
                    talk(&mut world, &all, 100, 2_000);
                    world.wake(busy);
                    talk(&mut world, &all, 100, 5_000);
                    let told = format!("place {place}, {mode:?}, seed {seed}, {}", server.name());
                    nobody_is_dropped(&world, &all, &told);
                    assert_eq!(hosts_told(&world, &all), before, "{told}");
                    all_arrives(&mut world, &all, 5_000);
                    all_hear_all(&mut world, &all);
                }
            }
        }
    }
}

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
            nobody_is_dropped(&world, &all, &format!("seed {seed}"));
        }
    }
}

#[test]
fn where_every_way_takes_most_of_a_second_a_host_that_was_busy_for_two_goes_on() {
    for server in BOTH {
        for seed in 0..10 {
            let (mut world, all, host) = busy(server, seed, 900);
            world.busy(host);
            talk(&mut world, &all, 100, 2_000);
            world.wake(host);
            talk(&mut world, &all, 100, 5_000);
            // That nobody answers within a second is how it is here, not that nobody takes it for the host any more.
            nobody_is_dropped(&world, &all, &format!("seed {seed}"));
            assert_eq!(host_of(&world, all[0]), Some(host), "seed {seed}");
            all_arrives(&mut world, &all, 20_000);
            all_hear_all(&mut world, &all);
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
            nobody_is_dropped(&world, &all, &format!("seed {seed}"));
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
