//! The broker, driven: one lock, one timer, one queue per client.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant as Clock;

use peerjs_mesh_broker::{
    Broker, Config, ConnId, Counters, Frame, Hello, Instant, Limits, Notice, Output,
};
use tokio::sync::Notify;
use tokio::time::{Instant as Deadline, sleep_until};

use crate::options::ConnectionLimits;
use crate::outbox::{End, Outbox};

/// Everything that connections share.
pub(crate) struct Hub {
    inner: Mutex<Inner>,
    /// The broker's next deadline has moved forward.
    sooner: Notify,
    origin: Clock,
    frame_limits: Limits,
    limits: ConnectionLimits,
    /// Bytes in all outgoing queues.
    outgoing: Arc<AtomicUsize>,
}

struct Inner {
    broker: Broker,
    outboxes: HashMap<ConnId, Arc<Outbox>>,
    next_conn: u64,
    /// When the timer task wakes.
    armed: Option<Instant>,
    /// No more clients: the server is stopping.
    stopped: bool,
}

/// A connection's place in the hub; it leaves when this is dropped.
pub(crate) struct Seat {
    hub: Arc<Hub>,
    conn: ConnId,
    pub(crate) outbox: Arc<Outbox>,
}

impl Hub {
    pub(crate) fn new(config: Config, limits: ConnectionLimits) -> Self {
        Self {
            frame_limits: config.limits.clone(),
            inner: Mutex::new(Inner {
                broker: Broker::new(config),
                outboxes: HashMap::new(),
                next_conn: 0,
                armed: None,
                stopped: false,
            }),
            sooner: Notify::new(),
            origin: Clock::now(),
            limits,
            outgoing: Arc::default(),
        }
    }

    /// Tells the broker of a new connection.
    pub(crate) fn connect(self: &Arc<Self>, hello: Hello<'_>) -> Seat {
        let outbox = Arc::new(Outbox::new(
            self.limits.outgoing_bytes,
            Arc::clone(&self.outgoing),
        ));
        let conn = self.with(|inner, now| {
            let conn = ConnId(inner.next_conn);
            inner.next_conn += 1;
            if inner.stopped {
                outbox.end(End::GoingAway);
            } else {
                inner.outboxes.insert(conn, Arc::clone(&outbox));
                inner.broker.handle_connect(now, conn, hello);
            }
            conn
        });
        Seat {
            hub: Arc::clone(self),
            conn,
            outbox,
        }
    }

    /// Calls the broker's timer when it is due, for ever.
    pub(crate) async fn keep_time(&self) {
        loop {
            let deadline = {
                let mut inner = self.lock();
                inner.armed = inner.broker.poll_timeout();
                inner.armed
            };
            let moved = self.sooner.notified();
            match deadline {
                None => moved.await,
                Some(deadline) => {
                    let due = self.origin + deadline.saturating_since(Instant::ZERO);
                    tokio::select! {
                        () = sleep_until(Deadline::from_std(due)) => self.with(|inner, now| inner.broker.handle_timeout(now)),
                        () = moved => {}
                    }
                }
            }
        }
    }

    /// Ends all connections, now and in future.
    pub(crate) fn stop(&self) {
        let mut inner = self.lock();
        inner.stopped = true;
        for (_, outbox) in inner.outboxes.drain() {
            outbox.end(End::GoingAway);
        }
    }

    pub(crate) fn is_connected(&self, id: &str) -> bool {
        self.lock().broker.is_connected(id)
    }

    pub(crate) fn ids(&self) -> Vec<Arc<str>> {
        self.lock().broker.ids()
    }

    pub(crate) fn clients(&self) -> usize {
        self.lock().broker.clients()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.lock().broker.counters()
    }

    pub(crate) fn outgoing_bytes(&self) -> usize {
        self.outgoing.load(Ordering::Relaxed)
    }

