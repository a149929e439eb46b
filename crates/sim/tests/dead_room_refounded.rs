//! When everybody is gone, the next one founds the room: at once after clean deaths, and as soon as the server lets
//! go of the name after silent ones.

mod common;
use common::*;

#[test]
fn the_next_member_founds_a_room_whose_members_were_all_killed() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 4);
        for member in all {
            world.kill(member);
        }
        world.run_ms(50);
        let next = join(&mut world);
        let took = settle(&mut world, &[next], 2_000);
        assert!(took < 100, "{took} ms on {}", server.name());
    }
}

#[test]
fn the_next_member_waits_no_longer_than_the_server_holds_the_name_of_crashed_ones() {
    for server in BOTH {
        let mut world = calm(server);
        let all = room(&mut world, 4);
        for member in all {
            world.crash(member);
        }
        let next = join(&mut world);
        let took = settle(&mut world, &[next], 75_000);
        assert!(took > 50_000, "{took} ms: the name was not held");
        let second = join(&mut world);
        settle(&mut world, &[next, second], 5_000);
        all_hear_all(&mut world, &[next, second]);
    }
}
