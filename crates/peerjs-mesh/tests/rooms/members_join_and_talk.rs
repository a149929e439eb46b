use crate::house::{Guest, room, server};
use peerjs_mesh::{Bytes, Date, Event, MeshMode, Options, Value};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    text: String,
    at: Date,
    tags: Vec<String>,
}

#[tokio::test]
async fn the_first_founds_the_room_and_the_second_finds_it() {
    let url = server().await;
    let mut guests = room(&url, "tea-room", 2).await;
    assert!(guests[0].is_host());
    assert!(!guests[1].is_host());
    let ids = [guests[0].id(), guests[1].id()];
    let mut listed = guests[1].mesh.peers();
    listed.sort();
    let mut wanted = ids.to_vec();
    wanted.sort();
    assert_eq!(listed, wanted);
    let status = guests[1].mesh.status().await.unwrap();
    assert_eq!(status.host.as_ref(), Some(&ids[0]));
    assert_eq!((status.peers.len(), status.peers[0].direct), (1, true));

    let line = Line {
        text: "grüß dich".to_owned(),
        at: Date(1_700_000_000_000),
        tags: vec![String::new(), "a".to_owned()],
    };
    guests[1].mesh.send(&line).await.unwrap();
    let (from, data) = guests[0].message(5).await;
    assert_eq!((from, data.to::<Line>().unwrap()), (ids[1].clone(), line));
    guests[0]
        .mesh
        .send_bytes(Bytes::from_static(b"\0\xff"))
        .await
        .unwrap();
    assert_eq!(
        guests[1].message(5).await,
        (ids[0].clone(), Value::Bytes(vec![0, 255]))
    );
}

#[tokio::test]
async fn members_that_speak_directly_and_by_the_host_share_a_room() {
    let url = server().await;
    let mut host = Guest::join(&url, "modes");
    host.lists(&[host.id()], 10).await;
    let mut options = Options::new(&url);
    options.mesh_mode = MeshMode::Full;
    let mut guest = Guest::with("modes", options);
    guest.lists(&[host.id(), guest.id()], 10).await;
    let mode = async |guest: &Guest| guest.mesh.status().await.unwrap().mode;
    assert_eq!(mode(&host).await, MeshMode::Host);
    assert_eq!(mode(&guest).await, MeshMode::Full);
    guest.mesh.send("direct").await.unwrap();
    assert_eq!(host.message(5).await, (guest.id(), "direct".into()));
}

#[tokio::test]
async fn broadcasts_reach_all_others_and_directed_messages_one_in_the_order_of_sending() {
    let url = server().await;
    let mut guests = room(&url, "three", 3).await;
    let ids: Vec<String> = guests.iter().map(Guest::id).collect();
    for number in 0..100 {
        guests[1].mesh.send(&number).await.unwrap();
        guests[1]
            .mesh
            .send_to(&ids[2], &format!("only you {number}"))
            .await
            .unwrap();
    }
    for number in 0..100 {
        assert_eq!(
            guests[0].message(5).await,
            (ids[1].clone(), Value::Int(number))
        );
        assert_eq!(
            guests[2].message(5).await,
            (ids[1].clone(), Value::Int(number))
        );
        let text = format!("only you {number}");
        assert_eq!(
            guests[2].message(5).await,
            (ids[1].clone(), Value::from(text))
        );
    }
}

#[tokio::test]
async fn a_message_of_a_few_megabytes_arrives_whole() {
    let url = server().await;
    let mut guests = room(&url, "large", 2).await;
    let bytes: Vec<u8> = (0..3_000_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    guests[0]
        .mesh
        .send_bytes(bytes.clone().into())
        .await
        .unwrap();
    let (_, data) = guests[1].message(20).await;
    assert!(data == Value::Bytes(bytes));
}

#[tokio::test]
async fn init_data_of_all_is_heard_by_all() {
    let url = server().await;
    let options = |name: &str| {
        Options::new(&url)
            .with_init_data(&[("name", name)])
            .unwrap()
    };
    let mut first = Guest::with("named", options("first"));
    first.lists(&[first.id()], 10).await;
    let mut second = Guest::with("named", options("second"));
    let ids = (first.id(), second.id());
    let heard = |wanted: String, name: &'static str| {
        move |event: &Event| match event {
            Event::InitData { id, data } if *id == wanted => {
                (*data == Value::from_serialize(&[("name", name)]).unwrap()).then_some(())
            }
            _ => None,
        }
    };
    second
        .until("the first's", 5, heard(ids.0.clone(), "first"))
        .await;
    first.until("the second's", 5, heard(ids.1, "second")).await;
    first
        .mesh
        .set_init_data(&[("name", "renamed")])
        .await
        .unwrap();
    second
        .until("the new one", 5, heard(ids.0, "renamed"))
        .await;
}

#[tokio::test]
async fn who_leaves_is_gone_for_the_others_at_once_and_what_it_sent_arrives_before() {
    let url = server().await;
    let mut guests = room(&url, "leaving", 3).await;
    let leaver = guests.remove(1);
    let id = leaver.id();
    for number in 0..50 {
        leaver.mesh.send(&number).await.unwrap();
    }
    leaver.mesh.leave().await;
    leaver.is_over(5).await;
    for guest in &mut guests {
        for number in 0..50 {
            assert_eq!(guest.message(5).await, (id.clone(), Value::Int(number)));
        }
        guest
            .until("its drop", 2, |event| match event {
                Event::PeerDropped { id: dropped, .. } => (*dropped == id).then_some(()),
                _ => None,
            })
            .await;
    }
}
