//! A client that does not read costs a bounded amount of memory and nobody's time.

mod common;

use common::{Client, Running, millis, until};
use peerjs_mesh_server::{ConnectionLimits, Deadlines, ServeOptions};

const MESSAGE: usize = 100_000;

fn offer(to: &str, n: usize) -> String {
    format!(
        r#"{{"type":"OFFER","dst":"{to}","payload":[{n},"{}"]}}"#,
        "x".repeat(MESSAGE)
    )
}

async fn echo(client: &mut Client, id: &str, word: &str) {
    client
        .say(format!(
            r#"{{"type":"CANDIDATE","dst":"{id}","payload":"{word}"}}"#
        ))
        .await;
    while !client.hear().await.contains(word) {}
}

fn limited(outgoing_bytes: usize, outgoing_total_bytes: usize) -> ServeOptions {
    let limits = ConnectionLimits {
        outgoing_bytes,
        outgoing_total_bytes,
        ..ConnectionLimits::default()
    };
    // The deaf do not go when they are told to.
    let deadlines = Deadlines {
        close: millis(200),
        drain: millis(500),
        ..Deadlines::default()
    };
    ServeOptions {
        limits,
        deadlines,
        ..ServeOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_read_is_dropped_at_its_bound_and_its_sender_is_served() {
    let bound = 2 << 20;
    let server = Running::start(limited(bound, 1 << 30)).await;
    let (mut ann, _deaf) = (server.join("ann").await, server.join("deaf").await);
    let mut most = 0;
    let mut sent = 0;
    // The system's own buffers take some megabytes first.
    while server.gauge.clients() == 2 {
        ann.say(offer("deaf", sent)).await;
        most = most.max(server.gauge.outgoing_bytes());
        sent += 1;
        assert!(sent * MESSAGE < 200 << 20, "nothing ever stops it");
    }
    assert!(most <= bound, "{most} bytes waited");
    echo(&mut ann, "ann", "still served").await;
    let gauge = server.gauge.clone();
    until("nothing waits for the dropped one", || {
        gauge.outgoing_bytes() == 0
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_served_while_one_does_not_read() {
    let server = Running::start(limited(64 << 20, 1 << 30)).await;
    let (mut ann, _deaf) = (server.join("ann").await, server.join("deaf").await);
    let (mut bob, mut cid) = (server.join("bob").await, server.join("cid").await);
    let mut sent = 0;
    while server.gauge.outgoing_bytes() < 8 << 20 {
        ann.say(offer("deaf", sent)).await;
        sent += 1;
    }
    for n in 0..200 {
        bob.say(format!(r#"{{"type":"OFFER","dst":"cid","payload":{n}}}"#))
            .await;
        assert!(cid.hear().await.ends_with(&format!("{n}}}")));
    }
    assert_eq!(
        server.gauge.clients(),
        4,
        "and the deaf one is still given its chance"
    );
    drop(_deaf);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_common_bound_the_longest_queue_goes_first() {
    let total = 6 << 20;
    let server = Running::start(limited(64 << 20, total)).await;
    let (mut ann, _deaf, _deafer) = (
        server.join("ann").await,
        server.join("deaf").await,
        server.join("deafer").await,
    );
    let mut sent = 0;
    while server.gauge.outgoing_bytes() < 1 << 20 {
        ann.say(offer("deaf", sent)).await;
        // The echo tells that the server has dealt with what was said before.
        echo(&mut ann, "ann", "dealt with").await;
        sent += 1;
    }
    while server.gauge.clients() == 3 {
        ann.say(offer("deafer", sent)).await;
        echo(&mut ann, "ann", "dealt with").await;
        sent += 1;
        assert!(server.gauge.outgoing_bytes() <= total + MESSAGE + 1_000);
        assert!(sent * MESSAGE < 300 << 20, "nothing ever stops it");
    }
    let mut again = server.dial("deaf").await;
    assert!(
        again.hear().await.contains("OPEN"),
        "deaf has the same token, so it resumes"
    );
    assert_eq!(
        server.gauge.counters().resumed,
        1,
        "it is deaf that was still there"
    );
    server.stop().await;
}
