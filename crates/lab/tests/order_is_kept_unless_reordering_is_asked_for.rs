//! Order, as programs see it.

#![cfg(target_os = "linux")]

mod common;

use common::{lab, ms, numbers_through};
use peerjs_mesh_lab::LinkSettings;

#[test]
fn jitter_never_lets_a_packet_overtake_another() {
    let link = LinkSettings {
        delay: ms(20),
        jitter: ms(20),
        ..LinkSettings::default()
    };
    let arrived = numbers_through(&lab(2, 5, link), 1000, ms(1) / 4);
    assert_eq!(arrived, (0..1000).collect::<Vec<_>>());
}

#[test]
fn the_reordering_knob_lets_packets_overtake_and_loses_none() {
    let link = LinkSettings {
        delay: ms(20),
        reorder: 0.1,
        reorder_by: ms(10),
        ..LinkSettings::default()
    };
    let lab = lab(2, 5, link);
    let mut arrived = numbers_through(&lab, 500, ms(1));
    let late = arrived.windows(2).filter(|two| two[1] < two[0]).count();
    assert!((20..=100).contains(&late), "{late} of 500 came late");
    arrived.sort_unstable();
    assert_eq!(arrived, (0..500).collect::<Vec<_>>());
}
