//! How `join` ends: politely, at once, or with a code that says what cannot be.

mod common;
use common::*;
use serde_json::json;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

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
fn commands_after_leave_are_answered_in_their_turn_before_it_ends() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "late", &[]);
    host.lists(1);
    let mut guest = Program::join(&url, "late", &[]);
    guest.lists(2);
    // In one piece: whoever reads `leave` could read the rest.
    let said = [
        json!({"cmd": "send", "data": 0, "tag": "before"}),
        json!({"cmd": "leave"}),
        json!({"cmd": "send", "data": 1, "tag": "late"}),
        json!({"cmd": "initData", "data": 1, "tag": "later"}),
        json!({"cmd": "status", "tag": "latest"}),
        json!({"cmd": "dance", "tag": "strange"}),
    ];
    guest.say(&said.map(|command| command.to_string()).join("\n"));
    assert_eq!(guest.exit(), Some(0));
    let answers = [
        ("sent", "", "before"),
        ("left", "", ""),
        ("error", "left", "late"),
        ("error", "left", "later"),
        ("error", "left", "latest"),
        ("error", "bad-command", "strange"),
    ];
    for (event, code, tag) in answers {
        let line = parse(&guest.line("an answer", |line| {
            ["sent", "left", "error", "status"]
                .contains(&parse(line)["event"].as_str().unwrap_or(""))
        }));
        let word = |name: &str| line[name].as_str().unwrap_or("").to_owned();
        assert_eq!(
            (word("event"), word("code"), word("tag")),
            (event.into(), code.into(), tag.into()),
            "{:#?}",
            guest.heard
        );
    }
    assert_eq!(host.event("data")["data"], 0);
    host.event("peerdropped");
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

#[test]
fn whoever_is_not_let_in_for_the_limit_until_its_time_is_over_exits_with_4() {
    let (mut server, url) = serve();
    let one = r#"{"mesh_limit":1,"join_timeout":4000}"#;
    let mut host = Program::join(&url, "full", &["--options", one]);
    host.lists(1);
    let mut guest = Program::join(&url, "full", &["--options", one]);
    assert_eq!(guest.event("error")["code"], "mesh-full");
    guest.event("meshlimitexceeded");
    assert_eq!(guest.event("error")["code"], "join-timeout");
    guest.event("left");
    assert_eq!(guest.exit(), Some(4));

    // When something else was the last that it was told, the limit is not why.
    let more = r#"{"mesh_limit":1,"join_timeout":7000}"#;
    let mut guest = Program::join(&url, "full", &["--options", more]);
    guest.event("meshlimitexceeded");
    server.child.kill().expect("a child");
    let codes = ["mesh-full", "host-unavailable", "join-timeout"];
    assert_eq!(codes.map(|_| guest.event("error")["code"].clone()), codes);
    assert_eq!(guest.exit(), Some(3), "{:#?}", guest.heard);
}

#[test]
fn who_is_not_in_the_room_within_sync_timeout_is_told_so_and_exits_with_3() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "asleep", &[]);
    host.lists(1);
    // A host that is stopped lets nobody in, and the server keeps the room's name for it.
    host.signal(rustix::process::Signal::STOP);
    let options = ["--options", r#"{"sync_timeout":1500}"#];
    let mut guest = Program::join(&url, "asleep", &options);
    guest.event("joined");
    guest.line("sync-timeout", |line| parse(line)["code"] == "sync-timeout");
    guest.event("left");
    assert_eq!(guest.exit(), Some(3));
    let plain = [&["join", "asleep", "--server", &url], &options[..]].concat();
    let mut person = Program::start(&plain);
    assert_eq!(person.exit(), Some(3));
    let log = person.log();
    assert!(log.contains("peerjs-mesh: sync-timeout: "), "{log}");
    host.signal(rustix::process::Signal::CONT);
}

#[test]
fn sync_timeout_ends_nobody_who_was_in_the_room_once() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "awake", &[]);
    host.lists(1);
    let mut guest = Program::join(&url, "awake", &["--options", r#"{"sync_timeout":2000}"#]);
    guest.lists(2);
    host.child.kill().expect("a child");
    // The loss is noticed after more than those 2 s.
    guest.line("a room no longer whole", |line| {
        parse(line)["peers"] == json!(false)
    });
    guest.lists(1);
    guest.say(r#"{"cmd":"leave"}"#);
    guest.event("left");
    assert_eq!(guest.exit(), Some(0));
    let told = guest.heard.iter().any(|line| line.contains("sync-timeout"));
    assert!(!told, "{:#?}", guest.heard);
}

#[test]
fn a_line_over_the_limit_is_left_out_and_said_once() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "long", &[]);
    host.lists(1);
    let mut guest = Program::start(&["join", "long", "--server", &url]);
    host.lists(2);
    let input = guest.input.as_mut().expect("its input");
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..401 {
        input.write_all(&piece).expect("it reads");
    }
    input.write_all(b"\nafter\n").expect("it reads");
    assert_eq!(host.event("data")["data"], "after");
    drop(guest.input.take());
    assert_eq!(guest.exit(), Some(0));
    let mut log = String::new();
    let mut errors = guest.child.stderr.take().expect("its errors");
    errors.read_to_string(&mut log).expect("text");
    assert_eq!(
        log.matches("peerjs-mesh: message-too-large: ").count(),
        1,
        "{log}"
    );
    assert_eq!(log.lines().count(), 1, "{log}");
}
