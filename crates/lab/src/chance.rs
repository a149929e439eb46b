//! The chances of one direction between two nodes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// A chance source of one directed pair of nodes.
///
/// It depends on the seed and the pair alone: what happens between other nodes, or how many there
/// are, changes nothing here.
#[derive(Debug)]
pub(crate) struct Chance {
    packets: ChaCha8Rng,
    waves: ChaCha8Rng,
    /// The last slot of the jitter wave asked for: its number and the values at its two ends.
    slot: Option<(u64, f64, f64)>,
}

/// The chances that one packet meets, each uniform in `0.0..1.0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Draw {
    pub(crate) loss: f64,
    pub(crate) reorder: f64,
}

impl Chance {
    pub(crate) fn new(seed: u64, from: usize, to: usize) -> Self {
        let pair = (from as u64) << 32 | to as u64;
        let stream = |kind: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(pair << 1 | kind);
            rng
        };
        Self {
            packets: stream(0),
            waves: stream(1),
            slot: None,
        }
    }

    /// The next packet's chances. Every packet takes the same number of draws, whatever becomes of
    /// it, so that changing a knob does not shift what later packets meet.
    pub(crate) fn next_packet(&mut self) -> Draw {
        Draw {
            loss: unit(&mut self.packets),
            reorder: unit(&mut self.packets),
        }
    }

    /// How far the delay has strayed at `now`, in parts of the jitter: −1 to 1.
    ///
    /// The wave runs straight from one random value to the next over `4 * jitter`, so it falls by at
    /// most half a second per second, and what is sent later arrives later.
    pub(crate) fn wave(&mut self, now: Duration, jitter: Duration) -> f64 {
        let period = jitter.as_nanos().saturating_mul(4).max(1);
        let slot = u64::try_from(now.as_nanos() / period).unwrap_or(u64::MAX);
        let part = (now.as_nanos() % period) as f64 / period as f64;
        let (start, end) = match self.slot {
            Some((last, start, end)) if last == slot => (start, end),
            _ => {
                // Two words of 32 bits a slot, by number: the wave is the same however often, or
                // seldom, it is looked at.
                self.waves.set_word_pos(u128::from(slot) * 2);
                let start = unit(&mut self.waves) * 2.0 - 1.0;
                let end = unit(&mut self.waves) * 2.0 - 1.0;
                self.slot = Some((slot, start, end));
                (start, end)
            }
        };
        start + (end - start) * part
    }
}

/// A number uniform in `0.0..1.0`, of the 53 bits that a double holds.
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wave_has_no_steps_and_never_falls_faster_than_half_the_clock() {
        let jitter = Duration::from_millis(10);
        let mut chance = Chance::new(7, 0, 1);
        let step = Duration::from_micros(50);
        let mut last = chance.wave(Duration::ZERO, jitter);
        let (mut low, mut high) = (last, last);
        for i in 1..200_000u32 {
            let value = chance.wave(step * i, jitter);
            let change = (value - last) * jitter.as_secs_f64();
            assert!(
                change.abs() <= step.as_secs_f64() / 2.0 + 1e-12,
                "{change} s at step {i}"
            );
            (low, high, last) = (low.min(value), high.max(value), value);
        }
        assert!(low < -0.9 && high > 0.9, "{low}..{high}");
    }

    #[test]
    fn the_wave_is_the_same_however_often_it_is_looked_at() {
        let jitter = Duration::from_millis(10);
        let at = Duration::from_millis(1234);
        let mut often = Chance::new(7, 0, 1);
        for i in 0..1234 {
            often.wave(Duration::from_millis(i), jitter);
        }
        assert_eq!(
            often.wave(at, jitter),
            Chance::new(7, 0, 1).wave(at, jitter)
        );
    }

    #[test]
    fn pairs_and_seeds_meet_different_chances() {
        let draws = |seed, from, to| {
            let mut chance = Chance::new(seed, from, to);
            (0..8)
                .map(|_| chance.next_packet().loss)
                .collect::<Vec<_>>()
        };
        assert_eq!(draws(1, 0, 1), draws(1, 0, 1));
        assert_ne!(draws(1, 0, 1), draws(1, 1, 0));
        assert_ne!(draws(1, 0, 1), draws(1, 0, 2));
        assert_ne!(draws(1, 0, 1), draws(2, 0, 1));
    }
}
