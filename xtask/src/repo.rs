//! Where things are in this repository, and what of it exists.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{Failure, Result};

/// The checkout this program was started in.
#[derive(Debug)]
pub(crate) struct Repo {
    /// The folder of the root Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, where results are left too.
    pub(crate) target: PathBuf,
    /// The workspace's crates.
    pub(crate) crates: Vec<Crate>,
}

/// One crate of the workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// The folder of its Cargo.toml.
    pub(crate) dir: PathBuf,
    /// Its binaries.
    pub(crate) bins: Vec<String>,
    /// The root files of the programs below `tests/` that cargo makes of it.
    pub(crate) tests: Vec<PathBuf>,
    /// Packages it needs when it is used (not for its tests or build script).
    pub(crate) uses: Vec<String>,
}

impl Repo {
    /// Asks cargo about the workspace that this program belongs to.
    pub(crate) fn find() -> Result<Repo> {
        // `cargo run` sets the variable, so that a moved checkout finds itself.
        let manifest_dir = std::env::var("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest_dir)
            .parent()
            .ok_or_else(|| Failure::new(format!("{manifest_dir} has no parent folder")))?
            .to_path_buf();
        let output = cargo_in(&root)
            .args([
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
            ])
            .stderr(std::process::Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(Failure::new("cargo metadata failed"));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|e| Failure::new(format!("cargo metadata: {e}")))?;
        let target = metadata["target_directory"]
            .as_str()
            .map_or_else(|| root.join("target"), PathBuf::from);
        let crates = metadata["packages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(read_crate)
            .collect();
        Ok(Repo {
            root,
            target,
            crates,
        })
    }

    /// `cargo` in the root, free of what an outer `cargo run` told us about ourselves.
    pub(crate) fn cargo(&self) -> Command {
        cargo_in(&self.root)
    }

    /// A program in a folder of the repository.
    pub(crate) fn program(&self, program: impl AsRef<std::ffi::OsStr>, folder: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root.join(folder));
        forget_outer_cargo(&mut command);
        command
    }

    /// Does this path exist in the checkout?
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    pub(crate) fn find_crate(&self, name: &str) -> Option<&Crate> {
        self.crates.iter().find(|found| found.name == name)
    }

    /// Is there a binary of this name in the workspace?
    pub(crate) fn has_bin(&self, name: &str) -> bool {
        self.crates
            .iter()
            .any(|found| found.bins.iter().any(|bin| bin == name))
    }

    /// The released binary.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target
            .join("release")
            .join(format!("peerjs-mesh{}", std::env::consts::EXE_SUFFIX))
    }

    /// A path as people write it: from the root, if it is inside.
    pub(crate) fn display(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

fn read_crate(package: &Value) -> Option<Crate> {
    let targets = package["targets"].as_array()?;
    let bins = targets
        .iter()
        .filter(|target| {
            target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"))
        })
        .filter_map(|target| target["name"].as_str().map(String::from))
        .collect();
    // One that wants a feature, or is not to be tested, is left out without a word.
    let tests = targets
        .iter()
        .filter(|target| {
            target["kind"][0] == "test"
                && target["test"] == true
                && target["required-features"].is_null()
        })
        .filter_map(|target| target["src_path"].as_str().map(PathBuf::from))
        .collect();
    let uses = package["dependencies"]
        .as_array()?
        .iter()
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str().map(String::from))
        .collect();
    Some(Crate {
        name: package["name"].as_str()?.into(),
        dir: Path::new(package["manifest_path"].as_str()?)
            .parent()?
            .into(),
        bins,
        tests,
        uses,
    })
}

fn cargo_in(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    forget_outer_cargo(&mut command);
    command
}

/// `cargo run` tells its program about the program's own package. Passed on, these variables would
/// make cargo think that build scripts have to run again.
fn forget_outer_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let own = [
            "CARGO",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
        ];
        if own.contains(&name)
            || name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_BIN_EXE_")
        {
            command.env_remove(name);
        }
    }
}
