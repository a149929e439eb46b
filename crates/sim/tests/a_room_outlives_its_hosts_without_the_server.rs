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
