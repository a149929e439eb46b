//! While the server is away for minutes, a room loses its host, and the next one too, and goes on; newcomers of later
//! find it under its name.

mod common;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::{Climate, World};

#[test]
fn two_hosts_are_lost_while_the_server_is_away() {
    for server in BOTH {
        for seed in 0..5 {
            let mut world = homes(server, seed);
            let mut all = room(&mut world, 6);
            talk(&mut world, &all, 100, 2_000);
            world.server_down(true);
            for _ in 0..2 {
                world.run_ms(3_000);
                let host = host_of(&world, all[0]).expect("there is a host");
                world.crash(host);
                all = without(&all, &[host]);
                talk(&mut world, &all, 100, 6_000);
                settle(&mut world, &all, 1_000);
                all_arrives(&mut world, &all, 3_000);
            }
            for member in &all {
                let downs = times(&world, *member, |e| {
                    matches!(e, Event::Signalling { up: false })
                });
                assert_eq!(downs, 1, "m{member} of seed {seed} on {}", server.name());
            }
            world.server_up();
            world.run_ms(8_000);
            let newcomer = join(&mut world);
            all.push(newcomer);
            settle(&mut world, &all, 15_000);
            all_hear_all(&mut world, &all);
        }
    }
}

#[test]
fn a_room_whose_host_died_out_of_reach_of_the_server_is_found_soon_though_the_name_is_the_dead_ones()
 {
    for server in BOTH {
        for (away_ms, seed) in [
            (1_000, 5),
            (8_000, 5),
            (40_000, 5),
            (40_000, 6),
            (40_000, 7),
        ] {
            let mut world = homes(server, seed);
            let all = room(&mut world, 4);
            world.run_ms(2_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            for member in &all {
                world.cut_signalling(*member, true);
            }
            world.crash(host);
            let mut rest = without(&all, &[host]);
            settle(&mut world, &rest, 5_000);
            world.run_ms(away_ms);
            for member in &rest {
                world.cut_signalling(*member, false);
            }
            rest.push(join(&mut world));
            let took = settle(&mut world, &rest, 30_000);
            let told = format!("{took} ms after {away_ms} ms on {}", server.name());
            // A session that was away for so long is tried again after up to 5 s.
            assert!(took < 12_000, "{told}");
            all_hear_all(&mut world, &rest);
        }
    }
}

/// For how long nobody reaches the server: npm holds a registration for 90 s.
const AWAY_MS: u64 = 190_000;

/// Why nobody reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    Stopped,
    /// Its machine is gone without a word, and another is there later.
    Silent,
    /// It lives, and forgets everybody meanwhile.
    OutOfReach,
}

#[test]
fn for_three_minutes_without_the_server_the_room_goes_on_and_is_then_found_as_before() {
    for server in BOTH {
        for away in [Away::Stopped, Away::Silent, Away::OutOfReach] {
            for seed in 0..3 {
                let told = format!("seed {seed}, {away:?}, {}", server.name());
                let climate = Climate {
                    alive_ms: 90_000,
                    ..between_homes(server)
                };
                let mut world = World::new(seed, climate);
                let mut all = room(&mut world, 6);
                let founded = founding(&world, all[0]);
                talk(&mut world, &all, 200, 2_000);
                leave_alone(&mut world, away, &all, true);
                let began = world.now();
                // One host early, one so late that nobody has been known at the server for long.
                for at_ms in [5_000, 165_000] {
                    while world.now() < began + at_ms * 1_000 {
                        talk(&mut world, &all, 200, 5_000);
                        all_arrives(&mut world, &all, 2_000);
                    }
                    let host = host_of(&world, all[0]).expect("there is a host");
                    world.crash(host);
                    all = without(&all, &[host]);
                    talk(&mut world, &all, 200, 5_000);
                    all_arrives(&mut world, &all, 2_000);
                }
                while world.now() < began + AWAY_MS * 1_000 {
                    talk(&mut world, &all, 200, 5_000);
                    all_arrives(&mut world, &all, 2_000);
                }
                assert_eq!(signalling_told(&world, &all), [(1, 0); 4], "{told}");
                leave_alone(&mut world, away, &all, false);
                let newcomer = join(&mut world);
                all.push(newcomer);
                settle(&mut world, &all, 15_000);
                assert_eq!(founding(&world, newcomer), founded, "no other room, {told}");
                let host = host_of(&world, newcomer);
                let known = |w: &World| {
                    w.holder(ROOM) == Some(host)
                        && all.iter().all(|m| w.holder(w.id(*m)) == Some(Some(*m)))
                };
                let back = world.run_until(15_000, known);
                assert!(back.is_some(), "not all have their ids back, {told}");
                world.run_ms(60_000);
                assert_eq!(signalling_told(&world, &all[..4]), [(1, 1); 4], "{told}");
                all_hear_all(&mut world, &all);
            }
        }
    }
}

