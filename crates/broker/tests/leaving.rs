//! A registration ends with its own connection, by close or LEAVE, and with no other.

mod common;

use common::{OPEN, World};
use peerjs_mesh_broker::{Gone, Notice};

#[test]
fn a_close_frees_the_id_for_any_token() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    world.close(ann);
    assert!(!world.broker.is_connected("ann"));
    let other = world.connect("ann", "u");
    assert_eq!(world.heard(other), [OPEN]);
    assert!(
        !world.is_closed(ann),
        "what has closed by itself is not closed again"
    );
}

#[test]
fn a_second_or_unknown_close_does_nothing() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    world.close(ann);
    let again = world.connect("ann", "t");
    world.close(ann);
    assert!(world.broker.is_connected("ann"));
    world.close(again);
    assert_eq!(
        world
            .notices
            .iter()
            .filter(|notice| matches!(notice, Notice::Disconnected { .. }))
            .count(),
        2
    );
}

#[test]
fn leave_without_a_receiver_frees_the_id_and_closes_the_connection() {
    for leave in [
        r#"{"type":"LEAVE"}"#,
        r#"{"type":"LEAVE","dst":""}"#,
        r#"{"type":"LEAVE","dst":null}"#,
    ] {
        let mut world = World::new();
        let ann = world.connect("ann", "t");
        world.says(ann, leave);
        assert!(!world.broker.is_connected("ann"));
        assert!(world.is_closed(ann));
        assert_eq!(
            world.notices.last(),
            Some(&Notice::Disconnected {
                conn: ann,
                id: "ann".into(),
                reason: Gone::Left
            })
        );
    }
}

#[test]
fn who_has_left_cannot_speak_and_its_close_does_not_unregister_the_next_owner() {
    let mut world = World::new();
    let bob = world.connect("bob", "t");
    let first = world.connect("ann", "t");
    world.says(first, r#"{"type":"LEAVE"}"#);
    let second = world.connect("ann", "another");
    assert_eq!(world.heard(second), [OPEN]);
    world.heard(bob);
    world.says(first, r#"{"type":"OFFER","dst":"bob"}"#);
    assert!(world.heard(bob).is_empty());
    world.says(first, r#"{"type":"LEAVE"}"#);
    world.close(first);
    assert!(world.broker.is_connected("ann"));
    world.says(bob, r#"{"type":"OFFER","dst":"ann"}"#);
    assert_eq!(world.heard(second).len(), 1);
}

#[test]
fn leave_with_a_receiver_is_only_a_message() {
    let mut world = World::new();
    let (ann, bob) = (world.connect("ann", "t"), world.connect("bob", "t"));
    world.heard(bob);
    world.says(
        ann,
        r#"{"type":"LEAVE","dst":"bob","payload":{"why":"tired"}}"#,
    );
    assert_eq!(
        world.heard(bob),
        [r#"{"type":"LEAVE","src":"ann","dst":"bob","payload":{"why":"tired"}}"#]
    );
    assert!(world.broker.is_connected("ann") && world.broker.is_connected("bob"));
}
