//! `check` and `test`: the table of all parts, in the order in which they run, cheap ones first.
//!
//! A part exists when its files do; then it is never left out silently.

use std::time::Duration;

use crate::cases::{self, Case};
use crate::counts::{Counts, Reader};
use crate::repo::Repo;
use crate::rust_tests::{self, Built, TestProgram};
use crate::setup::{self, Need};
use crate::wanted::{is_beside, is_wanted, matches};
use crate::{Failure, Result, build, check, layering, size, test_files};

/// A group of cases with a name for `--only`.
struct Part {
    name: &'static str,
    /// Does `check` run it, or only `test`?
    quick: bool,
    needs: &'static [Need],
    /// Does it need the release binary, the npm package and the demo?
    built: bool,
    /// Its cases; none if nothing of it exists yet.
    cases: fn(&mut Plan<'_>) -> Result<Vec<Case>>,
}

/// Seeds of the simulation in `check` and in `test`.
const SEEDS: [u64; 2] = [100, 1_000];

#[rustfmt::skip]
const PARTS: &[Part] = &[
    Part { name: "format",   quick: true,  needs: &[],                                     built: false, cases: format },
    Part { name: "layering", quick: true,  needs: &[],                                     built: false, cases: layers },
    Part { name: "lint",     quick: true,  needs: &[Need::WasmTarget],                     built: false, cases: lint },
    Part { name: "unit",     quick: true,  needs: &[],                                     built: false, cases: unit },
    Part { name: "docs",     quick: true,  needs: &[],                                     built: false, cases: doc_tests },
    Part { name: "sim",      quick: true,  needs: &[],                                     built: false, cases: simulation },
    Part { name: "types",    quick: true,  needs: &[Need::NodeModules],                    built: false, cases: types },
    Part { name: "values",   quick: true,  needs: &[Need::NodeModules],                    built: false, cases: values },
    Part { name: "size",     quick: false, needs: &[Need::NodeModules],                    built: true,  cases: sizes },
    Part { name: "contract", quick: false, needs: &[Need::NodeModules, Need::Browsers],    built: true,  cases: contract },
    Part { name: "native",   quick: false, needs: &[],                                     built: true,  cases: native },
    Part { name: "lab",      quick: false, needs: &[Need::NodeModules, Need::Namespaces],  built: true,  cases: lab },
    Part { name: "e2e",      quick: false, needs: &[Need::NodeModules, Need::Browsers],    built: true,  cases: e2e },
    Part { name: "demo",     quick: false, needs: &[Need::NodeModules, Need::Browsers],    built: true,  cases: demo },
    Part { name: "e2e-lab",  quick: false, needs: &[Need::NodeModules, Need::Browsers, Need::Namespaces], built: true, cases: e2e_lab },
    Part { name: SOAK,       quick: false, needs: &[Need::NodeModules, Need::Browsers],    built: true,  cases: soak },
];

/// Takes its ten minutes only when it is asked for by name.
const SOAK: &str = "soak";

/// The crates whose `tests/` open real sockets, and take their time.
const NATIVE: &[&str] = &["peerjs-mesh", "peerjs-mesh-server", "peerjs-mesh-cli"];
const LAB: &str = "peerjs-mesh-lab";
/// The Node packages with tests of their own, run by `npm test`.
pub(crate) const NPM_TESTS: [&str; 2] = ["packages/peerjs-mesh", "apps/demo"];

/// What the cases of a run have in common.
pub(crate) struct Plan<'a> {
    repo: &'a Repo,
    quick: bool,
    rust: Option<Built>,
}

/// `cargo xtask test`.
pub(crate) fn command(repo: &Repo, args: &[String]) -> Result<()> {
    match args {
        [] => run_parts(repo, false, None),
        [flag, name] if flag == "--only" => run_parts(repo, false, Some(name)),
        _ => Err(Failure::Usage("test takes `--only NAME`".into())),
    }
}

/// Runs all parts that `quick` and `only` leave, and prints the sum in the last line.
pub(crate) fn run_parts(repo: &Repo, quick: bool, only: Option<&str>) -> Result<()> {
    let started = std::time::Instant::now();
    let mut plan = Plan {
        repo,
        quick,
        rust: None,
    };
    let whole = only.is_none_or(|name| PARTS.iter().any(|part| part.name == name));
    // A file's name is looked for in the parts that are quick to list, before anything is compiled.
    let rust = only.is_none_or(|name| whole || has_rust_test(repo, name));
    let mut build = None;
    let mut sum = Counts::default();
    let mut bad = Vec::new();
    for part in PARTS.iter().filter(|part| part.quick || !quick) {
        if whole && only.is_some_and(|name| name != part.name) {
            continue;
        }
        if part.name == SOAK && only != Some(SOAK) {
            continue;
        }
        if !whole && !rust && is_rust(part) {
            continue;
        }
        let mut cases = (part.cases)(&mut plan)?;
        cases.retain(|case| is_wanted(&case.name, only, whole));
        if cases.is_empty() {
            continue;
        }
        let hindrance = prepare(repo, part, quick, &mut build);
        let cases = match hindrance {
            None => cases,
            Some(why) => vec![Case::known("set-up", Counts::FAIL, why)],
        };
        let mut result = cases::run_part(repo, part.name, cases)?;
        if result.counts.is_empty() {
            result.counts = Counts::FAIL;
            result.failed.push("no test ran".into());
        }
        bad.extend(
            result
                .failed
                .iter()
                .map(|case| format!("{}: {case}", part.name)),
        );
        sum += result.counts;
    }
    if sum.is_empty() {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        let name = only.unwrap_or_default();
        return Err(Failure::Usage(format!(
            "nothing to test is called `{name}`; parts: {}",
            names.join(" ")
        )));
    }
    if quick {
        check::report_long_files(repo);
    }
    println!();
    for name in &bad {
        println!("failed  {name}");
    }
    println!("{:.1} s", started.elapsed().as_secs_f64());
    println!("{sum}");
    if sum.failed == 0 {
        Ok(())
    } else {
        Err(Failure::new(""))
    }
}

