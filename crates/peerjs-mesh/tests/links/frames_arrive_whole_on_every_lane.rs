use crate::world::{World, pattern};
use peerjs_mesh::native::link::Report;
use peerjs_mesh_core::Lane;

const LANES: [Lane; 4] = [Lane::Default, Lane::Data, Lane::Beat, Lane::Control];

#[tokio::test]
async fn frames_from_1_byte_to_200_kib_arrive_whole_on_every_lane_both_ways() {
    let (mut world, ends) = World::connected().await;
    for lane in LANES {
        for (seed, size) in [1, 2, 1_000, 1_200, 15 << 10, 64 << 10, 200 << 10]
            .into_iter()
            .enumerate()
        {
            for (from, to) in [(ends[0], ends[1]), (ends[1], ends[0])] {
                let frame = pattern(size, seed as u32);
                world.send(from, lane, frame.clone());
                let (came_on, came) = world.received(to).await;
                assert_eq!(came_on, lane);
                assert!(came == frame, "{size} bytes on {lane:?} differ");
            }
        }
    }
}

#[tokio::test]
async fn the_largest_frame_is_256_kib_and_arrives() {
    let mut world = World::new(2);
    let ends = world.dial(0, 1).await;
    assert_eq!(world.opened(ends).await, [262_144, 262_144]);
    let frame = pattern(262_144, 7);
    world.send(ends[0], Lane::Data, frame.clone());
    assert!(world.received(ends[1]).await.1 == frame);
}

#[tokio::test]
async fn a_thousand_frames_arrive_in_order_each_way_and_the_sender_hears_when_its_window_empties() {
    let (mut world, ends) = World::connected().await;
    for number in 0..1_000u32 {
        for end in ends {
            let mut frame = number.to_be_bytes().to_vec();
            frame.extend(pattern(number as usize % 900, number));
            world.send(end, Lane::Data, frame);
        }
    }
    let mut next = [0u32; 2];
    let mut empty = [false; 2];
    world
        .until("all frames, and both windows empty", 20, |world| {
            for (whose, report) in std::mem::take(&mut world.reports) {
                match report {
                    Report::Received { lane, frame, .. } => {
                        assert_eq!(lane, Lane::Data);
                        assert_eq!(frame[..4], next[whose].to_be_bytes());
                        assert!(frame[4..] == pattern(next[whose] as usize % 900, next[whose]));
                        next[whose] += 1;
                    }
                    Report::Drained { buffered, .. } => empty[whose] = buffered == 0,
                    other => panic!("{other:?}"),
                }
            }
            (next == [1_000; 2] && empty == [true; 2]).then_some(())
        })
        .await;
}
