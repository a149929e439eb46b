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
