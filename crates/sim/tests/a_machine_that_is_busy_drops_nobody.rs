//! Eight videos on two cores: everything is there, and takes seconds. Whoever is silent then is slow, not gone.

mod common;
use common::*;
use peerjs_mesh_core::Event;

#[test]
fn where_every_way_takes_seconds_a_silence_of_some_more_is_nobodys_end() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 8);
            let host = host_of(&world, all[0]).expect("there is a host");
            // Queues grow for some seconds, until a way takes 1.5 s.
            for extra in (150..=1_500).step_by(150) {
                for (nth, a) in all.iter().enumerate() {
                    for b in &all[..nth] {
                        world.delay(*a, *b, extra);
                    }
                }
                world.run_ms(500);
            }
            world.run_ms(3_000);
            for silent in without(&all, &[host]) {
                world.cut_one_way(silent, host, true);
                world.run_ms(4_000);
                world.cut_one_way(silent, host, false);
                world.run_ms(6_000);
            }
            for member in &all {
                let dropped = times(&world, *member, |event| {
                    matches!(event, Event::PeerDropped { .. })
                });
                assert_eq!(dropped, 0, "seed {seed} on {}", server.name());
            }
        }
    }
}
