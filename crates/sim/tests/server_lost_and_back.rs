//! The signalling server goes and comes back with no memory: the room does not notice, and there is never a second
//! one for long.

mod common;
use common::*;
use peerjs_mesh_core::Event;

#[test]
fn a_running_room_needs_no_server_and_is_joinable_when_it_is_back() {
    for server in BOTH {
        for clean in [true, false] {
            let mut world = homes(server, 4);
            let mut all = room(&mut world, 4);
            world.server_down(clean);
            talk(&mut world, &all, 100, 20_000);
            all_arrives(&mut world, &all, 3_000);
            let early = join(&mut world);
            world.run_ms(5_000);
            world.server_up();
            all.push(early);
            let late = join(&mut world);
            all.push(late);
            settle(&mut world, &all, 15_000);
            all_hear_all(&mut world, &all);
            for member in &all[..4] {
                let drops = times(&world, *member, |e| matches!(e, Event::PeerDropped { .. }));
                assert_eq!(drops, 0, "m{member}, clean {clean}, on {}", server.name());
            }
        }
    }
}

#[test]
fn a_newcomer_that_founded_a_second_room_is_merged_within_fifteen_seconds() {
    for server in BOTH {
        for newcomers in [1, 3] {
            for seed in 0..4 {
                let mut world = homes(server, seed);
                let mut all = room(&mut world, 4);
                for member in &all {
                    world.cut_signalling(*member, true);
                }
                world.server_down(true);
                world.run_ms(500);
                world.server_up();
                let second: Vec<usize> = (0..newcomers).map(|_| join(&mut world)).collect();
                settle(&mut world, &second, 5_000);
                talk(&mut world, &second, 100, 1_000);
                talk(&mut world, &all, 100, 1_000);
                for member in &all {
                    world.cut_signalling(*member, false);
                }
                all.extend(second);
                settle(&mut world, &all, 15_000);
                all_arrives(&mut world, &all, 5_000);
                all_hear_all(&mut world, &all);
            }
        }
    }
}

#[test]
fn a_host_that_dies_while_the_server_is_away_is_replaced() {
    for server in BOTH {
        let mut world = homes(server, 9);
        let all = room(&mut world, 5);
        world.server_down(true);
        world.run_ms(3_000);
        let host = host_of(&world, 1).expect("there is a host");
        world.crash(host);
        world.run_ms(1_000);
        world.server_up();
        let rest = without(&all, &[host]);
        settle(&mut world, &rest, 15_000);
        all_hear_all(&mut world, &rest);
        let id = world.id(host).to_owned();
        assert_eq!(
            times(
                &world,
                rest[0],
                |e| matches!(e, Event::PeerDropped { id: x, .. } if *x == id)
            ),
            1
        );
    }
}
