//! Members of two releases share a room when they have a wire version in common, and are told when they have none.

mod common;
use common::*;
use peerjs_mesh_core::{Config, ErrorCode, Event};
use peerjs_mesh_sim::World;

fn join_as(world: &mut World, versions: (u16, u16)) -> usize {
    world
        .join(Config {
            versions,
            ..config()
        })
        .expect("the options are right")
}

#[test]
fn a_room_of_two_releases_speaks_the_highest_common_version() {
    for server in BOTH {
        for first in [(1, 2), (1, 1)] {
            let second = if first == (1, 2) { (1, 1) } else { (1, 2) };
            let mut world = homes(server, 3);
            let all: Vec<usize> = [first, second, first, second]
                .map(|v| join_as(&mut world, v))
                .to_vec();
            settle(&mut world, &all, 8_000);
            all_hear_all(&mut world, &all);
            let host = host_of(&world, all[1]).expect("there is a host");
            world.kill(host);
            let rest = without(&all, &[host]);
            settle(&mut world, &rest, 8_000);
            all_hear_all(&mut world, &rest);
        }
    }
}

#[test]
fn without_a_common_version_both_sides_are_told() {
    for server in BOTH {
        let mut world = homes(server, 3);
        let old = join_as(&mut world, (1, 1));
        settle(&mut world, &[old], 2_000);
        let new = join_as(&mut world, (2, 3));
        let told = |w: &World, member| {
            times(w, member, |e| {
                matches!(
                    e,
                    Event::Error {
                        code: ErrorCode::VersionMismatch,
                        ..
                    }
                )
            }) > 0
        };
        world
            .run_until(10_000, |w| told(w, old) && told(w, new))
            .unwrap_or_else(|| {
                panic!(
                    "told: {} {} on {}",
                    told(&world, old),
                    told(&world, new),
                    server.name()
                )
            });
        world.run_ms(20_000);
        assert_eq!(
            times(&world, old, |e| matches!(e, Event::PeerJoined { .. })),
            0
        );
        assert_eq!(
            times(&world, new, |e| matches!(e, Event::PeerJoined { .. })),
            0
        );
        let complaints = times(&world, old, |e| matches!(e, Event::Error { .. }));
        assert!(
            complaints <= 12,
            "one newcomer that tries again must not flood: {complaints} errors in 20 s"
        );
        settle(&mut world, &[old], 1_000);
    }
}
