//! Runs the cases of a part, says how each ended, and leaves the results as JSON.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::counts::{Counts, Reader};
use crate::repo::Repo;
use crate::run::{self, End};
use crate::wanted::is_beside;
use crate::{Failure, Result, compile};

/// Lines of a failed case's log that are shown.
const TAIL: usize = 120;

/// One thing to run: a test program, a test file, a check.
pub(crate) struct Case {
    /// Unique in its part; a test file's name without folders and endings comes last.
    pub(crate) name: String,
    pub(crate) work: Work,
    pub(crate) limit: Duration,
}

/// What a case does.
pub(crate) enum Work {
    /// A process, and how to read what it prints.
    Process(Command, Reader),
    /// A check done here.
    Here(fn(&Repo) -> Result<()>),
    /// It is known before it runs, and why.
    Known(Counts, String),
}

impl Case {
    pub(crate) fn process(
        name: impl Into<String>,
        command: Command,
        reader: Reader,
        limit: Duration,
    ) -> Case {
        Case {
            name: name.into(),
            work: Work::Process(command, reader),
            limit,
        }
    }

    pub(crate) fn here(name: impl Into<String>, check: fn(&Repo) -> Result<()>) -> Case {
        // A check done here limits what it starts.
        Case {
            name: name.into(),
            work: Work::Here(check),
            limit: Duration::MAX,
        }
    }

    pub(crate) fn known(name: impl Into<String>, counts: Counts, why: impl Into<String>) -> Case {
        Case {
            name: name.into(),
            work: Work::Known(counts, why.into()),
            limit: Duration::MAX,
        }
    }
}

struct Finished {
    name: String,
    counts: Counts,
    took: Duration,
    /// Why it failed or was skipped.
    notes: Vec<String>,
    /// What a compiler found wrong.
    errors: Vec<String>,
    log: Option<PathBuf>,
}

/// How a part ended.
pub(crate) struct PartResult {
    pub(crate) counts: Counts,
    /// Names of the cases that failed.
    pub(crate) failed: Vec<String>,
}

/// Runs all cases of a part, one after another but for those that run beside the others, and sums up.
pub(crate) fn run_part(repo: &Repo, part: &str, cases: Vec<Case>) -> Result<PartResult> {
    println!("── {part}");
    let started = Instant::now();
    let mut finished = Vec::new();
    let mut counts = Counts::default();
    let mut end = |done: Finished| {
        progress("");
        // A crate without unit tests has a test program all the same.
        if !done.counts.is_empty() {
            report(repo, &done);
        }
        counts += done.counts;
        finished.push(done);
    };
    let (beside, cases): (Vec<Case>, Vec<Case>) =
        cases.into_iter().partition(|case| is_beside(&case.name));
    std::thread::scope(|scope| -> Result<()> {
        let beside: Vec<_> = beside
            .into_iter()
            .map(|case| scope.spawn(move || run_case(repo, part, case)))
            .collect();
        for case in cases {
            progress(&format!("  …      {}", case.name));
            end(run_case(repo, part, case)?);
        }
        for thread in beside {
            progress("  …      what runs beside them");
            let done = thread.join();
            end(done.map_err(|_| Failure::new("a case that ran beside others panicked"))??);
        }
        Ok(())
    })?;
    write_results(repo, part, started.elapsed(), counts, &finished)?;
    let failed = finished
        .into_iter()
        .filter(|done| done.counts.failed > 0)
        .map(|done| done.name)
        .collect();
    Ok(PartResult { counts, failed })
}

fn run_case(repo: &Repo, part: &str, case: Case) -> Result<Finished> {
    let started = Instant::now();
    let mut done = Finished {
        name: case.name,
        counts: Counts::default(),
        took: Duration::ZERO,
        notes: Vec::new(),
        errors: Vec::new(),
        log: None,
    };
    match case.work {
        Work::Known(counts, why) => {
            done.counts = counts;
            done.notes.push(why);
        }
        Work::Here(check) => match check(repo) {
            Ok(()) => done.counts = Counts::PASS,
            Err(failure) => {
                done.counts = Counts::FAIL;
                done.notes.push(failure.text());
            }
        },
        Work::Process(command, reader) => {
            let log = repo.target.join("test/logs").join(format!(
                "{part}-{}.log",
                done.name.replace(['/', ' ', ','], "-")
            ));
            let compiles = Path::new(command.get_program()).ends_with("cargo");
            let ended = run::logged(command, case.limit, &log, &log)?;
            let output = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
            if compiles {
                done.errors = compile::errors(&output);
            }
            done.counts = reader.count(&output, ended.good());
            match ended.end {
                End::Good => {}
                End::Bad(Some(code)) => done.notes.push(format!("exit code {code}")),
                End::Bad(None) => done.notes.push("ended by a signal".into()),
                End::TimedOut => done
                    .notes
                    .push(format!("not done after {} s", case.limit.as_secs())),
            }
            if !ended.left_behind.is_empty() {
                let names: Vec<String> = ended.left_behind.into_iter().collect();
                done.notes
                    .push(format!("left processes behind: {}", names.join(" ")));
            }
            done.log = Some(log);
        }
    }
    done.took = started.elapsed();
    Ok(done)
}

