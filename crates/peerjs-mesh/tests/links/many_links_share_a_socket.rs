use crate::world::World;
use peerjs_mesh_core::Lane;

#[tokio::test]
async fn twenty_remotes_are_told_apart_on_one_socket() {
    let mut world = World::new(21);
    let mut links = Vec::new();
    for remote in 1..=20 {
        links.push(world.dial(remote, 0).await);
    }
    for ends in &links {
        world.opened(*ends).await;
    }
    for (number, [remote, hub]) in links.iter().enumerate() {
        world.send(*remote, Lane::Data, vec![number as u8; 3]);
        world.send(*hub, Lane::Data, vec![number as u8; 5]);
    }
    for (number, [remote, hub]) in links.iter().enumerate() {
        assert_eq!(world.received(*hub).await.1, vec![number as u8; 3]);
        assert_eq!(world.received(*remote).await.1, vec![number as u8; 5]);
    }
}
