//! Builds all Rust tests once, and then runs each test program by itself: with its own time limit and
//! log, and without building the dependencies again for each selection.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::repo::Repo;
use crate::{Result, compile, run};

const BUILD_LIMIT: Duration = Duration::from_secs(45 * 60);

/// One test program.
#[derive(Debug, Clone)]
pub(crate) struct TestProgram {
    /// The crate's name.
    pub(crate) package: String,
    /// The crate's folder.
    pub(crate) dir: PathBuf,
    /// True for a file under `tests/`, false for the tests inside a library or binary.
    pub(crate) integration: bool,
    /// `<folder of the crate>/<test>`, e.g. `sim/host_dies`, `core/lib`.
    pub(crate) name: String,
    executable: PathBuf,
}

/// All test programs, and what the compiler said if not all could be built.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) programs: Vec<TestProgram>,
    /// Why the build failed, if it did, in the compiler's words.
    pub(crate) failed: Option<String>,
}

/// Builds the test programs of the whole workspace; as many as possible if some do not compile.
pub(crate) fn build(repo: &Repo) -> Result<Built> {
    let logs = repo.target.join("test/logs");
    let (messages, log) = (logs.join("compile-messages.json"), logs.join("compile.log"));
    let mut cargo = repo.cargo();
    cargo.args([
        "test",
        "--workspace",
        "--no-run",
        "--no-fail-fast",
        "--message-format=json-render-diagnostics",
    ]);
    let ended = run::logged(cargo, BUILD_LIMIT, &messages, &log)?;
    let text = std::fs::read_to_string(&messages)?;
    let mut programs: Vec<TestProgram> = text
        .lines()
        .filter_map(|line| read_message(repo, line))
        .collect();
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    let failed = (!ended.good()).then(|| {
        let said = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
        let why = compile::why(repo, &said, ended.end, BUILD_LIMIT);
        format!("{why}\nall of it: {}", repo.display(&log))
    });
    Ok(Built { programs, failed })
}

/// A line of cargo's messages, if it tells of a test program.
fn read_message(repo: &Repo, line: &str) -> Option<TestProgram> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let executable = PathBuf::from(message["executable"].as_str()?);
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    let dir = manifest.parent()?;
    let package = repo
        .crates
        .iter()
        .find(|found| found.dir == dir)?
        .name
        .clone();
    let kind = message["target"]["kind"][0].as_str()?;
    let integration = kind == "test";
    let target = if matches!(kind, "lib" | "cdylib" | "rlib") {
        "lib"
    } else {
        message["target"]["name"].as_str()?
    };
    let folder = dir.file_name()?.to_str()?;
    Some(TestProgram {
        package,
        dir: dir.into(),
        integration,
        name: format!("{folder}/{target}"),
        executable,
    })
}

impl TestProgram {
    /// The command that runs it as cargo would.
    pub(crate) fn command(&self, repo: &Repo) -> Command {
        let mut command = repo.program(&self.executable, "");
        command.current_dir(&self.dir);
        command
            .env("CARGO_MANIFEST_DIR", &self.dir)
            .env("CARGO_PKG_NAME", &self.package);
        command
    }
}
