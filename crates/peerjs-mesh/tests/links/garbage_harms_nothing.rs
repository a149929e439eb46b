use crate::world::{World, pattern};
use peerjs_mesh::native::link::Report;
use peerjs_mesh_core::{Lane, LinkEnd};
use std::time::Instant;

#[tokio::test]
async fn a_description_that_is_none_fails_its_link_and_no_other() {
    let (mut world, ends) = World::connected().await;
    let long = "a=".repeat(100_000);
    for sdp in ["", "v=0", "garbage\r\n\r\n", "m=application 9 x y z", &long] {
        let link = world.new_link();
        world.ends[0].answer(Instant::now(), link, sdp, true);
        let failed = |world: &mut World, link| {
            world.take(|_, report| {
                let end = LinkEnd::Failed;
                (*report == Report::Closed { link, end }).then_some(())
            })
        };
        world
            .until("its failure", 2, |world| failed(world, link))
            .await;
        let dialled = world.new_link();
        world.ends[0].dial(Instant::now(), dialled, "dc_test".to_owned());
        world.described((0, dialled)).await;
        world.ends[0].accept(Instant::now(), dialled, sdp, true);
        world
            .until("its failure", 2, |world| failed(world, dialled))
            .await;
    }
    world.send(ends[0], Lane::Data, b"still here".to_vec());
    assert_eq!(world.received(ends[1]).await.1, b"still here");
}

#[tokio::test]
async fn datagrams_and_candidates_that_make_no_sense_are_dropped() {
    let (mut world, ends) = World::connected().await;
    let mut world_addresses = Vec::new();
    let link = world.new_link();
    world.ends[1].dial(Instant::now(), link, "dc_test".to_owned());
    for line in world.described((1, link)).await.lines() {
        if line.starts_with("a=candidate:") {
            let mut words = line.split(' ').skip(4);
            let (ip, port) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            world_addresses.extend(ip.parse().ok().zip(port.parse().ok()));
        }
    }
    assert!(!world_addresses.is_empty());
    let attacker = std::net::UdpSocket::bind("127.0.0.1:0").expect("socket");
    for seed in 0..200u32 {
        let mut datagram = pattern(1 + seed as usize * 7, seed);
        datagram[0] = [0, 1, 20, 22, 23, 63, 128, 200][seed as usize % 8];
        for (ip, port) in &world_addresses {
            let to = std::net::SocketAddr::new(*ip, *port);
            let _unreachable_family = attacker.send_to(&datagram, to);
        }
    }
    for line in [
        "",
        "candidate:",
        "candidate:1 1 udp 1 host.local 9 typ host",
        "\u{0}\u{ffff}",
    ] {
        world.ends[0].add_candidate(Instant::now(), ends[0].1, line);
        world.ends[1].add_candidate(Instant::now(), link, line);
    }
    world.send(ends[1], Lane::Control, b"still here".to_vec());
    assert_eq!(
        world.received(ends[0]).await,
        (Lane::Control, b"still here".to_vec())
    );
}

#[tokio::test]
async fn an_empty_frame_is_never_sent() {
    let (mut world, ends) = World::connected().await;
    world.send(ends[0], Lane::Data, Vec::new());
    world.send(ends[0], Lane::Data, b"after".to_vec());
    assert_eq!(world.received(ends[1]).await.1, b"after");
}
