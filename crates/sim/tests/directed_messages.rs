//! A message to one reaches that one alone, in order with the broadcasts of the same sender.

mod common;
use common::*;
use peerjs_mesh_core::SendError;
use peerjs_mesh_sim::{Climate, World};

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

#[test]
fn what_was_said_to_one_comes_first_also_from_a_host_that_never_knew_it() {
    for server in BOTH {
        for seed in 0..24 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 4);
            let host = host_of(&world, all[0]).expect("there is a host");
            let [sender, one, other] = without(&all, &[host])[..] else {
                panic!("four members");
            };
            world.partition(&[one, other]);
            settle(&mut world, &[one, other], 10_000);
            settle(&mut world, &without(&all, &[one, other]), 10_000);
            let receiver = join(&mut world);
            world.cut(receiver, one, true);
            world.cut(receiver, other, true);
            settle(
                &mut world,
                &[without(&all, &[one, other]), vec![receiver]].concat(),
                15_000,
            );
            // The first message is lost with the way to the receiver. The others, who never met the receiver, hear only
            // the second.
            world.partition(&[host, receiver]);
            world.send(sender, 40, Some(receiver));
            world.send(sender, 50, None);
            for it in [one, other] {
                world.cut(sender, it, false);
            }
            let heard = |w: &World| w.checker().heard(other, sender) == [1];
            world.run_until(20_000, heard).expect("the rooms are one");
            world.crash(one);
            world.freeze(sender);
            let hosts = |w: &World| host_of(w, other) == Some(other);
            world.run_until(10_000, hosts).expect("nobody else is left");
            world.wake(sender);
            settle(&mut world, &without(&all, &[host, one]), 10_000);
            world.heal_links();
            let rest = [without(&all, &[one]), vec![receiver]].concat();
            settle(&mut world, &rest, 15_000);
            all_arrives(&mut world, &rest, 8_000);
        }
    }
}

#[test]
fn an_acknowledgement_that_a_later_one_overtakes_reaches_the_sender_all_the_same() {
    for server in BOTH {
        let climate = Climate {
            link_delay: (10_000, 60_000),
            // What goes on lane *control* keeps no order.
            jitter: 400_000,
            ..Climate::calm(server)
        };
        for seed in 0..100 {
            let mut world = World::new(seed, climate.clone());
            let all = room(&mut world, 4);
            let guests = without(&all, &[host_of(&world, all[0]).expect("a host")]);
            for round in 0..20 {
                for (at, from) in guests.iter().enumerate() {
                    let to = guests[(at + 1) % guests.len()];
                    world.send(*from, 100, Some(to));
                    world.run_ms(37 * round % 200);
                    world.send(*from, 100, None);
                }
                world.run_ms(500);
            }
            all_arrives(&mut world, &all, 5_000);
            world.run_ms(2_000);
            for member in &all {
                let buffered = world.machine(*member).map(|it| it.status().buffered);
                assert_eq!(
                    buffered,
                    Some(0),
                    "m{member} keeps what all have, seed {seed}"
                );
            }
        }
    }
}
