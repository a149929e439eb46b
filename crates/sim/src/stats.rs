//! Counts of what happened, for reports: a fault that never happened proves nothing.

use peerjs_mesh_core::{Counters, Lane};
use std::collections::BTreeMap;

/// Plain counts by name, and the highest levels reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    counts: BTreeMap<&'static str, u64>,
    highs: BTreeMap<&'static str, u64>,
    /// Of each lane: counted so often that looking for a name would show.
    frames: [u64; 4],
}

/// The names of [`Stats::frames`], by lane.
const FRAMES: [&str; 4] = [
    "frames: default",
    "frames: data",
    "frames: beat",
    "frames: control",
];

impl Stats {
    /// Adds to a count.
    pub fn count(&mut self, name: &'static str, by: u64) {
        *self.counts.entry(name).or_default() += by;
    }

    /// Raises a level's maximum.
    pub fn high_water(&mut self, name: &'static str, level: u64) {
        let high = self.highs.entry(name).or_default();
        *high = level.max(*high);
    }

    /// A count; 0 when nothing of the name happened.
    pub fn get(&self, name: &str) -> u64 {
        match FRAMES.iter().position(|frames| *frames == name) {
            Some(lane) => self.frames[lane],
            None => self.counts.get(name).copied().unwrap_or(0),
        }
    }

    /// How often any fault has begun.
    pub fn faults(&self) -> u64 {
        let of_faults = self
            .counts
            .iter()
            .filter(|(name, _)| name.starts_with("fault: "));
        of_faults.map(|(_, n)| n).sum()
    }

    /// All counts.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let frames = FRAMES.into_iter().zip(self.frames);
        self.counts
            .iter()
            .map(|(name, n)| (*name, *n))
            .chain(frames)
    }

    /// All maxima.
    pub fn highs(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.highs.iter().map(|(name, n)| (*name, *n))
    }

    /// Adds what another world counted.
    pub fn merge(&mut self, other: &Stats) {
        for (name, n) in &other.counts {
            self.count(name, *n);
        }
        for (all, more) in self.frames.iter_mut().zip(other.frames) {
            *all += more;
        }
        for (name, n) in other.highs() {
            self.high_water(name, n);
        }
    }

    pub(crate) fn frame(&mut self, lane: Lane) {
        self.frames[lane as usize] += 1;
    }

    /// Adds what a member counted in its life.
    pub(crate) fn add_counters(&mut self, c: &Counters) {
        for (name, n) in [
            ("core: sent", c.sent),
            ("core: delivered", c.delivered),
            ("core: relayed", c.relayed),
            ("core: doubled", c.doubled),
            ("core: repaired", c.repaired),
            ("core: takeovers", c.takeovers),
            ("core: merges", c.merges),
            ("core: gaps", c.gaps),
            ("core: dropped silent", c.dropped_silent),
            ("core: dropped slow", c.dropped_slow),
            ("core: garbage", c.garbage),
            ("core: dials", c.dials),
        ] {
            self.count(name, n);
        }
        self.high_water("core: kept bytes", c.kept_bytes_max);
    }
}
