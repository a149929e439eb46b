//! Messages for an id that is not there wait for a bounded time, in bounded space, and never vanish silently.

mod common;

use common::{OPEN, World, millis};
use peerjs_mesh_broker::{Config, ConnId, Limits, Notice};

fn expire(absent: &str, to: &str) -> String {
    format!(r#"{{"type":"EXPIRE","src":"{absent}","dst":"{to}"}}"#)
}

fn send(world: &mut World, from: ConnId, kind: &str, to: &str, payload: &str) {
    world.says(
        from,
        &format!(r#"{{"type":"{kind}","dst":"{to}","payload":{payload}}}"#),
    );
}

#[test]
fn what_waits_is_delivered_in_order_right_after_open() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    send(&mut world, ann, "OFFER", "bob", "1");
    send(&mut world, ann, "CANDIDATE", "bob", "2");
    send(&mut world, ann, "ANSWER", "bob", "3");
    let bob = world.connect("bob", "any token");
    assert_eq!(
        world.heard(bob),
        [
            OPEN,
            r#"{"type":"OFFER","src":"ann","dst":"bob","payload":1}"#,
            r#"{"type":"CANDIDATE","src":"ann","dst":"bob","payload":2}"#,
            r#"{"type":"ANSWER","src":"ann","dst":"bob","payload":3}"#,
        ]
    );
    assert_eq!(world.broker.waiting(), (0, 0));
    world.pass(millis(20_000));
    assert_eq!(
        world.heard(ann),
        [OPEN],
        "what was delivered does not expire"
    );
}

#[test]
fn after_the_timeout_each_sender_hears_once_per_receiver() {
    let mut world = World::new();
    let (ann, eve) = (world.connect("ann", "t"), world.connect("eve", "t"));
    send(&mut world, ann, "OFFER", "bob", "1");
    world.pass(millis(4_900));
    send(&mut world, ann, "CANDIDATE", "bob", "2");
    send(&mut world, eve, "OFFER", "bob", "3");
    send(&mut world, eve, "OFFER", "cid", "4");
    world.pass(millis(99));
    assert_eq!(world.heard(ann), [OPEN], "one millisecond early");
    world.pass(millis(1));
    assert_eq!(world.heard(ann), [expire("bob", "ann")]);
    assert_eq!(world.heard(eve), [OPEN.to_owned(), expire("bob", "eve")]);
    world.pass(millis(5_000));
    assert_eq!(world.heard(eve), [expire("cid", "eve")]);
    assert!(world.heard(ann).is_empty());
    let bob = world.connect("bob", "t");
    assert_eq!(world.heard(bob), [OPEN], "what expired is not delivered");
}

#[test]
fn a_message_after_the_sweep_waits_anew() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    for _ in 0..2 {
        send(&mut world, ann, "OFFER", "bob", "1");
        world.pass(millis(5_000));
    }
    assert_eq!(
        world.heard(ann)[1..],
        [expire("bob", "ann"), expire("bob", "ann")]
    );
}

#[test]
fn leave_and_expire_do_not_wait() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    send(&mut world, ann, "LEAVE", "bob", "1");
    send(&mut world, ann, "EXPIRE", "bob", "1");
    assert_eq!(world.broker.waiting(), (0, 0));
    assert!(world.broker.is_connected("ann"));
    world.pass(millis(6_000));
    assert_eq!(world.heard(ann), [OPEN]);
}

#[test]
fn a_message_outlives_its_sender() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    send(&mut world, ann, "OFFER", "bob", "1");
    world.close(ann);
    let bob = world.connect("bob", "t");
    assert_eq!(world.heard(bob).len(), 2);
    let ann = world.connect("ann", "t2");
    send(&mut world, ann, "OFFER", "cid", "1");
    world.close(ann);
    world.pass(millis(5_000));
    assert_eq!(
        world.broker.waiting(),
        (0, 0),
        "it expires although nobody is left to be told"
    );
}

