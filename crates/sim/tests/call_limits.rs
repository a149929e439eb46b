//! Whom a member calls by itself, and whom only when it is asked to.

mod common;
use common::calls::*;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::World;
use peerjs_mesh_sim::server::ServerKind;

#[test]
fn beyond_the_limit_the_user_is_asked() {
    let mut world = calm(ServerKind::Ours);
    let all = call_room(&mut world, 5, 2);
    for member in &all {
        world.give(*member, Some(BOTH_KINDS));
        world.run_ms(1_000);
    }
    world.run_ms(5_000);
    // Each gets the two that were first in its list; who is dialled takes more.
    let manual = |w: &World, m: usize, o: usize| {
        let id = w.id(o).to_owned();
        times(w, m, |e| *e == Event::ManualStream { id: id.clone() })
    };
    let mut unseen = Vec::new();
    for member in &all {
        for other in without(&all, &[*member]) {
            let seen = world.sees(*member, other).is_some();
            assert_eq!(manual(&world, *member, other), usize::from(!seen));
            if !seen {
                unseen.push((*member, other));
            }
        }
        let seen = 4 - unseen.iter().filter(|(m, _)| m == member).count();
        assert!(seen >= 2, "m{member} sees {seen}");
    }
    let (asking, asked) = *unseen.first().expect("not everybody sees everybody");
    world.call_peer(asking, asked);
    world
        .run_until(2_000, |w| {
            w.sees(asking, asked).is_some() && w.sees(asked, asking).is_some()
        })
        .expect("both see each other");
    assert_eq!(world.violations(), []);
}

#[test]
fn a_limit_of_none_takes_what_is_asked_for_only() {
    let mut world = calm(ServerKind::Ours);
    let all = call_room(&mut world, 2, 0);
    world.give(all[0], Some(SOUND));
    world
        .run_until(1_000, |w| {
            times(w, all[1], |e| matches!(e, Event::ManualStream { .. })) == 1
        })
        .expect("the user is asked");
    world.run_ms(5_000);
    assert_eq!(made(&world), 0);
    world.call_peer(all[1], all[0]);
    world
        .run_until(1_000, |w| w.sees(all[1], all[0]) == Some(SOUND))
        .expect("it comes");
    assert_eq!(world.violations(), []);
}

#[test]
fn two_that_ask_for_each_other_at_once_get_one_connection() {
    let mut world = homes(ServerKind::Ours, 2);
    let all = call_room(&mut world, 3, 0);
    let pair = &all[1..];
    for member in pair {
        world.give(*member, Some(BOTH_KINDS));
    }
    world.run_ms(1_000);
    world.call_peer(pair[0], pair[1]);
    world.call_peer(pair[1], pair[0]);
    until_all_see(&mut world, pair, pair, 3_000);
    world.run_ms(15_000);
    assert!(all_see(&world, pair, pair, BOTH_KINDS));
    assert_eq!(left_open(&world, pair), 2);
    assert_eq!(world.violations(), []);
}
