//! What the behaviour tests share.
#![allow(dead_code, reason = "each test takes what it needs")]

use peerjs_mesh_core::{Config, Event, Mode};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, Micros, Trace, World};

pub(crate) mod calls;
pub(crate) mod liar;
pub(crate) mod numbers;

pub(crate) const BOTH: [ServerKind; 2] = [ServerKind::Ours, ServerKind::NpmPeer];
pub(crate) const ROOM: &str = "a-room";

/// No limit on members: what `join` has on the command line.
pub(crate) fn config() -> Config {
    Config {
        mesh_limit: None,
        ..Config::new(ROOM)
    }
}

pub(crate) fn calm(server: ServerKind) -> World {
    traced(World::new(1, Climate::calm(server)))
}

/// With `MESH_TRACE=FILE` in the environment, what happened is found in that file when a test fails.
fn traced(mut world: World) -> World {
    if std::env::var_os("MESH_TRACE").is_some() {
        world.set_trace(Trace::written());
    }
    world
}

fn write_trace(world: &World) {
    if let Some(file) = std::env::var_os("MESH_TRACE") {
        let _ = std::fs::write(file, world.trace().lines().join("\n"));
    }
}

/// A network like that between homes: 10–60 ms one way, 1 % loss.
pub(crate) fn homes(server: ServerKind, seed: u64) -> World {
    traced(World::new(seed, between_homes(server)))
}

pub(crate) fn between_homes(server: ServerKind) -> Climate {
    Climate {
        link_delay: (10_000, 60_000),
        server_delay: (10_000, 40_000),
        jitter: 5_000,
        loss: 0.01,
        rate: (1_000_000, 5_000_000),
        ..Climate::calm(server)
    }
}

pub(crate) fn join(world: &mut World) -> usize {
    world.join(config()).expect("the options are right")
}

/// So many members that have become one room.
#[track_caller]
pub(crate) fn room(world: &mut World, members: usize) -> Vec<usize> {
    room_in(world, Mode::Host, members)
}

/// The same, in that mode.
#[track_caller]
pub(crate) fn room_in(world: &mut World, mode: Mode, members: usize) -> Vec<usize> {
    let config = Config { mode, ..config() };
    let all: Vec<usize> = (0..members)
        .map(|_| world.join(config.clone()).expect("the options are right"))
        .collect();
    settle(world, &all, 15_000);
    all
}

/// Waits until these are one room; says why if they do not become one.
#[track_caller]
pub(crate) fn settle(world: &mut World, members: &[usize], limit_ms: u64) -> u64 {
    match world.settle(members, limit_ms) {
        Ok(ms) => ms,
        Err(why) => {
            write_trace(world);
            panic!(
                "no room of {members:?} within {limit_ms} ms: {} {:?}",
                why.0,
                world.violations()
            )
        }
    }
}

/// Everybody says something to everybody, and everybody hears it; nothing else may be wrong either.
#[track_caller]
pub(crate) fn all_hear_all(world: &mut World, members: &[usize]) {
    for member in members {
        world
            .send(*member, 100, None)
            .expect("it runs")
            .expect("it takes a message");
    }
    all_arrives(world, members, 5_000);
}

/// All that was sent so far arrives.
#[track_caller]
pub(crate) fn all_arrives(world: &mut World, members: &[usize], limit_ms: u64) -> u64 {
    let took = world.settle_messages(members, limit_ms);
    world.judge_quiet(members);
    if took.is_none() || !world.violations().is_empty() {
        write_trace(world);
    }
    assert_eq!(world.violations(), []);
    took.unwrap_or_else(|| panic!("not everything arrived within {limit_ms} ms"))
}

/// Who hosts, as the member says that is asked.
pub(crate) fn host_of(world: &World, member: usize) -> Option<usize> {
    let host = world.machine(member)?.status().host?;
    world.checker().member(&host)
}

/// When a member's user first heard of something, since the world began.
pub(crate) fn when(world: &World, member: usize, what: impl Fn(&Event) -> bool) -> Option<Micros> {
    world
        .view(member)
        .events
        .iter()
        .find(|(_, event)| what(event))
        .map(|(at, _)| *at)
}

/// How often a member's user heard of something.
pub(crate) fn times(world: &World, member: usize, what: impl Fn(&Event) -> bool) -> usize {
    world
        .view(member)
        .events
        .iter()
        .filter(|(_, event)| what(event))
        .count()
}

/// Nobody's user was ever told that somebody is gone.
#[track_caller]
pub(crate) fn nobody_is_dropped(world: &World, all: &[usize], told: &str) {
    for member in all {
        let dropped = times(world, *member, |event| {
            matches!(event, Event::PeerDropped { .. })
        });
        assert_eq!(dropped, 0, "m{member}, {told}");
    }
}

/// How often the users of these have heard of another host, or that theirs is gone.
pub(crate) fn hosts_told(world: &World, all: &[usize]) -> usize {
    let of_hosts =
        |event: &Event| matches!(event, Event::HostDropped | Event::HostConnected { .. });
    all.iter().map(|m| times(world, *m, of_hosts)).sum()
}

/// Everybody sends a broadcast every so often, for so long; then a last one each.
pub(crate) fn talk(world: &mut World, members: &[usize], every_ms: u64, for_ms: u64) {
    let mut passed = 0;
    while passed < for_ms {
        for member in members {
            // One that is gone by now says nothing.
            if let Some(sent) = world.send(*member, 100, None) {
                sent.expect("a member in a room takes a broadcast");
            }
        }
        world.run_ms(every_ms);
        passed += every_ms;
    }
}

pub(crate) fn without(members: &[usize], gone: &[usize]) -> Vec<usize> {
    members
        .iter()
        .copied()
        .filter(|m| !gone.contains(m))
        .collect()
}

/// The line of succession: the roster without the host, in its order.
pub(crate) fn line(world: &World, host: usize) -> Vec<usize> {
    let list = world
        .view(host)
        .events
        .iter()
        .rev()
        .find_map(|(_, event)| match event {
            Event::Sync { peers: Some(peers) } => Some(peers.clone()),
            _ => None,
        });
    // Those who came after the last `sync` are at the end.
    let mut ids = list.unwrap_or_default();
    for (_, event) in &world.view(host).events {
        if let Event::PeerJoined { id, .. } = event
            && !ids.contains(id)
        {
            ids.push(id.clone());
        }
    }
    ids.iter()
        .filter_map(|id| world.checker().member(id))
        .filter(|member| *member != host)
        .collect()
}

/// How often any of these has taken the office over.
pub(crate) fn taken_over(world: &World, members: &[usize]) -> u64 {
    members
        .iter()
        .filter_map(|member| world.machine(*member))
        .map(|machine| machine.counters().takeovers)
        .sum()
}
