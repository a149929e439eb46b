//! A page in the background has timers that fire once a second, later once a minute. It may host, or be a guest: nobody takes it for dead.

mod common;
use common::*;
use peerjs_mesh_core::{Event, Mode};

#[test]
fn for_five_minutes_nobody_drops_a_page_in_the_background_host_or_guest_in_either_mode() {
    for server in BOTH {
        for mode in [Mode::Host, Mode::Full] {
            for hosts in [true, false] {
                let mut world = homes(server, 4);
                let all = room_in(&mut world, mode, 4);
                world.run_ms(2_000);
                let host = host_of(&world, all[0]).expect("there is a host");
                let hidden = match hosts {
                    true => host,
                    false => line(&world, host)[0],
                };
                world.hide(hidden, true);
                world.throttle(hidden, 60_000);
                for _ in 0..60 {
                    talk(&mut world, &all, 500, 1_000);
                    world.run_ms(4_000);
                }
                let told = format!("hosts: {hosts}, {mode:?}, {}", server.name());
                for member in &all {
                    let dropped = times(&world, *member, |event| {
                        matches!(event, Event::PeerDropped { .. } | Event::Gap { .. })
                    });
                    assert_eq!(dropped, 0, "m{member}, {told}");
                }
                settle(&mut world, &all, 1_000);
                all_hear_all(&mut world, &all);
            }
        }
    }
}

#[test]
fn a_guest_whose_page_is_in_the_background_is_dropped_by_nobody_whatever_its_place() {
    for server in BOTH {
        for mode in [Mode::Host, Mode::Full] {
            for (seed, grain_ms) in [(1, 1_000), (2, 1_000), (3, 60_000), (4, 60_000)] {
                for place in 0..4 {
                    let mut world = homes(server, seed);
                    let all = room_in(&mut world, mode, 5);
                    world.run_ms(2_000 + 370 * seed);
                    let host = host_of(&world, all[0]).expect("there is a host");
                    let hidden = line(&world, host)[place];
                    let before = hosts_told(&world, &all);
                    world.hide(hidden, true);
                    world.throttle(hidden, grain_ms);
                    for _ in 0..5 {
                        talk(&mut world, &all, 500, 1_000);
                        world.run_ms(14_000);
                    }
                    world.hide(hidden, false);
                    world.throttle(hidden, 0);
                    talk(&mut world, &all, 100, 5_000);
                    let told = format!(
                        "place {place}, {mode:?}, {grain_ms} ms, seed {seed}, {}",
                        server.name()
                    );
                    nobody_is_dropped(&world, &all, &told);
                    assert_eq!(hosts_told(&world, &all), before, "{told}");
                    all_arrives(&mut world, &all, 5_000);
                    all_hear_all(&mut world, &all);
                }
            }
        }
    }
}
