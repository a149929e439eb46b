//! Plain counts of what a member did, from the first day. Nobody reads them in the browser module, and there they weigh
//! nothing: they are counted with the feature `counters`.

/// A number of things.
#[cfg(feature = "counters")]
pub type Count = u64;

/// A number of things that nobody reads: it is not counted.
#[cfg(not(feature = "counters"))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count;

#[cfg(not(feature = "counters"))]
impl core::ops::AddAssign<u64> for Count {
    fn add_assign(&mut self, _: u64) {}
}

/// What has happened so far; only grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Own messages accepted.
    pub sent: Count,
    /// Messages given to the user.
    pub delivered: Count,
    /// Pieces passed on for others.
    pub relayed: Count,
    /// Pieces and messages that had come before.
    pub doubled: Count,
    /// Messages filled in from another member's log.
    pub repaired: Count,
    /// Reigns begun after a host was lost.
    pub takeovers: Count,
    /// Of these, those of a member that came to the office by the room's name, because nobody of the line was to be found.
    pub cold_claims: Count,
    /// Offices handed over by a host that still served.
    pub handed_over: Count,
    /// Takeovers that did not happen, because others heard the host.
    pub outvoted: Count,
    /// Rooms joined into another.
    pub merges: Count,
    /// `gap` events.
    pub gaps: Count,
    /// Members dropped because they did not answer.
    pub dropped_silent: Count,
    /// Members dropped because they took nothing.
    pub dropped_slow: Count,
    /// Frames and records that could not be read.
    pub garbage: Count,
    /// Dials begun.
    pub dials: Count,
    /// Media connections dialled.
    pub calls: Count,
    /// Bytes of messages kept now (a level, not a count).
    pub kept_bytes: Count,
    /// The most that were kept at once.
    pub kept_bytes_max: Count,
}
