//! What is printed: lines of JSON, or lines for people.

use super::people::{People, clean};
use peerjs_mesh::{Error, ErrorCode, Event, Status, Value};
use peerjs_mesh_protocol::json::{Tagged, write_tagged};
use serde::Serialize;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// The answer to a command.
pub(super) enum Answer {
    Sent {
        tag: Option<serde_json::Value>,
    },
    Status {
        status: Box<Status>,
        tag: Option<serde_json::Value>,
    },
    Error {
        error: Error,
        tag: Option<serde_json::Value>,
    },
}

/// Prints.
pub(super) struct Printer {
    json: bool,
    server: String,
    people: People,
    closed: bool,
}

/// One line of JSON: what, when, and the rest.
#[derive(Serialize)]
struct Line<T: Serialize> {
    event: &'static str,
    /// Unix milliseconds.
    t: f64,
    #[serde(flatten)]
    rest: T,
}

#[derive(Serialize)]
struct Tag<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a serde_json::Value>,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    code: &'a str,
    message: &'a str,
    hint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a serde_json::Value>,
}

#[derive(Serialize)]
struct Data<'a> {
    from: &'a str,
    data: Tagged,
}

#[derive(Serialize)]
struct Init<'a> {
    id: &'a str,
    data: Tagged,
}

impl Printer {
    pub(super) fn new(json: bool, server: &str) -> Printer {
        Printer {
            json,
            server: server.to_owned(),
            people: People::default(),
            closed: false,
        }
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// What a line that somebody typed says, and to whom. `None`: nothing.
    pub(super) fn said(&self, line: &[u8]) -> Option<Result<(Option<String>, String), Error>> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        if line.is_empty() {
            return None;
        }
        let Some((whom, text)) = line.strip_prefix('@').map(|rest| {
            let (whom, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            (whom, text.trim())
        }) else {
            return Some(Ok((None, line.to_owned())));
        };
        Some(match self.people.find(whom) {
            Some(id) => Ok((Some(id), text.to_owned())),
            None => Err(Error::with_code(
                ErrorCode::UnknownMember,
                whom,
                "@NAME or @ID, and then what to say",
            )),
        })
    }

    /// Prints an event.
    pub(super) fn event(&mut self, event: &Event) {
        if self.json {
            self.json_event(event);
        } else {
            for line in self.people.lines(event, &self.server) {
                self.write(&line);
            }
            if let Event::Error(error) = event {
                complain(error);
            }
        }
    }

    /// Prints an answer, if there is one.
    pub(super) fn answer(&mut self, answer: Option<Answer>) {
        match answer {
            None => {}
            Some(Answer::Error { error, tag }) => self.error(&error, tag.as_ref()),
            Some(Answer::Sent { tag }) if self.json => {
                self.line("sent", Tag { tag: tag.as_ref() });
            }
            // People see what they typed.
            Some(Answer::Sent { .. }) => {}
            Some(Answer::Status { status, tag }) => {
                let mut rest = status_json(&status);
                if let (Some(rest), Some(tag)) = (rest.as_object_mut(), tag) {
                    rest.insert("tag".to_owned(), tag);
                }
                self.line("status", rest);
            }
        }
    }

    /// Prints an error: as an event, or on standard error.
    pub(super) fn error(&mut self, error: &Error, tag: Option<&serde_json::Value>) {
        if self.json {
            self.line(
                "error",
                ErrorLine {
                    code: error.code_text(),
                    message: error.message(),
                    hint: error.hint(),
                    tag,
                },
            );
        } else {
            complain(error);
        }
    }

    fn json_event(&mut self, event: &Event) {
        use serde_json::json;
        match event {
            Event::Joined { id } => self.line("joined", json!({ "id": id })),
            Event::HostConnected {
                is_host,
                host,
                term,
            } => self.line(
                "hostconnected",
                json!({ "ishost": is_host, "host": host, "term": term }),
            ),
            Event::Sync { peers: Some(peers) } => self.line("sync", json!({ "peers": peers })),
            Event::Sync { peers: None } => self.line("sync", json!({ "peers": false })),
            Event::HostDropped => self.line("hostdropped", json!({})),
            Event::PeerJoined { id, peers } => {
                self.line("peerjoined", json!({ "id": id, "peers": peers }));
            }
            Event::PeerDropped { id, peers } => {
                self.line("peerdropped", json!({ "id": id, "peers": peers }));
            }
            Event::Message(message) => self.line(
                "data",
                Data {
                    from: &message.from,
                    data: Tagged(message.data.clone()),
                },
            ),
            Event::InitData { id, data } => self.line(
                "initData",
                Init {
                    id,
                    data: Tagged(data.clone()),
                },
            ),
            Event::MeshLimitExceeded { limit, tries } => {
                self.line(
                    "meshlimitexceeded",
                    json!({ "limit": limit, "tries": tries }),
                );
            }
            Event::Signalling { up } => {
                let state = if *up { "up" } else { "down" };
                self.line("signalling", json!({ "state": state }));
            }
            Event::Gap { from, first, last } => {
                self.line("gap", json!({ "from": from, "missing": [first, last] }));
            }
            Event::Error(error) => self.error(error, None),
            Event::Left => self.line("left", json!({})),
            _ => {}
        }
    }

    fn line(&mut self, event: &'static str, rest: impl Serialize) {
        let line = Line {
            event,
            t: unix_ms(),
            rest,
        };
        match serde_json::to_string(&line) {
            Ok(text) => self.write(&text),
            Err(error) => tracing::error!(%error, event, "cannot be printed"),
        }
    }

    fn write(&mut self, line: &str) {
        if self.closed {
            return;
        }
        let mut out = io::stdout().lock();
        let written = writeln!(out, "{line}").and_then(|()| out.flush());
        self.closed = written.is_err();
    }
}

fn complain(error: &Error) {
    let hint = match error.hint() {
        "" => String::new(),
        hint => format!(" ({hint})"),
    };
    let text = clean(&format!("{error}{hint}"));
    // Nobody there to read it: nothing can be done.
    let _ = writeln!(io::stderr(), "peerjs-mesh: {text}");
}

fn unix_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_micros() as f64 / 1000.0)
}

fn status_json(status: &Status) -> serde_json::Value {
    let peers: Vec<serde_json::Value> = status
        .peers
        .iter()
        .map(|peer| {
            serde_json::json!({
                "id": peer.id,
                "dialect": "ours",
                "path": if peer.direct { "direct" } else { "member" },
                "rttMs": peer.rtt_ms,
            })
        })
        .collect();
    serde_json::json!({
        "id": status.id,
        "room": status.room,
        "founding": status.founding,
        "term": status.term,
        "host": status.host,
        "isHost": status.is_host,
        "mode": status.mode.name(),
        "signalling": if status.signalling { "up" } else { "down" },
        "buffered": status.buffered,
        "peers": peers,
    })
}

/// A value as people read it: text as it is, the rest as JSON.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => clean(text),
        other => clean(&write_tagged(other)),
    }
}
