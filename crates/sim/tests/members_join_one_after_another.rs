//! Each newcomer finds the room, is announced to all, and everybody hears everybody.

mod common;
use common::*;
use peerjs_mesh_core::Event;

#[test]
fn members_join_one_after_another() {
    for server in BOTH {
        let mut world = homes(server, 1);
        let mut all = Vec::new();
        for _ in 0..6 {
            all.push(join(&mut world));
            let took = settle(&mut world, &all, 4_000);
            assert!(took < 2_000, "the {}th took {took} ms", all.len());
            all_hear_all(&mut world, &all);
        }
        assert_eq!(
            host_of(&world, 5),
            Some(0),
            "the first one founded the room"
        );
        for member in all {
            assert_eq!(
                times(&world, member, |e| matches!(e, Event::Joined { .. })),
                1
            );
            assert_eq!(
                times(&world, member, |e| matches!(e, Event::PeerJoined { .. })),
                5
            );
            assert_eq!(
                times(&world, member, |e| matches!(
                    e,
                    Event::PeerDropped { .. } | Event::HostDropped
                )),
                0
            );
        }
    }
}
