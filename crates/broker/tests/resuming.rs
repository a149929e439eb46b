//! A client that comes back with its id and token takes its registration over, and its old connection is nobody.

mod common;

use common::{OPEN, World, millis};
use peerjs_mesh_broker::Notice;

#[test]
fn a_resume_is_told_open_and_the_replaced_connection_is_closed() {
    let mut world = World::new();
    let old = world.connect("ann", "t");
    let new = world.connect("ann", "t");
    assert_eq!(world.heard(new), [OPEN]);
    assert!(world.is_closed(old));
    assert!(!world.is_closed(new));
    assert_eq!(world.broker.clients(), 1);
    assert!(world.notices.contains(&Notice::Resumed {
        conn: new,
        replaced: old,
        id: "ann".into()
    }));
}

#[test]
fn the_replaced_connection_can_no_longer_speak() {
    let mut world = World::new();
    let bob = world.connect("bob", "t");
    let old = world.connect("ann", "t");
    let new = world.connect("ann", "t");
    world.heard(bob);
    world.heard(new);
    world.says(old, r#"{"type":"OFFER","dst":"bob","payload":1}"#);
    world.says(
        old,
        r#"{"type":"CANDIDATE","dst":"ann","payload":{"type":"mesh-echo"}}"#,
    );
    world.says(old, r#"{"type":"LEAVE"}"#);
    assert!(world.heard(bob).is_empty());
    assert!(world.heard(new).is_empty());
    assert!(
        world.broker.is_connected("ann"),
        "nor can it give the id away"
    );
}

#[test]
fn messages_go_to_the_new_connection() {
    let mut world = World::new();
    let bob = world.connect("bob", "t");
    let old = world.connect("ann", "t");
    let new = world.connect("ann", "t");
    world.heard(old);
    world.heard(new);
    world.says(bob, r#"{"type":"OFFER","dst":"ann","payload":1}"#);
    assert!(world.heard(old).is_empty());
    assert_eq!(
        world.heard(new),
        [r#"{"type":"OFFER","src":"bob","dst":"ann","payload":1}"#]
    );
}

#[test]
fn the_late_close_of_the_replaced_connection_changes_nothing() {
    let mut world = World::new();
    let old = world.connect("ann", "t");
    let new = world.connect("ann", "t");
    world.close(old);
    assert!(world.broker.is_connected("ann"));
    let stranger = world.connect("ann", "u");
    assert!(world.is_closed(stranger), "the id is still taken");
    world.close(new);
    assert!(
        !world.broker.is_connected("ann"),
        "it is free when its owner closes"
    );
}

#[test]
fn a_resume_starts_the_liveness_clock_anew() {
    let mut world = World::new();
    world.connect("ann", "t");
    world.pass(millis(59_000));
    let new = world.connect("ann", "t");
    world.pass(millis(59_999));
    assert!(world.broker.is_connected("ann"));
    assert!(!world.is_closed(new));
    world.pass(millis(1));
    assert!(world.is_closed(new));
}

#[test]
fn a_heartbeat_of_the_replaced_connection_keeps_nobody_alive() {
    let mut world = World::new();
    let old = world.connect("ann", "t");
    let new = world.connect("ann", "t");
    world.pass(millis(59_000));
    world.heartbeat(old);
    world.pass(millis(1_000));
    assert!(world.is_closed(new));
}

#[test]
fn a_hundred_resumes_leave_one_registration() {
    let mut world = World::new();
    let conns: Vec<_> = (0..100).map(|_| world.connect("ann", "t")).collect();
    for conn in &conns[..99] {
        assert!(world.is_closed(*conn));
        world.close(*conn);
    }
    assert_eq!(world.broker.clients(), 1);
    world.close(conns[99]);
    assert_eq!(world.broker.clients(), 0);
    assert_eq!(
        world.broker.poll_timeout(),
        None,
        "nothing is left to wait for"
    );
}
