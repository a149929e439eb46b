//! Bad input, on the Rust face: what it gets, and by when. Nothing hangs, nothing panics.

use crate::house::{Guest, room, server};
use peerjs_mesh::{Bytes, Error, ErrorCode, Event, Mesh, MeshMode, Options};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// The first error event.
async fn error(guest: &mut Guest, seconds: u64) -> Error {
    guest
        .until("an error", seconds, |event| match event {
            Event::Error(error) => Some(error.clone()),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_room_or_an_option_that_cannot_be_is_refused_at_the_call() {
    let with = |change: fn(&mut Options)| {
        let mut options = Options::new("http://127.0.0.1:9/");
        change(&mut options);
        options
    };
    let long = Duration::from_secs(61);
    let rows: [(&str, &str, Options, ErrorCode); 13] = [
        ("an empty room", "", with(|_| ()), ErrorCode::InvalidRoom),
        ("no id", "no/such", with(|_| ()), ErrorCode::InvalidRoom),
        ("two hyphens", "a--b", with(|_| ()), ErrorCode::InvalidRoom),
        (
            "a letter beyond ASCII",
            "né",
            with(|_| ()),
            ErrorCode::InvalidRoom,
        ),
        (
            "no server",
            "a",
            with(|o| o.server.clear()),
            ErrorCode::InvalidOption,
        ),
        (
            "no key",
            "a",
            with(|o| o.key.clear()),
            ErrorCode::InvalidOption,
        ),
        (
            "no certificate",
            "a",
            with(|o| o.ca = Some(b"none".to_vec())),
            ErrorCode::InvalidOption,
        ),
        (
            "half a certificate",
            "a",
            with(|o| o.ca = Some(b"-----BEGIN CERTIFICATE-----\nAAAA".to_vec())),
            ErrorCode::InvalidOption,
        ),
        (
            "nobody may join",
            "a",
            with(|o| o.mesh_limit = Some(0)),
            ErrorCode::InvalidOption,
        ),
        (
            "too fast",
            "a",
            with(|o| o.do_health_check_interval = Duration::ZERO),
            ErrorCode::InvalidOption,
        ),
        (
            "auto",
            "a",
            with(|o| o.mesh_mode = MeshMode::Auto),
            ErrorCode::Unsupported,
        ),
        (
            "an owner",
            "a",
            with(|o| o.owner_mode = true),
            ErrorCode::Unsupported,
        ),
        (
            "init data over 64 KiB",
            "a",
            with(|_| ()).with_init_data(&"x".repeat(70_000)).unwrap(),
            ErrorCode::MessageTooLarge,
        ),
    ];
    for (what, name, options, code) in rows {
        assert_eq!(
            Mesh::join(name, options).unwrap_err().code(),
            code,
            "{what}"
        );
    }
    let mut slow = Options::default();
    slow.do_health_check_interval = long;
    assert_eq!(
        Mesh::join("a", slow).unwrap_err().code(),
        ErrorCode::InvalidOption
    );
}

#[test]
fn outside_a_runtime_joining_fails() {
    let error = Mesh::join("a", Options::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Internal);
}

#[tokio::test]
async fn an_unreachable_server_is_told_and_the_time_limit_is_kept() {
    let mut options = Options::new("http://127.0.0.1:9/");
    options.join_timeout = Some(Duration::from_millis(1500));
    let mut guest = Guest::with("nowhere", options);
    assert_eq!(
        error(&mut guest, 5).await.code(),
        ErrorCode::ServerUnreachable
    );
    assert_eq!(error(&mut guest, 5).await.code(), ErrorCode::JoinTimeout);
    guest
        .until("the end", 5, |event| (*event == Event::Left).then_some(()))
        .await;
    let joined = timeout(Duration::from_secs(1), guest.mesh.wait_to_join()).await;
    assert_eq!(joined.unwrap().unwrap_err().code(), ErrorCode::JoinTimeout);
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_unreachable() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let mut guest = Guest::join(&url, "silence");
    assert_eq!(
        error(&mut guest, 13).await.code(),
        ErrorCode::ServerUnreachable
    );
    // Leaving does not wait for it.
    timeout(Duration::from_secs(3), guest.mesh.leave())
        .await
        .expect("left");
}

#[tokio::test]
async fn a_server_that_talks_nonsense_is_told_from_one_that_is_not_there() {
    let nonsense = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", nonsense.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = nonsense.accept().await {
            let mut request = [0; 2048];
            let _ = socket.read(&mut request).await;
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
                .await;
        }
    });
    let mut guest = Guest::join(&url, "nonsense");
    assert_eq!(
        error(&mut guest, 5).await.code(),
        ErrorCode::ServerUnreachable
    );
}

