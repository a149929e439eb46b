use crate::house::{room, server};
use peerjs_mesh::Bytes;
use std::time::Duration;
use tokio::time::timeout;

/// A loop that awaits its sends before it looks at events must not wait for ever, behind messages that it would take
/// only afterwards.
#[tokio::test]
async fn a_send_that_waits_for_room_is_through_though_its_user_takes_no_events() {
    let url = server().await;
    let mut guests = room(&url, "busy", 2).await;
    let busy = guests.pop().expect("two").mesh;
    let other = guests.pop().expect("two").mesh;
    // More than an untaken queue of events holds.
    for number in 0..1_000 {
        other.send(&number).await.expect("there is room");
    }
    let listens = async { while other.next_event().await.is_some() {} };
    let sends = async {
        for _ in 0..4 {
            let large = Bytes::from(vec![7; 4 << 20]);
            busy.send_bytes(large).await.expect("it is accepted");
        }
    };
    tokio::select! {
        () = listens => panic!("the other one's events end"),
        sent = timeout(Duration::from_secs(9), sends) => sent.expect("16 MiB are through"),
    }
}
