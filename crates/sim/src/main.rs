//! `peerjs-mesh-sim`: chaos by seeds, and its replay.

mod npm_model;

use peerjs_mesh_core::record;
use peerjs_mesh_sim::Mutation;
use peerjs_mesh_sim::chaos::{
    ENOUGH_SEEDS, MUTANTS, Options, Outcome, Summary, options_for, run, write_report,
};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const USAGE: &str = "\
usage: peerjs-mesh-sim [--seeds N] [--from S] [--seed S] [--trace] [--mutation NAME] [--out DIR] [--threads N]
       peerjs-mesh-sim replay FILE
       peerjs-mesh-sim npm-model OPTIONS

  --seeds N        how many seeds (default 200)
  --from S         the first of them (default 1)
  --seed S         this one only; with --trace, what happens is printed
  --mutation NAME  members tell lies of this kind, or have this fault and not the layers that mask it, in drills; the
                   judge has to notice. NAME+NAME: these faults, in chaos (one: +NAME); masks:NAME, drill:NAME: the
                   drill of that fault with the masks only, with a sound core
  --threads N      how many at once (default: as many as there are processors)
  --out DIR        where report.json and traces of failing seeds go (default target/sim)
  replay FILE      repeats a recording of a member, or runs the seed of a trace again; compares line by line
  npm-model        serves the model of npm `peer` on standard input and output, for e2e/contract
";

