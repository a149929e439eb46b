//! The browser module: cargo → wasm-opt → names off.

use std::time::Duration;

use crate::repo::Repo;
use crate::{Result, build, run};

const COMPILE: Duration = Duration::from_secs(20 * 60);
const OPTIMISE: Duration = Duration::from_secs(5 * 60);

/// Chosen by the size after gzip, which is not the size before it: functions that are inlined, and values kept for
/// later use, make code shorter but less like the rest of it (2.9 kB gzip); neighbours by name are alike.
/// Taken apart and put together again (`--flatten`), it comes out more alike (0.3 kB).
/// The lowest addresses are the far end of the stack, so that offsets may be folded into loads.
const OPTIMISER: &[&str] = &[
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--generate-global-effects",
    "--skip-pass=inlining-optimizing",
    "--skip-pass=local-cse",
    "--reorder-functions-by-name",
    // The names of functions stay, so that `size` can say what is large.
    "-g",
];

/// The largest functions of the module, written by the helper, for `size`.
pub(crate) const FUNCTIONS: &str = "wasm/functions.json";

/// Leaves `mesh_bg.wasm` in packages/peerjs-mesh/wasm; its build.mjs packs it.
pub(crate) fn build(repo: &Repo) -> Result<()> {
    let mut cargo = repo.cargo();
    cargo.args([
        "build",
        "--package",
        "peerjs-mesh-wasm",
        "--profile",
        "wasm",
        "--target",
        "wasm32-unknown-unknown",
    ]);
    run::shown(cargo, COMPILE)?;

    let module = repo
        .target
        .join("wasm32-unknown-unknown/wasm/peerjs_mesh_wasm.wasm");
    let module = module.to_string_lossy();
    let inputs = [module.as_ref(), "xtask/src/bin", "xtask/src/wasm.rs"];
    build::unless_fresh(
        repo,
        "wasm",
        &inputs,
        "packages/peerjs-mesh/wasm/mesh_bg.wasm",
        || {
            println!("  browser module");
            let work = repo.target.join("wasm");
            std::fs::create_dir_all(&work)?;
            let named = work.join("named.wasm");
            let package = repo.root.join("packages/peerjs-mesh/wasm");
            std::fs::create_dir_all(&package)?;

            let mut optimise = repo.program("node", "");
            optimise
                .arg("node_modules/binaryen/bin/wasm-opt")
                .args(OPTIMISER);
            optimise.arg(module.as_ref()).arg("-o").arg(&named);
            run::shown(optimise, OPTIMISE)?;

            let mut strip = helper(repo);
            strip
                .arg("strip")
                .arg(&named)
                .arg(package.join("mesh_bg.wasm"))
                .arg(repo.target.join(FUNCTIONS));
            run::shown(strip, COMPILE)
        },
    )
}

/// The helper program, compiled without optimisation: it works a second, and its dependencies would be
/// optimised for minutes.
fn helper(repo: &Repo) -> std::process::Command {
    let mut cargo = repo.cargo();
    cargo.args([
        "run",
        "--quiet",
        "--package",
        "xtask",
        "--features",
        "module",
        "--bin",
        "xtask-module",
    ]);
    cargo.args(["--config", "profile.dev.package.'*'.opt-level=0", "--"]);
    cargo
}
