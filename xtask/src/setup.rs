//! What a fresh machine lacks: installed here, or said exactly.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::repo::Repo;
use crate::{Failure, Result, run};

const WASM: &str = "wasm32-unknown-unknown";
/// The oldest Node of each line that runs our tools (what vite and its parts ask for), and of all lines after the last.
const NODES: [(u32, u32); 2] = [(20, 19), (22, 12)];
const DOWNLOAD: Duration = Duration::from_secs(15 * 60);

/// Something that a step cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Rust's standard library for the browser module.
    WasmTarget,
    /// The packages of package-lock.json.
    NodeModules,
    /// Chromium and Firefox.
    Browsers,
    /// Root, `ip` and tun devices: for the lab's networks.
    Namespaces,
}

/// Installs what is missing, or says what to install.
pub(crate) fn provide(repo: &Repo, need: Need) -> Result<()> {
    match need {
        Need::WasmTarget => wasm_target(repo),
        Need::NodeModules => node_modules(repo),
        Need::Browsers => {
            named_browsers_exist()?;
            debian_packages(repo, &missing_browsers())?;
            let still = missing_browsers();
            if still.is_empty() {
                Ok(())
            } else {
                Err(Failure::new(format!("not installed: {}", still.join(" "))))
            }
        }
        Need::Namespaces => namespaces(repo),
    }
}

fn wasm_target(repo: &Repo) -> Result<()> {
    let mut rustc = repo.program("rustc", "");
    rustc.args(["--print", "sysroot"]);
    let sysroot = run::output_of(rustc).ok_or_else(|| Failure::new("rustc does not run"))?;
    if Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(WASM)
        .exists()
    {
        return Ok(());
    }
    println!("installing the Rust target {WASM}");
    let mut rustup = repo.program("rustup", "");
    rustup.args(["target", "add", WASM]);
    run::shown(rustup, DOWNLOAD).map_err(|_| {
        Failure::new(format!(
            "install Rust's standard library for {WASM}, with rustup: `rustup target add {WASM}`"
        ))
    })
}

/// Is Node there, and new enough?
pub(crate) fn node(repo: &Repo) -> Result<()> {
    let mut node = repo.program("node", "");
    node.arg("--version");
    let version = run::output_of(node);
    let wanted = "install Node 20.19, 22.12 or newer, with npm";
    match version.as_deref() {
        Some(version) if is_new_enough(version) => Ok(()),
        Some(version) => Err(Failure::new(format!("{wanted}: found {}", version.trim()))),
        None => Err(Failure::new(format!("{wanted}: `node` does not run"))),
    }
}

/// Is `v20.19.0`, as Node says its version, one of [`NODES`]?
fn is_new_enough(version: &str) -> bool {
    let mut parts = version.trim().trim_start_matches('v').split('.');
    let mut number = || parts.next()?.parse::<u32>().ok();
    let (Some(major), Some(minor)) = (number(), number()) else {
        return false;
    };
    match NODES.iter().rev().find(|(line, _)| *line <= major) {
        Some((line, oldest)) if *line == major => minor >= *oldest,
        // Lines of odd numbers end soon; only those after the last are known to have what is needed.
        Some((line, _)) => *line == NODES[NODES.len() - 1].0,
        None => false,
    }
}

fn node_modules(repo: &Repo) -> Result<()> {
    node(repo)?;
    if node_modules_are_current(repo) {
        return Ok(());
    }
    println!("installing Node packages");
    let mut npm = repo.program("npm", "");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    run::shown(npm, DOWNLOAD)
}

/// Do the installed Node packages match package-lock.json?
pub(crate) fn node_modules_are_current(repo: &Repo) -> bool {
    let read = |path: &str| -> Option<Value> {
        serde_json::from_slice(&std::fs::read(repo.root.join(path)).ok()?).ok()
    };
    match (
        read("package-lock.json"),
        read("node_modules/.package-lock.json"),
    ) {
        (Some(wanted), Some(installed)) => satisfied(&wanted, &installed),
        _ => false,
    }
}

/// Does npm's record of what it installed hold every package of the lock file in the same version?
/// Optional packages may be for another platform.
fn satisfied(wanted: &Value, installed: &Value) -> bool {
    let Some(packages) = wanted["packages"].as_object() else {
        return false;
    };
    packages
        .iter()
        .filter(|(path, package)| path.contains("node_modules/") && package["optional"] != true)
        .all(|(path, package)| {
            let found = &installed["packages"][path];
            !found.is_null()
                && found["version"] == package["version"]
                && found["link"] == package["link"]
        })
}

