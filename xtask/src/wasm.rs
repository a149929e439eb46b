//! The browser module: cargo → wasm-opt → names off.

use std::path::Path;
use std::time::Duration;

use crate::repo::Repo;
use crate::{Result, build, run};

const COMPILE: Duration = Duration::from_secs(20 * 60);
const OPTIMISE: Duration = Duration::from_secs(5 * 60);

/// Chosen by the size after gzip, which is not the size before it: functions that are inlined, and values kept for
/// later use, make code shorter but less like the rest of it (2.9 kB gzip); neighbours by name are alike.
/// Taken apart and put together again (`--flatten`), it comes out more alike (0.3 kB); so it does when locals are set before
/// they are used, and not on the way, and when data stays in one piece with its zeros (0.2 kB).
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
    "--skip-pass=simplify-locals",
    "--skip-pass=merge-locals",
    "--skip-pass=memory-packing",
    "--reorder-functions-by-name",
    // The names of functions stay, so that `size` can say what is large.
    "-g",
];

/// The largest functions of the module, written by the helper, for `size`.
pub(crate) const FUNCTIONS: &str = "wasm/functions.json";

/// Of the module that takes the other one out: that is code for its time, not for its size.
const OPTIMISER_OF_UNPACKER: &[&str] = &["-Oz", "--low-memory-unused"];

const PLACE: &str = "packages/peerjs-mesh/wasm";

/// Leaves in packages/peerjs-mesh/wasm what its build.mjs takes: `mesh_bg.wasm`, the same packed, and what takes it out.
pub(crate) fn build(repo: &Repo) -> Result<()> {
    let mut cargo = repo.cargo();
    cargo.args([
        "build",
        "--package",
        "peerjs-mesh-wasm",
        "--package",
        "peerjs-mesh-packing",
        "--profile",
        "wasm",
        "--target",
        "wasm32-unknown-unknown",
    ]);
    run::shown(cargo, COMPILE)?;

    let modules = repo.target.join("wasm32-unknown-unknown/wasm");
    let module = modules.join("peerjs_mesh_wasm.wasm");
    let unpacker = modules.join("peerjs_mesh_packing.wasm");
    let (module, unpacker) = (module.to_string_lossy(), unpacker.to_string_lossy());
    let inputs = [
        module.as_ref(),
        unpacker.as_ref(),
        "crates/packing",
        "xtask/src/bin",
        "xtask/src/wasm.rs",
    ];
    build::unless_fresh(
        repo,
        "wasm",
        &inputs,
        &format!("{PLACE}/mesh.packed"),
        || {
            println!("  browser module");
            let package = repo.root.join(PLACE);
            std::fs::create_dir_all(&package)?;
            let made = package.join("mesh_bg.wasm");
            finish(repo, &module, OPTIMISER, &made, FUNCTIONS)?;
            let unpack = package.join("unpack.wasm");
            finish(
                repo,
                &unpacker,
                OPTIMISER_OF_UNPACKER,
                &unpack,
                "wasm/unpacker.json",
            )?;
            let mut pack = helper(repo);
            pack.arg("pack").arg(made).arg(package.join("mesh.packed"));
            run::shown(pack, COMPILE)
        },
    )
}

/// Makes a module smaller, and lists its functions in a file in the target folder.
fn finish(
    repo: &Repo,
    module: &str,
    optimiser: &[&str],
    result: &Path,
    functions: &str,
) -> Result<()> {
    let work = repo.target.join("wasm");
    std::fs::create_dir_all(&work)?;
    let named = work.join("named.wasm");
    let mut optimise = repo.program("node", "");
    optimise
        .arg("node_modules/binaryen/bin/wasm-opt")
        .args(optimiser);
    optimise.arg(module).arg("-o").arg(&named);
    run::shown(optimise, OPTIMISE)?;
    let mut strip = helper(repo);
    strip
        .arg("strip")
        .arg(&named)
        .arg(result)
        .arg(repo.target.join(functions));
    run::shown(strip, COMPILE)
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
