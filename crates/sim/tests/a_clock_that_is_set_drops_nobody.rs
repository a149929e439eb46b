//! A member's clock is set ahead, as after a suspend that its machine did not notice otherwise: it takes nobody for
//! dead, and nobody takes it for dead.

mod common;
use common::*;
use peerjs_mesh_core::Event;

#[test]
fn neither_the_host_nor_a_guest_whose_clock_is_set_ahead_drops_or_is_dropped() {
    for server in BOTH {
        for ms in [2_000, 20_000, 3_600_000] {
            for guest in [false, true] {
                let mut world = homes(server, 1);
                let all = room(&mut world, 4);
                let host = host_of(&world, 1).expect("there is a host");
                let victim = if guest {
                    without(&all, &[host])[0]
                } else {
                    host
                };
                world.step_clock(victim, ms);
                world.run_ms(10_000);
                for member in &all {
                    let gone = |e: &Event| {
                        matches!(e, Event::PeerDropped { .. } | Event::HostDropped)
                            || matches!(e, Event::Sync { peers: None })
                    };
                    let drops = times(&world, *member, gone);
                    assert_eq!(drops, 0, "m{member}, {ms} ms at m{victim}, host m{host}");
                }
                talk(&mut world, &all, 5, 100);
                all_arrives(&mut world, &all, 5_000);
                all_hear_all(&mut world, &all);
            }
        }
    }
}

/// Whatever it was about to do: the host may have taken it in, and it has not heard so yet (seed 2706115705).
#[test]
fn a_newcomer_whose_clock_is_set_ahead_while_it_comes_is_taken_in_once() {
    for server in BOTH {
        for ms in (0..1_000).step_by(20) {
            let mut world = homes(server, 1);
            let mut all = room(&mut world, 3);
            all.push(join(&mut world));
            world.run_ms(ms);
            world.step_clock(all[3], 20_000);
            settle(&mut world, &all, 15_000);
            for member in &all {
                let gone = |e: &Event| matches!(e, Event::PeerDropped { .. } | Event::HostDropped);
                let told = format!("m{member}, {ms} ms on {}", server.name());
                assert_eq!(times(&world, *member, gone), 0, "{told}");
            }
        }
    }
}
