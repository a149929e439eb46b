//! What takes long to come comes whole: a slow way is no reason to begin anew, or to give up what is still coming.

mod common;
use common::*;
use peerjs_mesh_core::{Config, ErrorCode, Event, Mode};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, World};

/// Ways of 50 kB/s: what 2 % loss and 300 ms there and back leave of a link.
fn slow(server: ServerKind, seed: u64) -> World {
    let climate = Climate {
        link_delay: (100_000, 150_000),
        server_delay: (10_000, 40_000),
        jitter: 5_000,
        loss: 0.01,
        rate: (45_000, 55_000),
        ..Climate::calm(server)
    };
    World::new(seed, climate)
}

/// Four members whose links are made; their host, and the guests.
fn four_in_full_mode(world: &mut World) -> (Vec<usize>, usize, Vec<usize>) {
    let config = Config {
        mode: Mode::Full,
        ..config()
    };
    let all: Vec<usize> = (0..4)
        .map(|_| world.join(config.clone()).expect("the options are right"))
        .collect();
    settle(world, &all, 15_000);
    world.run_ms(3_000);
    let host = host_of(world, all[0]).expect("there is a host");
    let guests = without(&all, &[host]);
    (all, host, guests)
}

/// How often that member was told that it is too slow.
fn too_slow(world: &World, member: usize) -> usize {
    let code = ErrorCode::TooSlow;
    times(
        world,
        member,
        |event| matches!(event, Event::Error { code: it, .. } if *it == code),
    )
}

#[test]
fn a_large_message_to_one_arrives_though_its_sender_is_dropped_meanwhile_and_back() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = slow(server, seed);
            let (all, host, two) = four_in_full_mode(&mut world);
            world
                .send(two[1], 300_000, Some(two[0]))
                .expect("it runs")
                .expect("it takes a message");
            world.run_ms(1_000);
            world.cut(two[1], host, true);
            world.run_ms(3_500);
            world.cut(two[1], host, false);
            settle(&mut world, &all, 15_000);
            all_arrives(&mut world, &all, 30_000);
        }
    }
}

#[test]
fn who_is_owed_a_large_message_by_one_that_was_away_is_not_too_slow() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = slow(server, seed);
            let (all, _, two) = four_in_full_mode(&mut world);
            let (to, from) = (two[0], two[1]);
            world
                .send(from, 900_000, Some(to))
                .expect("it runs")
                .expect("it takes a message");
            for _ in 0..3 {
                world
                    .send(from, 100, None)
                    .expect("it runs")
                    .expect("it takes a message");
            }
            world.run_ms(1_000);
            let rest = without(&all, &[from]);
            for other in &rest {
                world.cut(from, *other, true);
            }
            world.run_ms(14_000);
            for other in &rest {
                world.cut(from, *other, false);
            }
            settle(&mut world, &all, 20_000);
            all_arrives(&mut world, &all, 60_000);
            assert_eq!(too_slow(&world, to), 0, "seed {seed} on {}", server.name());
        }
    }
}

#[test]
fn last_words_are_heard_to_the_end_by_whoever_was_asleep() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = slow(server, seed);
            let all = room(&mut world, 3);
            let host = host_of(&world, all[0]).expect("there is a host");
            let [sleeper, speaker] = without(&all, &[host])[..] else {
                panic!("three members");
            };
            world.run_ms(2_000);
            world.freeze(sleeper);
            world.run_ms(4_000);
            for _ in 0..10 {
                world
                    .send(speaker, 50_000, None)
                    .expect("it runs")
                    .expect("it takes a message");
            }
            world.run_ms(14_000);
            world.wake(sleeper);
            // It is taken in while the room still believes that the speaker lives.
            world.kill(speaker);
            settle(&mut world, &[host, sleeper], 30_000);
            all_arrives(&mut world, &[host, sleeper], 30_000);
            let gaps = times(&world, sleeper, |event| matches!(event, Event::Gap { .. }));
            assert_eq!(gaps, 0, "seed {seed} on {}", server.name());
        }
    }
}

#[test]
fn a_newcomer_that_is_passed_on_what_came_before_it_is_not_too_slow() {
    for (server, mode) in [
        (BOTH[0], Mode::Host),
        (BOTH[0], Mode::Full),
        (BOTH[1], Mode::Full),
    ] {
        for seed in 0..5 {
            let mut world = slow(server, seed);
            let config = Config { mode, ..config() };
            let join =
                |world: &mut World| world.join(config.clone()).expect("the options are right");
            let all: Vec<usize> = (0..3).map(|_| join(&mut world)).collect();
            settle(&mut world, &all, 15_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            let speaker = without(&all, &[host])[0];
            for _ in 0..12 {
                world
                    .send(speaker, 500_000, None)
                    .expect("it runs")
                    .expect("it takes a message");
            }
            world.run_ms(5_000);
            let newcomer = join(&mut world);
            let now = [&all[..], &[newcomer]].concat();
            settle(&mut world, &now, 15_000);
            for member in &all {
                world
                    .send(*member, 100, None)
                    .expect("it runs")
                    .expect("it takes a message");
            }
            all_arrives(&mut world, &now, 400_000);
            assert_eq!(
                too_slow(&world, newcomer),
                0,
                "seed {seed} on {}",
                server.name()
            );
        }
    }
}
