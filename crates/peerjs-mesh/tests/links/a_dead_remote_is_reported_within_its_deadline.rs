use crate::world::World;
use peerjs_mesh::native::link::Report;
use peerjs_mesh_core::LinkEnd;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_link_whose_remote_dies_after_the_answer_fails_within_its_deadline() {
    let mut world = World::new(2);
    let (dialling, answering) = (world.new_link(), world.new_link());
    world.ends[0].dial(Instant::now(), dialling, "dc_test".to_owned());
    let offer = world.described((0, dialling)).await;
    world.ends[1].answer(Instant::now(), answering, &offer, true);
    let answer = world.described((1, answering)).await;
    world.ends.truncate(1); // its sockets close without a word
    let began = Instant::now();
    world.ends[0].accept(began, dialling, &answer, true);
    world
        .until("the failure", 17, |world| {
            world.take(|_, report| {
                (*report
                    == Report::Closed {
                        link: dialling,
                        end: LinkEnd::Failed,
                    })
                .then_some(())
            })
        })
        .await;
    assert!(
        began.elapsed() > Duration::from_secs(10),
        "given up too soon for a slow path"
    );
    assert!(world.ends[0].is_empty());
}

#[tokio::test]
async fn an_offer_that_nobody_answers_waits_without_asking_for_the_processor() {
    let mut world = World::new(1);
    let link = world.new_link();
    world.ends[0].dial(Instant::now(), link, "dc_test".to_owned());
    world.described((0, link)).await;
    let mut wakes = 0;
    let began = Instant::now();
    world
        .until("two seconds", 3, |_| {
            wakes += 1;
            (began.elapsed() > Duration::from_secs(2)).then_some(())
        })
        .await;
    assert!(wakes < 60, "{wakes} wakes in 2 s");
}
