//! What the tests of calls share.

use super::*;

pub(crate) const SOUND: u8 = 1;
pub(crate) const BOTH_KINDS: u8 = 3;

/// A member that carries media, from so many others by itself.
pub(crate) fn pager(auto_call: u32) -> Config {
    Config {
        auto_call: Some(auto_call),
        ..config()
    }
}

pub(crate) fn call_room(world: &mut World, members: usize, auto_call: u32) -> Vec<usize> {
    let all: Vec<usize> = (0..members)
        .map(|_| world.join(pager(auto_call)).expect("the options are right"))
        .collect();
    settle(world, &all, 15_000);
    all
}

/// Whether everybody of `members` sees what each of `givers` gives.
pub(crate) fn all_see(world: &World, members: &[usize], givers: &[usize], kinds: u8) -> bool {
    members.iter().all(|member| {
        givers
            .iter()
            .all(|giver| giver == member || world.sees(*member, *giver) == Some(kinds))
    })
}

#[track_caller]
pub(crate) fn until_all_see(
    world: &mut World,
    members: &[usize],
    givers: &[usize],
    limit_ms: u64,
) -> u64 {
    let took = world.run_until(limit_ms, |w| all_see(w, members, givers, BOTH_KINDS));
    took.unwrap_or_else(|| {
        let sees: Vec<_> = members
            .iter()
            .map(|m| {
                givers
                    .iter()
                    .map(|g| world.sees(*m, *g))
                    .collect::<Vec<_>>()
            })
            .collect();
        panic!(
            "not all see all within {limit_ms} ms: {sees:?} {:?}",
            world.violations()
        )
    })
}

#[track_caller]
pub(crate) fn drops(world: &World, member: usize, other: usize) -> usize {
    let id = world.id(other).to_owned();
    times(world, member, |e| {
        *e == Event::StreamDrop { id: id.clone() }
    })
}

/// How often a stream of `other` began at `member`: changes of a stream that is known do not count.
pub(crate) fn begins(world: &World, member: usize, other: usize) -> usize {
    let mut there = false;
    let mut count = 0;
    for (_, event) in &world.view(member).events {
        match event {
            Event::Stream { id, .. } if id == world.id(other) => {
                count += usize::from(!there);
                there = true;
            }
            Event::StreamDrop { id } if id == world.id(other) => there = false,
            _ => {}
        }
    }
    count
}

/// Connections that were made: both ends of each count.
pub(crate) fn made(world: &World) -> u64 {
    world.stats().get("media ends")
}

pub(crate) fn left_open(world: &World, members: &[usize]) -> usize {
    members.iter().map(|m| world.media_open(*m)).sum()
}
