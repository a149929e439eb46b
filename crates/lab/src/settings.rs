//! What a link between two nodes is like.

use std::time::Duration;

/// What the way from one node to another is like. It has one direction: the way back has its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkSettings {
    /// Time on the way.
    pub delay: Duration,
    /// How far the delay strays from `delay`, up and down. It strays as a smooth wave, so that
    /// packets keep their order and bursts stay bursts: over a period of `4 * jitter` it moves from
    /// one random value to the next. Never less than no delay at all.
    pub jitter: Duration,
    /// Part of the packets that get lost, 0 to 1, each on its own.
    pub loss: f64,
    /// Part of the packets that are held up by `reorder_by` and may be overtaken, 0 to 1.
    pub reorder: f64,
    /// How long a reordered packet is held up, beyond the delay.
    pub reorder_by: Duration,
    /// Bytes per second that the link takes on (IP headers count); `None` = any number.
    pub rate: Option<u64>,
    /// Bytes that the link holds at most, those waiting for the rate and those on the way together;
    /// a packet beyond is dropped.
    pub queue: usize,
}

impl Default for LinkSettings {
    /// A perfect link that holds 8 MiB: at a delay of 50 ms that is 160 MB/s.
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            reorder: 0.0,
            reorder_by: Duration::from_millis(10),
            rate: None,
            queue: 8 << 20,
        }
    }
}
