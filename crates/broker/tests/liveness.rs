//! HEARTBEAT, and nothing else, keeps a client alive.

mod common;

use common::{World, millis};
use peerjs_mesh_broker::{Gone, Instant, Notice};

#[test]
fn a_client_without_heartbeat_is_closed_at_the_timeout_and_its_id_is_free() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    world.pass(millis(59_999));
    assert!(!world.is_closed(ann));
    world.pass(millis(1));
    assert!(world.is_closed(ann));
    assert!(!world.broker.is_connected("ann"));
    let gone = Notice::Disconnected {
        conn: ann,
        id: "ann".into(),
        reason: Gone::Silent,
    };
    assert_eq!(
        world
            .notices
            .iter()
            .filter(|notice| **notice == gone)
            .count(),
        1
    );
    world.close(ann);
    assert_eq!(
        world.notices.last(),
        Some(&gone),
        "the close that follows is not reported again"
    );
}

#[test]
fn heartbeats_keep_a_client_for_ever() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    for _ in 0..200 {
        world.pass(millis(5_000));
        world.heartbeat(ann);
    }
    assert!(!world.is_closed(ann));
}

#[test]
fn other_messages_do_not_count() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    for n in 0..12 {
        world.pass(millis(5_000));
        world.says(
            ann,
            &format!(r#"{{"type":"CANDIDATE","dst":"ann","payload":{n}}}"#),
        );
    }
    assert!(world.is_closed(ann));
}

#[test]
fn each_client_has_its_own_clock() {
    let mut world = World::new();
    let conns: Vec<_> = (0..50)
        .map(|n| {
            let conn = world.connect(&format!("c{n}"), "t");
            world.pass(millis(100));
            conn
        })
        .collect();
    let start = world.now;
    for (n, conn) in conns.iter().enumerate() {
        world.pass(
            millis(54_999 + 100 * n as u64).saturating_sub(world.now.saturating_since(start)),
        );
        assert!(!world.is_closed(*conn), "client {n} just before its time");
        world.pass(millis(1));
        assert!(world.is_closed(*conn), "client {n} at its time");
    }
}

#[test]
fn a_quiet_broker_rarely_wakes() {
    let mut world = World::new();
    let conns: Vec<_> = (0..10)
        .map(|n| world.connect(&format!("c{n}"), "t"))
        .collect();
    let mut wakes = 0;
    let mut last = Instant::ZERO;
    for _ in 0..120 {
        if let Some(deadline) = world
            .broker
            .poll_timeout()
            .filter(|deadline| *deadline != last)
        {
            wakes += 1;
            last = deadline;
        }
        world.pass(millis(5_000));
        for conn in &conns {
            world.heartbeat(*conn);
        }
    }
    assert!(
        wakes <= 12,
        "{wakes} deadlines in ten minutes of heartbeats"
    );
}

#[test]
fn early_and_double_timeouts_do_nothing() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    for _ in 0..3 {
        world.broker.handle_timeout(world.now);
        world.broker.handle_timeout(Instant::ZERO);
        assert_eq!(world.broker.poll_output(), None);
    }
    assert!(!world.is_closed(ann));
}
