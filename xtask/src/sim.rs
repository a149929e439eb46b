//! `sim` and `replay`: the simulator's own program, with our arguments.

use std::process::Command;
use std::time::Duration;

use crate::repo::Repo;
use crate::{Failure, Result, run};

/// The simulator's binary in crates/sim.
pub(crate) const BINARY: &str = "peerjs-mesh-sim";
/// Chaos for a night.
const LIMIT: Duration = Duration::from_secs(12 * 60 * 60);

/// `cargo run` of the simulator, optimised.
fn program(repo: &Repo) -> Command {
    let mut cargo = repo.cargo();
    cargo.args(["run", "--quiet", "--release", "--bin", BINARY, "--"]);
    cargo
}

/// Chaos by these arguments; report and traces go to target/sim.
pub(crate) fn chaos(repo: &Repo, args: &[&str]) -> Command {
    let mut cargo = program(repo);
    cargo.args(args).arg("--out").arg(repo.target.join("sim"));
    cargo
}

/// Which seeds `check` and `test` run: this many, beginning where the commit's hash says, so that every commit tries
/// others and anybody can try them again. MESH_SEEDS=N runs so many, MESH_SEED=S that one alone.
pub(crate) fn seeds(repo: &Repo, count: u64) -> Vec<String> {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let mut git = repo.program("git", "");
    git.args(["rev-parse", "HEAD"]);
    let hash = run::output_of(git).unwrap_or_default();
    chosen(number("MESH_SEED"), number("MESH_SEEDS"), &hash, count)
}

fn chosen(one: Option<u64>, many: Option<u64>, hash: &str, count: u64) -> Vec<String> {
    match one {
        Some(seed) => vec!["--seed".into(), seed.to_string()],
        None => vec![
            "--from".into(),
            first_seed(hash).to_string(),
            "--seeds".into(),
            many.unwrap_or(count).to_string(),
        ],
    }
}

/// The first 32 bits of a commit's hash; 1 without a commit.
fn first_seed(hash: &str) -> u64 {
    let head = hash.trim().get(..8).unwrap_or_default();
    u64::from_str_radix(head, 16).unwrap_or(1)
}

/// `cargo xtask sim …`: the simulator knows its options itself.
pub(crate) fn command(repo: &Repo, args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    simulate(repo, chaos(repo, &args))
}

/// `cargo xtask replay FILE`.
pub(crate) fn replay(repo: &Repo, args: &[String]) -> Result<()> {
    let [file] = args else {
        return Err(Failure::Usage("replay takes one FILE".into()));
    };
    let path = std::path::absolute(file)?;
    if !path.exists() {
        return Err(Failure::Usage(format!("there is no file {file}")));
    }
    let mut cargo = program(repo);
    cargo.arg("replay").arg(path);
    simulate(repo, cargo)
}

fn simulate(repo: &Repo, cargo: Command) -> Result<()> {
    if !repo.has_bin(BINARY) {
        return Err(Failure::new(format!(
            "this checkout has no binary {BINARY}"
        )));
    }
    match run::exit_code(cargo, LIMIT)? {
        Some(0) => Ok(()),
        Some(2) => Err(Failure::Usage("see above".into())),
        _ => Err(Failure::new("")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_begin_where_the_commits_hash_says_unless_somebody_asks_for_others() {
        let hash = "00ff00ff0000000000000000000000000000ffff\n";
        assert_eq!(
            chosen(None, None, hash, 7),
            ["--from", "16711935", "--seeds", "7"]
        );
        assert_eq!(
            chosen(None, Some(9), "", 7),
            ["--from", "1", "--seeds", "9"]
        );
        assert_eq!(chosen(Some(5), Some(9), hash, 7), ["--seed", "5"]);
    }
}
