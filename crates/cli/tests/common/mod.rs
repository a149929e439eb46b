//! What the tests of the binary share: it runs, lines go in, lines come out.
#![allow(dead_code, reason = "each test takes what it needs")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A running binary. Killed when dropped.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) input: Option<ChildStdin>,
    lines: Receiver<String>,
    pub(crate) heard: Vec<String>,
    /// Lines that came while another was waited for.
    passed: Vec<String>,
}

impl Program {
    pub(crate) fn start(args: &[&str]) -> Program {
        Program::run(&mut command(args))
    }

    pub(crate) fn run(command: &mut Command) -> Program {
        let mut child = command.spawn().expect("the binary");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (said, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        Program {
            input: child.stdin.take(),
            child,
            lines,
            heard: Vec::new(),
            passed: Vec::new(),
        }
    }

    pub(crate) fn join(server: &str, room: &str, more: &[&str]) -> Program {
        Program::start(&[&["join", room, "--json", "--server", server], more].concat())
    }

    pub(crate) fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input");
        writeln!(input, "{line}").expect("it reads");
    }

    /// The first line that fits and was not given yet.
    pub(crate) fn line(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        if let Some(index) = self.passed.iter().position(|line| fits(line)) {
            return self.passed.remove(index);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.heard.push(line.clone());
                    if fits(&line) {
                        return line;
                    }
                    self.passed.push(line);
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {what}; heard {:#?}", self.heard),
                Err(RecvTimeoutError::Disconnected) => {
                    let mut log = String::new();
                    let _ = self
                        .child
                        .stderr
                        .take()
                        .map(|mut all| all.read_to_string(&mut log));
                    panic!("over before {what}; heard {:#?}; log {log}", self.heard);
                }
            }
        }
    }

    /// The next event of that name.
    pub(crate) fn event(&mut self, name: &str) -> Value {
        let line = self.line(name, |line| parse(line)["event"] == name);
        parse(&line)
    }

    /// Waits until the room is whole with that many members.
    pub(crate) fn lists(&mut self, members: usize) {
        self.line("the list", |line| {
            let line = parse(line);
            ["sync", "peerjoined", "peerdropped"].contains(&line["event"].as_str().unwrap_or(""))
                && line["peers"]
                    .as_array()
                    .is_some_and(|peers| peers.len() == members)
        });
    }

    pub(crate) fn exit(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            assert!(
                Instant::now() < deadline,
                "it does not exit; heard {:#?}",
                self.heard
            );
            std::thread::sleep(Duration::from_millis(5)); // there is no other way to wait for a child with a deadline
        }
    }

    /// All that it has written to standard error, once it has ended.
    pub(crate) fn log(&mut self) -> String {
        let mut log = String::new();
        let mut errors = self.child.stderr.take().expect("its errors");
        errors.read_to_string(&mut log).expect("text");
        log
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("a signal");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary with these arguments, and nothing that the environment of the tests would tell it.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peerjs-mesh"));
    command
        .args(args)
        .env_remove("PEERJS_MESH_SERVER")
        .env_remove("PORT")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Every line is an object with `event` and `t`; nothing else is printed.
pub(crate) fn parse(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    assert!(value["event"].is_string(), "{line}");
    assert!(value["t"].as_f64().is_some_and(|t| t > 1.7e12), "{line}");
    value
}

/// A server, and its URL.
pub(crate) fn serve() -> (Program, String) {
    let mut server = Program::start(&["serve", "--host", "127.0.0.1", "--port", "0"]);
    let line = server.line("its URL", |line| line.starts_with("Listening on "));
    let url = line.trim_start_matches("Listening on ").to_owned();
    (server, url)
}
