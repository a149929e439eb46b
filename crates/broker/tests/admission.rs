//! Who is let in, in which order it is judged, and in which words the others are refused.

mod common;

use common::{OPEN, World};
use peerjs_mesh_broker::{Config, Hello, Notice, Refusal};

const ERROR_INCOMPLETE: &str =
    r#"{"type":"ERROR","payload":{"msg":"No id, token, or key supplied to websocket server"}}"#;
const ERROR_KEY: &str = r#"{"type":"ERROR","payload":{"msg":"Invalid key provided"}}"#;
const ERROR_FULL: &str =
    r#"{"type":"ERROR","payload":{"msg":"Server has reached its concurrent user limit"}}"#;
const ID_TAKEN: &str = r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#;

#[test]
fn a_free_id_is_registered_and_told_open() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    assert_eq!(world.heard(ann), [OPEN]);
    assert!(world.broker.is_connected("ann"));
    assert!(!world.is_closed(ann));
}

#[test]
fn an_incomplete_hello_is_refused_before_the_key_is_looked_at() {
    for (key, id, token) in [
        ("", "ann", "t"),
        ("peerjs", "", "t"),
        ("peerjs", "ann", ""),
        ("wrong", "", "t"),
    ] {
        let mut world = World::new();
        let conn = world.connect_as(Hello { key, id, token });
        assert_eq!(
            world.heard(conn),
            [ERROR_INCOMPLETE],
            "key {key:?} id {id:?} token {token:?}"
        );
        assert!(world.is_closed(conn));
        assert_eq!(world.broker.clients(), 0);
    }
}

#[test]
fn a_wrong_key_is_refused_even_for_an_id_that_is_taken() {
    let mut world = World::new();
    world.connect("ann", "t");
    let stranger = world.connect_as(Hello {
        key: "PeerJS",
        id: "ann",
        token: "t",
    });
    assert_eq!(world.heard(stranger), [ERROR_KEY]);
    assert!(world.is_closed(stranger));
}

#[test]
fn an_id_registered_under_another_token_is_taken() {
    let mut world = World::new();
    let ann = world.connect("ann", "t");
    let other = world.connect("ann", "u");
    assert_eq!(world.heard(other), [ID_TAKEN]);
    assert!(world.is_closed(other));
    assert!(!world.is_closed(ann));
    assert!(world.notices.contains(&Notice::Refused {
        conn: other,
        reason: Refusal::IdTaken
    }));
}

#[test]
fn ids_are_compared_exactly() {
    let mut world = World::new();
    for id in [
        "ann",
        "Ann",
        "ann ",
        "../../etc/passwd",
        "a\u{0}b",
        "<b>",
        "__proto__",
        "\u{1F600}",
    ] {
        let conn = world.connect(id, "t");
        assert_eq!(world.heard(conn), [OPEN], "{id:?}");
    }
    assert_eq!(world.broker.clients(), 8);
}

#[test]
fn above_the_limit_a_newcomer_is_refused_and_one_who_comes_back_is_not() {
    let mut world = World::with(Config {
        concurrent_limit: 1,
        ..Config::default()
    });
    world.connect("ann", "t");
    let bob = world.connect("bob", "t");
    assert_eq!(world.heard(bob), [ERROR_FULL]);
    assert!(world.is_closed(bob));
    let taken = world.connect("ann", "another");
    assert_eq!(world.heard(taken), [ID_TAKEN], "taken is said before full");
    let ann = world.connect("ann", "t");
    assert_eq!(world.heard(ann), [OPEN]);
    world.close(ann);
    let bob = world.connect("bob", "t");
    assert_eq!(world.heard(bob), [OPEN], "a place is free again");
}

#[test]
fn an_id_or_token_or_key_beyond_the_limit_is_refused_and_not_kept() {
    let mut world = World::new();
    let (just, over) = ("x".repeat(1_024), "x".repeat(1_025));
    let conn = world.connect(&just, &just);
    assert_eq!(world.heard(conn), [OPEN]);
    for (key, id, token) in [
        ("peerjs", over.as_str(), "t"),
        ("peerjs", "a", &over),
        (&over, "a", "t"),
    ] {
        let conn = world.connect_as(Hello { key, id, token });
        assert_eq!(
            world.heard(conn),
            [r#"{"type":"ERROR","payload":{"msg":"The id, token, or key is too long"}}"#]
        );
        assert!(world.is_closed(conn));
    }
    assert_eq!(world.broker.clients(), 1);
}

#[test]
fn ids_are_listed_in_order_of_registration() {
    let mut world = World::new();
    let zoe = world.connect("zoe", "t");
    world.connect("ann", "t");
    world.connect("mia", "t");
    world.connect("zoe", "t");
    assert!(world.is_closed(zoe));
    let ids: Vec<_> = world.broker.ids().iter().map(ToString::to_string).collect();
    assert_eq!(ids, ["zoe", "ann", "mia"], "a resume keeps its place");
}

#[test]
fn a_token_is_never_shown() {
    let mut world = World::new();
    world.connect("ann", "s3cret");
    let hello = Hello {
        key: "peerjs",
        id: "ann",
        token: "s3cret",
    };
    assert!(!format!("{:?} {:?} {hello:?}", world.broker, world.notices).contains("s3cret"));
}