fn report(repo: &Repo, done: &Finished) {
    let word = match done.counts {
        Counts { failed: 1.., .. } => "FAILED",
        Counts {
            passed: 0,
            skipped: 1..,
            ..
        } => "skipped",
        _ => "ok",
    };
    println!(
        "  {word:<7} {:>7.1} s  {:<40} {}",
        done.took.as_secs_f64(),
        done.name,
        done.counts
    );
    for note in &done.notes {
        println!("          {}", note.replace('\n', "\n          "));
    }
    if done.counts.failed > 0
        && let Some(log) = &done.log
    {
        println!("{}", tail(log, &done.errors));
        println!("          all of it: {}", repo.display(log));
    }
}

/// What a log says of a failure, each line marked: the compiler's first errors, if there are any, or the end of all.
fn tail(log: &Path, errors: &[String]) -> String {
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    let mut lines: Vec<&str> = errors.iter().map(String::as_str).take(TAIL).collect();
    if lines.is_empty() {
        let said: Vec<&str> = text
            .lines()
            .filter(|line| !compile::is_progress(line))
            .collect();
        lines = said[said.len().saturating_sub(TAIL)..].to_vec();
    }
    let shown: Vec<String> = lines
        .iter()
        .map(|line| format!("          | {line}"))
        .collect();
    shown.join("\n")
}

/// A line that the next one replaces; only where a person watches.
fn progress(text: &str) {
    let mut out = std::io::stdout();
    if out.is_terminal() {
        let _ = write!(out, "\r\x1b[K{text}");
        let _ = out.flush();
    }
}

fn write_results(
    repo: &Repo,
    part: &str,
    took: Duration,
    sum: Counts,
    finished: &[Finished],
) -> Result<()> {
    let cases: Vec<Value> = finished
        .iter()
        .map(|done| {
            json!({
                "name": done.name,
                "passed": done.counts.passed,
                "failed": done.counts.failed,
                "skipped": done.counts.skipped,
                "seconds": round(done.took),
                "notes": done.notes,
                "log": done.log.as_deref().map(|log| repo.display(log)),
            })
        })
        .collect();
    let result = json!({
        "part": part,
        "passed": sum.passed,
        "failed": sum.failed,
        "skipped": sum.skipped,
        "seconds": round(took),
        "cases": cases,
    });
    write_json(
        &repo.target.join("test").join(format!("{part}.json")),
        &result,
    )
}

/// Seconds with three decimals.
fn round(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Writes a JSON file for people and programs, with the folders to it.
pub(crate) fn write_json(path: &Path, value: &Value) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, format!("{value:#}\n"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(name: &str, script: &str) -> Case {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Case::process(name, command, Reader::ExitCode, Duration::from_secs(20))
    }

    #[test]
    fn a_case_that_is_beside_runs_while_the_others_do_and_counts_like_them() {
        let root = std::env::temp_dir().join(format!("xtask-cases-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let repo = Repo {
            target: root.clone(),
            crates: Vec::new(),
            root,
        };
        // Each waits for what the other does.
        let meets = |mine: &str, other: &str| {
            let at = repo.root.display();
            format!("touch {at}/{mine}; until [ -e {at}/{other} ]; do sleep 0.01; done")
        };
        let cases = vec![
            shell("a.test", &meets("a", "b")),
            shell("b.beside.test", &format!("{}; exit 1", meets("b", "a"))),
        ];
        let result = run_part(&repo, "part", cases).unwrap();
        std::fs::remove_dir_all(&repo.root).unwrap();
        assert_eq!(result.failed, ["b.beside.test"]);
        assert_eq!((result.counts.passed, result.counts.failed), (1, 1));
    }
}
