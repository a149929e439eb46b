//! `peerjs-mesh serve` as a person or a script meets it: its first line, its options, its exit codes.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peerjs-mesh"));
    command
        .arg("serve")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in ["PORT", "PEERSERVER_PATH", "PEERJS_MESH_LOG"] {
        command.env_remove(name);
    }
    command
}

/// A server that runs, and its first line.
struct Serving {
    child: Child,
    line: String,
}

impl Serving {
    fn start(args: &[&str]) -> Self {
        Self::spawn(&mut command(args))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it can be read");
        Self {
            child,
            line: line.trim_end().to_owned(),
        }
    }

    /// The port, which both forms of the first line name last before the path or the brace.
    fn port(&self) -> u16 {
        let digits = |text: &str| {
            text.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
        };
        let mut numbers = self
            .line
            .split(':')
            .map(digits)
            .filter(|number| !number.is_empty());
        numbers
            .next_back()
            .and_then(|port| port.parse().ok())
            .unwrap_or_else(|| panic!("no port in {:?}", self.line))
    }

    fn get(&self, path: &str) -> String {
        self.get_with(path, "")
    }

    /// With further lines of the request's head.
    fn get_with(&self, path: &str, head: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).expect("it listens");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n"
        )
        .expect("it can be sent");
        let mut answer = String::new();
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        stream.read_to_string(&mut answer).expect("it can be read");
        answer
    }

    /// Opens a websocket, and gives it back after OPEN. It answers nothing by itself.
    fn websocket(&self) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).expect("it listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        let request = "GET /peerjs?key=peerjs&id=a&token=s3cret HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        stream
            .write_all(request.as_bytes())
            .expect("it can be sent");
        let mut heard = Vec::new();
        let mut byte = [0];
        while !heard.ends_with(br#"{"type":"OPEN"}"#) {
            assert_eq!(
                stream.read(&mut byte).expect("it can be read"),
                1,
                "{}",
                String::from_utf8_lossy(&heard)
            );
            heard.push(byte[0]);
        }
        stream
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .expect("kill runs")
                .success()
        );
    }

    /// Waits for the end; exit code and standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut errors = String::new();
        self.child
            .stderr
            .take()
            .expect("it is piped")
            .read_to_string(&mut errors)
            .expect("it can be read");
        (status.code(), errors)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How soon it says that it cannot serve.
const AT_ONCE: Duration = Duration::from_secs(5);

