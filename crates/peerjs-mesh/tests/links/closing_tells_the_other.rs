use crate::world::{World, pattern};
use peerjs_mesh::native::link::Report;
use peerjs_mesh_core::{Lane, LinkEnd};
use std::time::{Duration, Instant};

#[tokio::test]
async fn what_was_handed_over_before_a_close_arrives_and_then_the_other_hears_of_the_close() {
    let (mut world, [ours, theirs]) = World::connected().await;
    for number in 0..20 {
        world.send(ours, Lane::Data, pattern(10_000, number));
    }
    world.send(ours, Lane::Control, b"goodbye".to_vec());
    let began = Instant::now();
    world.ends[ours.0].close(began, ours.1);
    let mut frames = 0;
    let mut goodbye = false;
    world
        .until("the close", 5, |world| {
            while !world.reports.is_empty() {
                let (whose, report) = world.reports.remove(0);
                assert_eq!(whose, theirs.0, "who closes hears nothing more: {report:?}");
                match report {
                    Report::Received {
                        lane: Lane::Control,
                        frame,
                        ..
                    } => {
                        goodbye = frame == b"goodbye";
                    }
                    Report::Received { frame, .. } => {
                        assert!(frame == pattern(10_000, frames));
                        frames += 1;
                    }
                    Report::Closed { link, end } => {
                        assert_eq!((link, end), (theirs.1, LinkEnd::Closed));
                        return Some(());
                    }
                    Report::Drained { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            None
        })
        .await;
    assert_eq!((frames, goodbye), (20, true));
    assert!(
        began.elapsed() < Duration::from_millis(950),
        "it waited for its deadline"
    );
    world
        .until("both ends to be gone", 3, |world| {
            world.ends.iter().all(|end| end.is_empty()).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_link_that_is_closed_before_it_opens_is_gone_at_once() {
    let mut world = World::new(2);
    let [ours, _theirs] = world.dial(0, 1).await;
    world.ends[ours.0].close(Instant::now(), ours.1);
    world
        .until("it to be gone", 1, |world| {
            world.ends[ours.0].is_empty().then_some(())
        })
        .await;
}