/// Installs and builds what a part needs; says what hinders it. A quick run installs no more than
/// Rust's own parts, and builds nothing.
fn prepare(
    repo: &Repo,
    part: &Part,
    quick: bool,
    built: &mut Option<std::result::Result<(), String>>,
) -> Option<String> {
    let needs = part
        .needs
        .iter()
        .filter(|need| !quick || **need == Need::WasmTarget);
    for need in needs {
        if let Err(failure) = setup::provide(repo, *need) {
            return Some(failure.text());
        }
    }
    if quick || !part.built {
        return None;
    }
    // Built once for all parts.
    let result = built.get_or_insert_with(|| {
        println!("── build");
        build::everything(repo)
            .and_then(|()| build::helpers(repo))
            .map_err(|failure| format!("the build failed: {}", failure.text()))
    });
    result.clone().err()
}

fn is_rust(part: &Part) -> bool {
    ["unit", "native", "lab"].contains(&part.name)
}

/// Is there a Rust test whose file, or crate, begins with this name?
fn has_rust_test(repo: &Repo, name: &str) -> bool {
    repo.crates.iter().any(|found| {
        let folder = found.dir.file_name().unwrap_or_default().to_string_lossy();
        let files = std::fs::read_dir(found.dir.join("tests"))
            .into_iter()
            .flatten()
            .flatten();
        let tests = files.map(|file| format!("{folder}/{}", file.file_name().to_string_lossy()));
        [format!("{folder}/lib"), format!("{folder}/{}", found.name)]
            .into_iter()
            .chain(tests)
            .any(|test| matches(&test, name))
    })
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn format(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    let mut cargo = plan.repo.cargo();
    // Names the files; `cargo fmt` shows the rest by doing it.
    cargo.args(["fmt", "--all", "--", "--check", "--files-with-diff"]);
    Ok(vec![Case::process(
        "cargo fmt",
        cargo,
        Reader::ExitCode,
        minutes(2),
    )])
}

fn layers(_: &mut Plan<'_>) -> Result<Vec<Case>> {
    Ok(vec![
        Case::here("who uses whom", layering::check),
        Case::here("every test file is run", test_files::check),
    ])
}

fn lint(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    let mut all = plan.repo.cargo();
    all.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        "xtask/module",
        "--",
        "--deny",
        "warnings",
    ]);
    let mut cases = vec![Case::process("clippy", all, Reader::ExitCode, minutes(30))];
    if plan.repo.find_crate("peerjs-mesh-wasm").is_some() {
        let mut wasm = plan.repo.cargo();
        wasm.args([
            "clippy",
            "--package",
            "peerjs-mesh-wasm",
            "--target",
            "wasm32-unknown-unknown",
        ]);
        wasm.args(["--", "--deny", "warnings"]);
        cases.push(Case::process(
            "clippy for wasm32",
            wasm,
            Reader::ExitCode,
            minutes(10),
        ));
    }
    Ok(cases)
}

/// Test programs that this filter takes; and the compiler's errors, told once, in the first part.
fn rust_cases(
    plan: &mut Plan<'_>,
    limit: Duration,
    takes: fn(&TestProgram) -> bool,
) -> Result<Vec<Case>> {
    let first = plan.rust.is_none();
    let repo = plan.repo;
    if first {
        println!("── building the Rust tests");
        let started = std::time::Instant::now();
        plan.rust = Some(rust_tests::build(repo)?);
        println!("          {:>7.1} s", started.elapsed().as_secs_f64());
    }
    let Some(built) = &plan.rust else {
        return Ok(Vec::new());
    };
    let mut cases = Vec::new();
    if let Some(said) = built.failed.as_ref().filter(|_| first) {
        let why = format!("not all tests could be built\n{said}");
        cases.push(Case::known("compile", Counts::FAIL, why));
    }
    for program in built.programs.iter().filter(|program| takes(program)) {
        let mut command = program.command(repo);
        command.env("PEERJS_MESH_BIN", repo.binary());
        cases.push(Case::process(&program.name, command, Reader::Rust, limit));
    }
    Ok(cases)
}

