//! Loss, as programs see it.

#![cfg(target_os = "linux")]

mod common;

use common::{lab, ms, numbers_through};
use peerjs_mesh_lab::LinkSettings;

fn survivors(seed: u64, loss: f64) -> Vec<u32> {
    let link = LinkSettings {
        loss,
        ..LinkSettings::default()
    };
    numbers_through(&lab(2, seed, link), 500, ms(0))
}

#[test]
fn the_same_seed_loses_the_same_packets() {
    let first = survivors(7, 0.2);
    assert!((350..450).contains(&first.len()), "{} of 500", first.len());
    assert_eq!(first, survivors(7, 0.2));
    assert_ne!(first, survivors(8, 0.2));
}

#[test]
fn a_loss_of_one_loses_all_and_of_zero_none() {
    assert_eq!(survivors(7, 1.0).len(), 0);
    assert_eq!(survivors(7, 0.0), (0..500).collect::<Vec<_>>());
}
