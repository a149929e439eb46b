//! `check`: the quick parts of the table in `test.rs`, and a look at the length of files.

use crate::repo::Repo;
use crate::{Result, run, test};

/// Lines that a person reads in one sitting.
const LONG: usize = 450;

/// `cargo xtask check`.
pub(crate) fn command(repo: &Repo) -> Result<()> {
    test::run_parts(repo, true, None)
}

/// Names source files that are too long to read in one sitting. A report, not a failure.
pub(crate) fn report_long_files(repo: &Repo) {
    let mut git = repo.program("git", "");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    for file in run::output_of(git).unwrap_or_default().lines() {
        if ![".rs", ".ts", ".tsx", ".mjs", ".js", ".html", ".css"]
            .iter()
            .any(|ending| file.ends_with(ending))
        {
            continue;
        }
        let lines = std::fs::read_to_string(repo.root.join(file))
            .unwrap_or_default()
            .lines()
            .count();
        if lines > LONG {
            println!("  long    {file}: {lines} lines, split it by idea");
        }
    }
}
