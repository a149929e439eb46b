//! What a member said to another one before that hosted it may come after it does. (In full mode who hears that somebody
//! is dropped asks it for no more of its messages: they come by the host. Should that one be the next host, they do not.)

mod common;

use common::{all_arrives, config, room, settle, talk};
use peerjs_mesh_core::{
    Counters, Event, Input, Instant, Lane, LeaveHow, Member, Outcome, Output, SendError, Sent,
    Status,
};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, Machine, World};

/// The record that asks for no more of a sender's messages (PROTOCOL: STOP).
const STOP: u8 = 28;

/// A guest that says with all its messages that it wants no more of those of its host.
struct Late {
    member: Member,
    /// The record, with its length.
    word: Vec<u8>,
}

impl Late {
    fn new(host: &str, now: Instant) -> Late {
        let digits: String = host.chars().filter(|letter| *letter != '-').collect();
        let id = u128::from_str_radix(&digits, 16).expect("ids are UUIDs");
        let mut word = vec![18, STOP, 0];
        word.extend(id.to_be_bytes());
        Late {
            member: Member::new(config(), [7; 32], now).expect("the options are right"),
            word,
        }
    }
}

impl Machine for Late {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        self.member.handle_input(now, input);
    }
    fn handle_timeout(&mut self, now: Instant) {
        self.member.handle_timeout(now);
    }
    fn send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<Sent, SendError> {
        self.member.send(now, payload, to)
    }
    fn set_init_data(&mut self, now: Instant, data: Vec<u8>) -> Result<(), SendError> {
        self.member.set_init_data(now, data)
    }
    fn drop_host(&mut self, now: Instant) {
        self.member.drop_host(now);
    }
    fn leave(&mut self, now: Instant, how: LeaveHow) {
        self.member.leave(now, how);
    }
    fn poll_output(&mut self) -> Option<Output> {
        let mut output = self.member.poll_output()?;
        if let Output::Send { lane, frame, .. } = &mut output
            && *lane == Lane::Data
        {
            frame.extend(&self.word);
        }
        Some(output)
    }
    fn poll_outcome(&mut self) -> Option<Outcome> {
        self.member.poll_outcome()
    }
    fn poll_event(&mut self) -> Option<Event> {
        self.member.poll_event()
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.member.poll_timeout()
    }
    fn id(&self) -> &str {
        self.member.id()
    }
    fn status(&self) -> Status {
        self.member.status()
    }
    fn counters(&self) -> Counters {
        self.member.counters()
    }
}

#[test]
fn a_guest_hears_its_host_whatever_it_said_before() {
    let mut world = World::new(1, Climate::calm(ServerKind::Ours));
    let mut all = room(&mut world, 1);
    let host = world.id(all[0]).to_owned();
    let late = Late::new(&host, Instant::from_micros(world.now()));
    all.push(world.add(Box::new(late), 0, config().link_window));
    all.push(common::join(&mut world));
    settle(&mut world, &all, 15_000);
    talk(&mut world, &all, 100, 2_000);
    all_arrives(&mut world, &all, 5_000);
}
