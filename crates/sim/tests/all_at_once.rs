//! Members that start in the same instant become one room.

mod common;
use common::*;

#[test]
fn two_eight_and_twenty_members_start_in_the_same_instant() {
    for server in BOTH {
        for members in [2, 8, 20] {
            for mut world in [calm(server), homes(server, 7)] {
                let all: Vec<usize> = (0..members).map(|_| join(&mut world)).collect();
                let took = settle(&mut world, &all, 10_000);
                assert!(
                    took < 5_000,
                    "{members} members on {} took {took} ms",
                    server.name()
                );
                all_hear_all(&mut world, &all);
            }
        }
    }
}
