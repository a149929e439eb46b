//! Programs that share a machine have timers that are some tens of milliseconds late now and then. Nobody needs more
//! patience with others for that: a host that falls silent has a successor within 2.5 s all the same. One that is later
//! has more patience, and comes along when the host is gone for most of the others.

mod common;
use common::*;
use peerjs_mesh_core::Event;

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

/// Who is patient, by its place in the room: the first deputy, the second, somebody else.
#[test]
fn who_has_been_late_follows_the_others_and_succeeds_the_host_for_the_others() {
    for server in BOTH {
        for patient in 0..3 {
            for run in 0..5 {
                let mut world = calm(server);
                let all = room(&mut world, 6);
                let host = host_of(&world, all[0]).expect("there is a host");
                let guests = without(&all, &[host]);
                world.run_ms(5_000 + 37 * run);
                world.busy(guests[patient]);
                world.run_ms(900);
                world.wake(guests[patient]);
                world.run_ms(1_000);
                world.freeze(host);
                let took = settle(&mut world, &guests, 10_000);
                let told = format!("run {run}, guest {patient} on {}", server.name());
                assert!(took <= 2_500, "{took} ms, {told}");
                assert_eq!(host_of(&world, guests[2]), Some(guests[0]), "{told}");
            }
        }
    }
}

#[test]
fn one_that_is_less_patient_than_the_others_costs_no_host_its_office() {
    for server in BOTH {
        for run in 0..10 {
            let mut world = calm(server);
            let all = room(&mut world, 6);
            let host = host_of(&world, all[0]).expect("there is a host");
            let guests = without(&all, &[host]);
            world.run_ms(5_000 + 37 * run);
            for patient in &guests[..4] {
                world.busy(*patient);
            }
            world.run_ms(900);
            for patient in &guests[..4] {
                world.wake(*patient);
            }
            world.run_ms(1_000);
            world.busy(host);
            world.run_ms(2_500);
            world.wake(host);
            settle(&mut world, &all, 10_000);
            let told = format!("run {run} on {}", server.name());
            assert_eq!(host_of(&world, guests[0]), Some(host), "{told}");
            for guest in &guests[..4] {
                let dropped = |event: &Event| matches!(event, Event::HostDropped);
                assert_eq!(times(&world, *guest, dropped), 0, "m{guest}, {told}");
            }
        }
    }
}
