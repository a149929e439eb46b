//! What the environment tells the binary, and what its log looks like.

mod common;
use common::*;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::Read;

#[test]
fn the_server_may_be_named_by_the_environment_and_the_option_wins() {
    let (_server, url) = serve();
    let nowhere = "http://127.0.0.1:9/";
    let join = ["join", "named", "--json"];
    let mut by_environment = Program::run(command(&join).env("PEERJS_MESH_SERVER", &url));
    by_environment.lists(1);
    let option = [&join[..], &["--server", &url]].concat();
    let mut by_option = Program::run(command(&option).env("PEERJS_MESH_SERVER", nowhere));
    by_option.lists(2);
    by_environment.lists(2);
    let mut lost = Program::run(command(&join).env("PEERJS_MESH_SERVER", nowhere));
    assert_eq!(lost.event("error")["code"], "server-unreachable");
}

/// What a terminal shows of the log of a member with something to warn of, and which cannot join.
fn shown(no_colour: Option<&str>) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal");
    unlockpt(&terminal).expect("a terminal");
    let name = ptsname(&terminal, Vec::new()).expect("its name");
    let screen = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().expect("a path"))
        .expect("a terminal");
    let options = r#"{"join_timout":1}"#;
    let mut asked = command(&["join", "a/b", "--options", options]);
    asked.env_remove("NO_COLOR").stderr(screen);
    if let Some(value) = no_colour {
        asked.env("NO_COLOR", value);
    }
    let mut program = Program::run(&mut asked);
    // With it the last end is closed on which the program wrote: then what is read comes to an end.
    drop(asked);
    let mut text = Vec::new();
    // A terminal that nobody writes to any more ends with an error.
    let _ = File::from(terminal).read_to_end(&mut text);
    assert_eq!(program.exit(), Some(2));
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains("unknown option join_timout"), "{text:?}");
    text
}

#[test]
fn a_terminal_gets_a_log_in_colour_unless_no_color_is_set() {
    assert!(shown(None).contains('\x1b'));
    // <https://no-color.org>: set, and not empty.
    assert!(shown(Some("")).contains('\x1b'));
    for value in ["1", "0", "yes"] {
        let text = shown(Some(value));
        assert!(!text.contains('\x1b'), "{text:?}");
    }
}

#[test]
fn stun_and_turn_servers_are_taken_and_it_is_said_that_they_have_no_effect_yet() {
    let (_server, url) = serve();
    let config = r#"{"connection":{"config":{"iceServers":[{"urls":"stun:127.0.0.1:9"}]}}}"#;
    for (more, told) in [
        (&["--ice", "stun:127.0.0.1:9", "turn:127.0.0.1:9"][..], 1),
        (&["--options", config][..], 1),
        (&[][..], 0),
    ] {
        let mut member = Program::join(&url, "ice", more);
        member.lists(1);
        drop(member.input.take());
        assert_eq!(member.exit(), Some(0));
        let log = member.log();
        let warned = log.matches("no effect here: ice (STUN and TURN").count();
        assert_eq!(warned, told, "{more:?}: {log}");
    }
}

#[test]
fn every_line_that_the_log_has_of_a_member_calls_it_by_its_log_id() {
    let nowhere = "http://127.0.0.1:9/";
    let join = ["join", "called", "--json", "--server", nowhere];
    let named = [&join[..], &["--options", r#"{"log_id":"anna"}"#]].concat();
    for (args, log_id) in [(&named[..], Some("anna")), (&join[..], None)] {
        let mut member = Program::run(command(args).env("PEERJS_MESH_LOG", "debug"));
        member.event("error");
        assert_eq!(member.exit(), Some(3));
        let log = member.log();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("DEBUG")).collect();
        assert!(
            lines.iter().any(|line| line.contains("no websocket")),
            "{log}"
        );
        for line in lines {
            let (_, called) = line
                .split_once("member=\"")
                .unwrap_or_else(|| panic!("{line}"));
            let called = called.split('"').next();
            match log_id {
                Some(_) => assert_eq!(called, log_id, "{line}"),
                // Its id.
                None => assert_eq!(called.map(str::len), Some(36), "{line}"),
            }
        }
    }
}
