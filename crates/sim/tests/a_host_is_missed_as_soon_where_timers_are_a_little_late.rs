//! Programs that share a machine have timers that are some tens of milliseconds late now and then. Nobody needs more
//! patience with others for that: a host that falls silent has a successor within 2.5 s all the same.

mod common;
use common::*;

#[test]
fn a_host_that_falls_silent_has_a_successor_within_two_seconds_and_a_half() {
    for server in BOTH {
        for run in 0..10 {
            let mut world = calm(server);
            let all = room(&mut world, 6);
            let host = host_of(&world, all[0]).expect("there is a host");
            let guests = without(&all, &[host]);
            // Somewhere between two beats.
            world.run_ms(2_000 + 37 * run);
            // Once for each twelfth of a beat's interval, so that each has timers that are due meanwhile.
            for _ in 0..12 {
                for guest in &guests {
                    world.busy(*guest);
                }
                talk(&mut world, &[host], 20, 90);
                for guest in &guests {
                    world.wake(*guest);
                }
                talk(&mut world, &all, 20, 187);
            }
            world.freeze(host);
            let took = settle(&mut world, &guests, 10_000);
            assert!(took <= 2_500, "{took} ms, run {run} on {}", server.name());
        }
    }
}
