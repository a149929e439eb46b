//! Why a build failed, in the compiler's own words: its errors, without the list of what was compiled meanwhile.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::repo::Repo;
use crate::run::{self, End};

/// Lines of errors that are shown: the first, for what follows is often made by them.
const MOST_LINES: usize = 120;
/// A linker's command line has thousands of characters.
const MOST_CHARACTERS: usize = 300;

/// What cargo says only so that one sees it at work.
const PROGRESS: [&str; 14] = [
    "Adding",
    "Blocking",
    "Building",
    "Checking",
    "Compiling",
    "Dirty",
    "Downloaded",
    "Downloading",
    "Finished",
    "Fresh",
    "Locking",
    "Running",
    "Unpacking",
    "Updating",
];

/// Causes that have nothing to do with the code: what the log says, and what that means.
const CAUSES: [(&str, &str); 11] = [
    ("No space left on device", "the disk is full"),
    ("os error 28", "the disk is full"),
    ("Disk quota exceeded", "the disk is full"),
    (
        "SIGBUS",
        "a compiler lost its memory or its disk: one of them is full",
    ),
    (
        "SIGKILL",
        "a compiler was killed, as a system out of memory does; `CARGO_BUILD_JOBS=1` needs less",
    ),
    (
        "Cannot allocate memory",
        "there is too little memory; `CARGO_BUILD_JOBS=1` needs less",
    ),
    ("SIGTERM", "a compiler was asked to end"),
    ("failed to download", "a crate could not be downloaded"),
    ("failed to get", "a crate could not be found or downloaded"),
    (
        "network failure seems to have happened",
        "the network failed",
    ),
    (
        "failed to parse lock file",
        "Cargo.lock is of a newer cargo, or broken",
    ),
];

/// Is this line only a sign of work?
pub(crate) fn is_progress(line: &str) -> bool {
    let word = line.trim_start().split(' ').next().unwrap_or_default();
    line.starts_with(' ') && PROGRESS.contains(&word)
}

/// Why a build that ended so failed: in a line what it was if the log shows it, then the errors.
pub(crate) fn why(repo: &Repo, log: &str, end: End, limit: Duration) -> String {
    let mut said: Vec<String> = Vec::new();
    match end {
        End::Good | End::Bad(Some(_)) => {}
        End::Bad(None) => said.push("cargo was ended by a signal".into()),
        End::TimedOut => said.push(format!("cargo was not done after {} s", limit.as_secs())),
    }
    said.extend(causes(log).map(String::from));
    if !said.is_empty() {
        said.extend(room(&repo.target));
    }
    let found = errors(log);
    if found.is_empty() {
        // Nothing that looks like an error: all that is no progress may be one.
        let rest: Vec<&str> = log.lines().filter(|line| !is_progress(line)).collect();
        let from = rest.len().saturating_sub(MOST_LINES);
        said.extend(rest[from..].iter().map(|line| cut(line)));
    }
    let left = found.len().saturating_sub(MOST_LINES);
    said.extend(found.into_iter().take(MOST_LINES));
    if left > 0 {
        said.push(format!("… and {left} lines more"));
    }
    said.join("\n")
}

/// The room left on the disk of that folder, in `df`'s words.
fn room(folder: &Path) -> Option<String> {
    let mut df = Command::new("df");
    df.arg("-h").arg(folder);
    let text = run::output_of(df)?;
    Some(format!("disk: {}", text.lines().last()?))
}

/// What the log names of the causes, each once.
fn causes(log: &str) -> impl Iterator<Item = &'static str> {
    let mut found: Vec<&str> = Vec::new();
    for (words, meaning) in CAUSES {
        if log.contains(words) && !found.contains(&meaning) {
            found.push(meaning);
        }
    }
    found.into_iter()
}

/// The lines of all errors: each from `error` to the empty line behind it, with the causes and notes that follow.
pub(crate) fn errors(log: &str) -> Vec<String> {
    let mut shown = Vec::new();
    let mut within = false;
    for line in log.lines() {
        let begins = line.starts_with("error")
            || line.starts_with("Caused by:")
            || line.starts_with("thread '") && line.contains("panicked");
        if begins {
            within = true;
        } else if line.is_empty() || line.starts_with("warning") {
            within = false;
        }
        // Cargo goes on with other crates in the midst of it.
        if within && !is_progress(line) {
            shown.push(cut(line));
        }
    }
    shown
}

fn cut(line: &str) -> String {
    if line.chars().count() <= MOST_CHARACTERS {
        return line.to_owned();
    }
    let head: String = line.chars().take(MOST_CHARACTERS).collect();
    format!("{head} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
   Compiling peerjs-mesh-core v0.1.0 (crates/core)
warning: unused variable: `x`
 --> crates/core/src/lib.rs:1:5

error[E0425]: cannot find value `y` in this scope
 --> crates/core/src/lib.rs:9:5
   Compiling peerjs-mesh-broker v0.1.0 (crates/broker)
  |
9 |     y
  |     ^ not found in this scope

   Compiling peerjs-mesh-server v0.1.0 (crates/server)
error: could not compile `peerjs-mesh-core` (lib test) due to 1 previous error; 1 warning emitted
warning: build failed, waiting for other jobs to finish...
   Compiling peerjs-mesh-lab v0.1.0 (crates/lab)
";

    #[test]
    fn of_a_log_the_errors_are_shown_and_neither_progress_nor_warnings() {
        let shown = errors(LOG);
        assert_eq!(shown.len(), 6, "{shown:#?}");
        assert!(shown[0].starts_with("error[E0425]"));
        assert!(shown[4].contains("not found in this scope"));
        assert!(shown[5].contains("could not compile"));
    }

    #[test]
    fn a_killed_compiler_a_full_disk_and_a_failed_download_are_named() {
        for (log, meaning) in [
            (
                "error: could not compile `x`\n\nCaused by:\n  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)\n",
                "killed",
            ),
            (
                "error: failed to write x.rmeta: No space left on device (os error 28)\n",
                "disk is full",
            ),
            (
                "error: failed to download from `https://host/x`\n\nCaused by:\n  [28] Timeout was reached\n",
                "downloaded",
            ),
        ] {
            let found: Vec<&str> = causes(log).collect();
            assert_eq!(found.len(), 1, "{log}");
            assert!(found[0].contains(meaning), "{log}");
        }
        assert_eq!(causes(LOG).count(), 0);
        let shown = errors("error: a\n\nCaused by:\n  b\n\nother\n");
        assert_eq!(shown, ["error: a", "Caused by:", "  b"]);
    }

    #[test]
    fn a_line_that_has_no_end_is_cut() {
        let line = format!("error: {}", "x".repeat(5_000));
        assert_eq!(errors(&line)[0].chars().count(), MOST_CHARACTERS + 2);
    }
}
