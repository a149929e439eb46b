//! Passed, failed, skipped: read from what test runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) const PASS: Counts = Counts {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    pub(crate) const FAIL: Counts = Counts {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    pub(crate) const SKIP: Counts = Counts {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// Did any test run, or was one at least named?
    pub(crate) fn is_empty(self) -> bool {
        self == Counts::default()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// How a process tells what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// One check: its exit code is the result.
    ExitCode,
    /// Rust's test harness: `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    Rust,
    /// `node --test`, spec or TAP reporter: `ℹ pass 3`, `# pass 3`.
    Node,
}

impl Reader {
    /// The counts of a finished process. A process that ends badly has failed at least once, whatever
    /// it printed.
    pub(crate) fn count(self, output: &str, good_exit: bool) -> Counts {
        let mut counts = match self {
            Reader::ExitCode if good_exit => Counts::PASS,
            Reader::ExitCode => Counts::FAIL,
            Reader::Rust => rust(output),
            Reader::Node => node(output),
        };
        if !good_exit && counts.failed == 0 {
            counts += Counts::FAIL;
        }
        counts
    }
}

/// Adds up every `test result:` line.
fn rust(output: &str) -> Counts {
    let mut sum = Counts::default();
    for line in output.lines() {
        let Some((_, rest)) = line.split_once("test result: ") else {
            continue;
        };
        // After the verdict come `N word` pairs, divided by `;`.
        let Some((_, pairs)) = rest.split_once(". ") else {
            continue;
        };
        for pair in pairs.split(';') {
            let mut words = pair.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => sum.passed += number,
                Some("failed") => sum.failed += number,
                Some("ignored") => sum.skipped += number,
                _ => {}
            }
        }
    }
    sum
}

/// The last summary of `node --test`: earlier ones were printed by a process under test.
fn node(output: &str) -> Counts {
    let mut last = Counts::default();
    let mut current = Counts::default();
    for line in output.lines() {
        let line = line.trim_end();
        let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) else {
            continue;
        };
        let Some((word, number)) = rest.split_once(' ') else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        match word {
            // A summary begins with the number of tests.
            "tests" => current = Counts::default(),
            "pass" => current.passed = number,
            "fail" | "cancelled" => current.failed += number,
            "skipped" | "todo" => current.skipped += number,
            _ => continue,
        }
        last = current;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn rust_results_of_several_binaries_add_up() {
        let text = "\
running 2 tests
test a ... ok
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s

test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s";
        assert_eq!(Reader::Rust.count(text, false), counts(16, 2, 1));
    }

    #[test]
    fn a_rust_result_after_unfinished_output_on_the_line_counts() {
        let text = "progress... test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Reader::Rust.count(text, true), counts(1, 0, 0));
    }

    #[test]
    fn a_process_that_dies_without_a_result_has_failed_once() {
        assert_eq!(
            Reader::Rust.count("running 3 tests\nSIGABRT", false),
            counts(0, 1, 0)
        );
        assert_eq!(
            Reader::Node.count("Error: Cannot find module", false),
            counts(0, 1, 0)
        );
        // All passed, and then the process crashed.
        let text = "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Reader::Rust.count(text, false), counts(2, 1, 0));
    }

    #[test]
    fn node_summaries_in_both_reporters_are_read() {
        let tap = "# tests 6\n# suites 0\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n# duration_ms 5.1";
        assert_eq!(Reader::Node.count(tap, false), counts(3, 2, 1));
        let spec = "✔ joins (3.1ms)\nℹ tests 2\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0";
        assert_eq!(Reader::Node.count(spec, true), counts(2, 0, 0));
    }

    #[test]
    fn a_summary_printed_by_a_program_under_test_does_not_count() {
        let text = "# tests 9\n# pass 9\n# fail 0\nℹ tests 1\nℹ pass 0\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0";
        assert_eq!(Reader::Node.count(text, false), counts(0, 1, 0));
    }

    #[test]
    fn one_check_counts_by_its_exit_code() {
        assert_eq!(Reader::ExitCode.count("", true), Counts::PASS);
        assert_eq!(
            Reader::ExitCode.count("3 passed; 0 failed", false),
            Counts::FAIL
        );
    }

    #[test]
    fn the_last_line_has_the_promised_shape() {
        assert_eq!(
            counts(41, 0, 2).to_string(),
            "41 passed, 0 failed, 2 skipped"
        );
    }
}
