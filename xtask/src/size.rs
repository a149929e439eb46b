//! `size`: gzip sizes of all that a page loads, and what weighs most. A gate for each entry.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::repo::Repo;
use crate::{Failure, Result, build, cases, changelog, wasm};

/// What the original weighs together with PeerJS.
const GOAL: u64 = 45_000;
/// Of `index.js`, which is what people install and what is compared with the original.
const LIMIT: u64 = 60_000;
/// Of `url.js`: its module is not packed, so that it starts sooner. It was 76 kB when this was set.
const URL_LIMIT: u64 = 80_000;
/// Growth over the last release that needs no word in the changelog.
const GROWTH: u64 = 2_000;

const DIST: &str = "packages/peerjs-mesh/dist";

/// One file that a page loads.
struct Loaded {
    name: String,
    bytes: u64,
    gzip: u64,
}

/// `cargo xtask size`.
pub(crate) fn command(repo: &Repo) -> Result<()> {
    build::web(repo)?;
    gate(repo)
}

/// Measures what is built, prints it, leaves target/size.json; fails over a limit.
pub(crate) fn gate(repo: &Repo) -> Result<()> {
    let dist = repo.root.join(DIST);
    // The module is inside index.js; beside url.js it is a file of its own.
    let inlined = entry(&dist, "index.js")?;
    let separate = if dist.join("url.js").exists() {
        entry(&dist, "url.js")?
    } else {
        Vec::new()
    };
    let total = sum(&inlined);
    let separate_total = sum(&separate);
    let module = measure(&repo.root.join("packages/peerjs-mesh/wasm/mesh_bg.wasm"))?;
    let functions = std::fs::read(repo.target.join(wasm::FUNCTIONS)).unwrap_or_default();
    let functions: Value = serde_json::from_slice(&functions).unwrap_or_default();

    let text = std::fs::read_to_string(repo.root.join("CHANGELOG.md")).unwrap_or_default();
    let last = changelog::last_release_size(&text);
    let result = json!({
        "total": total,
        "goal": GOAL,
        "limit": LIMIT,
        "urlLimit": URL_LIMIT,
        "lastRelease": last,
        "entries": [as_json("index.js", &inlined), as_json("url.js", &separate)],
        "wasm": {"bytes": module.bytes, "gzip": module.gzip, "code": functions["code"], "data": functions["data"]},
        // What the page loads beyond the module: the driver, the values, the API, and base64's cost.
        "restGzip": total.saturating_sub(module.gzip),
        "functions": functions["functions"],
        "modules": functions["modules"],
    });
    cases::write_json(&repo.target.join("size.json"), &result)?;
    print(&inlined, &separate, &module, &functions);
    println!(
        "index.js: {total} bytes gzip -9: goal {GOAL}, limit {LIMIT}, last release {}",
        or_none(last)
    );
    println!("url.js: {separate_total} bytes gzip -9: limit {URL_LIMIT}");
    within("index.js", total, LIMIT)?;
    within("url.js", separate_total, URL_LIMIT)?;
    growth(total, last, changelog::explains_growth(&text))
}

/// Nothing excuses an entry over its limit.
fn within(entry: &str, total: u64, limit: u64) -> Result<()> {
    if total > limit {
        return Err(Failure::new(format!(
            "a page loads {total} bytes with {entry}: the limit is {limit}"
        )));
    }
    Ok(())
}

fn growth(total: u64, last: Option<u64>, explained: bool) -> Result<()> {
    match last {
        Some(last) if total > last + GROWTH && !explained => Err(Failure::new(format!(
            "a page loads {total} bytes, the last release {last}: say why under `## Unreleased` in CHANGELOG.md, in a line that begins with `- Size:`"
        ))),
        _ => Ok(()),
    }
}

fn print(inlined: &[Loaded], separate: &[Loaded], module: &Loaded, functions: &Value) {
    println!("{:<32} {:>9} {:>9}", "", "bytes", "gzip -9");
    for (entry, files) in [("index.js", inlined), ("url.js", separate)] {
        for file in files {
            println!(
                "{:<32} {:>9} {:>9}",
                format!("{entry}: {}", file.name),
                file.bytes,
                file.gzip
            );
        }
    }
    println!(
        "{:<32} {:>9} {:>9}",
        "the module alone", module.bytes, module.gzip
    );
    println!(
        "{:<32} {:>9} {:>9}",
        "all but the module",
        "",
        sum(inlined).saturating_sub(module.gzip)
    );
    println!(
        "the module has {} functions, {} bytes of code, {} of data",
        functions["count"], functions["code"], functions["data"]
    );
    for (title, key) in [
        ("code by module", "modules"),
        ("largest functions", "functions"),
    ] {
        println!("{title}, bytes before gzip:");
        for row in functions[key].as_array().into_iter().flatten().take(20) {
            println!(
                "  {:>6}  {}",
                row["bytes"],
                row["name"].as_str().unwrap_or_default()
            );
        }
    }
}

