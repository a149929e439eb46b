//! Signalling JSON, held to the vector file that the browser driver's tests read too.

use peerjs_mesh_protocol::ids::hex;
use peerjs_mesh_protocol::json::{self, JsonError};
use peerjs_mesh_protocol::signalling::{ConnectionKind, FromServer, MeshMark, Signal, ToServer};
use serde_json::{Value as Json, json};

fn rows() -> Vec<Json> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/signalling.json"
    );
    let text = std::fs::read_to_string(path).expect("the vector file is in the repository");
    let file: Json = serde_json::from_str(&text).expect("the vector file is JSON");
    file["rows"].as_array().expect("rows").clone()
}

fn text(row: &Json) -> String {
    if let Some(text) = row["text"].as_str() {
        return text.to_owned();
    }
    let pieces = row["build"].as_array().expect("text or build");
    pieces
        .iter()
        .map(|piece| {
            piece[0]
                .as_str()
                .expect("a piece")
                .repeat(piece[1].as_u64().expect("times") as usize)
        })
        .collect()
}

fn kind(kind: ConnectionKind) -> &'static str {
    match kind {
        ConnectionKind::Data => "data",
        ConnectionKind::Media => "media",
    }
}

fn mark(mark: Option<MeshMark>) -> Json {
    mark.map_or(Json::Null, |mark| json!([mark.min, mark.max]))
}

fn signal(signal: &Signal) -> Json {
    match signal {
        Signal::Offer(offer) => json!({
            "type": "offer", "connectionId": offer.connection_id, "kind": kind(offer.kind), "sdp": offer.sdp,
            "label": offer.label, "reliable": offer.reliable, "serialization": offer.serialization,
            "browser": offer.browser, "mesh": mark(offer.mesh),
        }),
        Signal::Answer(answer) => json!({
            "type": "answer", "connectionId": answer.connection_id, "kind": kind(answer.kind), "sdp": answer.sdp,
            "browser": answer.browser, "mesh": mark(answer.mesh),
        }),
        Signal::Candidate(candidate) => json!({
            "type": "candidate", "connectionId": candidate.connection_id, "kind": kind(candidate.kind),
            "candidate": candidate.candidate, "sdpMid": candidate.sdp_mid,
            "sdpMLineIndex": candidate.sdp_mline_index, "usernameFragment": candidate.username_fragment,
        }),
        Signal::Echo(echo) => json!({
            "type": "echo", "nonce": hex(&echo.nonce.to_be_bytes()), "term": echo.term, "member": echo.member,
        }),
    }
}

fn from_server(message: &FromServer) -> Json {
    match message {
        FromServer::Open => json!({"type": "open"}),
        FromServer::IdTaken => json!({"type": "idTaken"}),
        FromServer::InvalidKey => json!({"type": "invalidKey"}),
        FromServer::Error { message } => json!({"type": "error", "message": message}),
        FromServer::Expire { src } => json!({"type": "expire", "src": src}),
        FromServer::Leave { src } => json!({"type": "leave", "src": src}),
        FromServer::Relayed { src, signal: said } => {
            json!({"type": "relayed", "src": src, "signal": signal(said)})
        }
        FromServer::Unknown => json!({"type": "unknown"}),
    }
}

fn to_server(message: &ToServer) -> Json {
    match message {
        ToServer::Heartbeat => json!({"type": "heartbeat"}),
        ToServer::Relay { dst, signal: said } => {
            json!({"type": "relay", "dst": dst, "signal": signal(said)})
        }
    }
}

fn check(row: &Json, result: Result<Json, JsonError>) {
    let name = row["name"].as_str().expect("a name");
    match (row["error"].as_str(), result) {
        (None, Ok(parsed)) => assert_eq!(parsed, row["parsed"], "{name}"),
        (Some(error), Err(found)) => assert_eq!(found.text().replace(' ', "-"), error, "{name}"),
        (expected, result) => panic!("{name}: {result:?} instead of {expected:?}"),
    }
}

#[test]
fn every_row_is_read_and_written_as_it_says() {
    let rows = rows();
    let mut written = 0;
    for row in &rows {
        let text = text(row);
        // Keys in the file's order: the rows are written as PeerJS writes them.
        let rewritten = if row["from"] == "server" {
            let result = json::read_from_server(&text);
            check(
                row,
                result.as_ref().map(from_server).map_err(|error| *error),
            );
            let sent: Json = serde_json::from_str(&text).unwrap_or_default();
            result.ok().map(|message| {
                json::write_from_server(&message, sent["dst"].as_str().unwrap_or_default())
            })
        } else {
            let result = json::read_to_server(&text);
            check(row, result.as_ref().map(to_server).map_err(|error| *error));
            result.ok().map(|message| json::write_to_server(&message))
        };
        if row["writes"] == true {
            written += 1;
            assert_eq!(rewritten.as_deref(), Some(text.as_str()), "{}", row["name"]);
        }
    }
    assert!(
        rows.len() >= 80 && written >= 20,
        "{} rows, {written} written",
        rows.len()
    );
}