    /// One call to the broker, and the drain after it. What is to be logged is logged without the lock.
    fn with<T>(&self, call: impl FnOnce(&mut Inner, Instant) -> T) -> T {
        let mut notices = Vec::new();
        let mut inner = self.lock();
        // Read under the lock, so that the broker's time never runs backwards.
        let now = Instant::from_micros(
            u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX),
        );
        let result = call(&mut inner, now);
        self.drain(&mut inner, now, &mut notices);
        let next = inner.broker.poll_timeout();
        let sooner = next.is_some_and(|next| inner.armed.is_none_or(|armed| next < armed));
        if sooner {
            inner.armed = next;
        }
        drop(inner);
        if sooner {
            self.sooner.notify_one();
        }
        notices.iter().for_each(log);
        result
    }

    fn drain(&self, inner: &mut Inner, now: Instant, notices: &mut Vec<Logged>) {
        while let Some(output) = inner.broker.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    let Some(outbox) = inner.outboxes.get(&conn) else {
                        continue;
                    };
                    if outbox.push(text).is_err() {
                        inner.drop_slow(now, conn, notices);
                    } else if self.outgoing.load(Ordering::Relaxed)
                        > self.limits.outgoing_total_bytes
                    {
                        let longest = inner
                            .outboxes
                            .iter()
                            .max_by_key(|(_, outbox)| outbox.bytes());
                        if let Some((&longest, _)) = longest {
                            inner.drop_slow(now, longest, notices);
                        }
                    }
                }
                Output::Close { conn } => {
                    if let Some(outbox) = inner.outboxes.remove(&conn) {
                        outbox.end(End::Close);
                    }
                }
                Output::Notice(notice) => notices.push(Logged::Notice(notice)),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic under this lock would be a bug of the broker; the others go on with what it left.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Too much waits for this client: it is no longer there, for the broker at once.
    fn drop_slow(&mut self, now: Instant, conn: ConnId, notices: &mut Vec<Logged>) {
        if let Some(outbox) = self.outboxes.remove(&conn) {
            notices.push(Logged::TooSlow {
                conn,
                bytes: outbox.bytes(),
            });
            outbox.kill();
        }
        self.broker.handle_close(now, conn);
    }
}

impl Seat {
    /// Hands one frame, text or binary, to the broker.
    pub(crate) fn frame(&self, bytes: &[u8]) {
        // Reading the frame is most of the work and needs no lock.
        let frame = Frame::parse(bytes, &self.hub.frame_limits);
        self.hub
            .with(|inner, now| inner.broker.handle_parsed(now, self.conn, frame));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.with(|inner, now| {
            inner.outboxes.remove(&self.conn);
            inner.broker.handle_close(now, self.conn);
        });
    }
}

/// Something for the log.
enum Logged {
    Notice(Notice),
    TooSlow { conn: ConnId, bytes: usize },
}

fn log(logged: &Logged) {
    match logged {
        Logged::Notice(Notice::Connected { conn, id }) => {
            tracing::info!(conn = conn.0, ?id, "client connected")
        }
        Logged::Notice(Notice::Resumed { conn, replaced, id }) => {
            tracing::info!(
                conn = conn.0,
                replaced = replaced.0,
                ?id,
                "client came back"
            );
        }
        Logged::Notice(Notice::Disconnected { conn, id, reason }) => {
            tracing::info!(conn = conn.0, ?id, ?reason, "client disconnected");
        }
        Logged::Notice(Notice::Refused { conn, reason }) => {
            tracing::info!(conn = conn.0, ?reason, "client refused")
        }
        Logged::Notice(Notice::BadFrame { conn, error }) => {
            tracing::debug!(conn = conn.0, %error, "bad frame")
        }
        Logged::Notice(Notice::QueueFull { conn }) => {
            tracing::debug!(conn = conn.0, "no room for a message to an absent id");
        }
        Logged::TooSlow { conn, bytes } => {
            tracing::warn!(conn = conn.0, bytes, "client takes too little, dropped")
        }
    }
}
