//! Whoever loses only its own link to the host does not become another one: the others hear the host.

mod common;
use common::*;

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