/// Chromium's binary: `CHROME`, or the first known name on the path.
pub(crate) fn chrome() -> Option<PathBuf> {
    browser(
        "CHROME",
        &[
            "chromium",
            "chromium-browser",
            "google-chrome-stable",
            "google-chrome",
        ],
    )
}

/// Firefox's binary: `FIREFOX`, or the first known name on the path.
pub(crate) fn firefox() -> Option<PathBuf> {
    browser("FIREFOX", &["firefox-esr", "firefox"])
}

/// A browser that somebody names has to be there: another one in its place would be a surprise.
fn named_browsers_exist() -> Result<()> {
    for variable in ["CHROME", "FIREFOX"] {
        let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else {
            continue;
        };
        if !Path::new(&path).exists() {
            return Err(Failure::new(format!(
                "{variable} names {}, which does not exist",
                path.display()
            )));
        }
    }
    Ok(())
}

fn browser(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(path)).filter(|path| path.exists());
    }
    names.iter().find_map(|name| on_path(name))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Programs for administrators are not on everybody's path.
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The Debian packages of the browsers that are not there.
fn missing_browsers() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if chrome().is_none() {
        missing.push("chromium");
    }
    if firefox().is_none() {
        missing.push("firefox-esr");
    }
    missing
}

fn namespaces(repo: &Repo) -> Result<()> {
    if !is_root() {
        return Err(Failure::new(
            "the lab makes networks of its own and needs root: `sudo -E env PATH=\"$PATH\" cargo xtask test --only lab`",
        ));
    }
    if on_path("ip").is_none() {
        debian_packages(repo, &["iproute2"])?;
    }
    if !Path::new("/dev/net/tun").exists() {
        return Err(Failure::new(
            "the lab needs tun devices, and /dev/net/tun is not there: `modprobe tun`",
        ));
    }
    Ok(())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Installs Debian packages if we may, else says which.
fn debian_packages(repo: &Repo, packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if on_path("apt-get").is_none() {
        return Err(Failure::new(format!(
            "install these programs (Debian's names): {list}"
        )));
    }
    if !is_root() {
        return Err(Failure::new(format!(
            "not root; run: sudo apt-get install --no-install-recommends {list}"
        )));
    }
    println!("installing Debian packages: {list}");
    let apt = |args: &[&str]| -> Command {
        let mut command = repo.program("apt-get", "");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
            .args(args);
        command
    };
    run::shown(apt(&["update"]), DOWNLOAD)?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    run::shown(apt(&install), DOWNLOAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_installation_in_another_version_is_not_current() {
        let lock =
            |version: &str| json!({"packages": {"": {}, "node_modules/ws": {"version": version}}});
        assert!(satisfied(&lock("8.21.0"), &lock("8.21.0")));
        assert!(!satisfied(&lock("8.21.0"), &lock("8.20.0")));
    }

    #[test]
    fn a_node_that_is_too_old_for_its_line_is_refused() {
        for version in ["v20.19.0\n", "v20.20.2", "v22.12.0", "v22.21.0", "v24.0.0"] {
            assert!(is_new_enough(version), "{version}");
        }
        for version in ["v18.20.0", "v20.18.3", "v21.7.0", "v22.11.9", "", "node"] {
            assert!(!is_new_enough(version), "{version}");
        }
    }

    #[test]
    fn a_package_that_is_not_installed_is_missed_unless_it_is_optional() {
        let installed = json!({"packages": {}});
        let lock = json!({"packages": {"e2e": {"version": "0.0.0"}, "node_modules/ws": {"version": "8.21.0"}}});
        assert!(!satisfied(&lock, &installed));
        let lock =
            json!({"packages": {"node_modules/bare-fs": {"version": "4.8.4", "optional": true}}});
        assert!(satisfied(&lock, &installed));
    }

    #[test]
    fn a_workspace_is_current_when_it_is_linked() {
        let lock = json!({"packages": {"node_modules/peerjs-mesh": {"resolved": "packages/peerjs-mesh", "link": true}}});
        assert!(satisfied(&lock, &lock));
        assert!(!satisfied(&lock, &json!({"packages": {}})));
    }
}
