//! Throughput, as programs see it.

#![cfg(target_os = "linux")]

mod common;

use common::{DEADLINE, inside, lab, ms};
use peerjs_mesh_lab::{Lab, LinkSettings};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

/// Sends bytes over one TCP connection; gives MB/s.
fn transfer(lab: &Lab, megabytes: usize) -> f64 {
    let listener = inside(&lab.nodes()[0], || TcpListener::bind("10.50.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let mut near = inside(&lab.nodes()[1], move || TcpStream::connect(address)).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(DEADLINE)).unwrap();
    near.set_write_timeout(Some(DEADLINE)).unwrap();
    let start = Instant::now();
    let sender = thread::spawn(move || {
        let block = vec![7; 1_000_000];
        (0..megabytes).try_for_each(|_| near.write_all(&block))
    });
    let mut block = vec![0; 256 << 10];
    let mut received = 0;
    loop {
        match far.read(&mut block).unwrap() {
            0 => break,
            bytes => received += bytes,
        }
    }
    sender.join().unwrap().unwrap();
    assert_eq!(received, megabytes * 1_000_000);
    megabytes as f64 / start.elapsed().as_secs_f64()
}

#[test]
fn a_link_without_delay_carries_20_mb_a_second() {
    let lab = lab(2, 1, LinkSettings::default());
    let speed = transfer(&lab, 100);
    let stats = lab.pump_stats();
    println!("{speed:.1} MB/s, {stats:?}");
    assert!(speed > 20.0, "{speed:.1} MB/s, {stats:?}");
    assert_eq!((stats.device_dropped, stats.refused), (0, 0), "{stats:?}");
}

#[test]
fn a_link_with_a_rate_carries_that_much() {
    let link = LinkSettings {
        delay: ms(5),
        rate: Some(4_000_000),
        queue: 200_000,
        ..LinkSettings::default()
    };
    let lab = lab(2, 1, link);
    let speed = transfer(&lab, 8);
    // TCP and IP headers are 3.5 % of it; the last queue is on its way after the rate has taken it.
    assert!((3.0..4.1).contains(&speed), "{speed:.2} MB/s of 4");
}
