//! Who was away for longer than anything is kept may still be lucky: somebody keeps it for another one's sake, and begins to
//! say it again. When it is let go of in the middle of that, what is left is a gap, and whatever follows comes.

mod common;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, World};

/// A large message takes seconds.
fn slow(server: ServerKind, seed: u64) -> World {
    let climate = Climate {
        rate: (100_000, 100_000),
        ..between_homes(server)
    };
    World::new(seed, climate)
}

#[test]
fn who_comes_back_late_hears_all_that_follows() {
    let mut gaps = 0;
    for server in BOTH {
        for seed in 0..10 {
            let mut world = slow(server, seed);
            let mut all = room(&mut world, 3);
            let sender = host_of(&world, all[0]).expect("there is a host");
            let [late, other] = line(&world, sender)[..] else {
                panic!("two guests");
            };
            world.freeze(late);
            world.run_ms(1_000);
            for _ in 0..12 {
                world
                    .send(sender, 60_000, None)
                    .expect("it runs")
                    .expect("it is taken");
                world.run_ms(1_000);
            }
            // Who hosts next has none of that.
            let next = join(&mut world);
            all.push(next);
            let three = without(&all, &[late]);
            settle(&mut world, &three, 10_000);
            world.run_ms(8_000);
            // For this one it is kept for longer.
            world.freeze(other);
            world.run_ms(24_000);
            world.drop_host(sender);
            settle(&mut world, &without(&three, &[other]), 10_000);
            world.wake(other);
            settle(&mut world, &three, 10_000);
            // All have all that, as far as those who are here know.
            talk(&mut world, &three, 500, 5_500);
            world.wake(late);
            settle(&mut world, &all, 10_000);
            world.run_ms(8_000);
            gaps += times(&world, late, |event| matches!(event, Event::Gap { .. }));
            all_hear_all(&mut world, &all);
        }
    }
    assert!(gaps > 0, "nothing was let go of: this test shows nothing");
}
