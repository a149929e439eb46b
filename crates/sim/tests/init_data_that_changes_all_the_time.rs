//! However much members say of themselves, and however often they change it, nobody's memory fills with it and no way does:
//! what is newest is told, as often as there is room for it.

mod common;
use common::liar::join_liar;
use common::numbers::{put, record};
use common::*;
use peerjs_mesh_core::{Config, Event, Lane, Output};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, World};

/// About the most that one may say of itself.
const MUCH: usize = 60_000;
/// The kind of record.
const INIT: u8 = 14;

fn much(mark: usize) -> Vec<u8> {
    let mut data = vec![0; MUCH];
    data[..8].copy_from_slice(&(mark as u64).to_le_bytes());
    data
}

/// Ways of some 200 kB/s.
fn slow(server: ServerKind) -> World {
    let climate = Climate {
        rate: (180_000, 220_000),
        ..Climate::calm(server)
    };
    World::new(1, climate)
}

/// Whether each knows what each other said last: `mark` of it.
fn all_know(world: &World, all: &[usize], mark: impl Fn(usize) -> usize) -> bool {
    let knows = |member: usize, other: usize| {
        let known = world.view(member).init_data.get(world.id(other));
        member == other || known == Some(&much(mark(other)))
    };
    all.iter().all(|m| all.iter().all(|o| knows(*m, *o)))
}

/// How often a member's user has heard somebody's init data.
fn heard(world: &World, member: usize, of: usize) -> usize {
    let id = world.id(of);
    times(
        world,
        member,
        |event| matches!(event, Event::InitData { id: it, .. } if it == id),
    )
}

#[test]
fn what_changes_faster_than_ways_are_is_told_as_it_is_by_then_and_keeps_no_message_waiting() {
    for server in BOTH {
        let mut world = slow(server);
        let all = room(&mut world, 4);
        let host = host_of(&world, all[0]).expect("there is a host");
        let guests = without(&all, &[host]);
        let (steps, said) = (200, 50);
        for step in 0..steps {
            for member in &all {
                world.set_init_data(*member, &much(step));
            }
            // A third of what the ways take.
            if step % (steps / said) == 0 {
                let sent = world.send(host, 14_000, None).expect("it runs");
                sent.expect("it takes a message");
            }
            world.run_ms(50);
        }
        let on_their_way = guests
            .iter()
            .map(|guest| said - world.view(*guest).heard.len());
        let most = on_their_way.max();
        assert!(
            most < Some(10),
            "{most:?} on their way on {}",
            server.name()
        );
        all_arrives(&mut world, &all, 5_000);
        world
            .run_until(10_000, |w| all_know(w, &all, |_| steps - 1))
            .expect("all know what was said last");
        nobody_is_dropped(&world, &all, "though all say something else all the time");
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_newcomer_over_a_slow_way_hears_of_many_who_say_much_of_themselves() {
    for server in BOTH {
        let mut world = slow(server);
        let mut all = room(&mut world, 14);
        for member in &all {
            world.set_init_data(*member, &much(*member));
        }
        world
            .run_until(30_000, |w| all_know(w, &all, |member| member))
            .expect("all know all");
        let config = Config {
            init_data: Some(much(all.len())),
            ..config()
        };
        all.push(world.join(config).expect("the options are right"));
        settle(&mut world, &all, 5_000);
        world
            .run_until(15_000, |w| all_know(w, &all, |member| member))
            .expect("all know all again");
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_user_that_takes_nothing_hears_what_is_newest_alone() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 3);
        let host = host_of(&world, all[0]).expect("there is a host");
        let two = without(&all, &[host]);
        let (slow, busy) = (two[0], two[1]);
        world.set_reading(slow, false);
        for step in 0..100 {
            world.set_init_data(busy, &much(step));
            world.run_ms(100);
        }
        world.set_reading(slow, true);
        let know = |world: &World| {
            let known = world.view(slow).init_data.get(world.id(busy));
            known == Some(&much(99))
        };
        world.run_until(1_000, know).expect("it knows the newest");
        assert_eq!(heard(&world, slow, busy), 1, "on {}", server.name());
        assert!(heard(&world, host, busy) > 50, "who listens hears all");
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn who_came_while_somebody_was_away_hears_what_that_one_says_of_itself() {
    for server in BOTH {
        let mut world = calm(server);
        let mut all = room(&mut world, 3);
        let host = host_of(&world, all[0]).expect("there is a host");
        let away = without(&all, &[host])[0];
        for member in &all {
            world.set_init_data(*member, &much(*member));
        }
        world.run_ms(3_000);
        let rest = without(&all, &[away]);
        world.freeze(away);
        settle(&mut world, &rest, 15_000);
        let config = Config {
            init_data: Some(much(all.len())),
            ..config()
        };
        all.push(world.join(config).expect("the options are right"));
        world.run_ms(3_000);
        world.wake(away);
        settle(&mut world, &all, 15_000);
        world
            .run_until(3_000, |w| all_know(w, &all, |member| member))
            .expect("all know all");
        assert_eq!(world.violations(), []);
    }
}

/// Somebody's init data, as it goes on lane *control*.
fn init_record(name: usize, bytes: usize) -> Vec<u8> {
    let id = format!("nobody-{name}");
    let mut body = vec![id.len() as u8];
    body.extend(id.as_bytes());
    // Its version, and its length.
    body.push(1);
    put(&mut body, bytes as u64);
    body.resize(body.len() + bytes, 7);
    record(INIT, &body)
}

#[test]
fn a_host_that_says_much_of_those_who_are_not_in_the_room_fills_nobodys_memory() {
    let mut world = calm(ServerKind::Ours);
    let mut names = 0;
    let liar = join_liar(&mut world, [9; 32], move |output| {
        if let Output::Send { lane, frame, .. } = output
            && *lane == Lane::Control
        {
            // Much of one, and next to nothing of many.
            for bytes in [MUCH, MUCH].into_iter().chain([0; 100]) {
                names += 1;
                frame.extend(init_record(names, bytes));
            }
        }
    });
    settle(&mut world, &[liar], 5_000);
    let guest = join(&mut world);
    settle(&mut world, &[liar, guest], 5_000);
    for step in 0..80 {
        world.set_init_data(liar, &[step; 8]);
        world.run_ms(100);
    }
    let known = &world.view(guest).init_data;
    assert_eq!(known.get(world.id(liar)), Some(&vec![79; 8]));
    assert_eq!(world.violations(), []);
}
