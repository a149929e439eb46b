//! Host and first deputy are gone at once: the second one has a link to everybody, too, and nobody waits for the first.

mod common;
use common::*;

#[test]
fn a_room_that_loses_both_is_whole_again_as_soon_as_if_it_had_lost_one() {
    for server in BOTH {
        for seed in 0..10 {
            let mut world = calm(server);
            let all = room(&mut world, 6);
            world.run_ms(2_000 + 53 * seed);
            let host = host_of(&world, all[0]).expect("there is a host");
            let deputy = line(&world, host)[0];
            world.crash(host);
            world.crash(deputy);
            let rest = without(&all, &[host, deputy]);
            // 2.3 s until the verdict; what is left is for asking and joining (goal: 2.5 s).
            world.run_ms(2_500);
            let took = 2_500 + settle(&mut world, &rest, 500);
            assert!(took <= 3_000, "seed {seed}: {took} ms");
            assert_ne!(host_of(&world, rest[0]), Some(host));
            all_hear_all(&mut world, &rest);
        }
    }
}
