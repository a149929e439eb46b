//! What one client says to another arrives as it was said, in order, under the sender's true name.

mod common;

use common::World;
use peerjs_mesh_broker::ConnId;

fn pair(world: &mut World) -> (ConnId, ConnId) {
    let (ann, bob) = (world.connect("ann", "t"), world.connect("bob", "t"));
    world.heard(ann);
    world.heard(bob);
    (ann, bob)
}

#[test]
fn a_message_arrives_with_its_sender_put_in_and_its_other_fields_left_out() {
    let mut world = World::new();
    let (ann, bob) = pair(&mut world);
    world.says(
        ann,
        r#"{ "payload": {"a": [1, 2]}, "extra": 1, "src": "eve", "dst": "bob", "type": "OFFER" }"#,
    );
    assert_eq!(
        world.heard(bob),
        [r#"{"type":"OFFER","src":"ann","dst":"bob","payload":{"a": [1, 2]}}"#]
    );
    assert!(world.heard(ann).is_empty());
}

#[test]
fn every_relayed_type_passes_and_no_other() {
    let mut world = World::new();
    let (ann, bob) = pair(&mut world);
    for kind in ["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "EXPIRE"] {
        world.says(ann, &format!(r#"{{"type":"{kind}","dst":"bob"}}"#));
        assert_eq!(
            world.heard(bob),
            [format!(r#"{{"type":"{kind}","src":"ann","dst":"bob"}}"#)]
        );
    }
    for kind in ["OPEN", "ERROR", "ID-TAKEN", "offer", "GO", "HEARTBEAT", ""] {
        world.says(
            ann,
            &format!(r#"{{"type":"{kind}","dst":"bob","payload":1}}"#),
        );
        assert!(world.heard(bob).is_empty(), "{kind}");
    }
    assert!(!world.is_closed(ann) && !world.is_closed(bob));
}

#[test]
fn a_payload_keeps_its_text_to_the_last_digit() {
    let mut world = World::new();
    let (ann, bob) = pair(&mut world);
    for payload in [
        "null",
        "0",
        "\"\"",
        "12345678901234567890",
        "-0.0",
        "1e400",
        r#"{"k":1,"k":2}"#,
        r#""\ud83d \u0000 \/""#,
        "\"\u{2028}é\u{1F600}\"",
        "[ ]",
    ] {
        world.says(
            ann,
            &format!(r#"{{"type":"ANSWER","dst":"bob","payload":{payload}}}"#),
        );
        assert_eq!(
            world.heard(bob),
            [format!(
                r#"{{"type":"ANSWER","src":"ann","dst":"bob","payload":{payload}}}"#
            )]
        );
    }
}

#[test]
fn a_message_to_oneself_comes_back() {
    let mut world = World::new();
    let (ann, _) = pair(&mut world);
    world.says(
        ann,
        r#"{"type":"CANDIDATE","dst":"ann","payload":{"type":"mesh-echo"}}"#,
    );
    assert_eq!(
        world.heard(ann),
        [r#"{"type":"CANDIDATE","src":"ann","dst":"ann","payload":{"type":"mesh-echo"}}"#]
    );
}

#[test]
fn ids_with_quotes_and_control_characters_stay_one_json_string() {
    let mut world = World::new();
    let odd = "a\"b\\c\n\u{0}\u{1f}é";
    let (ann, odd_conn) = (world.connect("ann", "t"), world.connect(odd, "t"));
    world.heard(odd_conn);
    world.says(
        ann,
        &format!(
            r#"{{"type":"OFFER","dst":{}}}"#,
            serde_json::to_string(odd).unwrap()
        ),
    );
    let heard = world.heard(odd_conn);
    let message: serde_json::Value = serde_json::from_str(&heard[0]).unwrap();
    assert_eq!(message["dst"], odd);
    world.says(odd_conn, r#"{"type":"OFFER","dst":"ann"}"#);
    let message: serde_json::Value =
        serde_json::from_str(world.heard(ann).last().unwrap()).unwrap();
    assert_eq!(message["src"], odd);
}

#[test]
fn a_repeated_field_counts_the_last_time_it_is_given() {
    let mut world = World::new();
    let (ann, bob) = pair(&mut world);
    world.says(
        ann,
        r#"{"type":"x","dst":"eve","payload":1,"dst":"bob","type":"OFFER","payload":2}"#,
    );
    assert_eq!(
        world.heard(bob),
        [r#"{"type":"OFFER","src":"ann","dst":"bob","payload":2}"#]
    );
}

#[test]
fn escapes_in_type_and_receiver_are_understood() {
    let mut world = World::new();
    let (ann, bob) = pair(&mut world);
    world.says(ann, r#"{"\u0074ype":"OFF\u0045R","dst":"b\u006fb"}"#);
    assert_eq!(
        world.heard(bob),
        [r#"{"type":"OFFER","src":"ann","dst":"bob"}"#]
    );
}

#[test]
fn two_thousand_messages_keep_their_order() {
    let mut world = World::new();
    let (ann, bob) = pair(&mut world);
    for n in 0..2_000 {
        world.says(
            ann,
            &format!(r#"{{"type":"CANDIDATE","dst":"bob","payload":{n}}}"#),
        );
    }
    let expected: Vec<_> = (0..2_000)
        .map(|n| format!(r#"{{"type":"CANDIDATE","src":"ann","dst":"bob","payload":{n}}}"#))
        .collect();
    assert_eq!(world.heard(bob), expected);
}

#[test]
fn a_connection_that_was_refused_or_never_opened_cannot_speak() {
    let mut world = World::new();
    let (_, bob) = pair(&mut world);
    let refused = world.connect("ann", "not hers");
    world.says(refused, r#"{"type":"OFFER","dst":"bob"}"#);
    world.says(ConnId(999), r#"{"type":"OFFER","dst":"bob"}"#);
    assert!(world.heard(bob).is_empty());
}
