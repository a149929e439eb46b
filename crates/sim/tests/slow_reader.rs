//! A member whose user takes nothing never stops the room: it is dropped as too slow, told so, and may come back.

mod common;
use common::*;
use peerjs_mesh_core::{ErrorCode, Event, Sent};

#[test]
fn a_slow_reader_is_dropped_and_told_and_the_room_goes_on() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 5);
        let host = host_of(&world, 1).expect("there is a host");
        let slow = without(&all, &[host])[1];
        let rest = without(&all, &[slow]);
        let slow_id = world.id(slow).to_owned();
        world.set_reading(slow, false);
        let mut waited = 0u32;
        let began = world.now();
        for _ in 0..300 {
            for member in &rest {
                // 4 × 30 kB each 100 ms: over the budget of 8 MiB per sender after 28 s, over the slow one's own 4 MiB
                // of events after 4 s.
                let sent = world
                    .send(*member, 30_000, None)
                    .expect("it runs")
                    .expect("it takes a message");
                waited += u32::from(sent != Sent::Accepted);
            }
            world.run_ms(100);
        }
        let dropped = when(
            &world,
            host,
            |e| matches!(e, Event::PeerDropped { id, .. } if *id == slow_id),
        )
        .expect("the slow one is dropped");
        let after = (dropped - began) / 1_000_000;
        assert!(
            (10..=20).contains(&after),
            "dropped after {after} s on {}",
            server.name()
        );
        let took = all_arrives(&mut world, &rest, 5_000);
        assert!(
            took < 3_000 && waited == 0,
            "{took} ms behind, {waited} sends waited"
        );

        world.set_reading(slow, true);
        settle(&mut world, &all, 15_000);
        assert!(
            times(&world, slow, |e| matches!(
                e,
                Event::Error {
                    code: ErrorCode::TooSlow,
                    ..
                }
            )) >= 1
        );
        all_arrives(&mut world, &all, 10_000);
        all_hear_all(&mut world, &all);
    }
}

#[test]
fn a_host_whose_user_reads_nothing_still_serves_the_room() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 4);
        let host = host_of(&world, 1).expect("there is a host");
        let rest = without(&all, &[host]);
        world.set_reading(host, false);
        for _ in 0..250 {
            for member in &rest {
                world
                    .send(*member, 30_000, None)
                    .expect("it runs")
                    .expect("it takes a message");
            }
            world.run_ms(100);
        }
        settle(&mut world, &rest, 10_000);
        all_arrives(&mut world, &rest, 5_000);
        world.set_reading(host, true);
        settle(&mut world, &all, 15_000);
        all_hear_all(&mut world, &all);
    }
}

#[test]
fn a_user_that_takes_no_events_while_it_waits_for_its_sends_is_told_that_they_are_through() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 3);
        let busy = without(&all, &[host_of(&world, 1).expect("there is a host")])[0];
        world.set_reading(busy, false);
        // Something to hear comes first.
        talk(&mut world, &without(&all, &[busy]), 20, 200);
        let mut waits = 0;
        for _ in 0..12 {
            let sent = world.send(busy, 1_000_000, None).expect("it runs");
            waits += u32::from(sent.expect("it takes it") != Sent::Accepted);
        }
        assert!(waits > 0, "all fits under the budget");
        world
            .run_until(5_000, |w| w.checker().waiting(busy) == 0)
            .expect("all sends are through");
        world.set_reading(busy, true);
        all_hear_all(&mut world, &all);
    }
}

#[test]
fn who_is_back_too_late_for_what_was_said_and_hears_nothing_new_is_not_taken_for_slow() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 2);
            let host = host_of(&world, all[0]).expect("there is a host");
            let sleeper = line(&world, host)[0];
            let id = world.id(sleeper).to_owned();
            talk(&mut world, &all, 50, 500);
            world.freeze(sleeper);
            // Some is said before it is missed, some after.
            talk(&mut world, &[host], 100, 5_000);
            world.run_ms(45_000);
            world.wake(sleeper);
            settle(&mut world, &all, 15_000);
            world.run_ms(30_000);
            let dropped = times(
                &world,
                host,
                |event| matches!(event, Event::PeerDropped { id: gone, .. } if *gone == id),
            );
            assert_eq!(dropped, 1, "seed {seed}: it slept, on {}", server.name());
            all_hear_all(&mut world, &all);
        }
    }
}
