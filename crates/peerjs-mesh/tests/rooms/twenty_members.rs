use crate::house::{Guest, server};
use peerjs_mesh::{Event, Value};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_that_start_together_list_all_and_hear_all_within_five_seconds() {
    let url = server().await;
    let began = Instant::now();
    let mut guests: Vec<Guest> = (0..20).map(|_| Guest::join(&url, "crowd")).collect();
    let ids: Vec<String> = guests.iter().map(Guest::id).collect();
    for guest in &mut guests {
        guest.lists(&ids, 10).await;
    }
    let joined = began.elapsed();
    assert!(joined < Duration::from_secs(5), "{joined:?}");
    for (number, guest) in guests.iter().enumerate() {
        guest.mesh.send(&number).await.unwrap();
    }
    for (own, guest) in guests.iter_mut().enumerate() {
        let mut heard = BTreeSet::new();
        while heard.len() < 19 {
            let (from, data) = guest.message(5).await;
            let number = data.as_u64().expect("a number") as usize;
            assert_eq!(from, ids[number]);
            assert!(
                heard.insert(number) && number != own,
                "doubled, or one's own: {number}"
            );
        }
    }
    let hosts = guests.iter().filter(|guest| guest.is_host()).count();
    assert_eq!(hosts, 1);
    // The host goes; the others go on.
    let host = guests.iter().position(Guest::is_host).expect("a host");
    let lost = guests.remove(host);
    lost.mesh.kill();
    let ids: Vec<String> = guests.iter().map(Guest::id).collect();
    for guest in &mut guests {
        guest.lists(&ids, 10).await;
    }
    guests[3].mesh.send("after").await.unwrap();
    for (own, guest) in guests.iter_mut().enumerate() {
        if own != 3 {
            guest
                .until("the message", 10, |event| match event {
                    Event::Message(message) => (message.data == Value::from("after")).then_some(()),
                    _ => None,
                })
                .await;
        }
    }
}
