//! What a member said to another one before that hosted it may come after it does. (In full mode who hears that somebody
//! is dropped asks it for no more of its messages: they come by the host. Should that one be the next host, they do not.)

mod common;

use common::liar::join_liar;
use common::{all_arrives, calm, join, room, settle, talk};
use peerjs_mesh_core::{Lane, Output};
use peerjs_mesh_sim::server::ServerKind;

/// The record that asks for no more of a sender's messages (PROTOCOL: STOP).
const STOP: u8 = 28;

/// STOP for the messages of that member, with its length.
fn stop(member: &str) -> Vec<u8> {
    let digits: String = member.chars().filter(|letter| *letter != '-').collect();
    let id = u128::from_str_radix(&digits, 16).expect("ids are UUIDs");
    let mut record = vec![18, STOP, 0];
    record.extend(id.to_be_bytes());
    record
}

#[test]
fn a_guest_hears_its_host_whatever_it_said_before() {
    let mut world = calm(ServerKind::Ours);
    let mut all = room(&mut world, 1);
    let late = stop(world.id(all[0]));
    // A guest says with all its messages that it wants no more of those of its host.
    all.push(join_liar(&mut world, [7; 32], move |output| {
        if let Output::Send { lane, frame, .. } = output
            && *lane == Lane::Data
        {
            frame.extend(&late);
        }
    }));
    all.push(join(&mut world));
    settle(&mut world, &all, 15_000);
    talk(&mut world, &all, 100, 2_000);
    all_arrives(&mut world, &all, 5_000);
}
