//! In full mode messages go directly between two members; by way of the host where no link can be made, and directly
//! again when it can.

mod common;
use common::*;
use peerjs_mesh_core::{Config, Event, LeaveHow, Mode};
use peerjs_mesh_sim::World;
use peerjs_mesh_sim::server::ServerKind;

fn full_room(server: ServerKind, seed: u64, members: usize) -> (World, Vec<usize>) {
    let mut world = homes(server, seed);
    let config = Config {
        mode: Mode::Full,
        ..config()
    };
    let all: Vec<usize> = (0..members)
        .map(|_| world.join(config.clone()).expect("the options are right"))
        .collect();
    settle(&mut world, &all, 15_000);
    (world, all)
}

fn is_direct(world: &World, member: usize, other: usize) -> bool {
    let status = world.machine(member).expect("it runs").status();
    let id = world.id(other).to_owned();
    status.peers.iter().any(|peer| peer.id == id && peer.direct)
}

fn relayed(world: &World, member: usize) -> u64 {
    world.machine(member).expect("it runs").counters().relayed
}

fn nobody_says_anything(world: &mut World, ms: u64, told: &str) {
    let said = |world: &World| world.stats().get("frames: data");
    let before = said(world);
    world.run_ms(ms);
    assert_eq!(said(world), before, "on {told}");
}

#[test]
fn a_host_passes_nothing_on_once_all_have_links() {
    for server in BOTH {
        let (mut world, all) = full_room(server, 3, 6);
        talk(&mut world, &all, 100, 3_000);
        let pairs = all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b)));
        for (one, other) in pairs.filter(|(a, b)| a != b) {
            assert!(is_direct(&world, one, other), "m{one} to m{other}");
        }
        world.run_ms(2_000);
        let host = host_of(&world, all[0]).expect("there is a host");
        let before = relayed(&world, host);
        talk(&mut world, &all, 100, 3_000);
        all_arrives(&mut world, &all, 3_000);
        assert_eq!(relayed(&world, host), before, "on {}", server.name());
    }
}

/// Ten seconds later it is looked whether the one that was lost was kept after all: nobody else needs to be told anything.
#[test]
fn a_quiet_room_that_loses_somebody_stays_quiet() {
    for server in BOTH {
        let (mut world, all) = full_room(server, 3, 6);
        talk(&mut world, &all, 100, 3_000);
        world.run_ms(2_000);
        let host = host_of(&world, all[0]).expect("there is a host");
        let goes = without(&all, &[host])[0];
        world.kill(goes);
        settle(&mut world, &without(&all, &[goes]), 5_000);
        world.run_ms(2_000);
        nobody_says_anything(&mut world, 12_000, server.name());
    }
}