fn or_none(size: Option<u64>) -> String {
    size.map_or_else(|| "none".into(), |size| size.to_string())
}

fn sum(files: &[Loaded]) -> u64 {
    files.iter().map(|file| file.gzip).sum()
}

fn as_json(entry: &str, files: &[Loaded]) -> Value {
    let list: Vec<Value> = files
        .iter()
        .map(|file| json!({"file": file.name, "bytes": file.bytes, "gzip": file.gzip}))
        .collect();
    json!({"entry": entry, "gzip": sum(files), "files": list})
}

/// All files that are loaded from an entry on.
fn entry(dist: &Path, name: &str) -> Result<Vec<Loaded>> {
    let mut seen = BTreeSet::new();
    let mut next = vec![PathBuf::from(name)];
    let mut files = Vec::new();
    while let Some(file) = next.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        files.push(measure(&dist.join(&file))?);
        if file.extension().is_some_and(|ending| ending == "js") {
            let text = std::fs::read_to_string(dist.join(&file))?;
            next.extend(
                loads(&text)
                    .into_iter()
                    .filter(|found| dist.join(found).exists()),
            );
        }
    }
    Ok(files)
}

/// Relative files that a script names as a string: what it imports or fetches.
fn loads(script: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for quote in ['"', '\'', '`'] {
        // Every second piece between quotes is a string, more or less: a name that is none has no file.
        for piece in script.split(quote) {
            let name = piece.strip_prefix("./").unwrap_or(piece);
            let plain = name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
            if plain && name.len() < 100 && (name.ends_with(".js") || name.ends_with(".wasm")) {
                found.push(PathBuf::from(name));
            }
        }
    }
    found
}

fn measure(path: &Path) -> Result<Loaded> {
    let bytes =
        std::fs::read(path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Loaded {
        name,
        bytes: bytes.len() as u64,
        gzip: gzip(&bytes)?,
    })
}

/// What `gzip -9` makes of it, in bytes: the very program, because libraries differ by half a percent.
fn gzip(bytes: &[u8]) -> Result<u64> {
    let mut child = std::process::Command::new("gzip")
        .args(["-9", "-n", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| Failure::new(format!("gzip: {e}")))?;
    let Some(mut input) = child.stdin.take() else {
        return Err(Failure::new("gzip has no input"));
    };
    std::thread::scope(|scope| {
        // Written from a thread: gzip stops reading while nobody reads what it writes.
        let writer = scope.spawn(move || input.write_all(bytes));
        let output = child.wait_with_output()?;
        let written = writer.join().is_ok_and(|result| result.is_ok());
        if written && output.status.success() {
            Ok(output.stdout.len() as u64)
        } else {
            Err(Failure::new("gzip failed"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_over_the_last_release_needs_a_word() {
        assert!(growth(44_000, None, false).is_ok());
        assert!(growth(44_000, Some(42_000), false).is_ok());
        assert!(growth(44_001, Some(42_000), false).is_err());
        assert!(growth(44_001, Some(42_000), true).is_ok());
    }

    #[test]
    fn an_entry_over_its_limit_fails_and_is_named() {
        assert!(within("index.js", 60_000, LIMIT).is_ok());
        assert!(within("index.js", 60_001, LIMIT).is_err());
        assert!(within("url.js", 80_000, URL_LIMIT).is_ok());
        let over = within("url.js", 80_001, URL_LIMIT).unwrap_err().text();
        assert!(over.contains("with url.js"), "{over}");
    }

    #[test]
    fn files_named_by_a_script_are_found() {
        let script = r#"import{a}from"./chunk-AB1.js";const u=new URL("mesh_bg.wasm",import.meta.url);import('./c.js')"#;
        let found: BTreeSet<PathBuf> = loads(script).into_iter().collect();
        assert_eq!(
            found,
            ["chunk-AB1.js", "c.js", "mesh_bg.wasm"]
                .map(PathBuf::from)
                .into()
        );
    }

    #[test]
    fn sizes_are_those_of_gzip() {
        // Header and trailer are 18 bytes, an empty deflate stream two.
        assert_eq!(gzip(b"").unwrap(), 20);
        assert!(gzip(&[7; 100_000]).unwrap() < 300);
    }
}
