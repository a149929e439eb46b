//! What many seeds came to.

use super::Outcome;
use crate::stats::Stats;
use serde_json::{Value, json};
use std::path::Path;

/// From so many seeds on everything of [`MUST_HAPPEN`] must have happened: the rarest of it happens once in fifty.
pub const ENOUGH_SEEDS: u64 = 1_000;

/// What must have happened in a large enough run, else it has proved nothing.
const MUST_HAPPEN: [&str; 45] = [
    "fault: crash",
    "fault: kill",
    "fault: host and first of the line",
    "fault: polite leave",
    "fault: leave together",
    "fault: host role dropped",
    "fault: freeze under 10 s",
    "fault: freeze within retention",
    "fault: freeze beyond retention",
    "fault: busy",
    "fault: slow reader",
    "fault: flood",
    "fault: throttled timers",
    "fault: page hidden",
    "fault: clock step",
    "fault: loss",
    "fault: delay",
    "fault: link cut",
    "fault: asymmetric cut",
    "fault: link broken",
    "fault: partition of links",
    "fault: partition of signalling",
    "fault: partition of both",
    "fault: nobody reaches the server",
    "fault: server down",
    "fault: server silent",
    "server: ours",
    "server: npm peer",
    "seeds: host mode",
    "seeds: full mode",
    "seeds: mixed modes",
    "seeds: overlapping faults",
    "seeds: over 20 members",
    "quiet points",
    "messages: broadcast",
    "messages: directed",
    "messages: waited",
    "judged: no false alarm",
    TAKEOVERS,
    COLD_CLAIMS,
    MERGES,
    GAPS,
    REPAIRED,
    TOO_SLOW,
    SILENT,
];

const TAKEOVERS: &str = "core: takeovers";
const COLD_CLAIMS: &str = "cold claims";
const MERGES: &str = "core: merges";
const GAPS: &str = "core: gaps";
const REPAIRED: &str = "core: repaired";
const TOO_SLOW: &str = "core: dropped slow";
const SILENT: &str = "core: dropped silent";

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
    first_broken: Option<(u64, &'static str)>,
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
        if let Some(violation) = outcome.violations.first() {
            let this = (outcome.seed, violation.rule);
            self.first_broken = Some(self.first_broken.map_or(this, |known| known.min(this)));
        }
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

    /// The first seed in which something was broken, and what was broken first in it.
    pub fn first_broken(&self) -> Option<(u64, &'static str)> {
        self.first_broken
    }

    /// What should have happened and never did.
    pub fn never_happened(&self) -> Vec<&'static str> {
        MUST_HAPPEN
            .into_iter()
            .filter(|name| self.stats.get(name) == 0)
            .collect()
    }

    /// The counts that people ask for first.
    fn digest(&self) -> Value {
        let get = |name| self.stats.get(name);
        let high = |name| {
            let found = self.stats.highs().find(|(known, _)| *known == name);
            found.map_or(0, |(_, ms)| ms)
        };
        let faults: serde_json::Map<String, Value> = self
            .stats
            .counts()
            .filter_map(|(name, n)| Some((name.strip_prefix("fault: ")?.to_owned(), n.into())))
            .collect();
        let recovery = [
            high("settled after ms"),
            high("settled after a fault, ms"),
            high("newcomer in after ms"),
        ];
        json!({
            "faults": faults,
            "takeovers": get(TAKEOVERS),
            "cold_claims": get(COLD_CLAIMS),
            "merges": get(MERGES),
            "gaps": get(GAPS),
            "dropped_slow": get(TOO_SLOW),
            "dropped_silent": get(SILENT),
            "messages": get("messages: broadcast") + get("messages: directed"),
            "deliveries": get("messages heard"),
            "longest_recovery_ms": recovery.into_iter().max(),
        })
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
            "digest": self.digest(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_happened_is_named_and_stands_in_the_report() {
        let mut summary = Summary::default();
        for name in MUST_HAPPEN {
            summary.stats.count(name, 1);
        }
        assert_eq!(summary.never_happened(), [""; 0]);
        let mut poor = Summary::default();
        for name in MUST_HAPPEN.iter().filter(|name| **name != MERGES) {
            poor.stats.count(name, 1);
        }
        assert_eq!(poor.never_happened(), [MERGES]);
        let report = poor.to_json(1.0, None);
        assert_eq!(report["never_happened"][0], MERGES);
        assert_eq!(report["digest"]["merges"], 0);
        assert_eq!(report["digest"]["takeovers"], 1);
        assert_eq!(report["digest"]["faults"]["crash"], 1);
    }
}
