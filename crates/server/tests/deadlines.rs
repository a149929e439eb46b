//! Nobody is waited for without end.

mod common;

use std::time::Instant;

use common::{PATIENCE, Running, millis, until};
use peerjs_mesh_server::{BrokerConfig, ConnectionLimits, Deadlines, ServeOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Waits until the server has ended this connection.
async fn ended(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // An error is an end, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("the server ends it");
}

fn impatient() -> ServeOptions {
    let deadlines = Deadlines {
        request_head: millis(150),
        close: millis(150),
        ..Deadlines::default()
    };
    ServeOptions {
        deadlines,
        ..ServeOptions::default()
    }
}

#[tokio::test]
async fn half_a_request_is_not_waited_for() {
    let server = Running::start(impatient()).await;
    for part in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        ended(&mut stream).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_connection_kept_alive_is_not_kept_for_ever() {
    let server = Running::start(impatient()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /peerjs/id HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let start = Instant::now();
    ended(&mut stream).await;
    assert!(start.elapsed() >= millis(100), "it is kept for a while");
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_not_waited_for() {
    let deadlines = Deadlines {
        http_connection: millis(300),
        ..Deadlines::default()
    };
    let limits = ConnectionLimits {
        spare_connections: 1,
        ..ConnectionLimits::default()
    };
    let broker = BrokerConfig {
        concurrent_limit: 0,
        ..BrokerConfig::default()
    };
    let server = Running::start(ServeOptions {
        deadlines,
        limits,
        broker,
        ..ServeOptions::default()
    })
    .await;
    // Requests without end, answers never read: the only place is taken, for a while.
    let greedy = TcpStream::connect(server.address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let flood = async {
        loop {
            greedy.writable().await.unwrap();
            match greedy.try_write(&request) {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
    };
    timeout(PATIENCE, flood).await.expect("the server ends it");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_a_close_is_left() {
    let server = Running::start(impatient()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /peerjs?key=wrong&id=a&token=t HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    ended(&mut stream).await;
    server.stop().await;
}

#[tokio::test]
async fn silence_ends_a_client_at_the_alive_timeout() {
    let broker = BrokerConfig {
        alive_timeout: millis(300),
        ..BrokerConfig::default()
    };
    let server = Running::start(ServeOptions {
        broker,
        ..ServeOptions::default()
    })
    .await;
    let start = Instant::now();
    let mut ann = server.join("ann").await;
    assert_eq!(
        ann.hear_close().await,
        None,
        "a close frame without a status"
    );
    assert!(start.elapsed() >= millis(300));
    assert_eq!(server.gauge.counters().silent, 1);
    drop(ann);
    server.stop().await;
}

#[tokio::test]
async fn an_absent_receiver_is_reported_at_the_expire_timeout() {
    let broker = BrokerConfig {
        expire_timeout: millis(200),
        ..BrokerConfig::default()
    };
    let server = Running::start(ServeOptions {
        broker,
        ..ServeOptions::default()
    })
    .await;
    let mut ann = server.join("ann").await;
    let start = Instant::now();
    ann.say(r#"{"type":"OFFER","dst":"bob"}"#).await;
    assert_eq!(
        ann.hear().await,
        r#"{"type":"EXPIRE","src":"bob","dst":"ann"}"#
    );
    assert!(start.elapsed() >= millis(200));
    drop(ann);
    server.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_places_are_turned_away_and_places_come_back() {
    let limits = ConnectionLimits {
        spare_connections: 1,
        ..ConnectionLimits::default()
    };
    let broker = BrokerConfig {
        concurrent_limit: 1,
        ..BrokerConfig::default()
    };
    // So that it is not the deadline for a request that ends the third.
    let deadlines = Deadlines {
        request_head: PATIENCE * 3,
        ..Deadlines::default()
    };
    let options = ServeOptions {
        limits,
        broker,
        deadlines,
        ..ServeOptions::default()
    };
    let server = Running::start(options).await;
    let ann = server.join("ann").await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    let mut third = TcpStream::connect(server.address).await.unwrap();
    ended(&mut third).await;
    drop(idle);
    drop(ann);
    let gauge = server.gauge.clone();
    until("ann has gone", || gauge.clients() == 0).await;
    let mut served = false;
    while !served {
        let answer = async {
            let mut stream = TcpStream::connect(server.address).await.ok()?;
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .await
                .ok()?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.ok()?;
            Some(answer.starts_with(b"HTTP/1.1 200"))
        };
        served = timeout(PATIENCE, answer)
            .await
            .expect("in time")
            .unwrap_or(false);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_request_head_that_never_ends_is_refused() {
    let server = Running::plain().await;
    let answer = server
        .raw(&format!(
            "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
            "y".repeat(20_000)
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.stop().await;
}
