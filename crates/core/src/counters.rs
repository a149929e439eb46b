//! Plain counts of what a member did, from the first day.

/// What has happened so far; only grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Own messages accepted.
    pub sent: u64,
    /// Messages given to the user.
    pub delivered: u64,
    /// Pieces passed on for others.
    pub relayed: u64,
    /// Pieces and messages that had come before.
    pub doubled: u64,
    /// Messages filled in from another member's log.
    pub repaired: u64,
    /// Reigns begun after a host was lost.
    pub takeovers: u64,
    /// Of these, those of a member that came to the office by the room's name, because nobody of the line was to be found.
    pub cold_claims: u64,
    /// Offices handed over by a host that still served.
    pub handed_over: u64,
    /// Takeovers that did not happen, because others heard the host.
    pub outvoted: u64,
    /// Rooms joined into another.
    pub merges: u64,
    /// `gap` events.
    pub gaps: u64,
    /// Members dropped because they did not answer.
    pub dropped_silent: u64,
    /// Members dropped because they took nothing.
    pub dropped_slow: u64,
    /// Frames and records that could not be read.
    pub garbage: u64,
    /// Dials begun.
    pub dials: u64,
    /// Media connections dialled.
    pub calls: u64,
    /// Bytes of messages kept now (a level, not a count).
    pub kept_bytes: u64,
    /// The most that were kept at once.
    pub kept_bytes_max: u64,
}
