//! scratch
use peerjs_mesh_core::Config;
use peerjs_mesh_sim::{Climate, World, server::ServerKind};
fn main() {
    for kind in [ServerKind::Ours, ServerKind::NpmPeer] {
        let mut w = World::new(1, Climate::calm(kind));
        w.start_trace();
        let mut ms = vec![];
        for _ in 0..4 {
            ms.push(w.join(Config::new("room")).unwrap());
            let r = w.settle(&ms, 15_000);
            println!("join settle {r:?}");
            if r.is_err() {
                break;
            }
        }
        for i in 0..4 {
            for _ in 0..20 {
                w.send(i, 100, None);
                w.send(i, 50, Some((i + 1) % 4));
            }
        }
        println!("msgs {:?}", w.settle_messages(&ms, 10_000));
        w.crash(0);
        println!("after crash {:?}", w.settle(&[1, 2, 3], 15_000));
        for i in 1..4 {
            w.send(i, 100, None);
        }
        println!("msgs {:?}", w.settle_messages(&[1, 2, 3], 10_000));
        println!("violations {:?}", w.violations());
        if std::env::args().count() > 1 {
            for l in w.trace().lines() {
                println!("{l}");
            }
        }
    }
}
