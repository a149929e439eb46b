use crate::world::{End, World};
use peerjs_mesh_core::Lane;
use std::time::Instant;

async fn carries(world: &mut World, ends: [End; 2], text: &[u8]) {
    for (from, to) in [(ends[0], ends[1]), (ends[1], ends[0])] {
        world.send(from, Lane::Data, text.to_vec());
        assert_eq!(world.received(to).await, (Lane::Data, text.to_vec()));
    }
}

#[tokio::test]
async fn a_second_and_a_third_link_to_the_same_remote_open_beside_the_first() {
    let (mut world, first) = World::connected().await;
    let second = world.dial(0, 1).await;
    world.opened(second).await;
    let third = world.dial(1, 0).await;
    world.opened(third).await;
    carries(&mut world, first, b"first").await;
    carries(&mut world, second, b"second").await;
    carries(&mut world, third, b"third").await;
}

#[tokio::test]
async fn two_that_dial_each_other_at_the_same_moment_get_both_links() {
    let mut world = World::new(2);
    let names: Vec<_> = (0..4).map(|_| world.new_link()).collect();
    world.ends[0].dial(Instant::now(), names[0], "dc_a".to_owned());
    world.ends[1].dial(Instant::now(), names[1], "dc_b".to_owned());
    let a = world.described((0, names[0])).await;
    let b = world.described((1, names[1])).await;
    world.ends[1].answer(Instant::now(), names[2], &a, true);
    world.ends[0].answer(Instant::now(), names[3], &b, true);
    let to_a = world.described((1, names[2])).await;
    let to_b = world.described((0, names[3])).await;
    world.ends[0].accept(Instant::now(), names[0], &to_a, true);
    world.ends[1].accept(Instant::now(), names[1], &to_b, true);
    let one = [(0, names[0]), (1, names[2])];
    let other = [(1, names[1]), (0, names[3])];
    world.opened(one).await;
    world.opened(other).await;
    carries(&mut world, one, b"one").await;
    carries(&mut world, other, b"other").await;
}

#[tokio::test]
async fn a_remote_that_forgot_its_link_can_be_dialled_again() {
    let (mut world, [ours, theirs]) = World::connected().await;
    // The other end forgets without a word: as a program does whose farewell is lost.
    world.ends[theirs.0].forget(theirs.1);
    let again = world.dial(0, 1).await;
    world.opened(again).await;
    carries(&mut world, again, b"again").await;
    world.ends[ours.0].close(Instant::now(), ours.1);
    carries(&mut world, again, b"and still").await;
}
