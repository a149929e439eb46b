//! What many seeds came to.

use super::Outcome;
use crate::stats::Stats;
use serde_json::{Value, json};
use std::path::Path;

/// What must have happened in a large enough run, else it has proved nothing.
const MUST_HAPPEN: [&str; 16] = [
    "fault: crash",
    "fault: kill",
    "fault: polite leave",
    "fault: freeze",
    "fault: busy",
    "fault: slow reader",
    "fault: throttled timers",
    "fault: loss",
    "fault: delay",
    "fault: link cut",
    "fault: asymmetric cut",
    "fault: link broken",
    "fault: partition of links",
    "fault: partition of signalling",
    "core: takeovers",
    "core: merges",
];

/// The sum of many seeds.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How many were run.
    pub seeds: u64,
    /// How many broke a rule.
    pub failed: u64,
    /// All violations.
    pub violations: u64,
    /// Everything counted.
    pub stats: Stats,
    /// Events.
    pub steps: u64,
    failures: Vec<Value>,
}

impl Summary {
    /// Adds a seed; `trace`: the file where its trace stands.
    pub fn add(&mut self, outcome: &Outcome, trace: Option<&str>) {
        self.seeds += 1;
        self.steps += outcome.steps;
        self.stats.merge(&outcome.stats);
        if outcome.violations.is_empty() {
            return;
        }
        self.failed += 1;
        self.violations += outcome.violations.len() as u64;
        if self.failures.len() < 200 {
            let violations: Vec<Value> = outcome
                .violations
                .iter()
                .map(|v| json!({ "at": v.at as f64 / 1e6, "rule": v.rule, "detail": v.detail }))
                .collect();
            self.failures
                .push(json!({ "seed": outcome.seed, "violations": violations, "trace": trace }));
        }
    }

    /// What should have happened and never did.
    pub fn never_happened(&self) -> Vec<&'static str> {
        MUST_HAPPEN
            .into_iter()
            .filter(|name| self.stats.get(name) == 0)
            .collect()
    }

    /// As JSON.
    pub fn to_json(&self, seconds: f64, mutation: Option<&str>) -> Value {
        let counts: serde_json::Map<String, Value> = self
            .stats
            .counts()
            .map(|(name, n)| (name.to_owned(), n.into()))
            .collect();
        let highs: serde_json::Map<String, Value> = self
            .stats
            .highs()
            .map(|(name, n)| (name.to_owned(), n.into()))
            .collect();
        json!({
            "seeds": self.seeds,
            "failed": self.failed,
            "violations": self.violations,
            "seconds": seconds,
            "events": self.steps,
            "mutation": mutation,
            "never_happened": self.never_happened(),
            "counts": counts,
            "highest": highs,
            "failures": self.failures,
        })
    }
}

/// Writes `report.json` into a folder, which is made when it is missing.
pub fn write_report(folder: &Path, report: &Value) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let text = serde_json::to_string_pretty(report).map_err(std::io::Error::other)?;
    std::fs::write(folder.join("report.json"), text + "\n")
}
