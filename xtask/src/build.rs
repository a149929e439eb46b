//! `build` and `package`: browser module → npm package → demo → binary.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::repo::Repo;
use crate::setup::{self, Need};
use crate::{Failure, Result, run, sim, wasm};

const COMPILE: Duration = Duration::from_secs(45 * 60);
const BUNDLE: Duration = Duration::from_secs(5 * 60);

const PACKAGE: &str = "packages/peerjs-mesh";
const DEMO: &str = "apps/demo";
const CLI: &str = "peerjs-mesh-cli";
const LAB: &str = "peerjs-mesh-lab";
/// Programs that are examples of a crate: many members in one, the one that people copy, and what repeats a page's
/// recording.
const EXAMPLES: [(&str, &str); 3] = [
    ("peerjs-mesh", CROWD),
    ("peerjs-mesh", CHAT),
    ("peerjs-mesh-wasm", PAGE_REPLAY),
];
const CHAT: &str = "chat";
const CROWD: &str = "crowd";
const PAGE_REPLAY: &str = "replay";

/// `cargo xtask build`.
pub(crate) fn command(repo: &Repo) -> Result<()> {
    everything(repo)?;
    for made in [
        &repo.binary(),
        &repo.root.join(PACKAGE).join("dist"),
        &repo.root.join(DEMO).join("dist"),
    ] {
        if made.exists() {
            println!("{}", repo.display(made));
        }
    }
    Ok(())
}

/// `cargo xtask package`.
pub(crate) fn package(repo: &Repo) -> Result<()> {
    web(repo)?;
    let folder = repo.target.join("npm");
    std::fs::create_dir_all(&folder)?;
    let mut npm = repo.program("npm", "");
    npm.args([
        "pack",
        "--silent",
        "--workspace",
        "peerjs-mesh",
        "--pack-destination",
    ])
    .arg(&folder);
    run::shown(npm, BUNDLE)
}

/// All that is built; what is up to date is left as it is.
pub(crate) fn everything(repo: &Repo) -> Result<()> {
    web(repo)?;
    demo(repo)?;
    binary(repo)
}

/// The browser module and the npm package.
pub(crate) fn web(repo: &Repo) -> Result<()> {
    if !repo.has("packages/peerjs-mesh/build.mjs") {
        println!("  there is no {PACKAGE}/build.mjs: no npm package is built");
        return Ok(());
    }
    setup::provide(repo, Need::WasmTarget)?;
    setup::provide(repo, Need::NodeModules)?;
    wasm::build(repo)?;
    unless_fresh(
        repo,
        "package",
        &[PACKAGE],
        &format!("{PACKAGE}/dist/index.js"),
        || {
            println!("  npm package");
            let mut node = repo.program("node", PACKAGE);
            node.arg("build.mjs");
            run::shown(node, BUNDLE)
        },
    )
}

/// The demo, by its own build script.
fn demo(repo: &Repo) -> Result<()> {
    let inputs = [DEMO, "packages/peerjs-mesh/dist"];
    unless_fresh(repo, "demo", &inputs, "apps/demo/dist/index.html", || {
        println!("  demo");
        let mut npm = repo.program("npm", DEMO);
        npm.args(["run", "build", "--silent"]);
        run::shown(npm, BUNDLE)
    })
}

fn binary(repo: &Repo) -> Result<()> {
    if repo.find_crate(CLI).is_none() {
        return Ok(());
    }
    let mut cargo = repo.cargo();
    cargo.args(["build", "--release", "--package", CLI]);
    // The demo goes inside.
    cargo.args(["--features", "demo"]);
    run::shown(cargo, COMPILE)
}

/// The programs that only tests in Node need: the lab's, for a network; many native members in one; what repeats
/// recordings.
pub(crate) fn helpers(repo: &Repo) -> Result<()> {
    lab(repo)?;
    for (package, example) in EXAMPLES {
        let mut cargo = repo.cargo();
        cargo.args(["build", "--release", "--package", package]);
        cargo.args(["--example", example]);
        run::shown(cargo, COMPILE)?;
    }
    let mut cargo = repo.cargo();
    cargo.args(["build", "--release", "--bin", sim::BINARY]);
    run::shown(cargo, COMPILE)
}

fn lab(repo: &Repo) -> Result<()> {
    if !repo.has_bin(LAB) {
        return Ok(());
    }
    let mut cargo = repo.cargo();
    cargo.args(["build", "--release", "--bin", LAB]);
    run::shown(cargo, COMPILE)
}

/// What tests and benches are told about this machine and this build.
pub(crate) fn environment(repo: &Repo, command: &mut Command) {
    command.env("PEERJS_MESH_BIN", repo.binary());
    command.env("OUR_SERVER", repo.binary());
    command.env("LAB_BIN", repo.target.join("release").join(LAB));
    let examples = repo.target.join("release/examples");
    command.env("CHAT_BIN", examples.join(CHAT));
    command.env("MESH_CROWD_BIN", examples.join(CROWD));
    command.env("PAGE_REPLAY_BIN", examples.join(PAGE_REPLAY));
    let replay = repo.target.join("release").join(sim::BINARY);
    command.env("SIM_BIN", replay);
    command.env("MESH_SHOTS", repo.target.join("shots"));
    if let Some(chrome) = setup::chrome() {
        command.env("CHROME", chrome);
    }
    if let Some(firefox) = setup::firefox() {
        command.env("FIREFOX", firefox);
    }
}

/// Does `make` unless `result` was made from the same inputs (files and folders) before.
pub(crate) fn unless_fresh(
    repo: &Repo,
    name: &str,
    inputs: &[&str],
    result: &str,
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let stamp = repo.target.join("xtask").join(format!("{name}.stamp"));
    let mut hasher = DefaultHasher::new();
    for input in inputs {
        let path = repo.root.join(input);
        let files = if path.is_file() {
            vec![path]
        } else {
            files_below(&path)?
        };
        for file in files {
            hasher.write(file.as_os_str().as_encoded_bytes());
            hasher.write(&std::fs::read(&file)?);
        }
    }
    // Other tools, other results: the lock file names their versions.
    hasher.write(&std::fs::read(repo.root.join("package-lock.json")).unwrap_or_default());
    let hash = format!("{:016x}\n", hasher.finish());
    if repo.has(result) && std::fs::read_to_string(&stamp).is_ok_and(|old| old == hash) {
        return Ok(());
    }
    let _ = std::fs::remove_file(&stamp);
    make()?;
    if !repo.has(result) {
        return Err(Failure::new(format!("{name}: the build left no {result}")));
    }
    std::fs::create_dir_all(repo.target.join("xtask"))?;
    std::fs::write(stamp, hash)?;
    Ok(())
}

/// All files below a folder but those of `dist` and `node_modules`, sorted.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.exists() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if !path.is_dir() {
                files.push(path);
            } else if name != "dist" && name != "node_modules" {
                folders.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
