//! A page in the background has timers that fire once a second, later once a minute. It may host, or be a guest: nobody takes it for dead.

mod common;
use common::*;
use peerjs_mesh_core::{Config, Event, Mode};

#[test]
fn for_five_minutes_nobody_drops_a_page_in_the_background_host_or_guest_in_either_mode() {
    for server in BOTH {
        for mode in [Mode::Host, Mode::Full] {
            for hosts in [true, false] {
                let mut world = homes(server, 4);
                let config = Config { mode, ..config() };
                let all: Vec<usize> = (0..4)
                    .map(|_| world.join(config.clone()).expect("the options are right"))
                    .collect();
                settle(&mut world, &all, 15_000);
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
