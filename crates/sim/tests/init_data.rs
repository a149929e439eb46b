//! Everybody's init data reaches everybody: those who were there, those who come later, and again when it changes.

mod common;
use common::*;
use peerjs_mesh_core::Config;

#[test]
fn a_late_joiner_gets_everybodys_init_data_and_they_get_its() {
    for server in BOTH {
        let mut world = homes(server, 8);
        let mut all = Vec::new();
        for name in 0..4u8 {
            let config = Config {
                init_data: Some(vec![name; 10]),
                ..config()
            };
            all.push(world.join(config).expect("the options are right"));
            settle(&mut world, &all, 5_000);
        }
        let knows_all = |world: &peerjs_mesh_sim::World, marks: [u8; 4]| {
            all.iter().all(|member| {
                let others = all.iter().filter(|other| *other != member);
                let known = &world.view(*member).init_data;
                known.len() == 3
                    && others
                        .into_iter()
                        .all(|o| known.get(world.id(*o)) == Some(&vec![marks[*o]; 10]))
            })
        };
        world
            .run_until(2_000, |w| knows_all(w, [0, 1, 2, 3]))
            .expect("all know all");
        world.set_init_data(all[2], &[77; 10]);
        world
            .run_until(2_000, |w| knows_all(w, [0, 1, 77, 3]))
            .expect("all hear of the change");
        assert_eq!(world.violations(), []);
    }
}