/// It is dropped and taken in again while a large message of its own is on its way: those whom it was for have forgotten its
/// beginning, and get it again. Then nobody asks for more than there is (seed 596004906).
#[test]
fn whoever_is_back_with_half_a_message_under_way_is_asked_for_nothing_that_it_never_said() {
    for server in BOTH {
        for seed in 0..8 {
            let (mut world, all) = full_room(server, seed, 4);
            talk(&mut world, &all, 100, 1_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            let [back, other, ..] = without(&all, &[host])[..] else {
                panic!("four members");
            };
            world
                .send(back, 1_000_000, Some(other))
                .expect("it runs")
                .expect("it takes a large one");
            world.run_ms(300);
            world.break_links(back, host);
            world.break_links(host, back);
            settle(&mut world, &all, 15_000);
            all_arrives(&mut world, &all, 40_000);
            world.run_ms(3_000);
            let told = format!("{}, seed {seed}", server.name());
            nobody_says_anything(&mut world, 5_000, &told);
        }
    }
}

#[test]
fn words_that_overtake_each_other_on_a_new_link_leave_nobody_unheard() {
    for server in BOTH {
        for seed in 0..40 {
            let mut world = homes(server, seed);
            // What is lost comes again later: after what was said after it.
            world.set_loss(0.1);
            let config = Config {
                mode: Mode::Full,
                ..config()
            };
            let all: Vec<usize> = (0..10)
                .map(|_| world.join(config.clone()).expect("the options are right"))
                .collect();
            settle(&mut world, &all, 30_000);
            // The links are being made when the host goes: some are there before there is another.
            world.run_ms(200 + 5 * seed);
            let host = host_of(&world, all[0]).expect("there is a host");
            world.leave(host, LeaveHow::Delivered);
            let rest = without(&all, &[host]);
            settle(&mut world, &rest, 30_000);
            world.run_ms(5_000);
            all_hear_all(&mut world, &rest);
        }
    }
}

#[test]
fn whoever_was_asleep_and_is_asked_to_stop_and_to_go_on_goes_on() {
    for server in BOTH {
        for seed in 0..150 {
            let (mut world, all) = full_room(server, seed, 10);
            world.run_ms(2_000);
            world.set_loss(0.1);
            let host = host_of(&world, all[0]).expect("there is a host");
            let sleeper = without(&all, &[host])[3];
            world.freeze(sleeper);
            world.run_ms(2_200 + 10 * seed);
            // What was said meanwhile comes at once, and some of it is lost at first.
            world.wake(sleeper);
            world.run_ms(3_000);
            world.set_loss(0.0);
            settle(&mut world, &all, 20_000);
            world.run_ms(2_000);
            all_hear_all(&mut world, &all);
        }
    }
}

#[test]
fn nobody_hears_more_of_somebody_who_is_being_dropped_than_all_do() {
    for server in BOTH {
        for seed in 0..60 {
            let (mut world, all) = full_room(server, seed, 5);
            world.run_ms(2_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            let dropped = without(&all, &[host])[2];
            // (Of 10 % it may happen that a packet is lost four times, and a lane stands still for 10 s.)
            world.set_loss(0.05);
            // It speaks to all but the host, which drops it; and dies before it is back.
            world.cut(dropped, host, true);
            for _ in 0..(110 + seed) {
                world.send(dropped, 50, None);
                world.run_ms(20);
            }
            world.kill(dropped);
            let rest = without(&all, &[dropped]);
            settle(&mut world, &rest, 20_000);
            world.run_ms(2_000);
            all_hear_all(&mut world, &rest);
        }
    }
}

#[test]
fn a_pair_that_cannot_meet_is_relayed_and_meets_when_it_can() {
    for server in BOTH {
        for seed in 0..5 {
            let (mut world, all) = full_room(server, seed, 5);
            talk(&mut world, &all, 100, 3_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            let two = without(&all, &[host]);
            let (one, other) = (two[0], two[1]);
            world.cut(one, other, true);
            talk(&mut world, &all, 100, 6_000);
            for (from, to) in [(one, other), (other, one)] {
                let sent = world.send(from, 80, Some(to)).expect("it runs");
                sent.expect("it is in the room");
            }
            all_arrives(&mut world, &all, 5_000);
            assert!(!is_direct(&world, one, other) && !is_direct(&world, other, one));
            world.cut(one, other, false);
            let met = world.run_until(90_000, |world| {
                is_direct(world, one, other) && is_direct(world, other, one)
            });
            assert!(met.is_some(), "seed {seed}: they never met");
            all_hear_all(&mut world, &all);
        }
    }
}

#[test]
fn a_sender_that_dies_is_heard_by_all_as_far_as_by_anybody() {
    for server in BOTH {
        for seed in 0..5 {
            let (mut world, all) = full_room(server, seed, 5);
            talk(&mut world, &all, 100, 3_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            let sender = without(&all, &[host])[1];
            // The others have its last words; the host, which sleeps, has not.
            world.freeze(host);
            let sent = world.send(sender, 5_000, None).expect("it runs");
            sent.expect("it is in the room");
            world.run_ms(250);
            world.kill(sender);
            world.run_ms(1_000);
            world.wake(host);
            let rest = without(&all, &[sender]);
            world.run_ms(6_000);
            settle(&mut world, &rest, 10_000);
            all_arrives(&mut world, &rest, 5_000);
            for member in &rest {
                let heard = world.checker().heard(*member, sender).len();
                assert_eq!(heard, 31, "m{member} of seed {seed}");
            }
        }
    }
}

#[test]
fn what_somebody_says_and_goes_while_a_new_host_takes_over_reaches_everybody() {
    for server in BOTH {
        for seed in 0..60 {
            let (mut world, all) = full_room(server, seed, 6);
            world.run_ms(3_000);
            world.set_loss(0.1);
            let host = host_of(&world, all[0]).expect("there is a host");
            let rest = without(&all, &[host]);
            world.crash(host);
            let speaker = *rest.last().expect("there are some");
            world.run_ms(2_100 + 10 * seed);
            world
                .send(speaker, 5_000, None)
                .expect("it runs")
                .expect("it takes a message");
            world.leave(speaker, LeaveHow::Now);
            let stay = without(&rest, &[speaker]);
            settle(&mut world, &stay, 15_000);
            all_arrives(&mut world, &stay, 15_000);
        }
    }
}

#[test]
fn who_was_not_told_where_one_begins_that_died_hears_of_a_gap_whatever_another_room_knows() {
    for server in BOTH {
        for seed in 0..10 {
            let (mut world, all) = full_room(server, seed, 7);
            world.run_ms(5_000);
            let host = host_of(&world, all[0]).expect("there is a host");
            let line = line(&world, host);
            let (speaker, newcomer) = (line[5], join(&mut world));
            let (few, many) = (
                [line[0], line[1], newcomer],
                [host, line[2], line[3], line[4]],
            );
            let id = world.id(newcomer).to_owned();
            let comes =
                |event: &Event| matches!(event, Event::PeerJoined { id: it, .. } if *it == id);
            world
                .run_until(10_000, |world| times(world, speaker, comes) > 0)
                .expect("it is let in");
            // What the speaker says reaches a few only, among whom the newcomer does not know yet where it begins.
            let cut = world.partition(&few);
            for member in [many.as_slice(), &[newcomer]].concat() {
                world.cut(speaker, member, true);
            }
            for member in &few[..2] {
                world.cut(speaker, *member, false);
            }
            world
                .send(speaker, 100, None)
                .expect("it runs")
                .expect("it takes it");
            world.run_ms(200);
            world.crash(speaker);
            world.run_ms(8_000);
            world.heal_pairs(&cut);
            let mut rest = [few.as_slice(), &many].concat();
            rest.sort_unstable();
            settle(&mut world, &rest, 20_000);
            world.run_ms(45_000);
            assert_eq!(
                world.checker().heard(few[0], speaker).len(),
                1,
                "seed {seed}"
            );
            all_hear_all(&mut world, &rest);
        }
    }
}
