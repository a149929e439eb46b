//! A full room refuses, says so, and admits as soon as there is room.

mod common;
use common::*;
use peerjs_mesh_core::{Config, Event, LeaveHow};

#[test]
fn a_full_room_refuses_and_admits_when_somebody_leaves() {
    for server in BOTH {
        let mut world = homes(server, 3);
        let limited = || Config {
            mesh_limit: Some(3),
            ..config()
        };
        let all: Vec<usize> = (0..3)
            .map(|_| world.join(limited()).expect("the options are right"))
            .collect();
        settle(&mut world, &all, 8_000);
        let fourth = world.join(limited()).expect("the options are right");
        let refused = |e: &Event| matches!(e, Event::MeshLimitExceeded { limit: 3, .. });
        world
            .run_until(5_000, |w| times(w, fourth, refused) > 0)
            .expect("it is told");
        world.run_ms(10_000);
        settle(&mut world, &all, 100);
        assert_eq!(
            times(&world, fourth, |e| matches!(e, Event::PeerJoined { .. })),
            0
        );
        assert!(times(&world, fourth, refused) <= 12, "it asks politely");
        let guest = without(&all, &[host_of(&world, 1).expect("there is a host")])[0];
        world.leave(guest, LeaveHow::Delivered);
        let mut rest = without(&all, &[guest]);
        rest.push(fourth);
        settle(&mut world, &rest, 12_000);
        all_hear_all(&mut world, &rest);
    }
}
