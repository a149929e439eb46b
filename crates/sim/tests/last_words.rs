//! What only some have of somebody's messages when it goes: it reaches everybody, before it is said to be gone.

mod common;
use common::*;
use peerjs_mesh_core::{Config, Event, Mode};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, World};

fn gaps(world: &World, members: &[usize]) -> usize {
    let is_gap = |event: &Event| matches!(event, Event::Gap { .. });
    members
        .iter()
        .map(|member| times(world, *member, is_gap))
        .sum()
}

/// Members that came one after another, so that who succeeds whom is known.
fn line(world: &mut World, members: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..members)
        .map(|_| {
            let member = join(world);
            world.run_ms(2_000);
            member
        })
        .collect();
    settle(world, &all, 5_000);
    all
}

#[test]
fn a_dead_host_is_not_said_to_be_gone_while_what_one_guest_has_of_it_is_still_on_its_way() {
    let climate = Climate {
        rate: (150_000, 150_000),
        ..Climate::calm(ServerKind::Ours)
    };
    let mut world = World::new(3, climate);
    let all = line(&mut world, 4);
    let rest = without(&all, &[all[0]]);
    // The way to the first deputy grows long: it is seconds behind the others.
    for ms in [1_000, 2_000, 3_000, 4_000] {
        world.delay(all[0], all[1], ms);
        world.run_ms(1_500);
    }
    for _ in 0..8 {
        world.send(all[0], 100_000, None);
    }
    let there = |w: &World| w.checker().heard(all[2], all[0]).len() == 8;
    world
        .run_until(12_000, there)
        .expect("the second deputy has it");
    world.break_links(all[0], all[1]);
    world.break_links(all[1], all[0]);
    world.crash(all[0]);
    // Somebody who does not come back makes the new host wait until it waits no longer, with the rest half-way.
    world.crash(all[3]);
    let rest = without(&rest, &[all[3]]);
    settle(&mut world, &rest, 15_000);
    all_hear_all(&mut world, &rest);
    for member in &rest {
        assert_eq!(world.checker().heard(*member, all[0]).len(), 8, "m{member}");
    }
    assert_eq!(gaps(&world, &rest), 0);
}

#[test]
fn a_user_that_looked_away_for_ten_seconds_hears_last_words_that_came_meanwhile() {
    for server in BOTH {
        let mut world = calm(server);
        let all = line(&mut world, 5);
        let (reader, talker) = (all[4], all[1]);
        for gone in [all[2], all[3]] {
            world.set_reading(reader, false);
            // 4 MiB of events wait for the user, and more behind them.
            for _ in 0..200 {
                world.send(talker, 30_000, None);
            }
            world.run_ms(1_000);
            for _ in 0..20 {
                world.send(gone, 100, None);
            }
            world.run_ms(100);
            world.kill(gone);
            // 2.3 s until it is missed, 5 s for last words.
            world.run_ms(8_000);
            world.set_reading(reader, true);
            world.run_ms(1_000);
            assert_eq!(world.checker().heard(reader, gone).len(), 20, "m{gone}");
        }
        assert_eq!(gaps(&world, &all), 0);
    }
}

#[test]
fn last_words_that_come_slowly_are_waited_for_as_long_as_they_come() {
    let climate = Climate {
        rate: (50_000, 50_000),
        ..Climate::calm(ServerKind::Ours)
    };
    let mut world = World::new(3, climate);
    let all = line(&mut world, 4);
    // The way to the first deputy grows long: it is seconds behind the others.
    for ms in [2_000, 4_000, 6_000, 8_000] {
        world.delay(all[0], all[1], ms);
        world.run_ms(1_500);
    }
    for _ in 0..40 {
        world.send(all[3], 10_000, None);
    }
    let there = |w: &World| w.checker().heard(all[2], all[3]).len() == 40;
    world
        .run_until(20_000, there)
        .expect("the second deputy has it");
    let late = world.checker().heard(all[1], all[3]).len();
    assert!(late < 10, "the first deputy has {late}");
    world.break_links(all[0], all[1]);
    world.break_links(all[1], all[0]);
    world.crash(all[3]);
    world.crash(all[0]);
    let rest = [all[1], all[2]];
    settle(&mut world, &rest, 20_000);
    all_hear_all(&mut world, &rest);
    assert_eq!(world.checker().heard(all[1], all[3]).len(), 40);
    assert_eq!(gaps(&world, &rest), 0);
}

#[test]
fn what_is_kept_for_somebody_who_was_dropped_is_kept_by_the_next_host_too() {
    for server in BOTH {
        let mut world = calm(server);
        let all = line(&mut world, 5);
        let away = all[4];
        world.freeze(away);
        let rest = without(&all, &[away]);
        talk(&mut world, &rest, 100, 4_000);
        settle(&mut world, &rest, 5_000);
        world.crash(all[0]);
        let rest = without(&rest, &[all[0]]);
        talk(&mut world, &rest, 100, 6_000);
        settle(&mut world, &rest, 5_000);
        world.wake(away);
        let rest = without(&all, &[all[0]]);
        settle(&mut world, &rest, 15_000);
        all_hear_all(&mut world, &rest);
        assert_eq!(gaps(&world, &rest), 0);
    }
}

