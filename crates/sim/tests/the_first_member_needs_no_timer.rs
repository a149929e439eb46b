//! The first member of an empty room is ready as soon as the server has answered: no timer is on its way.

mod common;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::{Climate, MS, World};

#[test]
fn the_first_member_is_ready_within_three_round_trips() {
    for server in BOTH {
        let climate = Climate {
            server_delay: (50 * MS, 50 * MS),
            jitter: 0,
            ..Climate::calm(server)
        };
        let mut world = World::new(3, climate);
        let only = join(&mut world);
        let took = settle(&mut world, &[only], 10_000);
        assert!(
            took <= 300,
            "{took} ms at a round trip of 100 ms to {}",
            server.name()
        );
        let joined = when(&world, only, |e| matches!(e, Event::Joined { .. }));
        let synced = when(&world, only, |e| {
            matches!(e, Event::Sync { peers: Some(_) })
        });
        assert!(
            joined.is_some() && joined <= synced,
            "joined {joined:?}, synced {synced:?}"
        );
        assert_eq!(
            world.view(only).host,
            Some((true, world.id(only).to_owned()))
        );
        assert_eq!(world.violations(), []);
    }
}
