//! A message to one reaches that one alone, in order with the broadcasts of the same sender.

mod common;
use common::*;
use peerjs_mesh_core::SendError;

#[test]
fn directed_messages_reach_one_member_in_the_senders_order() {
    for server in BOTH {
        let mut world = homes(server, 6);
        let all = room(&mut world, 5);
        for round in 0..40 {
            for from in &all {
                let to = all[(from + round) % all.len()];
                world
                    .send(*from, 60, None)
                    .expect("it runs")
                    .expect("it takes a broadcast");
                if to != *from {
                    world
                        .send(*from, 300, Some(to))
                        .expect("it runs")
                        .expect("it takes a directed one");
                }
            }
            world.run_ms(20);
        }
        all_arrives(&mut world, &all, 5_000);
        // 40 broadcasts, and 8 of the 32 directed ones: every fifth round is to oneself.
        assert_eq!(world.checker().heard(all[2], all[1]).len(), 48);
    }
}

#[test]
fn a_message_to_somebody_unknown_is_refused_at_the_call() {
    let mut world = calm(BOTH[0]);
    let all = room(&mut world, 2);
    let stranger = world
        .join(peerjs_mesh_core::Config::new("another-room"))
        .expect("the options are right");
    world.run_ms(1_000);
    assert_eq!(
        world.send(all[0], 50, Some(stranger)),
        Some(Err(SendError::UnknownMember))
    );
    all_hear_all(&mut world, &all);
}

#[test]
fn the_host_dies_and_directed_messages_on_their_way_arrive_once() {
    for server in BOTH {
        for seed in 0..8 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 5);
            let host = host_of(&world, 1).expect("there is a host");
            let rest = without(&all, &[host]);
            for round in 0..60 {
                for (at, from) in rest.iter().enumerate() {
                    let to = rest[(at + 1 + round % 3) % rest.len()];
                    world
                        .send(*from, 200, Some(to))
                        .expect("it runs")
                        .expect("it takes a directed one");
                }
                world.run_ms(20);
                if round == 30 {
                    world.crash(host);
                }
            }
            settle(&mut world, &rest, 6_000);
            all_arrives(&mut world, &rest, 5_000);
        }
    }
}