#[test]
fn who_never_heard_where_a_sender_begins_and_stays_away_too_long_hears_of_a_gap() {
    for server in BOTH {
        let mut world = calm(server);
        let all = line(&mut world, 3);
        let sender = all[1];
        world.busy(sender);
        let new = join(&mut world);
        let synced = |w: &World| w.view(new).synced;
        world.run_until(1_500, synced).expect("the newcomer is in");
        world.freeze(new);
        world.wake(sender);
        talk(&mut world, &all, 500, 35_000);
        world.wake(new);
        let everybody = [all, vec![new]].concat();
        settle(&mut world, &everybody, 15_000);
        all_hear_all(&mut world, &everybody);
        let of_sender =
            |event: &Event| matches!(event, Event::Gap { from, .. } if from == world.id(sender));
        assert_eq!(times(&world, new, of_sender), 1);
    }
}

#[test]
fn who_is_back_hears_the_last_words_of_somebody_who_came_and_died_meanwhile() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let all = line(&mut world, 3);
            let (host, away) = (all[0], all[2]);
            // For so long nothing is kept that was sent before it came.
            world.run_ms(60_000);
            for other in [host, all[1]] {
                world.cut(away, other, true);
            }
            // It is in the roster still when the newcomer comes, so that this one's messages are for it, too.
            world.run_ms(500);
            let newcomer = join(&mut world);
            let is_in = |w: &World| w.view(newcomer).synced;
            world.run_until(1_500, is_in).expect("it gets in");
            for _ in 0..5 {
                world.send(newcomer, 100, None);
            }
            world.run_ms(4_000);
            for other in [host, all[1]] {
                world.cut(away, other, false);
            }
            world.kill(newcomer);
            settle(&mut world, &all, 15_000);
            all_hear_all(&mut world, &all);
            assert_eq!(
                world.checker().heard(away, newcomer).len(),
                5,
                "seed {seed}"
            );
        }
    }
}

#[test]
fn a_newcomer_hears_of_a_gap_of_a_member_whose_greeting_died_with_the_host() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let all = line(&mut world, 4);
            let (host, speaker) = (all[0], all[2]);
            let newcomer = join(&mut world);
            let knows_it = |w: &World| w.checker().list(speaker).contains(&newcomer);
            world.run_until(5_000, knows_it).expect("it gets in");
            world.kill(host);
            world.run_ms(500);
            for _ in 0..5 {
                world.send(speaker, 100, None);
            }
            let new_host = all[1];
            let is_in = |w: &World| host_of(w, newcomer) == Some(new_host);
            world.run_until(10_000, is_in).expect("there is a host");
            world.kill(speaker);
            let rest = [new_host, all[3], newcomer];
            settle(&mut world, &rest, 15_000);
            all_hear_all(&mut world, &rest);
            // It does not come back.
            world.run_ms(35_000);
            assert_eq!(gaps(&world, &[newcomer]), 1, "seed {seed}");
            assert_eq!(world.checker().heard(new_host, speaker).len(), 5);
        }
    }
}

#[test]
fn who_was_let_in_without_hearing_of_it_is_told_what_it_missed_of_one_that_died() {
    for server in BOTH {
        for seed in 0..20 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 3);
            let host = host_of(&world, all[0]).expect("there is a host");
            let [speaker, other] = without(&all, &[host])[..] else {
                panic!("three members");
            };
            // A newcomer is let in, and cut off before it knows.
            let late = join(&mut world);
            let id = world.id(late).to_owned();
            let lets_in = |world: &World, member, often| {
                times(
                    world,
                    member,
                    |event| matches!(event, Event::PeerJoined { id: joined, .. } if *joined == id),
                ) >= often
            };
            let came = world.run_until(5_000, |world| lets_in(world, host, 1));
            came.expect("it is let in");
            let cut = world.partition(&[late]);
            let told = world.run_until(5_000, |world| lets_in(world, speaker, 1));
            told.expect("the others are told");
            // Something is said to it, too; and who said it dies as it is let in again.
            world.send(speaker, 100, None);
            world.run_ms(4_000);
            world.heal_pairs(&cut);
            let back = world.run_until(15_000, |world| lets_in(world, host, 2));
            back.expect("it is let in again");
            world.crash(speaker);
            let mut rest = [host, other, late];
            rest.sort_unstable();
            settle(&mut world, &rest, 15_000);
            // It does not come back.
            world.run_ms(35_000);
            let gaps = times(&world, late, |event| matches!(event, Event::Gap { .. }));
            let heard = world.checker().heard(late, speaker).len();
            assert_eq!(gaps + heard, 1, "seed {seed} on {}", server.name());
            all_hear_all(&mut world, &rest);
        }
    }
}

