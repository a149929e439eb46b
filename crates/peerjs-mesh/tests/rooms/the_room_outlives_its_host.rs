use crate::house::{Guest, room, server};
use peerjs_mesh::Value;

/// All that are left list each other and hear each other, and a newcomer gets in.
async fn goes_on(url: &str, name: &str, guests: &mut Vec<Guest>, seconds: u64) {
    let ids: Vec<String> = guests.iter().map(Guest::id).collect();
    for guest in guests.iter_mut() {
        guest.lists(&ids, seconds).await;
    }
    for speaker in 0..guests.len() {
        guests[speaker].mesh.send(&"still here").await.unwrap();
        for hearer in (0..guests.len()).filter(|hearer| *hearer != speaker) {
            let heard = guests[hearer].message(seconds).await;
            assert_eq!(heard, (ids[speaker].clone(), Value::from("still here")));
        }
    }
    guests.push(Guest::join(url, name));
    let ids: Vec<String> = guests.iter().map(Guest::id).collect();
    for guest in guests.iter_mut() {
        guest.lists(&ids, 10).await;
    }
    assert_eq!(guests.iter().filter(|guest| guest.is_host()).count(), 1);
}

#[tokio::test]
async fn when_the_host_leaves() {
    let url = server().await;
    let mut guests = room(&url, "left", 3).await;
    guests.remove(0).mesh.leave().await;
    goes_on(&url, "left", &mut guests, 10).await;
}

#[tokio::test]
async fn when_the_host_s_handle_is_dropped() {
    let url = server().await;
    let mut guests = room(&url, "dropped", 3).await;
    drop(guests.remove(0));
    goes_on(&url, "dropped", &mut guests, 10).await;
}

#[tokio::test]
async fn when_the_host_dies_without_a_word() {
    let url = server().await;
    let mut guests = room(&url, "died", 4).await;
    guests.remove(0).mesh.kill();
    goes_on(&url, "died", &mut guests, 10).await;
}

#[tokio::test]
async fn when_the_host_only_ends_its_office() {
    let url = server().await;
    let mut guests = room(&url, "office", 3).await;
    guests[0].mesh.drop_host().await;
    let dropped = guests[0].id();
    guests[1]
        .until("another host", 10, |event| match event {
            peerjs_mesh::Event::HostConnected { host, .. } => (*host != dropped).then_some(()),
            _ => None,
        })
        .await;
    goes_on(&url, "office", &mut guests, 10).await;
}
