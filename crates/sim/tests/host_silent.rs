//! The host is stopped (its sockets stay open, its name stays registered): the members go on, a newcomer gets in,
//! and when the host wakes it is a member under its own id.

mod common;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::World;

#[test]
fn members_go_on_within_ten_seconds_and_a_newcomer_gets_in_within_ten_more() {
    for server in BOTH {
        for seed in 0..5 {
            let mut world = homes(server, seed);
            let mut all = room(&mut world, 5);
            let host = host_of(&world, 1).expect("there is a host");
            talk(&mut world, &all, 50, 1_000);
            world.freeze(host);
            let mut rest = without(&all, &[host]);
            talk(&mut world, &rest, 50, 1_000);
            settle(&mut world, &rest, 9_000);
            let newcomer = join(&mut world);
            rest.push(newcomer);
            all.push(newcomer);
            settle(&mut world, &rest, 10_000);
            all_hear_all(&mut world, &rest);

            world.wake(host);
            settle(&mut world, &all, 10_000);
            all_arrives(&mut world, &all, 5_000);
            all_hear_all(&mut world, &all);
            for member in without(&all, &[host, newcomer]) {
                let id = world.id(host).to_owned();
                let drops = times(
                    &world,
                    member,
                    |e| matches!(e, Event::PeerDropped { id: x, .. } if *x == id),
                );
                assert_eq!(drops, 1, "m{member} of seed {seed} on {}", server.name());
            }
        }
    }
}

#[test]
fn a_guest_that_was_stopped_for_ten_seconds_has_missed_nothing() {
    for server in BOTH {
        for seed in 0..5 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 5);
            let host = host_of(&world, 1).expect("there is a host");
            let sleeper = without(&all, &[host])[0];
            talk(&mut world, &all, 50, 500);
            world.freeze(sleeper);
            let rest = without(&all, &[sleeper]);
            talk(&mut world, &rest, 50, 10_000);
            settle(&mut world, &rest, 1_000);
            world.wake(sleeper);
            talk(&mut world, &all, 50, 500);
            settle(&mut world, &all, 10_000);
            all_arrives(&mut world, &all, 5_000);
            let gaps = times(&world, sleeper, |e| matches!(e, Event::Gap { .. }));
            assert_eq!(gaps, 0, "seed {seed} on {}", server.name());
            assert_eq!(
                world.checker().heard(rest[1], rest[0]).len(),
                world.checker().heard(sleeper, rest[0]).len()
            );
        }
    }
}

#[test]
fn who_was_away_twice_and_here_for_a_moment_in_between_leaves_no_gap_where_nothing_is_missing() {
    for server in BOTH {
        let mut world = homes(server, 1);
        let all = room(&mut world, 4);
        let host = host_of(&world, 1).expect("there is a host");
        let sleeper = without(&all, &[host])[0];
        let rest = without(&all, &[sleeper]);
        talk(&mut world, &all, 50, 500);
        let id = world.id(sleeper).to_owned();
        let joined = |world: &World, member| {
            times(
                world,
                member,
                |e| matches!(e, Event::PeerJoined { id: x, .. } if *x == id),
            )
        };
        for _ in 0..2 {
            world.freeze(sleeper);
            // Longer than it takes to drop it and to forget it.
            world.run_ms(40_000);
            let before = joined(&world, host);
            world.wake(sleeper);
            let back = world.run_until(20_000, |w| joined(w, host) > before);
            assert!(back.is_some(), "it does not come back on {}", server.name());
        }
        settle(&mut world, &all, 10_000);
        all_hear_all(&mut world, &all);
        for member in rest {
            let gaps = times(
                &world,
                member,
                |e| matches!(e, Event::Gap { from, .. } if *from == id),
            );
            assert_eq!(gaps, 0, "m{member} on {}", server.name());
        }
    }
}

/// What it says first, and where its messages begin, overtakes the host's word that it is back.
#[test]
fn who_slept_for_long_and_speaks_as_soon_as_it_is_back_is_heard_at_once() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 4);
        let host = host_of(&world, all[0]).expect("there is a host");
        let [sleeper, guest, _] = without(&all, &[host])[..] else {
            panic!("three guests");
        };
        world.freeze(sleeper);
        world.run_ms(70_000);
        let syncs = |w: &World| {
            times(w, sleeper, |event| {
                matches!(event, Event::Sync { peers: Some(_) })
            })
        };
        let before = syncs(&world);
        world.delay(host, guest, 200);
        world.wake(sleeper);
        world
            .run_until(20_000, |w| syncs(w) > before)
            .expect("it is back");
        world.delay(host, guest, 0);
        let heard = world.checker().heard(guest, sleeper).len();
        let said = world.send(sleeper, 100, None).expect("it runs");
        said.expect("it takes a message");
        world
            .run_until(800, |w| w.checker().heard(guest, sleeper).len() > heard)
            .expect("it is heard");
    }
}
