//! A server, and members that can be waited for.

use peerjs_mesh::{Event, Mesh, Options, Value};
use peerjs_mesh_server::{ServeOptions, Server};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A server of ours on a free port. Stops with the test's runtime.
pub(crate) async fn server() -> String {
    let options = ServeOptions {
        host: "127.0.0.1".to_owned(),
        port: 0,
        ..ServeOptions::default()
    };
    let server = Server::bind(options).await.expect("a free port");
    let url = server.url().to_owned();
    tokio::spawn(server.run(std::future::pending()));
    url
}

/// A member, and everything it has heard so far.
pub(crate) struct Guest {
    pub(crate) mesh: Mesh,
    pub(crate) heard: Vec<Event>,
}

impl Guest {
    pub(crate) fn join(url: &str, room: &str) -> Guest {
        let mut options = Options::new(url);
        options.mesh_limit = None;
        Guest::with(room, options)
    }

    pub(crate) fn with(room: &str, options: Options) -> Guest {
        Guest {
            mesh: Mesh::join(room, options).expect("good options"),
            heard: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> String {
        self.mesh.id().to_owned()
    }

    /// Hears events until one fits. Panics after `seconds`, or when there are no more.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        seconds: u64,
        fits: impl Fn(&Event) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(event) = timeout(left, self.mesh.next_event()).await else {
                panic!("not within {seconds} s: {what}; heard {:#?}", self.last());
            };
            let Some(event) = event else {
                panic!("over before {what}; heard {:#?}", self.last());
            };
            let found = fits(&event);
            self.heard.push(event);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// Waits for the end of the events: what had happened before leaving is still told, then nothing any more.
    pub(crate) async fn is_over(&self, seconds: u64) {
        let told = async {
            while self.mesh.next_event().await.is_some() {}
            assert!(self.mesh.next_event().await.is_none());
        };
        timeout(Duration::from_secs(seconds), told)
            .await
            .expect("an end to the events");
    }

    fn last(&self) -> &[Event] {
        &self.heard[self.heard.len().saturating_sub(10)..]
    }

    /// Waits until the room is whole and lists exactly these.
    pub(crate) async fn lists(&mut self, ids: &[String], seconds: u64) {
        let mut wanted = ids.to_vec();
        wanted.sort();
        let fits = |peers: &[String]| {
            let mut peers = peers.to_vec();
            peers.sort();
            peers == wanted
        };
        // What has been heard before counts too.
        let mut synced = None;
        for event in &self.heard {
            match event {
                Event::Sync { peers } => synced.clone_from(peers),
                Event::PeerJoined { peers, .. } | Event::PeerDropped { peers, .. } => {
                    if let Some(synced) = &mut synced {
                        synced.clone_from(peers);
                    }
                }
                _ => {}
            }
        }
        if synced.is_some_and(|peers| fits(&peers)) {
            return;
        }
        self.until(
            &format!("a list of {}", ids.len()),
            seconds,
            |event| match event {
                Event::Sync { peers: Some(peers) }
                | Event::PeerJoined { peers, .. }
                | Event::PeerDropped { peers, .. } => fits(peers).then_some(()),
                _ => None,
            },
        )
        .await;
    }

    /// The next message: who sent it, and what.
    pub(crate) async fn message(&mut self, seconds: u64) -> (String, Value) {
        self.until("a message", seconds, |event| match event {
            Event::Message(message) => Some((message.from.clone(), message.data.clone())),
            _ => None,
        })
        .await
    }

    /// Whether it hosts, as it has heard last.
    pub(crate) fn is_host(&self) -> bool {
        let mut last = false;
        for event in &self.heard {
            match event {
                Event::HostConnected { is_host, .. } => last = *is_host,
                Event::HostDropped => last = false,
                _ => {}
            }
        }
        last
    }
}

/// Members that have joined one after another; the first is the host.
pub(crate) async fn room(url: &str, name: &str, members: usize) -> Vec<Guest> {
    let mut guests: Vec<Guest> = Vec::new();
    for _ in 0..members {
        guests.push(Guest::join(url, name));
        let ids: Vec<String> = guests.iter().map(Guest::id).collect();
        for guest in &mut guests {
            guest.lists(&ids, 10).await;
        }
    }
    guests
}
