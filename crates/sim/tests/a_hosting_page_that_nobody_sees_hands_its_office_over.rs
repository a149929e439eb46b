//! Browsers throttle and freeze pages that nobody sees: one that hosts gives its office to a member that is seen, once
//! it has been hidden for half a minute, and not again within a minute.

mod common;
use common::*;
use peerjs_mesh_core::{Event, Mode};
use peerjs_mesh_sim::{Micros, World};

const BOTH_MODES: [Mode; 2] = [Mode::Host, Mode::Full];
const HIDDEN_MS: u64 = 30_000;
const HIDDEN_AGAIN_MS: u64 = 60_000;
/// Its timers fire once a second, and the others hear of it half a round trip later.
const LATE_MS: u64 = 1_500;

#[test]
fn to_the_first_of_the_line_that_is_seen_and_nothing_is_lost() {
    for server in BOTH {
        for mode in BOTH_MODES {
            for seed in 0..10 {
                let mut world = homes(server, seed);
                let (all, host) = pages(&mut world, mode, 5);
                let line = line(&world, host);
                let told = format!("seed {seed}, {mode:?}, {}", server.name());
                // The deputy is no better than the host.
                for page in [host, line[0]] {
                    hide(&mut world, page, true);
                }
                talk(&mut world, &all, 100, HIDDEN_MS - 1_000);
                assert_eq!(host_of(&world, host), Some(host), "too soon, {told}");
                let before = hosts_told(&world, &all);
                talk(&mut world, &all, 100, 1_000 + LATE_MS);
                for member in &all {
                    assert_eq!(host_of(&world, *member), Some(line[1]), "{told}");
                }
                // The new host has never been without one.
                let heard = hosts_told(&world, &all) - before;
                assert_eq!(heard, 2 * all.len() - 1, "{told}");
                all_arrives(&mut world, &all, 5_000);
                nothing_is_lost(&mut world, &all, &told);
            }
        }
    }
}

#[test]
fn but_keeps_it_if_it_is_seen_now_and_then_or_nobody_else_is() {
    for server in BOTH {
        for mode in BOTH_MODES {
            let mut world = homes(server, 1);
            let (all, host) = pages(&mut world, mode, 4);
            let told = format!("{mode:?}, {}", server.name());
            let before = hosts_told(&world, &all);
            for _ in 0..3 {
                hide(&mut world, host, true);
                talk(&mut world, &all, 500, HIDDEN_MS - 1_000);
                hide(&mut world, host, false);
                world.run_ms(100);
            }
            for page in &all {
                hide(&mut world, *page, true);
            }
            talk(&mut world, &all, 500, 3 * HIDDEN_MS);
            assert_eq!(hosts_told(&world, &all), before, "{told}");
            let seen = line(&world, host)[2];
            hide(&mut world, seen, false);
            let given = world.run_until(2 * LATE_MS, |w| host_of(w, seen) == Some(seen));
            assert!(given.is_some(), "somebody is seen again, {told}");
            nothing_is_lost(&mut world, &all, &told);
        }
    }
}

#[test]
fn two_pages_that_are_hidden_and_shown_in_turn_swap_it_once_a_minute_at_most() {
    for server in BOTH {
        for mode in BOTH_MODES {
            for seed in 0..5 {
                let mut world = homes(server, seed);
                let (all, first) = pages(&mut world, mode, 4);
                let told = format!("seed {seed}, {mode:?}, {}", server.name());
                let other = line(&world, first)[0];
                for page in without(&all, &[first, other]) {
                    hide(&mut world, page, true);
                }
                let mut swapped: Vec<Micros> = Vec::new();
                let (mut hosts, mut waits) = (first, other);
                for _ in 0..6 {
                    // Whichever hosts is out of sight at once.
                    hide(&mut world, hosts, true);
                    hide(&mut world, waits, false);
                    let limit = HIDDEN_AGAIN_MS + 10_000;
                    let took = world.run_until(limit, |w| host_of(w, waits) == Some(waits));
                    assert!(took.is_some(), "it keeps its office, {told}");
                    swapped.push(world.now());
                    (hosts, waits) = (waits, hosts);
                    talk(&mut world, &all, 100, 1_000);
                }
                for two in swapped.windows(2) {
                    let apart = (two[1] - two[0]) / 1_000;
                    // What one says comes to the other some ms later.
                    let (least, most) = (HIDDEN_AGAIN_MS - 200, HIDDEN_AGAIN_MS + LATE_MS);
                    assert!((least..most).contains(&apart), "after {apart} ms, {told}");
                }
                nothing_is_lost(&mut world, &all, &told);
            }
        }
    }
}

fn pages(world: &mut World, mode: Mode, members: usize) -> (Vec<usize>, usize) {
    let all = room_in(world, mode, members);
    world.run_ms(2_000);
    let host = host_of(world, all[0]).expect("there is a host");
    (all, host)
}

/// Nobody sees its page, whose timers fire once a second then; or somebody does.
fn hide(world: &mut World, page: usize, hidden: bool) {
    world.hide(page, hidden);
    world.throttle(page, if hidden { 1_000 } else { 0 });
}

#[track_caller]
fn nothing_is_lost(world: &mut World, all: &[usize], told: &str) {
    settle(world, all, 5_000);
    nobody_is_dropped(world, all, told);
    for member in all {
        let gaps = times(world, *member, |event| matches!(event, Event::Gap { .. }));
        assert_eq!(gaps, 0, "m{member}, {told}");
    }
    all_hear_all(world, all);
}