#[test]
fn last_words_are_waited_for_while_there_is_no_host_for_their_sender_may_be_back_by_then() {
    for server in BOTH {
        let climate = Climate {
            rate: (300_000, 300_000),
            ..Climate::calm(server)
        };
        let mut world = World::new(5, climate);
        let all = line(&mut world, 4);
        let (host, speaker, listener) = (all[0], all[1], all[3]);
        world.freeze(listener);
        for _ in 0..6 {
            world.send(speaker, 100_000, None);
        }
        let gone = |event: &Event| matches!(event, Event::PeerDropped { .. });
        world
            .run_until(15_000, |w| times(w, host, gone) == 1)
            .expect("the listener sleeps, and is dropped");
        world.freeze(speaker);
        world
            .run_until(15_000, |w| times(w, host, gone) == 2)
            .expect("the speaker sleeps, too");
        world.wake(listener);
        let hosted = |event: &Event| matches!(event, Event::HostConnected { .. });
        let before = times(&world, listener, hosted);
        world
            .run_until(15_000, |w| times(w, listener, hosted) > before)
            .expect("it is in the room again");
        // The speaker's last words are on their way to it, for seconds, and do not arrive.
        let apart = world.partition(&[listener]);
        world.wake(speaker);
        world.run_ms(9_000);
        world.heal_pairs(&apart);
        settle(&mut world, &all, 15_000);
        world.run_ms(5_000);
        all_hear_all(&mut world, &all);
        assert_eq!(gaps(&world, &all), 0, "{}", server.name());
    }
}

#[test]
fn what_newcomers_have_of_the_dead_beyond_each_other_is_a_gap_for_those_who_were_there() {
    for server in BOTH {
        let climate = Climate {
            rate: (100_000, 100_000),
            ..Climate::calm(server)
        };
        let mut world = World::new(1, climate);
        let full = Config {
            mode: Mode::Full,
            ..config()
        };
        let mut all = room_in(&mut world, Mode::Full, 3);
        let host = host_of(&world, all[0]).expect("there is a host");
        let speaker = without(&all, &[host])[0];
        world.run_ms(3_000);
        // More than may be on its way: the rest waits, and is numbered as there is room.
        for _ in 0..24 {
            world.send(speaker, 500_000, None);
        }
        let mut newcomers = Vec::new();
        for _ in 0..2 {
            let waiting = world.checker().waiting(speaker);
            let less = |w: &World| w.checker().waiting(speaker) < waiting;
            world
                .run_until(60_000, less)
                .expect("one more is on its way");
            newcomers.push(world.join(full.clone()).expect("the options are right"));
        }
        all.extend(&newcomers);
        let last = |w: &World, member: usize| w.checker().heard(member, speaker).last().copied();
        world
            .run_until(120_000, |w| {
                let [first, second] = [last(w, newcomers[0]), last(w, newcomers[1])];
                first.is_some() && second > first
            })
            .expect("the one that came later has more");
        world.crash(speaker);
        let rest = without(&all, &[speaker]);
        settle(&mut world, &rest, 60_000);
        // A gap is told when nothing can come any more.
        world.run_ms(35_000);
        all_hear_all(&mut world, &rest);
    }
}

#[test]
fn last_words_that_come_after_their_speaker_was_given_up_are_heard_all_the_same() {
    for server in BOTH {
        let climate = Climate {
            rate: (30_000, 30_000),
            ..Climate::calm(server)
        };
        let mut world = World::new(1, climate);
        let all = room_in(&mut world, Mode::Full, 4);
        world.run_ms(3_000);
        let host = host_of(&world, all[0]).expect("there is a host");
        let [speaker, witness, other] = without(&all, &[host])[..] else {
            panic!("three guests");
        };
        // Only one hears it; the ways between that one and the host are full, so that asking it and its answer take
        // seconds.
        for deaf in [host, other] {
            world.cut_one_way(speaker, deaf, true);
        }
        for _ in 0..5 {
            world.send(speaker, 100, None);
        }
        let has_it = |w: &World| w.checker().heard(witness, speaker).len() == 5;
        world.run_until(1_500, has_it).expect("one hears it");
        world.send(host, 400_000, Some(witness));
        world.send(witness, 400_000, Some(host));
        world.crash(speaker);
        let rest = without(&all, &[speaker]);
        let dropped = |w: &World| !w.checker().list(witness).contains(&speaker);
        world.run_until(30_000, dropped).expect("it is given up");
        let late = world.checker().heard(host, speaker).len();
        assert_eq!(
            late, 0,
            "the host has them by then: this test shows nothing"
        );
        world.run_ms(60_000);
        assert_eq!(world.checker().heard(host, speaker).len(), 5);
        assert_eq!(gaps(&world, &rest), 0, "on {}", server.name());
        all_hear_all(&mut world, &rest);
    }
}