#[tokio::test]
async fn a_wrong_key_ends_it() {
    let mut options = Options::new(server().await);
    options.key = "wrong".to_owned();
    let mut guest = Guest::with("locked", options);
    assert_eq!(error(&mut guest, 5).await.code(), ErrorCode::InvalidKey);
    let joined = timeout(Duration::from_secs(5), guest.mesh.wait_to_sync()).await;
    assert_eq!(joined.unwrap().unwrap_err().code(), ErrorCode::InvalidKey);
}

#[tokio::test]
async fn a_room_that_does_not_become_whole_in_time_is_a_sync_timeout() {
    let mut options = Options::new("http://127.0.0.1:9/");
    options.sync_timeout = Some(Duration::from_millis(100));
    let guest = Guest::with("late", options);
    let error = guest.mesh.wait_to_sync().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SyncTimeout);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_at_the_call() {
    let url = server().await;
    let guests = room(&url, "refused", 2).await;
    let mesh = &guests[0].mesh;
    let code = |result: Result<(), Error>| result.unwrap_err().code();
    let keys = std::collections::BTreeMap::from([(vec![1u8], 2)]);
    assert_eq!(code(mesh.send(&keys).await), ErrorCode::NotEncodable);
    assert_eq!(code(mesh.send(&u128::MAX).await), ErrorCode::NotEncodable);
    let large = Bytes::from(vec![0; (256 << 20) + 1]);
    assert_eq!(
        code(mesh.send_bytes(large).await),
        ErrorCode::MessageTooLarge
    );
    assert_eq!(
        code(mesh.send_to("nobody", &1).await),
        ErrorCode::UnknownMember
    );
    assert_eq!(
        code(mesh.send_to(mesh.id(), &1).await),
        ErrorCode::UnknownMember
    );
    let init = "x".repeat(70_000);
    assert_eq!(
        code(mesh.set_init_data(&init).await),
        ErrorCode::MessageTooLarge
    );
}

#[tokio::test]
async fn what_is_sent_before_joining_is_delivered_or_refused_once_the_room_is_whole() {
    let url = server().await;
    let mut first = Guest::join(&url, "early");
    first.lists(&[first.id()], 10).await;
    let second = Guest::join(&url, "early");
    second.mesh.send("early").await.unwrap();
    let refused = second.mesh.send_to("nobody", "lost").await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::UnknownMember);
    assert_eq!(first.message(10).await, (second.id(), "early".into()));
}

#[tokio::test]
async fn after_leaving_every_call_says_so() {
    let url = server().await;
    let guests = room(&url, "gone", 1).await;
    let mesh = &guests[0].mesh;
    mesh.leave().await;
    let code = |result: Result<(), Error>| result.unwrap_err().code();
    assert_eq!(code(mesh.send(&1).await), ErrorCode::Left);
    assert_eq!(code(mesh.try_send(&1).await.map(drop)), ErrorCode::Left);
    assert_eq!(code(mesh.set_init_data(&1).await), ErrorCode::Left);
    assert_eq!(code(mesh.status().await.map(drop)), ErrorCode::Left);
    assert_eq!(code(mesh.wait_to_join().await), ErrorCode::Left);
    mesh.drop_host().await;
    mesh.leave().await;
    guests[0].is_over(5).await;
}
