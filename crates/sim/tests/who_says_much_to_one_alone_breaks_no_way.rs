//! What one member says to another through the host is passed on as far as the way there takes it.

mod common;
use common::liar::{id_of, join_liar};
use common::numbers::{put, record, wire_id};
use common::*;
use peerjs_mesh_core::{Lane, Output};
use peerjs_mesh_sim::{Climate, World};

/// The kind of record that one end of a media connection says to the other.
const SIGNAL: u8 = 26;
const MUCH: usize = 60_000;

#[test]
fn some_who_say_more_to_one_than_the_way_there_takes_do_not_break_it() {
    for server in BOTH {
        let climate = Climate {
            rate: (180_000, 220_000),
            ..Climate::calm(server)
        };
        let mut world = World::new(1, climate);
        let all = room(&mut world, 2);
        let host = host_of(&world, all[0]).expect("there is a host");
        let guest = without(&all, &[host])[0];
        let to = wire_id(world.id(guest));
        let mut liars = Vec::new();
        for number in 0..5 {
            let seed = [number; 32];
            let mut words = [wire_id(&id_of(seed)), to.clone(), vec![7, 1]].concat();
            put(&mut words, MUCH as u64);
            words.resize(words.len() + MUCH, 0);
            let words = record(SIGNAL, &words);
            liars.push(join_liar(&mut world, seed, move |output| {
                if let Output::Send { lane, frame, .. } = output
                    && *lane == Lane::Beat
                {
                    frame.extend(&words);
                }
            }));
        }
        settle(&mut world, &[&all[..], &liars].concat(), 15_000);
        world.run_ms(15_000);
        let buffered = world.stats().highs().find(|it| it.0 == "link buffered");
        let (_, most) = buffered.expect("something was sent");
        assert!(most < 1_300_000, "{most} bytes unsent on {}", server.name());
        nobody_is_dropped(&world, &all, "whatever others say");
        // What counts comes all the same, as soon as there is room.
        for liar in liars {
            world.leave(liar, peerjs_mesh_core::LeaveHow::Now);
        }
        settle(&mut world, &all, 15_000);
        let sent = world.send(host, 1_000, None).expect("it runs");
        sent.expect("it takes a message");
        world
            .settle_messages(&all, 5_000)
            .expect("the message arrives");
    }
}
