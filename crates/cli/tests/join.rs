//! The binary as scripts and people see it: lines in, lines out.

mod common;
use common::*;
use peerjs_mesh::{Mesh, Options};
use serde_json::{Value, json};
use std::time::Instant;

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

    let mut foundings = Vec::new();
    for (member, own, other, hosts) in [
        (&mut anna, &id, &ben_id, true),
        (&mut ben, &ben_id, &id, false),
    ] {
        let mut status = settled_status(member);
        let rtt = status["peers"][0]["rttMs"].take().as_f64();
        assert!(
            rtt.is_some_and(|ms| (0.0..15_000.0).contains(&ms)),
            "{rtt:?}"
        );
        foundings.push(status["founding"].take());
        status["t"].take();
        let peer = json!({"id": other, "dialect": "ours", "path": "direct", "rttMs": null});
        assert_eq!(
            status,
            json!({
                "event": "status", "t": null, "tag": "s",
                "id": own, "room": "tea", "founding": null, "term": 1, "host": id, "isHost": hosts,
                "mode": "host", "signalling": "up", "buffered": 0, "peers": [peer],
            })
        );
    }
    let founding = foundings[0].as_str().expect("text");
    assert!(founding.len() == 32 && founding.chars().all(|digit| digit.is_ascii_hexdigit()));
    assert_eq!(foundings[1], founding);

    ben.say(r#"{"cmd":"leave"}"#);
    ben.event("left");
    assert_eq!(ben.exit(), Some(0));
    assert_eq!(anna.event("peerdropped")["id"], ben_id);
}

/// The status once the round trip is measured, and all that was said is known to have come.
fn settled_status(member: &mut Program) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        member.say(r#"{"cmd":"status","tag":"s"}"#);
        let status = member.event("status");
        if status["buffered"] == 0 && status["peers"][0]["rttMs"].is_number() {
            return status;
        }
        // Nobody tells of either; each answer is a round trip to the program.
        assert!(Instant::now() < deadline, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_host_that_says_nothing_of_a_limit_has_none() {
    let (_server, url) = serve();
    let mut host = Program::join(&url, "open", &[]);
    host.lists(1);
    // In Rust and in pages a host's limit is 10. What the guests' own is counts for nothing.
    let join = || Mesh::join("open", Options::new(&url)).expect("a guest");
    let guests: Vec<Mesh> = std::iter::repeat_with(join).take(11).collect();
    host.lists(12);
    drop(guests);
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
