//! Whatever bytes come over the sockets: the server lives, and no registration is left behind.

mod common;

use common::{PATIENCE, Running, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// xorshift64*: enough chance for a test, without a dependency.
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Bytes that are a frame, nearly a frame, or none.
fn bytes(chance: &mut Chance) -> Vec<u8> {
    let texts = [
        r#"{"type":"OFFER","dst":"b1","payload":1}"#,
        r#"{"type":"LEAVE"}"#,
        r#"{"type":"HEARTBEAT"}"#,
        "{bad",
        "[[[[[[",
        "",
    ];
    let text = texts[chance.below(6) as usize].as_bytes();
    let opcode = match chance.below(60) {
        0 => chance.below(16) as u8,
        1..10 => 9,
        10..20 => 2,
        _ => 1,
    };
    let mut frame = vec![0x80 | opcode, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend(text);
    match chance.below(90) {
        0 => (0..chance.below(40)).map(|_| chance.next() as u8).collect(),
        1 => {
            let at = chance.below(frame.len() as u64) as usize;
            frame[at] = chance.next() as u8;
            frame
        }
        2 => {
            frame.truncate(chance.below(frame.len() as u64) as usize);
            frame
        }
        _ => frame,
    }
}

async fn abuse(server: &Running, seed: u64) {
    let mut chance = Chance::new(seed);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET /peerjs?key=peerjs&id=b{}&token=t{} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        chance.below(2),
        chance.below(2),
    );
    let mut request = request.into_bytes();
    if chance.below(8) == 0 {
        let at = chance.below(request.len() as u64) as usize;
        request[at] = chance.next() as u8;
    }
    // Errors are fine: the server may have ended it.
    let _ = stream.write_all(&request).await;
    for _ in 0..chance.below(30) {
        if stream.write_all(&bytes(&mut chance)).await.is_err() {
            break;
        }
    }
    let mut heard = [0; 1_024];
    let _ = stream.try_read(&mut heard);
    if chance.below(2) == 0 {
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
            .await
            .expect("the server ends it, too");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_bytes_leave_no_registration_and_no_message_behind() {
    let server = std::sync::Arc::new(Running::plain().await);
    let mut watcher = server.join("watcher").await;
    for round in 0..40 {
        let batch: Vec<_> = (0..10)
            .map(|n| {
                let server = std::sync::Arc::clone(&server);
                tokio::spawn(async move { abuse(&server, round * 10 + n).await })
            })
            .collect();
        for task in batch {
            task.await.unwrap();
        }
        watcher
            .say(format!(
                r#"{{"type":"CANDIDATE","dst":"watcher","payload":{round}}}"#
            ))
            .await;
        assert!(
            watcher.hear().await.ends_with(&format!("{round}}}")),
            "round {round}"
        );
    }
    let gauge = server.gauge.clone();
    until("only the watcher is left", || {
        gauge.clients() == 1 && gauge.outgoing_bytes() == 0
    })
    .await;
    let counters = gauge.counters();
    assert!(
        counters.registered > 50 && counters.refused > 10 && counters.bad_frames > 50,
        "{counters:?}"
    );
    drop(watcher);
    std::sync::Arc::into_inner(server)
        .expect("nobody else has it")
        .stop()
        .await;
}
