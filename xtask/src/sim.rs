//! `sim` and `replay`: the simulator's own program, with our arguments.

use std::process::Command;
use std::time::Duration;

use crate::repo::Repo;
use crate::{Failure, Result, run};

/// The simulator's binary in crates/sim.
pub(crate) const BINARY: &str = "peerjs-mesh-sim";
/// Chaos for a night.
const LIMIT: Duration = Duration::from_secs(12 * 60 * 60);

/// `cargo run` of the simulator, optimised; its report goes to target/sim.
pub(crate) fn program(repo: &Repo, args: &[&str]) -> Command {
    let mut cargo = repo.cargo();
    cargo
        .args(["run", "--quiet", "--release", "--bin", BINARY, "--"])
        .args(args);
    cargo.env("MESH_OUT", repo.target.join("sim"));
    cargo
}

/// `cargo xtask sim …`.
pub(crate) fn command(repo: &Repo, args: &[String]) -> Result<()> {
    let mut rest = args.iter();
    while let Some(flag) = rest.next() {
        match (flag.as_str(), rest.next()) {
            ("--seeds" | "--from" | "--seed", Some(number)) if number.parse::<u64>().is_ok() => {}
            ("--seeds" | "--from" | "--seed", _) => {
                return Err(Failure::Usage(format!("{flag} takes a number")));
            }
            ("--mutation", Some(_)) => {}
            ("--mutation", None) => return Err(Failure::Usage("--mutation takes a name".into())),
            _ => return Err(Failure::Usage(format!("sim has no option `{flag}`"))),
        }
    }
    simulate(repo, &args.iter().map(String::as_str).collect::<Vec<_>>())
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
    simulate(repo, &["replay", &path.to_string_lossy()])
}

fn simulate(repo: &Repo, args: &[&str]) -> Result<()> {
    if !repo.has_bin(BINARY) {
        return Err(Failure::new(format!(
            "this checkout has no binary {BINARY}"
        )));
    }
    match run::exit_code(program(repo, args), LIMIT)? {
        Some(0) => Ok(()),
        Some(2) => Err(Failure::Usage("see above".into())),
        _ => Err(Failure::new("")),
    }
}
