//! The model of npm `peer` behind standard input and output, so that the contract suite can be put to it: real time is
//! its clock, one line of JSON is one thing that happened or is to be done. `e2e/contract/model.mjs` has the sockets.

use crate::Stopwatch;
use peerjs_mesh_sim::server::{ConnId, NPM_FULL, NpmDeed, NpmModel, NpmOptions, NpmSaid, NpmTold};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What one client says to another: its type, for whom, and its payload as JSON text, if it has one.
struct Frame {
    kind: String,
    dst: String,
    payload: Option<String>,
}

/// Serves until standard input ends.
pub(crate) fn serve(options: &str) -> Result<(), String> {
    let options: Value = serde_json::from_str(options).map_err(|error| error.to_string())?;
    let defaults = NpmOptions::default();
    let number = |name: &str, default: u64| options[name].as_u64().unwrap_or(default);
    let options = NpmOptions {
        alive_timeout: number("alive_timeout", defaults.alive_timeout),
        expire_timeout: number("expire_timeout", defaults.expire_timeout),
        concurrent_limit: number("concurrent_limit", defaults.concurrent_limit as u64) as usize,
    };
    let (lines, heard) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let watch = Stopwatch::start();
    let now = || watch.elapsed().as_micros() as u64;
    let mut model = NpmModel::new(0, options);
    loop {
        let wait = Duration::from_micros(model.next_timeout().saturating_sub(now()));
        match heard.recv_timeout(wait) {
            Ok(line) => happened(&mut model, now(), &line)?,
            Err(RecvTimeoutError::Timeout) => model.timeout(now()),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        let mut out = std::io::stdout().lock();
        let mut write = |line: Value| writeln!(out, "{line}").map_err(|error| error.to_string());
        while let Some(deed) = model.poll() {
            write(match deed {
                NpmDeed::Close(conn) => json!({ "close": conn.0 }),
                NpmDeed::Tell(conn, told) => json!({ "tell": conn.0, "text": text(told) }),
            })?;
        }
    }
}

/// `{"connect": 1, "id": …, "token": …}`, `{"say": 1, "type": …, "dst": …, "payload": …}`, `{"closed": 1}`.
fn happened(model: &mut NpmModel<Frame>, now: u64, line: &str) -> Result<(), String> {
    let event: Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
    let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let conn = |name: &str| event[name].as_u64().map(ConnId);
    if let Some(conn) = conn("connect") {
        model.connect(now, conn, &word("id"), &word("token"));
    } else if let Some(conn) = conn("closed") {
        model.closed(conn);
    } else if let Some(conn) = conn("say") {
        let (kind, dst) = (word("type"), word("dst"));
        let payload = event["payload"].as_str().map(str::to_owned);
        let said = match kind.as_str() {
            "HEARTBEAT" => NpmSaid::Heartbeat,
            "LEAVE" if dst.is_empty() => NpmSaid::Leave,
            "OFFER" | "ANSWER" | "CANDIDATE" | "LEAVE" | "EXPIRE" if !dst.is_empty() => {
                NpmSaid::Relay {
                    dst: dst.clone(),
                    waits: !matches!(kind.as_str(), "LEAVE" | "EXPIRE"),
                    what: Frame { kind, dst, payload },
                }
            }
            _ => return Ok(()),
        };
        model.message(now, conn, said);
    }
    Ok(())
}

/// What goes over the websocket, keys in npm `peer`'s order.
fn text(told: NpmTold<Frame>) -> String {
    match told {
        NpmTold::Open => r#"{"type":"OPEN"}"#.to_owned(),
        NpmTold::IdTaken => r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#.to_owned(),
        NpmTold::Full => format!(r#"{{"type":"ERROR","payload":{{"msg":"{NPM_FULL}"}}}}"#),
        NpmTold::Expire { src, dst } => format!(
            r#"{{"type":"EXPIRE","src":{},"dst":{}}}"#,
            json!(src),
            json!(dst)
        ),
        NpmTold::Relayed { src, what } => {
            let Frame { kind, dst, payload } = what;
            let payload = payload.map_or_else(String::new, |json| format!(r#","payload":{json}"#));
            format!(
                r#"{{"type":{},"src":{},"dst":{}{payload}}}"#,
                json!(kind),
                json!(src),
                json!(dst)
            )
        }
    }
}
