//! What the world drives: the real member, or a dummy of a test.

use peerjs_mesh_core::{
    Counters, Event, Input, Instant, LeaveHow, Member, Outcome, Output, Queue, SendError, Sent,
    Status,
};

/// The public API of [`Member`], as the world uses it.
pub trait Machine {
    /// Something has happened outside.
    fn handle_input(&mut self, now: Instant, input: Input<'_>);
    /// The deadline of `poll_timeout` has come, or nearly.
    fn handle_timeout(&mut self, now: Instant);
    /// Sends to all or to one.
    fn send(&mut self, now: Instant, payload: Vec<u8>, to: Option<&str>)
    -> Result<Sent, SendError>;
    /// Sets the own init data.
    fn set_init_data(&mut self, now: Instant, data: Vec<u8>) -> Result<(), SendError>;
    /// Gives a stream, or none.
    fn give(&mut self, _now: Instant, _kinds: Option<u8>) -> Result<(), SendError> {
        Err(SendError::Left)
    }
    /// Gets somebody's stream.
    fn call_peer(&mut self, _now: Instant, _id: &str) -> Result<(), SendError> {
        Err(SendError::UnknownMember)
    }
    /// Ends the host role.
    fn drop_host(&mut self, now: Instant);
    /// Whether nobody sees its page.
    fn set_hidden(&mut self, _now: Instant, _hidden: bool) {}
    /// Leaves.
    fn leave(&mut self, now: Instant, how: LeaveHow);
    /// What the driver has to do next.
    fn poll_output(&mut self) -> Option<Output>;
    /// What became of sends that had to wait.
    fn poll_outcome(&mut self) -> Option<Outcome>;
    /// What the user hears next.
    fn poll_event(&mut self) -> Option<Event>;
    /// When to call `handle_timeout`.
    fn poll_timeout(&self) -> Option<Instant>;
    /// The own id.
    fn id(&self) -> &str;
    /// The room as this member sees it.
    fn status(&self) -> Status;
    /// What it has done so far.
    fn counters(&self) -> Counters;
    /// Its queues, by what it says itself; `largest`: bytes of the largest message that anybody said.
    fn queues(&self, _largest: usize) -> Option<[Queue; 18]> {
        None
    }
    /// Whether it could register a name under this token.
    fn knows_token(&self, _token: &str) -> bool {
        false
    }
    /// Whether a link that it keeps at hand is yet to be dialled.
    fn dials_again(&self) -> bool {
        false
    }
}

impl Machine for Member {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        Member::handle_input(self, now, input);
    }
    fn handle_timeout(&mut self, now: Instant) {
        Member::handle_timeout(self, now);
    }
    fn send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<Sent, SendError> {
        Member::send(self, now, payload, to)
    }
    fn set_init_data(&mut self, now: Instant, data: Vec<u8>) -> Result<(), SendError> {
        Member::set_init_data(self, now, data)
    }
    fn give(&mut self, now: Instant, kinds: Option<u8>) -> Result<(), SendError> {
        Member::give(self, now, kinds)
    }
    fn call_peer(&mut self, now: Instant, id: &str) -> Result<(), SendError> {
        Member::call_peer(self, now, id)
    }
    fn drop_host(&mut self, now: Instant) {
        Member::drop_host(self, now);
    }
    fn set_hidden(&mut self, now: Instant, hidden: bool) {
        Member::set_hidden(self, now, hidden);
    }
    fn leave(&mut self, now: Instant, how: LeaveHow) {
        Member::leave(self, now, how);
    }
    fn poll_output(&mut self) -> Option<Output> {
        Member::poll_output(self)
    }
    fn poll_outcome(&mut self) -> Option<Outcome> {
        Member::poll_outcome(self)
    }
    fn poll_event(&mut self) -> Option<Event> {
        Member::poll_event(self)
    }
    fn poll_timeout(&self) -> Option<Instant> {
        Member::poll_timeout(self)
    }
    fn id(&self) -> &str {
        Member::id(self)
    }
    fn status(&self) -> Status {
        Member::status(self)
    }
    fn counters(&self) -> Counters {
        Member::counters(self)
    }
    fn queues(&self, largest: usize) -> Option<[Queue; 18]> {
        Some(Member::queues(self, largest))
    }
    fn dials_again(&self) -> bool {
        Member::dials_again(self)
    }
    fn knows_token(&self, token: &str) -> bool {
        Member::knows_token(self, token)
    }
}
