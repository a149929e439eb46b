//! What can be set, and where each default comes from.

use std::time::Duration;

/// The options of a broker. Names and defaults are those of npm `peer`'s command line.
#[derive(Debug, Clone)]
pub struct Config {
    /// The key that every client has to name. Default `peerjs`.
    pub key: String,
    /// How long a message for an absent id is kept, counted from the first one waiting for that id. Default 5 s.
    pub expire_timeout: Duration,
    /// A client that sends no HEARTBEAT for this long is removed. Default 60 s.
    pub alive_timeout: Duration,
    /// The most ids registered at one time. A client coming back with its own token is admitted above it.
    /// Default 5 000.
    pub concurrent_limit: usize,
    /// Bounds on what one client can make the broker hold or pass on.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            key: String::from("peerjs"),
            expire_timeout: Duration::from_millis(5_000),
            alive_timeout: Duration::from_millis(60_000),
            concurrent_limit: 5_000,
            limits: Limits::default(),
        }
    }
}

/// Bounds that npm `peer` does not have. No PeerJS client comes near them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest frame accepted, in bytes. A PeerJS OFFER weighs 1–20 kB plus the program's metadata; npm `peer`
    /// takes 100 MiB. Default 4 MiB.
    pub frame_bytes: usize,
    /// How deep arrays and objects may be nested in a frame, the frame's own object included. 5 000 levels make npm
    /// `peer` disconnect the receiver; several JSON readers stop at 128. Default 100.
    pub frame_depth: usize,
    /// The longest id, token or key, in bytes. npm `peer` is bounded by its 16 kB of HTTP headers. Default 1 024
    /// (guess).
    pub id_bytes: usize,
    /// The most messages waiting for one absent id. A thousand joiners that dial an absent host with a dozen
    /// candidates each do not reach it. Default 16 384 (guess).
    pub queue_messages: usize,
    /// The most bytes waiting for one absent id. Default 8 MiB (guess).
    pub queue_bytes: usize,
    /// The most absent ids for which something waits. Default 8 192 (guess).
    pub queue_destinations: usize,
    /// The most bytes waiting for all absent ids together. Default 64 MiB (guess).
    pub queue_total_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 4 << 20,
            frame_depth: 100,
            id_bytes: 1_024,
            queue_messages: 16_384,
            queue_bytes: 8 << 20,
            queue_destinations: 8_192,
            queue_total_bytes: 64 << 20,
        }
    }
}
