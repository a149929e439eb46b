//! A server that is told to stop says good-bye, waits for those who answer, and for nobody for ever.

mod common;

use std::time::{Duration, Instant};

use common::{PATIENCE, Running, millis};
use peerjs_mesh_server::{BindError, Deadlines, ServeOptions, Server};
use tokio::time::timeout;

#[tokio::test]
async fn everybody_is_told_going_away_and_the_port_is_free_again() {
    let server = Running::plain().await;
    let address = server.address;
    let (mut ann, mut bob) = (server.join("ann").await, server.join("bob").await);
    let end = server.tell_to_stop();
    assert_eq!(ann.hear_close().await, Some(1001));
    assert_eq!(bob.hear_close().await, Some(1001));
    // Reading on answers the close.
    assert!(ann.next().await.is_none() && bob.next().await.is_none());
    timeout(PATIENCE, end)
        .await
        .expect("in time")
        .expect("no panic");
    let again = ServeOptions {
        host: String::from("127.0.0.1"),
        port: address.port(),
        ..ServeOptions::default()
    };
    Server::bind(again).await.expect("the port is free");
}

#[tokio::test]
async fn what_was_said_before_the_stop_is_delivered() {
    let server = Running::plain().await;
    let mut ann = server.join("ann").await;
    for n in 0..500 {
        ann.say(format!(
            r#"{{"type":"CANDIDATE","dst":"ann","payload":{n}}}"#
        ))
        .await;
    }
    let gauge = server.gauge.clone();
    common::until("all are relayed", || gauge.counters().relayed == 500).await;
    let end = server.tell_to_stop();
    for n in 0..500 {
        assert!(ann.hear().await.ends_with(&format!("\"payload\":{n}}}")));
    }
    assert_eq!(ann.hear_close().await, Some(1001));
    drop(ann);
    end.await.expect("no panic");
}

#[tokio::test]
async fn a_client_that_does_not_answer_holds_the_server_up_for_a_bounded_time() {
    let deadlines = Deadlines {
        close: millis(200),
        drain: PATIENCE,
        ..Deadlines::default()
    };
    let server = Running::start(ServeOptions {
        deadlines,
        ..ServeOptions::default()
    })
    .await;
    // Never read again, so its close is never answered.
    let _ann = server.join("ann").await;
    let start = Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let server = Running::plain().await;
    let options = ServeOptions {
        host: String::from("127.0.0.1"),
        port: server.address.port(),
        ..ServeOptions::default()
    };
    let Err(error) = Server::bind(options).await else {
        panic!("one port, two servers")
    };
    assert!(
        matches!(&error, BindError::PortInUse { port, .. } if *port == server.address.port()),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains(&server.address.port().to_string())
    );
    server.stop().await;
}

#[tokio::test]
async fn a_host_that_is_not_this_machine_is_named() {
    // Somebody else's address, and a name that no machine can have.
    for host in [String::from("203.0.113.1"), "x".repeat(64)] {
        let options = ServeOptions {
            host: host.clone(),
            port: 0,
            ..ServeOptions::default()
        };
        let Err(error) = Server::bind(options).await else {
            panic!("it listens at {host}")
        };
        assert!(matches!(error, BindError::Host { .. }), "{error:?}");
        assert!(error.to_string().contains(&host), "{error}");
    }
}

#[tokio::test]
async fn all_addresses_are_shown_as_localhost_and_take_ipv4() {
    let server = Server::bind(ServeOptions {
        port: 0,
        path: "x/y".into(),
        ..ServeOptions::default()
    })
    .await
    .unwrap();
    let port = server.local_addr().port();
    assert_eq!(server.url(), format!("http://localhost:{port}/x/y/"));
    tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("IPv4 is taken too");
}
