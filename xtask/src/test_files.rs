//! Every test file belongs to some part of `test`: what nobody runs is no test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::repo::{Crate, Repo};
use crate::test::{self, NPM_TESTS};
use crate::{Failure, Result, build};

/// Checks all of it.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    let mut wrong = in_node(repo)?;
    for found in &repo.crates {
        wrong.extend(in_rust(found)?);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = wrong
        .iter()
        .map(|file| format!("{} is in no part of xtask/src/test.rs", repo.display(file)))
        .collect();
    Err(Failure::new(lines.join("\n")))
}

/// The test files for Node, wherever they lie, that no part runs.
fn in_node(repo: &Repo) -> Result<Vec<PathBuf>> {
    let mut run: BTreeSet<PathBuf> = test::node_files(repo)?
        .into_iter()
        .map(|file| repo.root.join(file))
        .collect();
    for folder in NPM_TESTS {
        let package = std::fs::read_to_string(repo.root.join(folder).join("package.json"))?;
        let package: Value = serde_json::from_str(&package)
            .map_err(|error| Failure::new(format!("{folder}/package.json: {error}")))?;
        let script = package["scripts"]["test"].as_str().unwrap_or_default();
        let folder = repo.root.join(folder);
        let files = build::files_below(&folder)?.into_iter();
        run.extend(files.filter(|file| {
            file.strip_prefix(&folder)
                .is_ok_and(|file| names(script, &file.display().to_string()))
        }));
    }
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&repo.root)? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let foreign = name.starts_with('.') || name == "node_modules" || folder == repo.target;
        if !folder.is_dir() || foreign {
            continue;
        }
        wrong.extend(
            build::files_below(&folder)?
                .into_iter()
                .filter(|file| is_node_test(file) && !run.contains(file)),
        );
    }
    wrong.sort();
    Ok(wrong)
}

fn is_node_test(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let ending = name.rsplit_once(".test.").map(|(_, ending)| ending);
    ending.is_some_and(|ending| ["mjs", "cjs", "js", "mts", "ts", "tsx"].contains(&ending))
}

/// Does a package's script name this file? Of patterns it has those with a `*` for the file's name or its ending.
fn names(script: &str, file: &str) -> bool {
    script.split_whitespace().any(|word| {
        let mut rest = file;
        for (i, piece) in word.split('*').enumerate() {
            let at = if i == 0 {
                rest.starts_with(piece).then_some(0)
            } else {
                rest.find(piece)
            };
            // A star is within one folder.
            let Some(at) = at.filter(|at| !rest[..*at].contains('/')) else {
                return false;
            };
            rest = &rest[at + piece.len()..];
        }
        rest.is_empty() || word.ends_with('*') && !rest.contains('/')
    })
}

/// The files below a crate's `tests/` that are in no program: a folder without a `main.rs`, a module that nobody names.
fn in_rust(found: &Crate) -> Result<Vec<PathBuf>> {
    let mut reached = BTreeSet::new();
    let mut open = found.tests.clone();
    while let Some(file) = open.pop() {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
        let stem = file.file_stem().unwrap_or_default();
        // A root's modules lie beside it, as those of `mod.rs` do; those of others in a folder of their name.
        let below = if found.tests.contains(&file) || stem == "mod" {
            folder
        } else {
            folder.join(stem)
        };
        for module in modules(&text) {
            open.push(below.join(format!("{module}.rs")));
            open.push(below.join(module).join("mod.rs"));
        }
        reached.insert(file);
    }
    let files = build::files_below(&found.dir.join("tests"))?.into_iter();
    Ok(files
        .filter(|file| file.extension().is_some_and(|ending| ending == "rs"))
        .filter(|file| !reached.contains(file))
        .collect())
}

/// The modules that a file names, and which are other files.
fn modules(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("pub(crate) ");
        line.trim_start_matches("pub ")
            .strip_prefix("mod ")?
            .strip_suffix(';')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_what_its_patterns_fit() {
        let script = "node --import ../x.mjs --test test/*.test.*";
        assert!(names(script, "test/value.test.ts"));
        assert!(!names(script, "test/more/value.test.ts"));
        assert!(!names(script, "src/value.test.ts"));
        assert!(!names("node --test test/*.test.ts", "test/value.test.tsx"));
        assert!(names("node --test test/one.test.ts", "test/one.test.ts"));
    }

    #[test]
    fn what_is_a_test_file_is_told_by_its_name() {
        assert!(is_node_test(Path::new("e2e/lab/lab.test.mjs")));
        assert!(is_node_test(Path::new("apps/demo/test/a.b.test.tsx")));
        assert!(!is_node_test(Path::new("e2e/rooms.mjs")));
        assert!(!is_node_test(Path::new("e2e/test.mjs")));
    }

    #[test]
    fn a_file_in_no_program_is_found_and_one_in_a_program_is_not() {
        let folder = std::env::temp_dir().join(format!("peerjs-mesh-tests-{}", std::process::id()));
        let write = |file: &str, text: &str| {
            let file = folder.join("tests").join(file);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        };
        write("alone.rs", "mod common;\n");
        write("common/mod.rs", "mod more;\n");
        write("common/more.rs", "");
        write("rooms/main.rs", "mod talk;\nmod inside { }\n");
        write("rooms/talk.rs", "");
        write("rooms/forgotten.rs", "");
        write("nowhere/lost.rs", "");
        let tests = folder.join("tests");
        let found = Crate {
            name: "made".into(),
            dir: folder.clone(),
            bins: Vec::new(),
            tests: vec![tests.join("alone.rs"), tests.join("rooms/main.rs")],
            uses: Vec::new(),
        };
        let wrong = in_rust(&found).expect("files");
        std::fs::remove_dir_all(&folder).expect("a folder");
        let lost = ["nowhere/lost.rs", "rooms/forgotten.rs"].map(|file| tests.join(file));
        assert_eq!(wrong, lost);
    }
}
