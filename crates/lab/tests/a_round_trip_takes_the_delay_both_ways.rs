//! Delay, as programs see it.

#![cfg(target_os = "linux")]

mod common;

use common::{DEADLINE, inside, lab, ms, udp};
use peerjs_mesh_lab::LinkSettings;
use std::time::Instant;

#[test]
fn a_round_trip_over_50_ms_and_10_of_jitter_each_way_takes_80_to_140_ms() {
    let link = LinkSettings {
        delay: ms(50),
        jitter: ms(10),
        ..LinkSettings::default()
    };
    let lab = lab(2, 1, link);
    let (near, far) = (udp(&lab.nodes()[0]), udp(&lab.nodes()[1]));
    let mut trips = Vec::new();
    for _ in 0..20 {
        let mut byte = [0];
        let start = Instant::now();
        near.send_to(b"?", far.local_addr().unwrap()).unwrap();
        let (_, from) = far.recv_from(&mut byte).unwrap();
        far.send_to(b"!", from).unwrap();
        near.recv_from(&mut byte).unwrap();
        trips.push(start.elapsed());
    }
    trips.sort();
    // This thread may wait for a CPU that others use, so the upper bound is the median trip's.
    assert!(trips[0] >= ms(80) && trips[10] <= ms(140), "{trips:?}");
    assert!(trips[15] - trips[0] > ms(3), "no jitter: {trips:?}");
}

#[test]
fn the_lab_is_seldom_late_by_a_millisecond() {
    let link = LinkSettings {
        delay: ms(5),
        jitter: ms(2),
        ..LinkSettings::default()
    };
    let lab = lab(2, 1, link);
    // So far apart that no packet that comes in wakes the lab for one that is to go out.
    common::numbers_through(&lab, 200, ms(8));
    let stats = lab.pump_stats();
    // On a machine whose own clock stumbles some are, so it is a part of them that must not be.
    assert!(stats.late <= 20, "of 200 packets {stats:?}");
    assert_eq!((stats.device_dropped, stats.refused), (0, 0));
}

#[test]
fn a_node_without_delay_reaches_itself_and_the_others_at_once() {
    let lab = lab(3, 1, LinkSettings::default());
    let sockets: Vec<_> = lab.nodes().iter().map(udp).collect();
    for from in &sockets {
        for to in &sockets {
            let start = Instant::now();
            from.send_to(b"?", to.local_addr().unwrap()).unwrap();
            to.recv_from(&mut [0]).unwrap();
            assert!(start.elapsed() < DEADLINE / 10);
        }
    }
}

#[test]
fn what_leaves_the_lab_fails_at_once() {
    let lab = lab(1, 1, LinkSettings::default());
    let (connected, said, took) = inside(&lab.nodes()[0], || {
        let start = Instant::now();
        let address = ([192, 0, 2, 1], 53).into();
        let connected = std::net::TcpStream::connect_timeout(&address, DEADLINE).map(drop);
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.connect(address).unwrap();
        socket.send(b"who is there?").unwrap();
        (connected, socket.recv(&mut [0]), start.elapsed())
    });
    let unreachable = Some(std::io::ErrorKind::HostUnreachable);
    assert_eq!(connected.err().map(|error| error.kind()), unreachable);
    assert_eq!(said.err().map(|error| error.kind()), unreachable);
    assert!(took < DEADLINE / 10, "{took:?}");
}

#[test]
fn a_broadcast_reaches_every_other_node() {
    let lab = lab(3, 1, LinkSettings::default());
    let bind = |index: usize| {
        let socket = inside(&lab.nodes()[index], || {
            std::net::UdpSocket::bind("0.0.0.0:4000").unwrap()
        });
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_broadcast(true).unwrap();
        socket
    };
    let sockets = [bind(0), bind(1), bind(2)];
    sockets[0].send_to(b"all", "10.50.0.255:4000").unwrap();
    for socket in &sockets[1..] {
        let (_, from) = socket.recv_from(&mut [0; 3]).unwrap();
        assert_eq!(from.ip(), lab.nodes()[0].ip());
    }
}