#[test]
fn a_server_that_is_gone_without_a_word_is_told_of_within_20_s_and_one_that_lives_never() {
    for server in BOTH {
        for away in [Away::Silent, Away::OutOfReach] {
            for seed in 0..5 {
                let told = format!("seed {seed}, {away:?}, {}", server.name());
                let mut world = homes(server, seed);
                let all = room(&mut world, 4);
                world.run_ms(300_000 + 900 * seed);
                assert_eq!(signalling_told(&world, &all), [(0, 0); 4], "{told}");
                leave_alone(&mut world, away, &all, true);
                world.run_ms(20_500);
                assert_eq!(signalling_told(&world, &all), [(1, 0); 4], "{told}");
                leave_alone(&mut world, away, &all, false);
                world.run_ms(20_000);
                assert_eq!(signalling_told(&world, &all), [(1, 1); 4], "{told}");
                all_hear_all(&mut world, &all);
            }
        }
    }
}

#[test]
fn a_server_that_closes_all_and_is_there_at_once_is_not_told_of_and_one_that_stays_away_is_told_of_soon()
 {
    for server in BOTH {
        for seed in 0..5 {
            let told = format!("seed {seed}, {}", server.name());
            let mut world = homes(server, seed);
            let all = room(&mut world, 4);
            world.run_ms(2_000);
            world.server_down(true);
            world.server_up();
            let known = |w: &World| all.iter().all(|m| w.holder(w.id(*m)) == Some(Some(*m)));
            let back = world.run_until(2_000, known);
            assert!(back.is_some(), "not all have their ids back, {told}");
            world.run_ms(30_000);
            assert_eq!(signalling_told(&world, &all), [(0, 0); 4], "{told}");
            world.server_down(true);
            world.run_ms(2_200);
            assert_eq!(signalling_told(&world, &all), [(1, 0); 4], "{told}");
            world.server_up();
            world.run_ms(20_000);
            assert_eq!(signalling_told(&world, &all), [(1, 1); 4], "{told}");
        }
    }
}

/// Nobody reaches the server from now on, or all do again.
fn leave_alone(world: &mut World, away: Away, all: &[usize], gone: bool) {
    match away {
        Away::OutOfReach => all.iter().for_each(|m| world.cut_signalling(*m, gone)),
        _ if gone => world.server_down(away == Away::Stopped),
        _ => world.server_up(),
    }
}

/// How often each was told that the server is lost, and that it is back.
fn signalling_told(world: &World, all: &[usize]) -> Vec<(usize, usize)> {
    let told = |m: usize, told: bool| {
        times(
            world,
            m,
            |e| matches!(e, Event::Signalling { up } if *up == told),
        )
    };
    all.iter()
        .map(|m| (told(*m, false), told(*m, true)))
        .collect()
}

fn founding(world: &World, member: usize) -> [u8; 16] {
    world.machine(member).expect("it runs").status().founding
}
