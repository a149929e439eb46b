//! Whoever loses only its own link to the host does not become another one: the others hear the host.

mod common;
use common::*;
use peerjs_mesh_core::Mode;

#[test]
fn a_deputy_that_alone_lost_the_host_takes_nothing_over() {
    for server in BOTH {
        for seed in 0..5 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 5);
            world.run_ms(2_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            let deputy = line(&world, host)[0];
            let before = taken_over(&world, &all);
            world.cut(host, deputy, true);
            let others = without(&all, &[deputy]);
            talk(&mut world, &others, 100, 8_000);
            world.cut(host, deputy, false);
            settle(&mut world, &all, 15_000);
            assert_eq!(host_of(&world, deputy), Some(host), "seed {seed}");
            assert_eq!(taken_over(&world, &all), before, "seed {seed}");
            all_arrives(&mut world, &all, 5_000);
            all_hear_all(&mut world, &all);
        }
    }
}

#[test]
fn a_host_whose_thread_is_busy_for_two_seconds_is_not_taken_for_dead() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 5);
            // Somewhere between two beats.
            world.run_ms(2_000 + 37 * seed);
            let host = host_of(&world, all[0]).expect("there is a host");
            let before = taken_over(&world, &all);
            world.busy(host);
            world.run_ms(2_000);
            world.wake(host);
            world.run_ms(5_000);
            assert_eq!(taken_over(&world, &all), before, "seed {seed}");
            settle(&mut world, &all, 1_000);
            all_hear_all(&mut world, &all);
        }
    }
}

#[test]
fn a_host_that_one_member_cannot_reach_gives_its_office_to_one_that_both_reach() {
    for server in BOTH {
        for mode in [Mode::Host, Mode::Full] {
            for count in [3, 4, 7] {
                for seed in 0..5 {
                    let mut world = homes(server, seed);
                    let all = room_in(&mut world, mode, count);
                    world.run_ms(2_000);
                    let host = host_of(&world, all[0]).expect("there is a host");
                    // The first of its line, or the last.
                    let line = line(&world, host);
                    let cut_off = line[if seed % 2 == 0 { 0 } else { line.len() - 1 }];
                    let told = format!("{count} in {mode:?}, seed {seed}, {}", server.name());
                    world.cut(host, cut_off, true);
                    talk(&mut world, &all, 100, 3_000);
                    if let Err(why) = world.settle(&all, 28_000) {
                        panic!("{told}: not one room: {}", why.0);
                    }
                    let now = host_of(&world, host).expect("there is a host");
                    assert!(now != host && now != cut_off, "{told}: m{now} hosts");
                    talk(&mut world, &all, 100, 3_000);
                    all_arrives(&mut world, &all, 10_000);
                    world.cut(host, cut_off, false);
                    settle(&mut world, &all, 15_000);
                    all_hear_all(&mut world, &all);
                }
            }
        }
    }
}