fn fails(args: &[&str]) -> Output {
    // Any port, unless the arguments say otherwise: should it serve after all, it disturbs nobody.
    let mut command = command(args);
    let mut child = command.env("PORT", "0").spawn().expect("the binary starts");
    let start = Instant::now();
    while child.try_wait().expect("it can be waited for").is_none() {
        if start.elapsed() > AT_ONCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{args:?}: it does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("it can be read")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_first_line_says_where_it_listens() {
    let server = Serving::start(&["--port", "0"]);
    assert_eq!(
        server.line,
        format!("Listening on http://localhost:{}/", server.port())
    );
    assert!(server.get("/").contains("PeerJS Server"));

    let server = Serving::start(&["--port", "0", "--host", "127.0.0.1", "--path", "my/app"]);
    assert_eq!(
        server.line,
        format!("Listening on http://127.0.0.1:{}/my/app/", server.port())
    );
    assert!(server.get("/my/app/").contains("PeerJS Server"));

    let server = Serving::start(&["--port", "0", "--json"]);
    let expected = r#"{"event":"listening","url":"http://localhost:PORT/","port":PORT}"#;
    assert_eq!(
        server.line,
        expected.replace("PORT", &server.port().to_string())
    );
}

#[test]
fn options_are_taken_with_either_dash_and_from_the_environment() {
    for args in [
        [
            "--allow_discovery",
            "--expire_timeout=100",
            "--alive_timeout=100",
            "--concurrent_limit=1",
            "--no_demo",
        ],
        [
            "--allow-discovery",
            "--expire-timeout=100",
            "--alive-timeout=100",
            "--concurrent-limit=1",
            "--no-demo",
        ],
        [
            "--allow_discovery=true",
            "-t=100",
            "--alive_timeout=100",
            "-c=1",
            "--no-demo",
        ],
    ] {
        let server = Serving::start(&[&["--port", "0"], args.as_slice()].concat());
        assert!(server.get("/peerjs/peers").ends_with("[]"), "{args:?}");
        assert!(server.get("/demo/").contains("Cannot GET"), "{args:?}");
    }
    for args in [
        &["--allow_discovery=false"][..],
        &["--allow_discovery", "false"],
        &[],
    ] {
        let server = Serving::start(&[&["--port", "0"], args].concat());
        assert!(
            server.get("/peerjs/peers").ends_with("Unauthorized"),
            "{args:?}"
        );
    }

    let server = Serving::spawn(
        command(&[])
            .env("PORT", "0")
            .env("PEERSERVER_PATH", "/from/env"),
    );
    assert!(server.line.ends_with("/from/env/"), "{}", server.line);
    assert_ne!(server.port(), 9000);
}

#[test]
fn what_a_proxy_says_is_believed_only_when_one_is_said_to_stand_in_front() {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let head = "X-Forwarded-Host: outer.example\r\nX-Forwarded-Proto: https\r\n";
    let inner = [r#""host":"x""#, r#""secure":false"#];
    let outer = [r#""host":"outer.example""#, r#""secure":true"#];
    for (args, told) in [
        (&["--proxied"][..], outer),
        (&["--proxied=true"], outer),
        (&["--proxied", "false"], inner),
        (&[], inner),
    ] {
        let server = Serving::start(&[&["--port", "0", "--demo-dir", demo], args].concat());
        let config = server.get_with("/demo/config.json", head);
        for field in told {
            assert!(config.contains(field), "{args:?}: {config}");
        }
    }
}

#[test]
fn the_demo_s_pages_are_told_of_stun_and_turn_servers() {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let turn = r#"{"urls":["turn:a.example","turns:a.example"],"username":"u","credential":"p"}"#;
    for (args, servers) in [
        (&[][..], String::from("[]")),
        (
            &["--ice", "stun:a.example:3478"],
            String::from(r#"[{"urls":["stun:a.example:3478"]}]"#),
        ),
        (
            &["--ice", "stun:a", turn],
            format!(r#"[{{"urls":["stun:a"]}},{turn}]"#),
        ),
    ] {
        let server = Serving::start(&[&["--port", "0", "--demo-dir", demo], args].concat());
        let config = server.get("/demo/config.json");
        let (_, json) = config.split_once("\r\n\r\n").expect("it has a body");
        let json: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
        let expected: serde_json::Value = serde_json::from_str(&servers).expect("it is JSON");
        assert_eq!(json["config"]["iceServers"], expected, "{args:?}");
    }
}

#[test]
fn sigint_and_sigterm_end_it_with_exit_code_0() {
    for signal in ["INT", "TERM"] {
        let server = Serving::start(&["--port", "0"]);
        server.signal(signal);
        let (code, errors) = server.end();
        assert_eq!(code, Some(0), "{signal}: {errors}");
    }
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_anybody() {
    let server = Serving::start(&["--port", "0"]);
    let mut client = server.websocket();
    server.signal("INT");
    // The close frame, which this client does not answer: the server is waiting now.
    let mut close = [0; 4];
    client.read_exact(&mut close).expect("it can be read");
    assert_eq!(close, [0x88, 2, 0x03, 0xe9], "going away");
    server.signal("INT");
    assert_eq!(server.end().0, Some(130));
}

#[test]
fn a_port_in_use_is_exit_code_5_and_a_message_that_names_it() {
    let first = Serving::start(&["--port", "0"]);
    let port = first.port().to_string();
    let second = fails(&["--port", &port]);
    assert_eq!(second.status.code(), Some(5));
    assert!(second.stdout.is_empty());
    let errors = text(&second.stderr);
    assert!(
        errors.contains("port-in-use") && errors.contains(&port),
        "{errors}"
    );
}

#[test]
fn a_wrong_option_is_exit_code_2_and_named() {
    // No machine's name is so long: nobody is asked for it.
    let no_such = "x".repeat(64);
    for (args, named) in [
        (vec!["--host", "203.0.113.1"], "--host: 203.0.113.1"),
        (vec!["--host", &no_such], "--host: xxx"),
        (vec!["--port", "seventy"], "--port"),
        (vec!["--port", "70000"], "--port"),
        (vec!["--unknown"], "--unknown"),
        (vec!["--expire_timeout=-1"], "expire_timeout"),
        (vec!["--key", ""], "--key"),
        (vec!["--path", "a b"], "--path"),
        (vec!["--sslkey", "x.pem"], "--sslcert"),
        (
            vec!["--sslkey", "no-such.pem", "--sslcert", "no-such.pem"],
            "no-such.pem",
        ),
        (vec!["--demo-dir", "no/such/folder"], "no/such/folder"),
        (vec!["--demo-dir", ".", "--no-demo"], "--no-demo"),
        (vec!["--ice", "stun.example"], "stun.example"),
        (vec!["--ice", "{urls}"], "{urls}"),
        (vec!["--ice", r#"{"urls":[]}"#], "stun:"),
        (vec!["--ice", r#"{"urls":["stun:a.example",5]}"#], "stun:"),
        (vec!["--ice", "turn:a.example"], "password"),
    ] {
        let output = fails(&args);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
        assert!(errors.contains(named), "{args:?}: {errors}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn the_log_is_on_standard_error_as_asked_for_and_never_shows_a_token() {
    for (level, mentions) in [
        ("debug", true),
        ("info", true),
        ("warn", false),
        ("error", false),
    ] {
        let server = Serving::spawn(command(&["--port", "0"]).env("PEERJS_MESH_LOG", level));
        drop(server.websocket());
        server.signal("TERM");
        let (code, errors) = server.end();
        assert_eq!(code, Some(0));
        assert_eq!(
            errors.contains("client connected"),
            mentions,
            "{level}: {errors}"
        );
        assert!(!errors.contains("s3cret"), "{errors}");
    }
}
