//! The binary as a test in any language uses it.

#![cfg(target_os = "linux")]

mod common;

use common::{Binary, DEADLINE, namespaces};
use peerjs_mesh_lab::enter_namespace;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::thread;

/// Runs something in a namespace given by its path.
fn at<T: Send + 'static>(namespace: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let namespace = File::open(namespace).expect("it is there");
    let thread = thread::spawn(move || {
        enter_namespace(&namespace).expect("it can be entered");
        run()
    });
    thread.join().expect("no panic")
}

fn row(stats: &Value, from: u64, to: u64) -> Value {
    let rows = stats["pairs"].as_array().expect("rows");
    let row = rows
        .iter()
        .find(|row| row["from"] == from && row["to"] == to);
    row.expect("the pair").clone()
}

#[test]
fn it_says_where_its_nodes_are_and_what_became_of_packets() {
    let mut lab = Binary::run(&["--nodes", "3", "--seed", "4", "--delay", "1ms", "--json"]);
    let ready = lab.line();
    assert_eq!(ready["event"], "ready");
    assert_eq!(ready["pid"], lab.child.id());
    let ips: Vec<_> = ready["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["ip"])
        .collect();
    assert_eq!(ips, ["10.50.0.1", "10.50.0.2", "10.50.0.3"]);

    let paths = namespaces(&ready);
    let send = |count: usize| {
        let (from, to) = (paths[0].clone(), paths[1].clone());
        let far = at(&to, || UdpSocket::bind("10.50.0.2:4000").unwrap());
        far.set_read_timeout(Some(DEADLINE)).unwrap();
        at(&from, move || {
            let near = UdpSocket::bind("10.50.0.1:0").unwrap();
            (0..count).for_each(|_| assert_eq!(near.send_to(b"x", "10.50.0.2:4000").unwrap(), 1));
        });
        far
    };
    let far = send(5);
    (0..5).for_each(|_| assert_eq!(far.recv(&mut [0]).unwrap(), 1));
    drop(far);
    let stats = lab.ask(r#"{"cmd":"stats","tag":"s1"}"#);
    assert_eq!(
        (&stats["event"], &stats["tag"]),
        (&json!("stats"), &json!("s1"))
    );
    let pair = row(&stats, 0, 1);
    assert_eq!((&pair["sent"], &pair["delivered"]), (&json!(5), &json!(5)));
    assert_eq!(stats["pairs"].as_array().unwrap().len(), 6);

    assert_eq!(
        lab.ask(r#"{"cmd":"link","from":0,"to":1,"loss":1}"#),
        json!({"event":"ok"})
    );
    drop(send(5));
    common::until("they are lost", || {
        row(&lab.ask(r#"{"cmd":"stats"}"#), 0, 1)["lost"] == 5
    });
    assert_eq!(lab.ask(r#"{"cmd":"cut","node":1}"#)["event"], "ok");
    drop(send(5));
    common::until("they are cut", || {
        row(&lab.ask(r#"{"cmd":"stats"}"#), 0, 1)["cut"] == 5
    });
    assert_eq!(lab.ask(r#"{"cmd":"heal","node":1}"#)["event"], "ok");
    assert_eq!(lab.ask(r#"{"cmd":"link","loss":0}"#)["event"], "ok");
    let far = send(1);
    assert_eq!(far.recv(&mut [0]).unwrap(), 1);
}

#[test]
fn a_bad_command_is_answered_and_the_lab_goes_on() {
    let mut lab = Binary::run(&["--nodes", "1", "--json"]);
    lab.line();
    for bad in [
        "melt",
        "[]",
        r#"{"cmd":"melt"}"#,
        r#"{"cmd":"cut"}"#,
        r#"{"cmd":"cut","node":1}"#,
        r#"{"cmd":"link","from":0,"to":7}"#,
        r#"{"cmd":"link","loss":2}"#,
        r#"{"cmd":"forward","node":1}"#,
    ] {
        let answer = lab.ask(bad);
        assert_eq!(answer["event"], "error", "{bad}");
        assert_eq!(answer["code"], "bad-command", "{bad}");
    }
    assert_eq!(lab.ask(r#"{"cmd":"link","delay_ms":1}"#)["event"], "ok");
    lab.input = None;
    assert!(lab.ended_well());
}

#[test]
fn a_relay_leads_from_here_to_a_node_s_loopback() {
    let mut lab = Binary::run(&["--nodes", "2", "--json"]);
    let paths = namespaces(&lab.line());
    // Without a port, the same number on both sides.
    let relay = lab.ask(r#"{"cmd":"forward","node":1}"#);
    assert_eq!(relay["event"], "forward");
    assert_eq!(relay["port"], relay["listen"]);
    let port = u16::try_from(relay["port"].as_u64().unwrap()).unwrap();

    let call = || {
        let near = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the relay listens");
        near.set_read_timeout(Some(DEADLINE)).unwrap();
        near
    };
    let mut text = String::new();
    // Nobody listens in the node yet: the connection ends.
    let _ = call().read_to_string(&mut text);
    assert_eq!(text, "");

    let listener = at(&paths[1], move || {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()
    });
    let mut near = call();
    listener.set_nonblocking(true).unwrap();
    let mut accepted = None;
    common::until("the call arrives in the node", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    let (mut far, _) = accepted.unwrap();
    far.set_nonblocking(false).unwrap();
    far.set_read_timeout(Some(DEADLINE)).unwrap();
    near.write_all(b"question").unwrap();
    near.shutdown(std::net::Shutdown::Write).unwrap();
    far.read_to_string(&mut text).unwrap();
    assert_eq!(text, "question");
    far.write_all(b"answer").unwrap();
    drop(far);
    text.clear();
    near.read_to_string(&mut text).unwrap();
    assert_eq!(text, "answer");

    let taken = lab.ask(&format!(
        r#"{{"cmd":"forward","node":0,"port":80,"listen":{port}}}"#
    ));
    assert_eq!(
        (&taken["event"], &taken["code"]),
        (&json!("error"), &json!("port-in-use"))
    );
}
