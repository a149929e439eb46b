//! A host that leaves hands over: nothing is lost, and the room is whole again sooner than after a death.

mod common;
use common::*;
use peerjs_mesh_core::LeaveHow;
use peerjs_mesh_sim::Life;

#[test]
fn a_host_that_leaves_loses_nothing_of_anybody() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 6);
            let host = host_of(&world, 1).expect("there is a host");
            talk(&mut world, &all, 50, 1_000);
            let said = world.send(host, 3_000, None);
            assert!(said.is_some_and(|s| s.is_ok()));
            world.leave(host, LeaveHow::Delivered);
            let rest = without(&all, &[host]);
            let left = world.now();
            talk(&mut world, &rest, 50, 2_000);
            settle(&mut world, &rest, 1_000);
            assert_eq!(world.life(host), Life::Left);
            let took = (world.now() - left) / 1_000;
            assert!(took <= 2_000, "seed {seed} on {}: {took} ms", server.name());
            all_arrives(&mut world, &rest, 5_000);
            for member in &rest {
                assert_eq!(
                    world.checker().heard(*member, host).len(),
                    21,
                    "m{member} of seed {seed}"
                );
            }
            all_hear_all(&mut world, &rest);
        }
    }
}

#[test]
fn a_successor_that_dies_as_it_is_named_is_succeeded_without_the_name() {
    for server in BOTH {
        for seed in 0..40 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 5);
            let host = host_of(&world, all[0]).expect("there is a host");
            let successor = line(&world, host)[0];
            world.run_ms(2_000);
            world.leave(host, LeaveHow::Delivered);
            // The server keeps the name for both of them, with a token that nobody else may know.
            world.run_ms(5 * seed);
            world.crash(successor);
            world.run_ms(50);
            world.crash(host);
            let rest = without(&all, &[host, successor]);
            settle(&mut world, &rest, 12_000);
            all_hear_all(&mut world, &rest);
        }
    }
}
