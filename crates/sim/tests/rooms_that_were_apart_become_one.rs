//! Rooms that were apart become one, whoever has the name meanwhile.

mod common;
use common::*;
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, World};

/// Far from each other and from the server: who has the name when a link to it is begun may not when it is there.
fn far(server: ServerKind, seed: u64) -> World {
    let climate = Climate {
        link_delay: (100_000, 250_000),
        server_delay: (100_000, 250_000),
        jitter: 20_000,
        loss: 0.02,
        ..Climate::calm(server)
    };
    World::new(seed, climate)
}

#[test]
fn six_hosts_of_one_room_far_from_each_other_are_one_within_15_s() {
    for server in BOTH {
        for seed in 0..60 {
            let mut world = far(server, seed);
            let all = room(&mut world, 6);
            world.run_ms(2_000);
            let cuts: Vec<_> = all
                .iter()
                .map(|member| world.partition(&[*member]))
                .collect();
            world.run_ms(12_000 + 50 * seed);
            for pairs in &cuts {
                world.heal_pairs(pairs);
            }
            settle(&mut world, &all, 15_000);
            world.run_ms(2_000);
            all_hear_all(&mut world, &all);
        }
    }
}
