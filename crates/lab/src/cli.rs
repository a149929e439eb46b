//! The command line: parses and prints, nothing else.

use clap::{Args, Parser, Subcommand};
use peerjs_mesh_lab::{Command, Lab, LabConfig, LabError, LinkSettings, Reply, enter_namespace};
use serde::Serialize;
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Longest command line, in bytes.
const LONGEST_LINE: u64 = 64 << 10;

/// Commands that wait for their turn; then the reader of standard input waits.
const WAITING_COMMANDS: usize = 64;

#[derive(Parser)]
#[command(
    about = "A userspace network of namespaces for tests with real programs",
    version
)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build a network, and take commands (JSON lines) on standard input until it ends
    Run(Run),
    /// Run a program in a node
    Exec(Exec),
}

#[derive(Args)]
struct Run {
    /// Nodes: 10.50.0.1, 10.50.0.2, …
    #[arg(long)]
    nodes: usize,
    /// Decides which packets are lost or late
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time on every way: 50ms, 0.5s
    #[arg(long, default_value = "0ms", value_parser = duration)]
    delay: Duration,
    /// How far the delay strays, up and down
    #[arg(long, default_value = "0ms", value_parser = duration)]
    jitter: Duration,
    /// Part of the packets that get lost, 0 to 1
    #[arg(long, default_value_t = 0.0, value_parser = part)]
    loss: f64,
    /// Part of the packets that others may overtake, 0 to 1
    #[arg(long, default_value_t = 0.0, value_parser = part)]
    reorder: f64,
    /// Print JSON lines only
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Exec {
    /// The node's namespace, as the `ready` line gives it
    netns: String,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// What the main thread waits for.
enum Wake {
    Line(String),
    End,
}

pub(crate) fn main() -> ExitCode {
    let result = match Cli::parse().action {
        Action::Run(run) => run.main(),
        Action::Exec(exec) => exec.main(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("peerjs-mesh-lab: {message}");
            ExitCode::FAILURE
        }
    }
}

impl Exec {
    fn main(self) -> Result<(), String> {
        let namespace = File::open(&self.netns).map_err(|e| format!("{}: {e}", self.netns))?;
        enter_namespace(&namespace).map_err(|e| format!("{}: {e}", self.netns))?;
        let Some((program, args)) = self.command.split_first() else {
            return Err("no program given".to_owned());
        };
        // It replaces this process, so that the pid and the signals are the program's own.
        let error = std::process::Command::new(program).args(args).exec();
        Err(format!("{program}: {error}"))
    }
}

impl Run {
    fn main(self) -> Result<(), String> {
        // Before the first namespace exists: a signal meanwhile is answered when they all do.
        let (wakes, waiting) = sync_channel(WAITING_COMMANDS);
        stop_on_signals(wakes.clone()).map_err(|e| format!("signals: {e}"))?;
        let link = LinkSettings {
            delay: self.delay,
            jitter: self.jitter,
            loss: self.loss,
            reorder: self.reorder,
            ..LinkSettings::default()
        };
        let lab = Lab::start(&LabConfig {
            nodes: self.nodes,
            seed: self.seed,
            link,
        })
        .map_err(|e| e.to_string())?;
        self.greet(&lab);
        thread::spawn(move || read_commands(&wakes));
        serve(&lab, &waiting);
        lab.stop().map_err(|e| e.to_string())
    }

    fn greet(&self, lab: &Lab) {
        if self.json {
            print(&lab.ready(), None);
            return;
        }
        for (index, node) in lab.nodes().iter().enumerate() {
            println!("node {index}  {:<12} {}", node.ip(), node.netns());
        }
        println!("run a program in a node:  nsenter --net=NETNS PROGRAM …");
        println!("commands, one a line, such as  {{\"cmd\":\"cut\",\"node\":0}}; Ctrl-D ends");
    }
}

fn stop_on_signals(wakes: SyncSender<Wake>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::Builder::new().spawn(move || {
        for _ in signals.forever() {
            let _ = wakes.send(Wake::End);
        }
    })?;
    Ok(())
}

fn read_commands(wakes: &SyncSender<Wake>) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let wake = match input
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => Wake::End,
            Ok(_) => Wake::Line(String::from_utf8_lossy(&line).into_owned()),
        };
        let last = matches!(wake, Wake::End);
        if wakes.send(wake).is_err() || last {
            return;
        }
    }
}

/// Answers commands in order, until the input ends or a signal comes.
fn serve(lab: &Lab, waiting: &Receiver<Wake>) {
    while let Ok(Wake::Line(line)) = waiting.recv() {
        if line.trim().is_empty() {
            continue;
        }
        let (tag, command) = parse(&line);
        let reply = match command {
            Ok(command) => lab.apply(&command).unwrap_or_else(|error| Reply::Error {
                code: match error {
                    LabError::BadCommand(_) | LabError::NoNode(_) => "bad-command",
                    LabError::Io(_, ref error) if error.kind() == io::ErrorKind::AddrInUse => {
                        "port-in-use"
                    }
                    _ => "internal",
                },
                message: error.to_string(),
            }),
            Err(message) => Reply::Error {
                code: "bad-command",
                message,
            },
        };
        if !print(&reply, tag) {
            return;
        }
    }
}

/// A command, and the tag that its answer repeats.
fn parse(line: &str) -> (Option<Value>, Result<Command, String>) {
    let mut value: Value = match serde_json::from_str(line) {
        Ok(value) => value,
        Err(error) => return (None, Err(error.to_string())),
    };
    let tag = value.as_object_mut().and_then(|map| map.remove("tag"));
    let command = serde_json::from_value(value).map_err(|error| error.to_string());
    (tag, command)
}

/// Prints a line; `false` if nobody reads any more.
fn print(reply: &Reply, tag: Option<Value>) -> bool {
    #[derive(Serialize)]
    struct Line<'a> {
        #[serde(flatten)]
        reply: &'a Reply,
        #[serde(skip_serializing_if = "Option::is_none")]
        tag: Option<Value>,
    }
    let mut out = io::stdout().lock();
    let printed = serde_json::to_writer(&mut out, &Line { reply, tag })
        .map_err(io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    printed.is_ok()
}

/// A time with a unit, `ms` or `s`; a bare number is milliseconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, ms) = match text.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => match text.strip_suffix('s') {
            Some(number) => (number, 1000.0),
            None => (text, 1.0),
        },
    };
    match number.trim().parse::<f64>() {
        Ok(value) if (0.0..=60_000.0).contains(&(value * ms)) => {
            Ok(Duration::from_secs_f64(value * ms / 1000.0))
        }
        _ => Err("a time up to 60s, such as 50ms or 0.5s".to_owned()),
    }
}

fn part(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a number from 0 to 1".to_owned()),
    }
}
