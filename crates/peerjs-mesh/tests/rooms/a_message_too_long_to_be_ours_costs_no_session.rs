//! Whatever another client can make a server pass on, a member keeps its sessions: of a message that is longer than any
//! of ours nothing is taken, and the next is heard by the same websocket.

use crate::house::{Guest, server};
use crate::impostors::{Says, counted, owner, says_all};
use futures_util::SinkExt;
use peerjs_mesh::Event;
use tokio_tungstenite::tungstenite::Message;

/// What a broker of ours passes on at most, and npm `peer` as well.
const LONG: usize = (4 << 20) - 1000;

#[tokio::test]
async fn the_host_of_a_room_keeps_the_name_though_another_client_offers_it_megabytes() {
    let url = server().await;
    let (counted, connections) = counted(&url).await;
    let mut host = Guest::join(&counted, "long");
    host.lists(&[host.id()], 10).await;
    assert_eq!(*connections.borrow(), 2, "its own session and the name's");

    let mut client = owner(&url, "client").await;
    for len in [(1 << 20) + (100 << 10), LONG] {
        for dst in [host.id(), "long".to_owned()] {
            let sdp = "x".repeat(len);
            let offer = format!(
                r#"{{"type":"OFFER","dst":"{dst}","payload":{{"sdp":{{"type":"offer","sdp":"{sdp}"}},"type":"data","connectionId":"dc_long"}}}}"#
            );
            client.send(Message::text(offer)).await.expect("a server");
        }
    }
    // What comes after them by the name is heard where they were.
    let mut guest = Guest::join(&url, "long");
    guest.lists(&[host.id(), guest.id()], 10).await;
    assert_eq!(*connections.borrow(), 2, "neither was opened anew");
}

#[tokio::test]
async fn what_a_server_says_after_a_message_of_any_length_is_heard() {
    let open = || Message::text(r#"{"type":"OPEN"}"#);
    let long = |len| Message::text("x".repeat(len));
    let (url, sessions) = says_all(vec![
        Says::Frame(long((1 << 20) + 1)),
        Says::Frame(long(17 << 20)),
        Says::Frame(open()),
    ])
    .await;
    let mut guest = Guest::join(&url, "any-length");
    guest
        .until("joined or an error", 10, |event| match event {
            Event::Joined { .. } => Some(()),
            Event::Error(error) => panic!("{error}"),
            _ => None,
        })
        .await;
    assert!(
        *sessions.borrow() <= 2,
        "one of its own and one for the room's name"
    );
}
