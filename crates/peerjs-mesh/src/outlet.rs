//! From the loop to the user: events through a bounded queue, and what is the case at present.

use crate::error::Error;
use peerjs_mesh_core::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc, watch};

/// Events that may wait for the user. (The machine keeps some more, and then stops acknowledging.)
const MAX_EVENTS: usize = 256;
/// And how many bytes of messages among them; a message above it waits alone.
const MAX_BYTES: usize = 4 << 20;

/// What is the case at present, as events have told it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) joined: bool,
    /// Whether the room is whole.
    pub(crate) synced: bool,
    /// Who is in it.
    pub(crate) peers: Vec<String>,
    /// The last error that belonged to no call.
    pub(crate) error: Option<Error>,
    /// Nothing happens any more.
    pub(crate) over: bool,
}

/// Makes both ends.
pub(crate) fn outlet() -> (Outlet, Intake) {
    let (events, taken) = mpsc::channel(MAX_EVENTS);
    let (facts, seen) = watch::channel(Facts::default());
    let level = Arc::new(Level::default());
    let outlet = Outlet {
        events,
        facts,
        level: level.clone(),
    };
    let intake = Intake {
        events: tokio::sync::Mutex::new(taken),
        facts: seen,
        level,
    };
    (outlet, intake)
}

#[derive(Default)]
struct Level {
    bytes: AtomicUsize,
    fell: Notify,
}

/// The loop's end.
pub(crate) struct Outlet {
    events: mpsc::Sender<Event>,
    facts: watch::Sender<Facts>,
    level: Arc<Level>,
}

impl Outlet {
    /// Whether an event can be given. A user who has gone takes everything.
    pub(crate) fn has_room(&self) -> bool {
        self.events.is_closed()
            || (self.events.capacity() > 0 && self.level.bytes.load(Ordering::Acquire) < MAX_BYTES)
    }

    /// Waits until there is room.
    pub(crate) async fn room(&self) {
        loop {
            let fell = self.level.fell.notified();
            if self.has_room() {
                return;
            }
            tokio::select! {
                () = fell => {}
                () = self.events.closed() => return,
            }
        }
    }

    /// Gives an event. There is room.
    pub(crate) fn give(&self, event: Event) {
        if !matches!(event, Event::Data { .. } | Event::InitData { .. }) {
            self.update(|facts| facts.learn(&event));
        }
        let bytes = weight(&event);
        self.level.bytes.fetch_add(bytes, Ordering::AcqRel);
        if self.events.try_send(event).is_err() {
            self.level.bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
    }

    /// Changes what is the case.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Facts)) {
        self.facts.send_modify(change);
    }
}

/// The user's end.
pub(crate) struct Intake {
    events: tokio::sync::Mutex<mpsc::Receiver<Event>>,
    pub(crate) facts: watch::Receiver<Facts>,
    level: Arc<Level>,
}

impl Intake {
    /// The next event; `None` after the last.
    pub(crate) async fn next(&self) -> Option<Event> {
        let event = self.events.lock().await.recv().await?;
        self.level.bytes.fetch_sub(weight(&event), Ordering::AcqRel);
        self.level.fell.notify_one();
        Some(event)
    }
}

fn weight(event: &Event) -> usize {
    match event {
        Event::Data { data, .. } | Event::InitData { data, .. } => data.len(),
        _ => 0,
    }
}

impl Facts {
    fn learn(&mut self, event: &Event) {
        match event {
            Event::Joined { .. } => self.joined = true,
            Event::Sync { peers } => {
                self.synced = peers.is_some();
                if let Some(peers) = peers {
                    self.peers.clone_from(peers);
                }
            }
            Event::PeerJoined { peers, .. } | Event::PeerDropped { peers, .. } => {
                self.peers.clone_from(peers);
            }
            Event::Error { code, detail } => self.error = Some(Error::told(*code, detail)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn room_that_is_made_before_it_is_waited_for_is_not_missed() {
        let (outlet, intake) = outlet();
        while outlet.has_room() {
            outlet.give(Event::HostDropped);
        }
        intake.next().await;
        let waited = timeout(Duration::from_secs(5), outlet.room()).await;
        assert!(waited.is_ok() && outlet.has_room());
    }

    #[tokio::test]
    async fn bytes_count_besides_events_and_a_message_over_the_limit_waits_alone() {
        let (outlet, intake) = outlet();
        let large = Event::Data {
            from: "a".to_owned(),
            data: Arc::new(vec![0; MAX_BYTES + 1]),
        };
        outlet.give(large.clone());
        assert!(!outlet.has_room());
        assert_eq!(intake.next().await, Some(large));
        assert!(outlet.has_room());
    }
}
