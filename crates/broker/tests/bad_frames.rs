//! A bad frame is thrown away: no receiver, no registration and no later frame suffers from it.

mod common;

use common::World;
use peerjs_mesh_broker::{Config, ConnId, Frame, FrameError, Limits, Notice};

/// `frame` is reported as `error`, reaches nobody, and the sender's next frame is heard as if nothing had been.
fn assert_thrown_away(frame: &[u8], error: FrameError) {
    let mut world = World::new();
    let (ann, bob) = (world.connect("ann", "t"), world.connect("bob", "t"));
    world.heard(ann);
    world.heard(bob);
    world.says_bytes(ann, frame);
    let shown = String::from_utf8_lossy(&frame[..frame.len().min(60)]).into_owned();
    assert_eq!(
        world.notices.last(),
        Some(&Notice::BadFrame { conn: ann, error }),
        "{shown}"
    );
    assert!(
        world.heard(ann).is_empty() && world.heard(bob).is_empty(),
        "{shown}"
    );
    world.says(ann, r#"{"type":"OFFER","dst":"bob"}"#);
    assert_eq!(world.heard(bob).len(), 1, "{shown}");
    assert!(!world.is_closed(ann) && !world.is_closed(bob), "{shown}");
    assert_eq!(world.broker.counters().bad_frames, 1);
}

#[test]
fn what_is_not_a_json_object_is_thrown_away() {
    for frame in [
        "{bad",
        "",
        " ",
        "null",
        "5",
        "\"x\"",
        "[]",
        "true",
        "{}{}",
        "{} x",
        "{\"type\":}",
        "{'type':'OFFER'}",
        "\u{feff}{}",
        "{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":{\"a\":}}",
        "{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":01}",
        "{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":\"\n\"}",
        "{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":[1,2",
    ] {
        assert_thrown_away(frame.as_bytes(), FrameError::NotAnObject);
    }
    assert_thrown_away(
        b"{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":\"\xff\"}",
        FrameError::NotAnObject,
    );
}

#[test]
fn a_receiver_that_is_no_string_is_thrown_away() {
    for dst in ["5", "true", "[]", "{}", "[\"bob\"]", r#""\ud800""#] {
        assert_thrown_away(
            format!(r#"{{"type":"OFFER","dst":{dst}}}"#).as_bytes(),
            FrameError::BadReceiver,
        );
    }
}

#[test]
fn a_type_that_is_no_string_means_nothing() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    world.heard(ann);
    for frame in [
        "{}",
        r#"{"type":5}"#,
        r#"{"type":null,"dst":"ann"}"#,
        r#"{"type":["OFFER"],"dst":"ann"}"#,
    ] {
        world.says(ann, frame);
    }
    for dst in ["null", "\"\"", "false", "0"] {
        world.says(ann, &format!(r#"{{"type":"OFFER","dst":{dst}}}"#));
    }
    assert!(world.heard(ann).is_empty());
    assert_eq!(world.broker.counters().bad_frames, 0);
    assert_eq!(world.broker.waiting(), (0, 0));
}

#[test]
fn nesting_beyond_the_limit_never_reaches_the_receiver() {
    for depth in [100, 5_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = if open == "[" { "" } else { "1" };
            let payload = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
            let frame = format!(r#"{{"type":"OFFER","dst":"bob","payload":{payload}}}"#);
            let error = if frame.len() > 4 << 20 {
                FrameError::TooLarge
            } else {
                FrameError::TooDeep
            };
            assert_thrown_away(frame.as_bytes(), error);
        }
    }
    assert_thrown_away("[".repeat(4 << 20).as_bytes(), FrameError::TooDeep);
}

#[test]
fn nesting_up_to_the_limit_passes_and_a_default_json_reader_takes_it() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    let payload = format!("{}{}", "[".repeat(99), "]".repeat(99));
    world.says(
        ann,
        &format!(r#"{{"type":"OFFER","dst":"ann","payload":{payload}}}"#),
    );
    let heard = world.heard(ann);
    serde_json::from_str::<serde_json::Value>(&heard[1]).unwrap();
}

#[test]
fn brackets_within_strings_are_not_nesting() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    let text = format!(r#""{}\"{}\\""#, "[".repeat(500), "{".repeat(500));
    world.says(
        ann,
        &format!(r#"{{"type":"OFFER","dst":"ann","payload":{text}}}"#),
    );
    assert_eq!(world.heard(ann).len(), 2);
}

#[test]
fn a_frame_up_to_the_size_limit_passes_and_one_byte_more_does_not() {
    let limits = Limits {
        frame_bytes: 1_000,
        ..Limits::default()
    };
    let mut world = World::with(Config {
        limits,
        ..Config::default()
    });
    let ann = world.connect("ann", "t");
    let frame = |bytes: usize| {
        let empty = r#"{"type":"OFFER","dst":"ann","payload":""}"#;
        empty.replace(
            "\"\"}",
            &format!("\"{}\"}}", "x".repeat(bytes - empty.len())),
        )
    };
    world.says(ann, &frame(1_000));
    assert_eq!(world.heard(ann).len(), 2);
    world.says(ann, &frame(1_001));
    assert!(world.heard(ann).is_empty());
    assert_eq!(
        world.notices.last(),
        Some(&Notice::BadFrame {
            conn: ann,
            error: FrameError::TooLarge
        })
    );
}

#[test]
fn a_bad_frame_of_an_unknown_connection_is_not_even_counted() {
    let mut world = World::new();
    world.says(ConnId(7), "{bad");
    assert_eq!(world.broker.counters().bad_frames, 0);
    assert!(world.notices.is_empty());
}

#[test]
fn binary_frames_are_read_as_text() {
    let limits = Limits::default();
    assert_eq!(
        Frame::parse(br#"{"type":"HEARTBEAT"}"#, &limits),
        Ok(Frame::Heartbeat)
    );
}
