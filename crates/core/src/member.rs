//! The machine.
use crate::{
    Config, Counters, ErrorCode, Event, Input, Instant, LeaveHow, Output, SendError, Sent, Status,
};

/// One member of one room.
///
/// Methods come in four kinds: facts from outside (`handle_…`), commands of the user, what must be done next
/// (`poll_…`), and getters.
pub struct Member {
    config: Config,
}

impl Member {
    /// Starts joining. `seed` is all the chance it ever uses: 32 random bytes, never used twice.
    pub fn new(config: Config, seed: [u8; 32], now: Instant) -> Result<Member, ErrorCode> {
        config.check()?;
        let _ = (seed, now);
        Ok(Member { config })
    }

    /// Something has happened outside.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        let _ = (now, input);
    }

    /// The deadline of [`poll_timeout`](Self::poll_timeout) has come. Early or double calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// Sends an encoded value to all (`to: None`) or to one. Keeps the order of calls. Waits at most behind
    /// 1 024 others.
    pub fn send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<Sent, SendError> {
        let _ = (now, payload, to);
        Err(SendError::Left)
    }

    /// Sends at once or not at all.
    pub fn try_send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<(), SendError> {
        let _ = (now, payload, to);
        Err(SendError::Left)
    }

    /// Sets the own init data (an encoded value, at most 64 KiB).
    pub fn set_init_data(&mut self, now: Instant, data: Vec<u8>) -> Result<(), SendError> {
        let _ = (now, data);
        Ok(())
    }

    /// Ends this member's host role only (the original's `_disconnectHost`).
    pub fn drop_host(&mut self, now: Instant) {
        let _ = now;
    }

    /// Leaves; [`Event::Left`] follows.
    pub fn leave(&mut self, now: Instant, how: LeaveHow) {
        let _ = (now, how);
    }

    /// What the driver must do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }

    /// What the user hears next. May be left undrained: then deliveries stop, nothing else.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The own id, from the beginning.
    pub fn id(&self) -> &str {
        &self.config.room
    }

    /// The room as this member sees it.
    pub fn status(&self) -> Status {
        Status {
            id: String::new(),
            room: self.config.room.clone(),
            founding: [0; 16],
            term: 0,
            host: None,
            is_host: false,
            signalling: false,
            buffered: 0,
            peers: Vec::new(),
        }
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        Counters::default()
    }
}
