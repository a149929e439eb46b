//! The binary as scripts see it: lines in, lines out, exit codes.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(15);

/// A running binary. Killed when dropped.
struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    heard: Vec<String>,
    /// Lines that came while another was waited for.
    passed: Vec<String>,
}

impl Program {
    fn start(args: &[&str]) -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_peerjs-mesh"))
            .args(args)
            .env_remove("PEERJS_MESH_SERVER")
            .env_remove("PORT")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
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

    fn join(server: &str, room: &str, more: &[&str]) -> Program {
        Program::start(&[&["join", room, "--json", "--server", server], more].concat())
    }

    fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input");
        writeln!(input, "{line}").expect("it reads");
    }

    /// The first line that fits and was not given yet.
    fn line(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
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
    fn event(&mut self, name: &str) -> Value {
        let line = self.line(name, |line| parse(line)["event"] == name);
        parse(&line)
    }

    /// Waits until the room is whole with that many members.
    fn lists(&mut self, members: usize) {
        self.line("the list", |line| {
            let line = parse(line);
            ["sync", "peerjoined", "peerdropped"].contains(&line["event"].as_str().unwrap_or(""))
                && line["peers"]
                    .as_array()
                    .is_some_and(|peers| peers.len() == members)
        });
    }

    fn exit(&mut self) -> Option<i32> {
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

    fn signal(&self, signal: rustix::process::Signal) {
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

/// Every line is an object with `event` and `t`; nothing else is printed.
fn parse(line: &str) -> Value {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    assert!(value["event"].is_string(), "{line}");
    assert!(value["t"].as_f64().is_some_and(|t| t > 1.7e12), "{line}");
    value
}

/// A server, and its URL.
fn serve() -> (Program, String) {
    let mut server = Program::start(&["serve", "--host", "127.0.0.1", "--port", "0"]);
    let line = server.line("its URL", |line| line.starts_with("Listening on "));
    let url = line.trim_start_matches("Listening on ").to_owned();
    (server, url)
}

#[test]
fn two_members_speak_in_lines_of_json() {
    let (_server, url) = serve();
    let mut anna = Program::join(&url, "tea", &["--name", "anna"]);
    let id = anna.event("joined")["id"].clone();
    let host = anna.event("hostconnected");
    assert_eq!(
        (&host["ishost"], &host["host"], &host["term"]),
        (&json!(true), &id, &json!(1))
    );
    assert_eq!(anna.event("sync")["peers"], json!([id]));

    let mut ben = Program::join(
        &url,
        "tea",
        &["--init", r#"{"name":"ben","at":{"$date":5}}"#],
    );
    let ben_id = ben.event("joined")["id"].clone();
    ben.lists(2);
    assert_eq!(anna.event("peerjoined")["id"], ben_id);
    let init = anna.event("initData");
    assert_eq!(
        (&init["id"], &init["data"]),
        (&ben_id, &json!({"name": "ben", "at": {"$date": 5}}))
    );

    let data = json!({"a": [1, 1.5, null, "x"], "b": {"$bytes": "AP8="}, "n": {"$num": "NaN"}});
    ben.say(&json!({"cmd": "send", "data": data, "tag": 7}).to_string());
    assert_eq!(ben.event("sent")["tag"], 7);
    let heard = anna.event("data");
    assert_eq!((&heard["from"], &heard["data"]), (&ben_id, &data));

    anna.say(
        &json!({"cmd": "send", "data": null, "to": ben_id, "tag": {"any": "tag"}}).to_string(),
    );
    assert_eq!(anna.event("sent")["tag"], json!({"any": "tag"}));
    assert_eq!(ben.event("data")["data"], Value::Null);

    anna.say(r#"{"cmd":"status","tag":"s"}"#);
    let status = anna.event("status");
    assert_eq!(status["tag"], "s");
    assert_eq!(
        (&status["isHost"], &status["room"]),
        (&json!(true), &json!("tea"))
    );
    assert_eq!(status["founding"].as_str().map(str::len), Some(32));
    assert_eq!(status["peers"][0]["id"], ben_id);
    assert_eq!(status["peers"][0]["path"], "direct");

    ben.say(r#"{"cmd":"leave"}"#);
    ben.event("left");
    assert_eq!(ben.exit(), Some(0));
    assert_eq!(anna.event("peerdropped")["id"], ben_id);
}

#[test]
fn the_mode_is_chosen_by_an_option_and_told_by_the_status() {
    let (_server, url) = serve();
    for (more, mode) in [
        (&[][..], "host"),
        (&["--mode", "full"][..], "full"),
        (&["--options", r#"{"mesh_mode":"full"}"#][..], "full"),
    ] {
        let mut anna = Program::join(&url, mode, more);
        anna.say(r#"{"cmd":"status"}"#);
        assert_eq!(anna.event("status")["mode"], mode);
    }
}

#[test]
fn commands_are_answered_in_order_and_bad_ones_harm_nothing() {
    let (_server, url) = serve();
    let mut anna = Program::join(&url, "orders", &[]);
    anna.lists(1);
    let mut wanted = Vec::new();
    for tag in 0..200 {
        match tag % 4 {
            0 => {
                anna.say(&json!({"cmd": "send", "data": tag, "tag": tag}).to_string());
                wanted.push(("sent", tag));
            }
            1 => {
                anna.say(
                    &json!({"cmd": "send", "data": tag, "to": "nobody", "tag": tag}).to_string(),
                );
                wanted.push(("error", tag));
            }
            2 => {
                anna.say(&json!({"cmd": "status", "tag": tag}).to_string());
                wanted.push(("status", tag));
            }
            _ => {
                anna.say(&json!({"cmd": "dance", "tag": tag}).to_string());
                wanted.push(("error", tag));
            }
        }
    }
    for (event, tag) in wanted {
        let line = parse(&anna.line("an answer", |line| parse(line).get("tag").is_some()));
        assert_eq!(
            (line["event"].as_str(), line["tag"].as_i64()),
            (Some(event), Some(tag))
        );
        if event == "error" {
            let code = if tag % 4 == 1 {
                "unknown-member"
            } else {
                "bad-command"
            };
            assert_eq!(line["code"], code);
        }
    }
    anna.say("{");
    assert_eq!(anna.event("error")["code"], "bad-command");
    anna.say(r#"{"cmd":"initData","data":7}"#);
    anna.say(r#"{"cmd":"leave"}"#);
    anna.event("left");
    assert_eq!(anna.exit(), Some(0));
}

#[test]
fn the_end_of_input_ctrl_c_and_sigterm_leave_politely_once_everything_is_delivered() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "polite", &[]);
    host.lists(1);
    for how in ["end of input", "Ctrl-C", "SIGTERM"] {
        let mut guest = Program::join(&url, "polite", &[]);
        guest.lists(2);
        for number in 0..100 {
            guest.say(&json!({"cmd": "send", "data": number}).to_string());
        }
        match how {
            "Ctrl-C" => {
                // A signal overtakes what stands in the pipe: wait until it is read.
                for _ in 0..100 {
                    guest.event("sent");
                }
                guest.signal(rustix::process::Signal::INT);
            }
            "SIGTERM" => {
                for _ in 0..100 {
                    guest.event("sent");
                }
                guest.signal(rustix::process::Signal::TERM);
            }
            _ => drop(guest.input.take()),
        }
        guest.event("left");
        assert_eq!(guest.exit(), Some(0), "{how}");
        for number in 0..100 {
            assert_eq!(host.event("data")["data"], number, "{how}");
        }
        host.event("peerdropped");
    }
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "hurry", &[]);
    host.lists(1);
    let mut guest = Program::join(&url, "hurry", &[]);
    guest.lists(2);
    // With the host stopped nothing is delivered, so a polite leave takes its time.
    host.signal(rustix::process::Signal::STOP);
    guest.say(r#"{"cmd":"send","data":1}"#);
    guest.event("sent");
    guest.signal(rustix::process::Signal::INT);
    let stopped = Instant::now();
    loop {
        // The first is noticed in its own time; only then is another one a second.
        guest.signal(rustix::process::Signal::INT);
        if guest.child.try_wait().expect("a child").is_some() {
            break;
        }
        assert!(stopped.elapsed() < Duration::from_secs(3));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(guest.exit(), Some(130));
    host.signal(rustix::process::Signal::CONT);
}

#[test]
fn what_cannot_be_ends_with_its_code_and_exit() {
    let (_server, url) = serve();
    let nowhere = "http://127.0.0.1:9/";
    let rows: [(&[&str], &str, i32); 12] = [
        (&["join", "", "--server", &url], "invalid-room", 2),
        (&["join", "a/b", "--server", &url], "invalid-room", 2),
        (&["join", "a", "--server", "nonsense"], "invalid-option", 2),
        (
            &["join", "a", "--server", &url, "--mode", "ring"],
            "invalid-option",
            2,
        ),
        (
            &["join", "a", "--server", &url, "--mode", "auto"],
            "unsupported",
            2,
        ),
        (
            &[
                "join",
                "a",
                "--server",
                &url,
                "--record",
                "no/such/folder/f",
            ],
            "invalid-option",
            2,
        ),
        (
            &["join", "a", "--server", &url, "--init", "{"],
            "invalid-option",
            2,
        ),
        (
            &["join", "a", "--server", &url, "--options", "[]"],
            "invalid-option",
            2,
        ),
        (
            &[
                "join",
                "a",
                "--server",
                &url,
                "--options",
                r#"{"join_timeout":"x"}"#,
            ],
            "invalid-option",
            2,
        ),
        (
            &["join", "a", "--server", &url, "--key", "wrong"],
            "invalid-key",
            4,
        ),
        (&["join", "a", "--server", nowhere], "server-unreachable", 3),
        (
            &[
                "join",
                "a",
                "--server",
                nowhere,
                "--options",
                r#"{"join_timeout":700}"#,
            ],
            "join-timeout",
            3,
        ),
    ];
    for (args, code, exit) in rows {
        let mut program = Program::start(&[args, &["--json"]].concat());
        let line = program.line(code, |line| parse(line)["code"] == code);
        assert!(parse(&line)["message"].is_string() && parse(&line)["hint"].is_string());
        assert_eq!(program.exit(), Some(exit), "{args:?}");
        // For people the same stands on standard error, and nothing else on standard output.
        let mut plain = Program::start(args);
        assert_eq!(plain.exit(), Some(exit), "{args:?}");
        let mut log = String::new();
        let mut errors = plain.child.stderr.take().expect("its errors");
        errors.read_to_string(&mut log).expect("text");
        assert!(
            log.contains(&format!("peerjs-mesh: {code}: ")),
            "{args:?}: {log}"
        );
    }
    let mut usage = Program::start(&["join"]);
    assert_eq!(usage.exit(), Some(2));
}

#[test]
fn for_people_lines_go_to_all_and_an_at_sign_to_one() {
    let (_server, url) = serve();
    let start = |name| Program::start(&["join", "people", "--server", &url, "--name", name]);
    let mut anna = start("anna");
    anna.line("the room", |line| line == "* in the room: you (you host)");
    let mut ben = start("ben");
    ben.line("anna's name", |line| line.contains("anna"));
    anna.line("ben's name", |line| {
        line.ends_with(" is ben") || line == "* ben joined"
    });
    let mut cleo = start("cleo");
    for other in [&mut anna, &mut ben] {
        other.line("cleo's name", |line| {
            line.ends_with(" is cleo") || line == "* cleo joined"
        });
    }
    ben.say("hello all");
    anna.line("it", |line| line == "ben: hello all");
    cleo.line("it", |line| line == "ben: hello all");
    ben.say("@anna only you");
    anna.line("it", |line| line == "ben: only you");
    ben.say("last");
    cleo.line("it", |line| line == "ben: last");
    assert!(!cleo.heard.iter().any(|line| line.contains("only you")));
    drop(ben.input.take());
    assert_eq!(ben.exit(), Some(0));
    anna.line("his leaving", |line| line == "* ben left");
}

#[test]
fn what_is_piped_in_is_delivered_though_the_input_ends_before_the_room_is_whole() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "pipe", &[]);
    host.lists(1);
    let mut guest = Program::start(&["join", "pipe", "--server", &url]);
    guest.say("from a pipe");
    drop(guest.input.take());
    assert_eq!(host.event("data")["data"], "from a pipe");
    assert_eq!(guest.exit(), Some(0));
}
