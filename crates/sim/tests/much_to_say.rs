//! Many messages, and large ones among small ones: all arrive, once, in order, within the budgets.

mod common;
use common::*;
use peerjs_mesh_core::{SendError, Sent};
use peerjs_mesh_sim::World;

/// Sends as a program that waits for its sends would: when one has to wait, so does the next.
fn send_when_free(world: &mut World, from: usize, bytes: usize, to: Option<usize>) {
    match world.send(from, bytes, to).expect("it runs") {
        Ok(Sent::Accepted) => {}
        Ok(Sent::Waiting(_)) => {
            world
                .run_until(30_000, |w| w.checker().waiting(from) == 0)
                .expect("there is room again");
        }
        Err(SendError::BufferFull) => panic!("nobody waits, yet the queue is full"),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn ten_thousand_messages_in_one_burst_all_arrive() {
    for server in BOTH {
        for directed in [true, false] {
            let mut world = calm(server);
            let all = room(&mut world, 4);
            let to = directed.then_some(all[2]);
            let begin = world.now();
            for _ in 0..10_000 {
                world
                    .send(all[1], 100, to)
                    .expect("it runs")
                    .expect("it takes a message");
            }
            all_arrives(&mut world, &all, 10_000);
            assert_eq!(world.checker().heard(all[2], all[1]).len(), 10_000);
            let took = (world.now() - begin) / 1_000;
            assert!(took < 3_000, "1 MB at 10 MB/s took {took} ms");
        }
    }
}

#[test]
fn a_large_message_amid_small_ones_keeps_its_place() {
    for server in BOTH {
        let mut world = homes(server, 5);
        let all = room(&mut world, 4);
        for n in 0..60 {
            for member in &all {
                let large = n == 20 && *member == all[1];
                world
                    .send(*member, if large { 1_000_000 } else { 200 }, None)
                    .expect("it runs")
                    .expect("it takes it");
            }
            world.run_ms(20);
        }
        all_arrives(&mut world, &all, 60_000);
        for member in without(&all, &[all[1]]) {
            assert_eq!(world.checker().heard(member, all[1]).len(), 60);
        }
    }
}

#[test]
fn a_sender_that_waits_for_room_sends_more_than_any_budget_holds() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 3);
        for n in 0..400 {
            send_when_free(&mut world, all[1], 100_000, (n % 5 == 4).then_some(all[2]));
        }
        all_arrives(&mut world, &all, 30_000);
        assert_eq!(world.checker().heard(all[2], all[1]).len(), 400);
        assert_eq!(world.checker().heard(all[0], all[1]).len(), 320);
    }
}

#[test]
fn what_is_sent_before_the_first_sync_reaches_who_was_there() {
    for server in BOTH {
        let mut world = homes(server, 2);
        let mut all = room(&mut world, 3);
        let early = join(&mut world);
        for _ in 0..5 {
            world
                .send(early, 100, None)
                .expect("it runs")
                .expect("it takes a message before it is in the room");
        }
        all.push(early);
        settle(&mut world, &all, 5_000);
        all_arrives(&mut world, &all, 3_000);
        for member in &all[..3] {
            assert_eq!(world.checker().heard(*member, early), [0, 1, 2, 3, 4]);
        }
    }
}

#[test]
fn messages_above_the_budget_go_alone_and_others_are_heard_meanwhile() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 3);
        let large = [(Some(all[2]), 12 << 20), (None, 20 << 20), (None, 9 << 20)];
        for (to, bytes) in large {
            send_when_free(&mut world, all[1], bytes, to);
            for _ in 0..20 {
                send_when_free(&mut world, all[0], 500, None);
                send_when_free(&mut world, all[2], 500, None);
                world.run_ms(20);
            }
        }
        all_arrives(&mut world, &all, 60_000);
        assert_eq!(world.checker().heard(all[2], all[1]).len(), 3);
        assert_eq!(world.checker().heard(all[0], all[1]).len(), 2);
    }
}

#[test]
fn a_sender_that_dies_amid_a_message_above_the_budget_leaves_nobody_waiting() {
    for server in BOTH {
        for ms in [100, 1_000, 2_500] {
            let mut world = homes(server, 3);
            let all = room(&mut world, 4);
            let host = host_of(&world, all[0]).expect("there is a host");
            let sender = line(&world, host)[1];
            send_when_free(&mut world, sender, 12 << 20, None);
            world.run_ms(ms);
            world.crash(sender);
            let rest = without(&all, &[sender]);
            settle(&mut world, &rest, 15_000);
            all_hear_all(&mut world, &rest);
            assert_eq!(world.violations(), []);
        }
    }
}

#[test]
fn a_send_that_has_no_room_waits_and_when_too_many_wait_it_is_refused_and_says_so() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 2);
        world.cut(all[0], all[1], true);
        let mut said = (0, 0);
        let refused = loop {
            match world.send(all[1], 20_000, None).expect("it runs") {
                Ok(Sent::Accepted) => said.0 += 1,
                Ok(Sent::Waiting(_)) => said.1 += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(refused, SendError::BufferFull);
        // 8 MiB, and what a message costs beside its bytes; then as many as may wait.
        assert!((380..=419).contains(&said.0), "{} were taken", said.0);
        assert_eq!(said.1, 1_024);
        world.run_ms(500);
        world.cut(all[0], all[1], false);
        all_arrives(&mut world, &all, 60_000);
        let heard = world.checker().heard(all[0], all[1]).len();
        assert_eq!(heard, said.0 + said.1, "on {}", server.name());
    }
}
