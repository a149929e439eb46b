//! A host that came later than others does not have what was said before: who was away then still gets it, from whoever
//! said it.

mod common;
use common::*;
use peerjs_mesh_core::Event;
use peerjs_mesh_sim::World;

/// One member speaks while the other is away; then somebody comes, and the speaker gives its office up. Speaker, who is
/// away, newcomer.
fn spoken_to_nobody(world: &mut World) -> [usize; 3] {
    let all = room(world, 2);
    let speaker = host_of(world, all[0]).expect("there is a host");
    let [away] = without(&all, &[speaker])[..] else {
        panic!("two members");
    };
    world.freeze(away);
    talk(world, &[speaker], 500, 6_000);
    let newcomer = join(world);
    settle(world, &[speaker, newcomer], 15_000);
    world.drop_host(speaker);
    [speaker, away, newcomer]
}

/// They become one room, in which that member is told of no gap. (A dead member's name may be held for 90 s.)
#[track_caller]
fn misses_nothing(world: &mut World, member: usize, mut everybody: [usize; 3]) {
    everybody.sort_unstable();
    settle(world, &everybody, 95_000);
    world.run_ms(5_000);
    let gaps = times(world, member, |event| matches!(event, Event::Gap { .. }));
    assert_eq!(gaps, 0, "m{member} is told of them");
    all_hear_all(world, &everybody);
}

#[test]
fn who_was_away_hears_from_the_speaker_what_its_new_host_never_had() {
    for server in BOTH {
        for seed in 0..20 {
            let mut world = homes(server, seed);
            let [speaker, away, newcomer] = spoken_to_nobody(&mut world);
            world
                .run_until(10_000, |w| host_of(w, speaker) == Some(newcomer))
                .expect("the newcomer is the host");
            talk(&mut world, &[speaker, newcomer], 500, 2_000);
            world.wake(away);
            misses_nothing(&mut world, away, [speaker, away, newcomer]);
        }
    }
}

#[test]
fn what_the_speaker_does_not_keep_either_is_one_gap() {
    for seed in 0..20 {
        let mut world = homes(BOTH[0], seed);
        let [speaker, away, newcomer] = spoken_to_nobody(&mut world);
        // For longer than anything is kept. Nobody speaks after it.
        world.run_ms(50_000);
        world.wake(away);
        let mut everybody = [speaker, away, newcomer];
        everybody.sort_unstable();
        settle(&mut world, &everybody, 15_000);
        world.run_ms(5_000);
        let id = world.id(speaker).to_owned();
        let gaps = times(
            &world,
            away,
            |event| matches!(event, Event::Gap { from, .. } if *from == id),
        );
        assert_eq!(gaps, 1, "seed {seed}");
        all_hear_all(&mut world, &everybody);
    }
}

#[test]
fn who_is_back_before_the_speaker_waits_for_it() {
    for server in BOTH {
        for seed in 0..20 {
            let mut world = homes(server, seed);
            let [speaker, away, newcomer] = spoken_to_nobody(&mut world);
            world
                .run_until(10_000, |w| host_of(w, speaker) == Some(newcomer))
                .expect("the newcomer is the host");
            world.freeze(speaker);
            let dropped = |event: &Event| matches!(event, Event::PeerDropped { .. });
            world
                .run_until(15_000, |w| times(w, newcomer, dropped) > 0)
                .expect("the speaker sleeps, and is dropped");
            world.wake(away);
            let hosted = |event: &Event| matches!(event, Event::HostConnected { .. });
            let before = times(&world, away, hosted);
            world
                .run_until(15_000, |w| times(w, away, hosted) > before)
                .expect("it is in the room again");
            world.wake(speaker);
            misses_nothing(&mut world, away, [speaker, away, newcomer]);
        }
    }
}

#[test]
fn who_was_let_in_by_a_host_that_died_of_it_hears_what_was_said_until_it_is_let_in_again() {
    for server in BOTH {
        for seed in 0..20 {
            let mut world = homes(server, seed);
            let all = room(&mut world, 3);
            let host = host_of(&world, all[0]).expect("there is a host");
            let [heir, other] = line(&world, host)[..] else {
                panic!("three members");
            };
            let newcomer = join(&mut world);
            let joined = |world: &World, of: usize| {
                let id = world.id(newcomer).to_owned();
                times(
                    world,
                    of,
                    |event| matches!(event, Event::PeerJoined { id: who, .. } if *who == id),
                )
            };
            world
                .run_until(10_000, |w| joined(w, host) > 0)
                .expect("the host lets it in");
            world.cut_one_way(host, newcomer, true);
            world.cut_one_way(host, heir, true);
            world
                .run_until(10_000, |w| joined(w, other) > 0)
                .expect("one of the others hears of it");
            world.crash(host);
            // It speaks to the newcomer, too, as far as it knows.
            talk(&mut world, &[other], 200, 2_000);
            misses_nothing(&mut world, newcomer, [heir, other, newcomer]);
        }
    }
}
