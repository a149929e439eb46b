//! The repository's one door: builds, tests and measures everything.
//!
//! `cargo xtask help` lists the commands. Each ends with exit code 0 (done and good), 1 (a check
//! failed) or 2 (usage).

mod bench;
mod build;
mod cases;
mod changelog;
mod check;
mod compile;
mod counts;
mod demo;
mod layering;
mod repo;
mod run;
mod rust_tests;
mod setup;
mod sim;
mod size;
mod test;
mod test_files;
mod wanted;
mod wasm;

use repo::Repo;

/// Why a command ended without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A check failed or a step could not be done (exit code 1).
    Failed(String),
    /// The command line is wrong (exit code 2).
    Usage(String),
}

impl Failure {
    /// A failed step, described to a person.
    pub(crate) fn new(text: impl Into<String>) -> Failure {
        Failure::Failed(text.into())
    }

    /// What went wrong, to be told as part of something else.
    pub(crate) fn text(self) -> String {
        let (Failure::Failed(text) | Failure::Usage(text)) = self;
        text
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Failed(error.to_string())
    }
}

/// What every step returns.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

const USAGE: &str = "\
cargo xtask COMMAND

  demo [--port 9000]     build what is missing, serve signalling and the demo until Ctrl-C
  test [--only NAME]     every test, browsers included; NAME: a part, or the start of a test file's name
  check                  format, lints, layering, unit tests, a short simulation: under 3 minutes warm
  build                  release binary, npm package, demo
  package                the npm tarball, target/npm/peerjs-mesh-<version>.tgz
  sim [--seeds N] [--from S] [--seed S] [--mutation NAME]
                         chaos; the last line is `seeds=N violations=N seconds=N`
  replay FILE            repeat a recording, or a failing seed's trace
  bench NAME [--check]   a table; with --check exit 1 if a goal is missed
  size                   gzip sizes of all that a page loads, and what weighs most

Exit code: 0 done and good, 1 a check failed, 2 usage.";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    run::watch_signals();
    let code = match dispatch(&args) {
        Ok(()) => 0,
        Err(Failure::Failed(text)) => {
            if !text.is_empty() {
                eprintln!("xtask: {text}");
            }
            1
        }
        Err(Failure::Usage(text)) => {
            eprintln!("xtask: {text}\n`cargo xtask help` lists the commands.");
            2
        }
    };
    std::process::exit(code);
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((command, rest)) = args.split_first() else {
        return Err(Failure::Usage("which command?".into()));
    };
    match command.as_str() {
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        "demo" => demo::command(&Repo::find()?, rest),
        "test" => test::command(&Repo::find()?, rest),
        "check" => no_arguments(rest).and_then(|()| check::command(&Repo::find()?)),
        "build" => no_arguments(rest).and_then(|()| build::command(&Repo::find()?)),
        "package" => no_arguments(rest).and_then(|()| build::package(&Repo::find()?)),
        "sim" => sim::command(&Repo::find()?, rest),
        "replay" => sim::replay(&Repo::find()?, rest),
        "bench" => bench::command(&Repo::find()?, rest),
        "size" => no_arguments(rest).and_then(|()| size::command(&Repo::find()?)),
        other => Err(Failure::Usage(format!("unknown command `{other}`"))),
    }
}

fn no_arguments(rest: &[String]) -> Result<()> {
    match rest.first() {
        None => Ok(()),
        Some(first) => Err(Failure::Usage(format!("unexpected argument `{first}`"))),
    }
}
