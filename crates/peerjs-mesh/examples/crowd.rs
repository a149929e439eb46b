//! Many members in one process, for tests: `crowd ROOM SERVER N`.
//!
//! They join at the same moment. Each event is a line of JSON as `peerjs-mesh join --json` prints it, with the member's
//! number in `member`. Each line of standard input is said by all of them; its end makes them leave.

use peerjs_mesh::{Event, Mesh, Options, Value};
use peerjs_mesh_protocol::json::write_tagged;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [room, server, count] = args.as_slice() else {
        return Err("crowd ROOM SERVER N".into());
    };
    let mut options = Options::new(server);
    options.mesh_limit = None;
    let mut members = Vec::new();
    for _ in 0..count.parse::<usize>()? {
        members.push(Arc::new(Mesh::join(room, options.clone())?));
    }
    let mut tasks = Vec::new();
    for (number, mesh) in members.iter().cloned().enumerate() {
        tasks.push(tokio::spawn(async move {
            while let Some(event) = mesh.next_event().await {
                say(number, &event);
            }
        }));
    }
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        for mesh in &members {
            mesh.send(&line).await?;
        }
    }
    for mesh in &members {
        mesh.begin_leave().await;
    }
    for task in tasks {
        task.await?;
    }
    Ok(())
}

fn say(member: usize, event: &Event) {
    let text = |text: &str| Value::from(text);
    let list = |ids: &[String]| Value::List(ids.iter().map(|id| text(id)).collect());
    let (name, fields) = match event {
        Event::Joined { id } => ("joined", vec![("id", text(id))]),
        Event::HostConnected {
            is_host,
            host,
            term,
        } => {
            let ishost = ("ishost", Value::Bool(*is_host));
            let rest = [("host", text(host)), ("term", Value::from(*term))];
            ("hostconnected", [&[ishost][..], &rest].concat())
        }
        Event::Sync { peers } => {
            let peers = peers.as_deref().map_or(Value::Bool(false), list);
            ("sync", vec![("peers", peers)])
        }
        Event::HostDropped => ("hostdropped", Vec::new()),
        Event::PeerJoined { id, peers } => {
            ("peerjoined", vec![("id", text(id)), ("peers", list(peers))])
        }
        Event::PeerDropped { id, peers } => (
            "peerdropped",
            vec![("id", text(id)), ("peers", list(peers))],
        ),
        Event::Message(message) => {
            let from = text(&message.from);
            ("data", vec![("from", from), ("data", message.data.clone())])
        }
        Event::InitData { id, data } => {
            ("initData", vec![("id", text(id)), ("data", data.clone())])
        }
        Event::MeshLimitExceeded { limit, tries } => {
            let [limit, tries] = [*limit, *tries].map(|number| Value::from(u64::from(number)));
            (
                "meshlimitexceeded",
                vec![("limit", limit), ("tries", tries)],
            )
        }
        Event::Signalling { up } => {
            let state = if *up { "up" } else { "down" };
            ("signalling", vec![("state", text(state))])
        }
        Event::Gap { from, first, last } => {
            let missing = Value::List(vec![Value::from(*first), Value::from(*last)]);
            ("gap", vec![("from", text(from)), ("missing", missing)])
        }
        Event::Error(error) => {
            let words = [
                ("code", error.code_text()),
                ("message", error.message()),
                ("hint", error.hint()),
            ];
            (
                "error",
                words.map(|(name, word)| (name, text(word))).to_vec(),
            )
        }
        Event::Left => ("left", Vec::new()),
        _ => return,
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let t = since.map_or(0.0, |since| since.as_micros() as f64 / 1000.0);
    // The number first, so that whoever reads finds it before what others said.
    let head = [
        ("member", Value::from(member as u64)),
        ("event", text(name)),
        ("t", Value::Float(t)),
    ];
    let pairs = head
        .into_iter()
        .chain(fields)
        .map(|(name, value)| (name.to_owned(), value));
    let line = write_tagged(&Value::Map(pairs.collect()));
    // Nobody reads any more: then nobody wants to know.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
