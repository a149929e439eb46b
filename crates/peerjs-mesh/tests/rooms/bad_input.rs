//! Bad input, on the Rust face, a row each: what is wrong, the code that says so, and by when. Nothing hangs, nothing
//! panics.

use crate::house::{Guest, room, server};
use crate::impostors::{Says, impostor, mute, only_http, says, silent};
use futures_util::future::BoxFuture;
use peerjs_mesh::{Bytes, Error, ErrorCode, Event, Mesh, MeshMode, Options};
use peerjs_mesh_protocol::signalling::MeshMark;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// What is wrong, the code of what it comes to, by when, and how it is done: gives what must carry the code.
struct Row {
    input: String,
    code: ErrorCode,
    seconds: u64,
    act: BoxFuture<'static, Error>,
}

fn row(
    input: impl Into<String>,
    code: ErrorCode,
    seconds: u64,
    act: impl Future<Output = Error> + Send + 'static,
) -> Row {
    Row {
        input: input.into(),
        code,
        seconds,
        act: Box::pin(act),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_ends_with_its_code_in_time() {
    let mut rows = Vec::new();
    rows.extend(at_the_call());
    rows.extend(at_the_server());
    rows.extend(at_the_link());
    rows.extend(in_the_room());
    let mut running = JoinSet::new();
    for Row {
        input,
        code,
        seconds,
        act,
    } in rows
    {
        running.spawn(async move {
            // In a task of its own: what panics in it is a failure of this row alone.
            let acted = timeout(Duration::from_secs(seconds), tokio::spawn(act)).await;
            match acted {
                Ok(Ok(error)) if error.code() == code && !error.message().is_empty() => None,
                Ok(Ok(error)) => Some(format!("{input}: {error}, not {code:?}")),
                Ok(Err(panic)) => Some(format!("{input}: {panic}")),
                Err(_) => Some(format!("{input}: no {code:?} within {seconds} s")),
            }
        });
    }
    let failed: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The first error event that has this code; before it there may be others.
async fn told(guest: &mut Guest, code: ErrorCode) -> Error {
    guest
        .until("an error", 30, |event| match event {
            Event::Error(error) if error.code() == code => Some(error.clone()),
            _ => None,
        })
        .await
}

/// The first error event, whatever it is.
async fn error(guest: &mut Guest) -> Error {
    guest
        .until("an error", 30, |event| match event {
            Event::Error(error) => Some(error.clone()),
            _ => None,
        })
        .await
}

fn changed(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::new("http://127.0.0.1:9/");
    change(&mut options);
    options
}

/// What is refused before anything happens.
fn at_the_call() -> Vec<Row> {
    let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA".to_vec();
    let long = Duration::from_secs(61);
    let rooms = [
        ("an empty room", ""),
        ("a room that is no id", "no/such"),
        ("a room with two hyphens", "a--b"),
        ("a room with a letter beyond ASCII", "né"),
    ];
    let options = [
        ("no server", changed(|o| o.server.clear())),
        ("no key", changed(|o| o.key.clear())),
        ("no certificate", changed(|o| o.ca = Some(b"none".to_vec()))),
        (
            "half a certificate",
            changed(|o| o.ca = Some(certificate.clone())),
        ),
        ("nobody may join", changed(|o| o.mesh_limit = Some(0))),
        (
            "too fast",
            changed(|o| o.do_health_check_interval = Duration::ZERO),
        ),
        ("too slow", changed(|o| o.do_health_check_interval = long)),
    ];
    let unsupported = [
        ("auto", changed(|o| o.mesh_mode = MeshMode::Auto)),
        ("an owner", changed(|o| o.owner_mode = true)),
    ];
    let call = |input: &str, code, room: &str, options: Options| {
        let room = room.to_owned();
        row(input, code, 1, async move {
            Mesh::join(&room, options).unwrap_err()
        })
    };
    let mut rows = Vec::new();
    for (input, room) in rooms {
        rows.push(call(input, ErrorCode::InvalidRoom, room, changed(|_| ())));
    }
    for (input, options) in options {
        rows.push(call(input, ErrorCode::InvalidOption, "a", options));
    }
    for (input, options) in unsupported {
        rows.push(call(input, ErrorCode::Unsupported, "a", options));
    }
    let large = changed(|_| ()).with_init_data(&"x".repeat(70_000)).unwrap();
    rows.push(call(
        "init data over 64 KiB",
        ErrorCode::MessageTooLarge,
        "a",
        large,
    ));
    rows.push(row("no runtime", ErrorCode::Internal, 1, async {
        // A thread of its own knows of none.
        let joined = std::thread::spawn(|| Mesh::join("a", Options::default()));
        joined.join().unwrap().unwrap_err()
    }));
    rows
}

/// Servers that are none, or refuse.
fn at_the_server() -> Vec<Row> {
    let mut rows = vec![
        row(
            "unreachable server",
            ErrorCode::ServerUnreachable,
            5,
            async { error(&mut Guest::with("nowhere", changed(|_| ()))).await },
        ),
        row(
            "unreachable server, join_timeout",
            ErrorCode::JoinTimeout,
            5,
            async { ends_in_time(changed(|_| ())).await },
        ),
        row(
            "a server that accepts and says nothing",
            ErrorCode::ServerUnreachable,
            15,
            async {
                let mut guest = Guest::join(&silent().await, "silence");
                let error = error(&mut guest).await;
                // Leaving does not wait for it.
                let left = timeout(Duration::from_secs(3), guest.mesh.leave()).await;
                left.expect("left");
                error
            },
        ),
        row(
            "a websocket server that says nothing, join_timeout",
            ErrorCode::JoinTimeout,
            5,
            async { ends_in_time(Options::new(says(Says::Nothing).await)).await },
        ),
        row(
            "an HTTP server without websockets",
            ErrorCode::ServerUnreachable,
            5,
            async { error(&mut Guest::join(&only_http().await, "http")).await },
        ),
        row(
            "a server that refuses with a text of its own",
            ErrorCode::ServerError,
            5,
            async {
                let text = r#"{"type":"ERROR","payload":{"msg":"closed on Sundays"}}"#;
                let url = says(Says::Frame(Message::text(text))).await;
                let error = error(&mut Guest::join(&url, "sunday")).await;
                assert!(error.message().contains("closed on Sundays"), "{error}");
                error
            },
        ),
        row("a wrong key", ErrorCode::InvalidKey, 5, async {
            let mut options = Options::new(server().await);
            options.key = "wrong".to_owned();
            let mut guest = Guest::with("locked", options);
            assert_eq!(error(&mut guest).await.code(), ErrorCode::InvalidKey);
            guest.mesh.wait_to_sync().await.unwrap_err()
        }),
        row(
            "a room that is not whole in time",
            ErrorCode::SyncTimeout,
            5,
            async {
                let options = changed(|o| o.sync_timeout = Some(Duration::from_millis(100)));
                Guest::with("late", options)
                    .mesh
                    .wait_to_sync()
                    .await
                    .unwrap_err()
            },
        ),
    ];
    let garbage = [
        ("nothing", Says::Frame(Message::text(""))),
        ("half an object", Says::Frame(Message::text("{"))),
        ("null", Says::Frame(Message::text("null"))),
        ("a list", Says::Frame(Message::text("[]"))),
        ("text", Says::Frame(Message::text("\"OPEN\""))),
        ("bytes", Says::Frame(Message::binary(vec![0, 255, 1, 254]))),
        ("a MiB", Says::Frame(Message::text("x".repeat(1 << 20)))),
        ("a frame of no kind", Says::Raw(&[0x83, 0])),
        ("text that is not UTF-8", Says::Raw(&[0x81, 2, 0xff, 0xfe])),
    ];
    for (what, frame) in garbage {
        let input = format!("garbage from the server: {what}");
        rows.push(row(input, ErrorCode::ServerError, 5, async {
            error(&mut Guest::join(&says(frame).await, "garbage")).await
        }));
    }
    // An object may come from another client, by way of a server that passes on what it does not know: it is left out.
    // So is what is too long to be looked into.
    let long = "x".repeat(2 << 20);
    for (i, text) in OBJECTS.into_iter().chain([&*long]).enumerate() {
        let input = format!("nonsense from the server, {i}, join_timeout");
        let frame = Says::Frame(Message::text(text));
        rows.push(row(input, ErrorCode::JoinTimeout, 5, async move {
            ends_in_time(Options::new(says(frame).await)).await
        }));
    }
    rows
}

/// Messages that make no sense.
const OBJECTS: [&str; 7] = [
    "{}",
    r#"{"type":1}"#,
    r#"{"type":"NOPE"}"#,
    r#"{"type":"OFFER"}"#,
    r#"{"type":"OFFER","src":7,"payload":{"sdp":[]}}"#,
    r#"{"type":"ANSWER","src":"x","payload":{"sdp":{"type":"answer","sdp":"v=0"},"connectionId":"none"}}"#,
    r#"{"type":"CANDIDATE","src":"x","payload":{"candidate":null}}"#,
];

/// It tries until its time is over, says so, and is over; who waits for it hears the same.
async fn ends_in_time(mut options: Options) -> Error {
    options.join_timeout = Some(Duration::from_millis(1500));
    let mut guest = Guest::with("in-time", options);
    let error = told(&mut guest, ErrorCode::JoinTimeout).await;
    let left = |event: &Event| (*event == Event::Left).then_some(());
    guest.until("the end", 5, left).await;
    // It took the server for none at no time.
    let wrong = |event: &Event| matches!(event, Event::Error(error) if error.code() == ErrorCode::ServerError);
    assert!(!guest.heard.iter().any(wrong), "{:#?}", guest.heard);
    assert_eq!(guest.mesh.wait_to_join().await, Err(error.clone()));
    error
}

const OURS: Option<MeshMark> = Some(MeshMark { min: 1, max: 1 });
const UNAVAILABLE: &str = "the room's host does not answer";

/// Somebody owns the room's name who is no member.
fn at_the_link() -> Vec<Row> {
    vec![
        row(
            "a name whose owner answers nothing",
            ErrorCode::HostUnavailable,
            10,
            async {
                let url = server().await;
                mute(&url, "mute").await;
                error(&mut Guest::join(&url, "mute")).await
            },
        ),
        row(
            "a remote that never says hello",
            ErrorCode::HostUnavailable,
            20,
            async {
                let url = server().await;
                let seen = impostor(&url, "hello", OURS, Vec::new()).await;
                let error = error(&mut Guest::join(&url, "hello")).await;
                let why = "the remote opened a channel and never said hello";
                assert_eq!(error.message(), format!("{UNAVAILABLE}: {why}"));
                assert!(seen.borrow().opened > 0, "{:?}", *seen.borrow());
                error
            },
        ),
        row("garbage on a link", ErrorCode::HostUnavailable, 20, async {
            let url = server().await;
            let frames = vec![
                vec![0],
                vec![255; 11],
                vec![0xc1; 1000],
                b"\x81\xa4mesh\x80".to_vec(),
            ];
            let mut seen = impostor(&url, "noise", OURS, frames).await;
            let mut guest = Guest::join(&url, "noise");
            let error = error(&mut guest).await;
            assert_eq!(error.message(), UNAVAILABLE);
            // It was heard, the link closed, and the name dialled again.
            let again = seen.wait_for(|seen| seen.said > 0 && seen.closed > 0 && seen.offers > 1);
            drop(again.await.expect("an impostor"));
            error
        }),
        row(
            "a remote that is not ours",
            ErrorCode::Unsupported,
            20,
            async {
                let url = server().await;
                let _seen = impostor(&url, "stock", None, Vec::new()).await;
                let error = error(&mut Guest::join(&url, "stock")).await;
                let why = "stock is stock PeerJS or the original package";
                assert!(error.message().ends_with(why), "{error}");
                error
            },
        ),
        row("a full room", ErrorCode::MeshFull, 15, async {
            let url = server().await;
            let one = || {
                let mut options = Options::new(&url);
                options.mesh_limit = Some(1);
                Guest::with("full", options)
            };
            let mut first = one();
            first.lists(&[first.id()], 10).await;
            error(&mut one()).await
        }),
    ]
}

/// What a member in a room asks for.
fn in_the_room() -> Vec<Row> {
    /// A row whose act has a member that is in a room.
    macro_rules! calls {
        ($input:literal, $code:ident, |$mesh:ident| $call:expr) => {
            row($input, ErrorCode::$code, 15, async move {
                let guests = room(&server().await, "calls", 1).await;
                let $mesh = &guests[0].mesh;
                $call.await.unwrap_err()
            })
        };
    }
    /// The same, once it has left.
    macro_rules! late {
        ($input:literal, |$mesh:ident| $call:expr) => {
            row($input, ErrorCode::Left, 15, async move {
                let guests = room(&server().await, "late", 1).await;
                let $mesh = &guests[0].mesh;
                $mesh.leave().await;
                $call.await.map(drop).unwrap_err()
            })
        };
    }
    let keys = || std::collections::BTreeMap::from([(vec![1u8], 2)]);
    let large = || Bytes::from(vec![0; (256 << 20) + 1]);
    let init = || "x".repeat(70_000);
    vec![
        calls!("keys that are bytes", NotEncodable, |mesh| mesh
            .send(&keys())),
        calls!("an integer of 128 bits", NotEncodable, |mesh| mesh
            .send(&u128::MAX)),
        calls!("a message over the limit", MessageTooLarge, |mesh| mesh
            .send_bytes(large())),
        calls!("init data over the limit", MessageTooLarge, |mesh| mesh
            .set_init_data(&init())),
        calls!("send to an unknown id", UnknownMember, |mesh| mesh
            .send_to("nobody", &1)),
        calls!("send to itself", UnknownMember, |mesh| mesh
            .send_to(mesh.id(), &1)),
        row(
            "send before joined, to an unknown id",
            ErrorCode::UnknownMember,
            10,
            async {
                let guest = Guest::join(&server().await, "soon");
                guest.mesh.send_to("nobody", "lost").await.unwrap_err()
            },
        ),
        late!("send after leaving", |mesh| mesh.send(&1)),
        late!("try_send after leaving", |mesh| mesh.try_send(&1)),
        late!("init data after leaving", |mesh| mesh.set_init_data(&1)),
        late!("status after leaving", |mesh| mesh.status()),
        late!("waiting to join after leaving", |mesh| mesh.wait_to_join()),
    ]
}

#[tokio::test]
async fn what_is_sent_before_joining_is_delivered_once_the_room_is_whole() {
    let url = server().await;
    let mut first = Guest::join(&url, "early");
    first.lists(&[first.id()], 10).await;
    let second = Guest::join(&url, "early");
    second.mesh.send("early").await.unwrap();
    assert_eq!(first.message(10).await, (second.id(), "early".into()));
}

#[tokio::test]
async fn who_has_left_may_leave_again_and_drop_an_office_that_it_has_not() {
    let guests = room(&server().await, "gone", 1).await;
    let mesh = &guests[0].mesh;
    mesh.leave().await;
    mesh.drop_host().await;
    mesh.leave().await;
    guests[0].is_over(5).await;
}