fn limited(limits: Limits) -> World {
    World::with(Config {
        limits,
        ..Config::default()
    })
}

/// The queue is full: the sender is told at once, nothing is kept, and others' queues go on.
fn assert_overflow(world: &mut World, ann: ConnId, to: &str, payload: &str) {
    let before = world.broker.waiting();
    world.heard(ann);
    send(world, ann, "OFFER", to, payload);
    assert_eq!(world.heard(ann), [expire(to, "ann")]);
    assert_eq!(world.broker.waiting(), before);
    assert_eq!(world.notices.last(), Some(&Notice::QueueFull { conn: ann }));
}

#[test]
fn the_number_of_messages_for_one_absent_id_is_bounded() {
    let mut world = limited(Limits {
        queue_messages: 3,
        ..Limits::default()
    });
    let ann = world.connect("ann", "t");
    for n in 0..3 {
        send(&mut world, ann, "OFFER", "bob", &n.to_string());
    }
    assert_overflow(&mut world, ann, "bob", "3");
    send(&mut world, ann, "OFFER", "cid", "0");
    assert_eq!(world.broker.waiting().0, 4, "another id has its own queue");
    let bob = world.connect("bob", "t");
    assert_eq!(
        world.heard(bob).len(),
        4,
        "the first three are kept, in order"
    );
}

#[test]
fn the_bytes_for_one_absent_id_are_bounded() {
    let mut world = limited(Limits {
        queue_bytes: 2_000,
        ..Limits::default()
    });
    let ann = world.connect("ann", "t");
    let payload = format!("\"{}\"", "x".repeat(1_000));
    send(&mut world, ann, "OFFER", "bob", &payload);
    assert_overflow(&mut world, ann, "bob", &payload);
    send(&mut world, ann, "OFFER", "bob", "1");
    assert_eq!(world.broker.waiting().0, 2, "a small one still fits");
}

#[test]
fn the_number_of_absent_ids_is_bounded() {
    let mut world = limited(Limits {
        queue_destinations: 2,
        ..Limits::default()
    });
    let ann = world.connect("ann", "t");
    send(&mut world, ann, "OFFER", "a", "1");
    send(&mut world, ann, "OFFER", "b", "1");
    assert_overflow(&mut world, ann, "c", "1");
    send(&mut world, ann, "OFFER", "a", "2");
    assert_eq!(
        world.broker.waiting().0,
        3,
        "one that has a queue already is not refused"
    );
    world.pass(millis(5_000));
    send(&mut world, ann, "OFFER", "c", "1");
    assert_eq!(world.broker.waiting().0, 1, "expiry makes room");
}

#[test]
fn the_bytes_for_all_absent_ids_are_bounded() {
    let mut world = limited(Limits {
        queue_total_bytes: 3_000,
        ..Limits::default()
    });
    let ann = world.connect("ann", "t");
    let payload = format!("\"{}\"", "x".repeat(1_000));
    send(&mut world, ann, "OFFER", "a", &payload);
    send(&mut world, ann, "OFFER", "b", &payload);
    assert_overflow(&mut world, ann, "c", &payload);
    world.connect("a", "t");
    send(&mut world, ann, "OFFER", "c", &payload);
    assert_eq!(world.broker.waiting().0, 2, "delivery makes room");
}

#[test]
fn a_receiver_too_long_to_exist_expires_at_once() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    assert_overflow(&mut world, ann, &"x".repeat(1_025), "1");
}

#[test]
fn twenty_thousand_messages_to_two_hundred_absent_ids_cost_two_hundred_expires() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    for n in 0..20_000 {
        send(
            &mut world,
            ann,
            "OFFER",
            &format!("absent-{}", n % 200),
            "\"…\"",
        );
    }
    world.pass(millis(5_000));
    assert_eq!(world.heard(ann).len(), 1 + 200);
    assert_eq!(world.broker.waiting(), (0, 0));
}
