//! A message of a few bytes takes more memory than its bytes: the budgets count that, too.

mod common;
use common::*;
use peerjs_mesh_core::{SendError, Sent};
use peerjs_mesh_sim::World;

/// The budget of a sender (PROTOCOL §5), bytes, and what a message counts for beside its own bytes.
const BUDGET: usize = 8 << 20;
const BESIDE: usize = 128;
/// The smallest message that this world can tell from others, bytes.
const SMALLEST: usize = 1;

/// Broadcasts until one is refused: how many were accepted, and how many wait.
fn says_all_it_may(world: &mut World, member: usize) -> (usize, usize) {
    let mut said = (0, 0);
    loop {
        match world.send(member, SMALLEST, None).expect("it runs") {
            Ok(Sent::Accepted) => said.0 += 1,
            Ok(Sent::Waiting(_)) => said.1 += 1,
            Err(error) => {
                assert_eq!(error, SendError::BufferFull);
                return said;
            }
        }
    }
}

#[test]
fn before_the_first_sync_no_more_are_accepted_than_fit_and_all_of_them_arrive() {
    for server in BOTH {
        let mut world = calm(server);
        let mut all = room(&mut world, 2);
        let early = join(&mut world);
        let (accepted, waiting) = says_all_it_may(&mut world, early);
        assert!(
            (BUDGET / BESIDE / 2..=BUDGET / BESIDE).contains(&accepted),
            "{accepted} were accepted"
        );
        assert_eq!(waiting, 1_024);
        all.push(early);
        settle(&mut world, &all, 10_000);
        all_arrives(&mut world, &all, 30_000);
        assert_eq!(
            world.checker().heard(all[0], early).len(),
            accepted + waiting
        );
    }
}

#[test]
fn while_nobody_takes_them_no_more_are_kept_than_fit() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 2);
        world.cut(all[0], all[1], true);
        let (accepted, waiting) = says_all_it_may(&mut world, all[1]);
        assert!(
            (BUDGET / BESIDE / 2..=BUDGET / BESIDE).contains(&accepted),
            "{accepted} were accepted"
        );
        assert_eq!(waiting, 1_024);
        world.run_ms(500);
        world.cut(all[0], all[1], false);
        all_arrives(&mut world, &all, 60_000);
    }
}
