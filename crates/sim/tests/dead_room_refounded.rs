//! When everybody is gone, the next one founds the room: at once after clean deaths, and as soon as the server lets
//! go of the name after silent ones.

mod common;
use common::*;

#[test]
fn the_next_member_founds_a_room_whose_members_were_all_killed() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 4);
        for member in all {
            world.kill(member);
        }
        world.run_ms(50);
        let next = join(&mut world);
        let took = settle(&mut world, &[next], 2_000);
        assert!(took < 100, "{took} ms on {}", server.name());
    }
}

#[test]
fn the_next_member_waits_no_longer_than_the_server_holds_the_name_of_crashed_ones() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 4);
        for member in all {
            world.crash(member);
        }
        let next = join(&mut world);
        let took = settle(&mut world, &[next], 75_000);
        assert!(took > 50_000, "{took} ms: the name was not held");
        let second = join(&mut world);
        settle(&mut world, &[next, second], 5_000);
        all_hear_all(&mut world, &[next, second]);
    }
}

#[test]
fn who_was_cut_off_meanwhile_finds_those_who_go_on_though_the_name_stays_with_the_dead() {
    for server in BOTH {
        for seed in 0..20 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 6);
            let host = host_of(&world, all[0]).expect("there is a host");
            let line = line(&world, host);
            let [first, second, third, fourth, last] = line[..] else {
                panic!("five guests");
            };
            // Nobody but these three knows the name's token.
            let cut = world.partition(&[last]);
            for dead in [host, first, second] {
                world.crash(dead);
            }
            world.run_ms(14_000);
            assert_eq!(host_of(&world, fourth), Some(third), "seed {seed}");
            world.heal_pairs(&cut);
            let mut rest = [third, fourth, last];
            rest.sort_unstable();
            settle(&mut world, &rest, 30_000);
            all_hear_all(&mut world, &rest);
        }
    }
}

#[test]
fn rooms_apart_for_longer_than_drops_are_remembered_meet_though_the_name_stays_with_the_dead() {
    for server in BOTH {
        for seed in 0..20 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 7);
            let host = host_of(&world, all[0]).expect("there is a host");
            let line = line(&world, host);
            let [first, second, third, fourth, one, other] = line[..] else {
                panic!("six guests");
            };
            let cut = world.partition(&[one, other]);
            world.run_ms(45_000);
            for dead in [host, first, second] {
                world.crash(dead);
            }
            world.run_ms(14_000);
            assert_eq!(host_of(&world, fourth), Some(third), "seed {seed}");
            world.heal_pairs(&cut);
            let mut rest = [third, fourth, one, other];
            rest.sort_unstable();
            settle(&mut world, &rest, 30_000);
            all_hear_all(&mut world, &rest);
        }
    }
}

#[test]
fn a_host_that_lost_the_name_before_an_echo_ever_came_back_has_it_again_soon() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 3);
            let first = host_of(&world, all[0]).expect("there is a host");
            world.run_ms(1_000);
            world.kill(first);
            let rest = without(&all, &[first]);
            world
                .run_until(10_000, |w| {
                    host_of(w, rest[0]).is_some_and(|host| rest.contains(&host))
                })
                .expect("one of them is the host");
            let host = host_of(&world, rest[0]).expect("it is");
            let [other] = without(&rest, &[host])[..] else {
                panic!("two are left");
            };
            // It has had the name for a moment when it reaches nobody any more; the other takes it, and is gone.
            world.run_ms(1_500);
            world.cut(host, other, true);
            world.cut_signalling(host, true);
            world
                .run_until(15_000, |w| host_of(w, other) == Some(other))
                .expect("the other hosts as well");
            world.run_ms(6_000);
            world.crash(other);
            world.run_ms(3_000);
            world.cut_signalling(host, false);
            let newcomer = join(&mut world);
            settle(&mut world, &[host, newcomer], 30_000);
        }
    }
}
