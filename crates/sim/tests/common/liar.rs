//! A member that does not say what it means to.

use peerjs_mesh_core::{
    Counters, Event, Input, Instant, LeaveHow, Member, Outcome, Output, SendError, Sent, Status,
};
use peerjs_mesh_sim::{Machine, World};

use super::config;

/// What its driver gets is changed on its way.
pub(crate) struct Liar<F> {
    member: Member,
    change: F,
}

/// The id of a liar of that seed, wherever it joins.
pub(crate) fn id_of(seed: [u8; 32]) -> String {
    let member = Member::new(config(), seed, Instant::from_micros(0));
    member.expect("the options are right").id().to_owned()
}

/// Joins the world with all that it gives its driver changed.
pub(crate) fn join_liar<F>(world: &mut World, seed: [u8; 32], change: F) -> usize
where
    F: FnMut(&mut Output) + 'static,
{
    let now = Instant::from_micros(world.now());
    let member = Member::new(config(), seed, now).expect("the options are right");
    let window = config().link_window;
    world.add(Box::new(Liar { member, change }), 0, window)
}

impl<F: FnMut(&mut Output)> Machine for Liar<F> {
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
    fn give(&mut self, now: Instant, kinds: Option<u8>) -> Result<(), SendError> {
        self.member.give(now, kinds)
    }
    fn drop_host(&mut self, now: Instant) {
        self.member.drop_host(now);
    }
    fn leave(&mut self, now: Instant, how: LeaveHow) {
        self.member.leave(now, how);
    }
    fn poll_output(&mut self) -> Option<Output> {
        let mut output = self.member.poll_output()?;
        (self.change)(&mut output);
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
