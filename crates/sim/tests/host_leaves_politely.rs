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