struct Args {
    seeds: u64,
    from: u64,
    one: bool,
    trace: bool,
    mutation: Option<(String, Options)>,
    out: PathBuf,
    threads: u64,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.first().map(String::as_str) {
        Some("replay") => match words.get(1) {
            Some(file) if words.len() == 2 => replay(Path::new(file)),
            _ => Err("replay takes one file".to_owned()),
        },
        Some("npm-model") => match words.get(1) {
            Some(options) if words.len() == 2 => npm_model::serve(options).map(|()| true),
            _ => Err("npm-model takes its options as one object of JSON".to_owned()),
        },
        Some("--help" | "-h") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => parse(&words).map(|args| chaos(&args)),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprint!("{why}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(words: &[String]) -> Result<Args, String> {
    let mut args = Args {
        seeds: 200,
        from: 1,
        one: false,
        trace: false,
        mutation: None,
        out: PathBuf::from("target/sim"),
        threads: std::thread::available_parallelism().map_or(2, |n| n.get() as u64),
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--trace" {
            args.trace = true;
            continue;
        }
        let value = words
            .next()
            .ok_or_else(|| format!("{word} needs a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("{word} takes a number, not {value:?}"))
        };
        match word.as_str() {
            "--seeds" => args.seeds = number()?,
            "--from" => args.from = number()?,
            "--threads" => args.threads = number()?.clamp(1, 64),
            "--seed" => {
                args.from = number()?;
                args.seeds = 1;
                args.one = true;
            }
            "--mutation" => {
                let lies = Mutation::ALL.iter().map(|(name, _)| *name);
                let mutants = MUTANTS.iter().map(|it| it.mutation().name());
                let found = options_for(value).ok_or_else(|| {
                    let names: Vec<&str> = lies.chain(mutants).collect();
                    format!(
                        "no mutation is called {value:?}; there are {}",
                        names.join(", ")
                    )
                })?;
                args.mutation = Some((value.clone(), found));
            }
            "--out" => args.out = PathBuf::from(value),
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(args)
}

fn trace_head(seed: u64, mutation: Option<&str>) -> String {
    format!(
        "# peerjs-mesh-sim seed={seed} mutation={}",
        mutation.unwrap_or("none")
    )
}

/// Runs seeds; true when no rule was broken.
fn chaos(args: &Args) -> bool {
    let watch = Stopwatch::start();
    let name = args.mutation.as_ref().map(|(name, _)| name.as_str());
    let options = args
        .mutation
        .as_ref()
        .map_or_else(Options::default, |(_, options)| *options);
    let next = AtomicU64::new(args.from);
    let end = args.from.saturating_add(args.seeds);
    let summary = Mutex::new(Summary::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let outcome = run(seed, options);
            let wanted = args.trace && args.one;
            let trace = (wanted || !outcome.violations.is_empty()).then(|| {
                let again = run(
                    seed,
                    Options {
                        trace: true,
                        ..options
                    },
                );
                write_trace(&args.out, &again, name, wanted)
            });
            let mut summary = summary
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            for violation in outcome.violations.iter().take(3) {
                println!(
                    "seed={seed} rule={} {:.3} s: {}",
                    violation.rule,
                    violation.at as f64 / 1e6,
                    violation.detail
                );
            }
            summary.add(&outcome, trace.as_deref());
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..args.threads.min(args.seeds) {
            scope.spawn(work);
        }
    });
    let summary = summary
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(name) = name {
        let first = match summary.first_broken() {
            Some((seed, rule)) => format!(", first seed={seed} rule={rule}"),
            None => String::new(),
        };
        println!(
            "mutation={name} caught in {} of {} seeds{first}",
            summary.failed, summary.seeds
        );
    }
    let seconds = watch.elapsed().as_secs_f64();
    if let Err(error) = write_report(&args.out, &summary.to_json(seconds, name)) {
        eprintln!("report.json was not written: {error}");
    }
    // A lie told to the judge ends seeds early: what happened in them proves nothing either way.
    let missing = match summary.seeds >= ENOUGH_SEEDS && args.mutation.is_none() {
        true => summary.never_happened(),
        false => Vec::new(),
    };
    for name in &missing {
        println!("never happened in {} seeds: {name}", summary.seeds);
    }
    println!(
        "seeds={} violations={} seconds={seconds:.1}",
        summary.seeds, summary.violations
    );
    summary.violations == 0 && missing.is_empty()
}

/// Writes a seed's trace; returns the file's name.
fn write_trace(folder: &Path, outcome: &Outcome, mutation: Option<&str>, print: bool) -> String {
    let mut text = trace_head(outcome.seed, mutation);
    for line in &outcome.trace {
        text.push('\n');
        text.push_str(line);
    }
    text.push('\n');
    if print {
        print!("{text}");
    }
    let file = folder.join(format!("seed-{}.trace", outcome.seed));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text));
    if let Err(error) = written {
        eprintln!("{} was not written: {error}", file.display());
    }
    file.display().to_string()
}

/// Runs the seed of a trace again; true when every line is the same.
fn replay(file: &Path) -> Result<bool, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    if text.starts_with('{') {
        return recording(&text);
    }
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let field = |name: &str| {
        head.split(' ')
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let seed: u64 = field("seed")
        .and_then(|s| s.parse().ok())
        .ok_or("the first line names no seed")?;
    let options = match field("mutation") {
        None | Some("none") => Options::default(),
        Some(name) => options_for(name).ok_or_else(|| format!("no mutation is called {name}"))?,
    };
    let outcome = run(
        seed,
        Options {
            trace: true,
            ..options
        },
    );
    for violation in &outcome.violations {
        println!(
            "seed={seed} rule={} {:.3} s: {}",
            violation.rule,
            violation.at as f64 / 1e6,
            violation.detail
        );
    }
    let told: Vec<&str> = lines.collect();
    let differs = outcome
        .trace
        .iter()
        .map(String::as_str)
        .zip(&told)
        .position(|(now, then)| now != *then);
    match differs {
        None if told.len() == outcome.trace.len() => {
            println!("seed={seed} lines={} identical", told.len());
            Ok(true)
        }
        at => {
            let at = at.unwrap_or(told.len().min(outcome.trace.len()));
            println!("seed={seed} line {} differs", at + 2);
            println!("  then: {}", told.get(at).unwrap_or(&"(end)"));
            println!(
                "  now:  {}",
                outcome.trace.get(at).map_or("(end)", String::as_str)
            );
            Ok(false)
        }
    }
}

/// Repeats what a real member went through; true when all that came out comes out again.
fn recording(text: &str) -> Result<bool, String> {
    let replayed = record::replay(text).map_err(|why| why.to_string())?;
    let own = env!("CARGO_PKG_VERSION");
    if replayed.release != own {
        println!(
            "recorded by release {}, repeated by {own}",
            replayed.release
        );
    }
    if replayed.full {
        println!("the recording was ended by its limit");
    }
    if replayed.cut {
        println!("the recording's last line is cut: its program was ended");
    }
    match replayed.difference {
        None => {
            println!("recording lines={} identical", replayed.lines);
            Ok(true)
        }
        Some(difference) => {
            println!("recording line {} differs", difference.line);
            println!("  then: {}", difference.then);
            let now = match difference.now.as_str() {
                "" => "(nothing)",
                now => now,
            };
            println!("  now:  {now}");
            Ok(false)
        }
    }
}

/// Wall-clock time, for the report and for the model that is put to real clients: no world sees it.
pub(crate) struct Stopwatch {
    #[allow(clippy::disallowed_types)]
    began: std::time::Instant,
}

impl Stopwatch {
    #[allow(clippy::disallowed_types)]
    pub(crate) fn start() -> Stopwatch {
        Stopwatch {
            began: std::time::Instant::now(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
