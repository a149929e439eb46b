//! While the server is away for minutes, a room loses its host, and the next one too, and goes on; newcomers of later
//! find it under its name.

mod common;
use common::*;
use peerjs_mesh_core::Event;

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
