//! The layering rule: who may use whom, and what the pure crates may not touch.
//!
//! `protocol`, `core` and `broker` get time, chance and bytes as arguments, so that a run repeats from
//! its seed. Each has a clippy.toml which forbids clocks and maps of random order where clippy can see
//! types; this module looks at what clippy does not see: dependencies, and that nobody removed the ban.

use crate::repo::Repo;
use crate::{Failure, Result, run};

/// Who may use whom, inside the workspace. What is used by what one uses may be used directly.
const ARROWS: &[(&str, &[&str])] = &[
    ("peerjs-mesh-protocol", &[]),
    ("peerjs-mesh-core", &["peerjs-mesh-protocol"]),
    ("peerjs-mesh-broker", &["peerjs-mesh-protocol"]),
    (
        "peerjs-mesh-sim",
        &["peerjs-mesh-core", "peerjs-mesh-broker"],
    ),
    ("peerjs-mesh-lab", &[]),
    ("peerjs-mesh-packing", &[]),
    ("peerjs-mesh", &["peerjs-mesh-core"]),
    ("peerjs-mesh-wasm", &["peerjs-mesh-core"]),
    ("peerjs-mesh-server", &["peerjs-mesh-broker"]),
    ("peerjs-mesh-cli", &["peerjs-mesh", "peerjs-mesh-server"]),
    ("xtask", &["peerjs-mesh-packing"]),
];

/// The crates that are deterministic machines.
const PURE: &[&str] = &[
    "peerjs-mesh-protocol",
    "peerjs-mesh-core",
    "peerjs-mesh-broker",
];

/// Packages that bring I/O, a clock, chance, the browser, or a hash map of random order.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "async-std",
    "smol",
    "socket2",
    "futures-timer", // I/O
    "web-sys",
    "js-sys",
    "wasm-bindgen",
    "wasm-bindgen-futures", // the browser
    "web-time",
    "instant",
    "chrono",
    "time",
    "quanta",
    "jiff", // clocks
    "getrandom",
    "fastrand", // chance
    "hashbrown",
    "ahash",
    "dashmap", // random order
];

/// What the clippy.toml of a pure crate has to forbid.
const BANNED: &[&str] = &[
    "std::time::Instant",
    "std::time::SystemTime",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::thread::sleep",
];

/// Checks all of it.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    let mut wrong = arrows(repo);
    for name in PURE {
        let Some(found) = repo.find_crate(name) else {
            wrong.push(format!("{name} is not in the workspace"));
            continue;
        };
        wrong.extend(reaches(name, &dependencies(repo, name)?));
        let clippy = std::fs::read_to_string(found.dir.join("clippy.toml")).unwrap_or_default();
        wrong.extend(bans_missing(name, &clippy));
    }
    let lock = std::fs::read_to_string(repo.root.join("package-lock.json")).unwrap_or_default();
    if names_a_registry(&lock) {
        wrong.push("package-lock.json names a registry: .npmrc's omit-lockfile-registry-resolved was not used".into());
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(wrong.join("\n")))
    }
}

fn arrows(repo: &Repo) -> Vec<String> {
    let mut wrong = Vec::new();
    for found in &repo.crates {
        let Some(allowed) = allowed(&found.name) else {
            wrong.push(format!(
                "{} has no line in xtask/src/layering.rs: who may it use?",
                found.name
            ));
            continue;
        };
        for used in &found.uses {
            let ours = repo.find_crate(used).is_some();
            if ours && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} may not use {used}", found.name));
            }
        }
    }
    wrong
}

/// Everything a crate may use: along the arrows, however far.
fn allowed(name: &str) -> Option<Vec<&'static str>> {
    let (_, direct) = ARROWS.iter().find(|(from, _)| *from == name)?;
    let mut all = direct.to_vec();
    for next in *direct {
        all.extend(allowed(next).unwrap_or_default());
    }
    Some(all)
}

/// `cargo tree` of a crate as it is used, with all its features, on all platforms: `depth name` lines.
fn dependencies(repo: &Repo, name: &str) -> Result<String> {
    let mut tree = repo.cargo();
    tree.args([
        "tree",
        "--package",
        name,
        "--edges",
        "normal,no-proc-macro",
        "--target",
        "all",
        "--all-features",
    ]);
    tree.args(["--prefix", "depth", "--format", " {p}"]);
    run::output_of(tree).ok_or_else(|| Failure::new(format!("cargo tree fails for {name}")))
}

/// Each forbidden package in a dependency tree, with the way to it.
fn reaches(name: &str, tree: &str) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    let mut way: Vec<&str> = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let Some(depth) = words.next().and_then(|word| word.parse::<usize>().ok()) else {
            continue;
        };
        let Some(package) = words.next() else {
            continue;
        };
        way.truncate(depth);
        way.push(package);
        if IMPURE.contains(&package) {
            let text = format!("{name} reaches {package}: {}", way.join(" → "));
            if !wrong.contains(&text) {
                wrong.push(text);
            }
        }
    }
    wrong
}

fn bans_missing(name: &str, clippy: &str) -> Vec<String> {
    let lines = || {
        clippy
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
    };
    BANNED
        .iter()
        .filter(|banned| !lines().any(|line| line.contains(&format!("\"{banned}\""))))
        .map(|banned| format!("the clippy.toml of {name} does not forbid {banned}"))
        .collect()
}

fn names_a_registry(lock: &str) -> bool {
    lock.lines()
        .any(|line| line.contains("\"resolved\"") && line.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_package_is_found_with_the_way_to_it() {
        let tree =
            "0 peerjs-mesh-core v0.1.0 (/x)\n1 rand v0.9.0\n2 getrandom v0.3.0\n1 bytes v1.0.0";
        assert_eq!(
            reaches("peerjs-mesh-core", tree),
            ["peerjs-mesh-core reaches getrandom: peerjs-mesh-core → rand → getrandom"]
        );
    }

    #[test]
    fn a_package_whose_name_only_begins_like_a_forbidden_one_is_fine() {
        assert!(reaches("x", "0 x v0.1.0\n1 time-like v1.0.0\n1 mio-util v1.0.0").is_empty());
    }

    #[test]
    fn arrows_are_followed_to_the_end_and_never_back() {
        let cli = allowed("peerjs-mesh-cli").unwrap();
        assert!(cli.contains(&"peerjs-mesh-protocol"));
        assert!(
            !allowed("peerjs-mesh-core")
                .unwrap()
                .contains(&"peerjs-mesh-broker")
        );
        assert!(allowed("a-new-crate").is_none());
    }

    #[test]
    fn a_ban_that_was_commented_out_is_missed() {
        let all: String = BANNED
            .iter()
            .map(|banned| format!("{{ path = \"{banned}\" }},\n"))
            .collect();
        assert!(bans_missing("x", &all).is_empty());
        let without = all.replace(
            "{ path = \"std::time::Instant\"",
            "# { path = \"std::time::Instant\"",
        );
        assert_eq!(
            bans_missing("x", &without),
            ["the clippy.toml of x does not forbid std::time::Instant"]
        );
    }

    #[test]
    fn a_link_to_a_workspace_is_no_registry() {
        assert!(!names_a_registry("\"resolved\": \"e2e/contract\","));
        assert!(names_a_registry(
            "\"resolved\": \"https://registry.example/ws.tgz\","
        ));
    }
}