fn unit(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    rust_cases(plan, minutes(5), |test| {
        !test.integration || !NATIVE.contains(&test.package.as_str()) && test.package != LAB
    })
}

fn native(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    rust_cases(plan, minutes(5), |test| {
        test.integration && NATIVE.contains(&test.package.as_str())
    })
}

fn lab(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    rust_cases(plan, minutes(10), |test| {
        test.integration && test.package == LAB
    })
}

fn doc_tests(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    let mut cargo = plan.repo.cargo();
    cargo.args(["test", "--workspace", "--doc"]);
    Ok(vec![Case::process(
        "cargo test --doc",
        cargo,
        Reader::Rust,
        minutes(20),
    )])
}

fn simulation(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    let repo = plan.repo;
    if !repo.has_bin(crate::sim::BINARY) {
        return Ok(Vec::new());
    }
    let seeds = crate::sim::seeds(repo, SEEDS[usize::from(!plan.quick)]);
    let words: Vec<&str> = seeds.iter().map(String::as_str).collect();
    Ok(vec![Case::process(
        format!("chaos {}", words.join(" ")),
        crate::sim::chaos(repo, &words),
        Reader::ExitCode,
        minutes(20),
    )])
}

/// What `check` cannot do for want of Node packages is said, not left out.
fn unless_missing(plan: &Plan<'_>, cases: Vec<Case>) -> Vec<Case> {
    if !plan.quick || setup::node_modules_are_current(plan.repo) {
        return cases;
    }
    let missing = "Node packages are missing: `cargo xtask test` or `npm ci` installs them";
    cases
        .into_iter()
        .map(|case| Case::known(case.name, Counts::SKIP, missing))
        .collect()
}

fn types(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for folder in ["packages/peerjs-mesh", "apps/demo", "e2e"] {
        if plan.repo.has(&format!("{folder}/tsconfig.json")) {
            let mut tsc = plan.repo.program("npx", folder);
            tsc.args(["--no-install", "tsc", "--noEmit", "--project", "."]);
            cases.push(Case::process(
                format!("tsc {folder}"),
                tsc,
                Reader::ExitCode,
                minutes(3),
            ));
        }
    }
    Ok(unless_missing(plan, cases))
}

fn values(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    let cases = NPM_TESTS.map(|folder| {
        let mut npm = plan.repo.program("npm", folder);
        npm.args(["test", "--silent"]);
        Case::process(format!("npm test {folder}"), npm, Reader::Node, minutes(5))
    });
    Ok(unless_missing(plan, cases.into()))
}

fn sizes(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    if !plan.repo.has("packages/peerjs-mesh/build.mjs") {
        return Ok(Vec::new());
    }
    Ok(vec![Case::here("what a page loads", size::gate)])
}

fn contract(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    Ok(node_cases(plan.repo, "e2e/contract", minutes(10)))
}

/// Scenario files whose name ends in `.lab.test.mjs` run in networks of their own.
const IN_LAB: &str = ".lab.test.mjs";

fn e2e(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    let mut cases = node_cases(plan.repo, "e2e", minutes(20));
    cases.retain(|case| !case.name.ends_with(IN_LAB) && !is_beside(&case.name));
    Ok(cases)
}

/// The demo as people go through it; their screenshots are left in `target/shots/demo`.
fn demo(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    Ok(node_cases(plan.repo, "e2e/demo", minutes(5)))
}

fn soak(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    Ok(node_cases(plan.repo, "e2e/soak", minutes(30)))
}

fn e2e_lab(plan: &mut Plan<'_>) -> Result<Vec<Case>> {
    // The networks themselves first: without them nothing of the rest holds.
    let mut cases = node_cases(plan.repo, "e2e/lab", minutes(5));
    // The lab's files wait for its links most of the time: what runs beside others runs beside them.
    let rooms = node_cases(plan.repo, "e2e", minutes(20));
    let wanted = |case: &Case| case.name.ends_with(IN_LAB) || is_beside(&case.name);
    cases.extend(rooms.into_iter().filter(wanted));
    Ok(cases)
}

/// The test files in Node that some part runs, from the root.
pub(crate) fn node_files(repo: &Repo) -> Result<Vec<String>> {
    let mut plan = Plan {
        repo,
        quick: false,
        rust: None,
    };
    let mut files = Vec::new();
    // Those parts whose lists need nothing compiled.
    for part in PARTS.iter().filter(|part| part.built && !is_rust(part)) {
        files.extend((part.cases)(&mut plan)?.into_iter().map(|case| case.name));
    }
    Ok(files)
}

/// `node --test` for each `*.test.mjs` of a folder, in files' order.
fn node_cases(repo: &Repo, folder: &str, limit: Duration) -> Vec<Case> {
    let mut files: Vec<String> = std::fs::read_dir(repo.root.join(folder))
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".test.mjs"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let mut node = repo.program("node", folder);
            node.args(["--test", "--test-reporter=spec", file]);
            build::environment(repo, &mut node);
            Case::process(format!("{folder}/{file}"), node, Reader::Node, limit)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_names_are_unique() {
        let mut names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PARTS.len());
    }
}
