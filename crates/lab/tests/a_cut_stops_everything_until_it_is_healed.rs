//! Cuts, as programs see them.

#![cfg(target_os = "linux")]

mod common;

use common::{inside, lab, ms, numbers_through, udp, until};
use peerjs_mesh_lab::LinkSettings;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

#[test]
fn nothing_passes_a_cut_and_everything_does_after_the_healing() {
    let lab = lab(2, 1, LinkSettings::default());
    assert_eq!(numbers_through(&lab, 20, ms(0)).len(), 20);
    lab.with_switch(|switch| switch.cut(0, 1));
    assert_eq!(numbers_through(&lab, 20, ms(0)).len(), 0);
    lab.with_switch(|switch| switch.heal(0, 1));
    assert_eq!(numbers_through(&lab, 20, ms(0)).len(), 20);
}

#[test]
fn a_cut_in_one_direction_leaves_the_other() {
    let lab = lab(2, 1, LinkSettings::default());
    lab.with_switch(|switch| switch.cut(1, 0));
    assert_eq!(numbers_through(&lab, 20, ms(0)).len(), 20);
    let (near, far) = (udp(&lab.nodes()[0]), udp(&lab.nodes()[1]));
    far.send_to(b"?", near.local_addr().unwrap()).unwrap();
    until("the packet has met the cut", || {
        lab.with_switch(|switch| switch.stats(1, 0).cut == 1)
    });
}

#[test]
fn a_tcp_connection_survives_a_short_cut() {
    let lab = lab(2, 1, LinkSettings::default());
    let listener = inside(&lab.nodes()[0], || TcpListener::bind("10.50.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let mut near = inside(&lab.nodes()[1], move || TcpStream::connect(address)).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(common::DEADLINE)).unwrap();
    let both = |act: fn(&mut peerjs_mesh_lab::Switch, usize, usize)| {
        lab.with_switch(|switch| {
            act(switch, 0, 1);
            act(switch, 1, 0);
        });
    };
    both(peerjs_mesh_lab::Switch::cut);
    near.write_all(b"still there?").unwrap();
    until("a segment has met the cut", || {
        lab.with_switch(|switch| switch.stats(1, 0).cut > 0)
    });
    both(peerjs_mesh_lab::Switch::heal);
    let mut text = [0; 12];
    far.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"still there?");
}
