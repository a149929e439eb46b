//! Not every two machines can make a link. A newcomer that does not reach the room's host is in the room all the same,
//! as soon as it reaches anybody in it: the host asks its guests to look after it, and the office goes to one that
//! both reach.

mod common;
use common::*;
use peerjs_mesh_core::{Config, Mode};

#[test]
fn is_in_the_room_by_way_of_a_member_that_both_reach() {
    for server in BOTH {
        for mode in [Mode::Host, Mode::Full] {
            for seed in 0..10 {
                let mut world = homes(server, seed);
                let mut all = room_in(&mut world, mode, 4);
                let host = host_of(&world, all[0]).expect("there is a host");
                talk(&mut world, &all, 200, 1_000);
                let next = world
                    .join(Config { mode, ..config() })
                    .expect("the options are right");
                world.cut(next, host, true);
                all.push(next);
                let took = settle(&mut world, &all, 20_000);
                assert!(took < 15_000, "{took} ms, seed {seed}");
                assert_ne!(host_of(&world, next), Some(host));
                all_hear_all(&mut world, &all);
                let told = format!("seed {seed}, {mode:?}, {}", server.name());
                nobody_is_dropped(&world, &all, &told);
            }
        }
    }
}

#[test]
fn is_in_it_though_only_one_of_many_reaches_it() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let mut all = room(&mut world, 8);
            let host = host_of(&world, all[0]).expect("there is a host");
            let next = join(&mut world);
            let way = without(&all, &[host])[seed as usize % 7];
            for other in without(&all, &[way]) {
                world.cut(next, other, true);
            }
            all.push(next);
            settle(&mut world, &all, 60_000);
            assert_eq!(host_of(&world, next), Some(way), "seed {seed}");
            all_hear_all(&mut world, &all);
        }
    }
}

#[test]
fn harms_nobody_if_it_reaches_nobody_and_is_in_once_it_does() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let mut all = room(&mut world, 5);
            let host = host_of(&world, all[0]).expect("there is a host");
            let next = join(&mut world);
            for other in all.clone() {
                world.cut(next, other, true);
            }
            talk(&mut world, &all, 200, 40_000);
            assert_eq!(host_of(&world, all[0]), Some(host), "seed {seed}");
            nobody_is_dropped(&world, &all, &format!("seed {seed}"));
            for other in all.clone() {
                world.cut(next, other, false);
            }
            all.push(next);
            settle(&mut world, &all, 20_000);
            all_hear_all(&mut world, &all);
        }
    }
}
