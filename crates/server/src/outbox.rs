//! What waits to be sent to one client.
//!
//! Whoever sends never waits for whoever receives: a queue that grows past its bound ends its connection instead.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What a text costs beside its bytes: its place in the queue and its allocation, roughly.
const TEXT_OVERHEAD: usize = 48;

/// How many bytes are handed to the socket before it is flushed.
const BATCH_BYTES: usize = 64 * 1024;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With a close frame without a status, after what waits has been sent.
    Close,
    /// With the status "going away", after what waits has been sent.
    GoingAway,
}

/// The bound was passed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The queue of one client.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    changed: Notify,
    killed: CancellationToken,
    limit: usize,
    total: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct State {
    texts: VecDeque<String>,
    bytes: usize,
    end: Option<End>,
}

impl Outbox {
    /// An empty queue for at most `limit` bytes, which also counts its bytes into `total`.
    pub(crate) fn new(limit: usize, total: Arc<AtomicUsize>) -> Self {
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            killed: CancellationToken::new(),
            limit,
            total,
        }
    }

    /// Queues a text, unless the connection is ending.
    pub(crate) fn push(&self, text: String) -> Result<(), Full> {
        let mut state = self.lock();
        if state.end.is_some() || self.killed.is_cancelled() {
            return Ok(());
        }
        let cost = text.len() + TEXT_OVERHEAD;
        if state.bytes + cost > self.limit {
            return Err(Full);
        }
        state.bytes += cost;
        self.total.fetch_add(cost, Ordering::Relaxed);
        state.texts.push_back(text);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Ends the connection once everything queued is sent. The first end counts.
    pub(crate) fn end(&self, end: End) {
        self.lock().end.get_or_insert(end);
        self.changed.notify_one();
    }

    /// Ends the connection at once: what is queued is dropped.
    pub(crate) fn kill(&self) {
        self.killed.cancel();
        self.clear();
    }

    /// Waits until the connection is to end at once.
    pub(crate) async fn killed(&self) {
        self.killed.cancelled().await;
    }

    /// Waits for texts and moves some of them to `batch`; or says how the connection ends.
    pub(crate) async fn next(&self, batch: &mut Vec<String>) -> Option<End> {
        loop {
            {
                let mut state = self.lock();
                let mut taken = 0;
                while taken < BATCH_BYTES {
                    let Some(text) = state.texts.pop_front() else {
                        break;
                    };
                    taken += text.len() + TEXT_OVERHEAD;
                    batch.push(text);
                }
                if taken > 0 {
                    state.bytes -= taken;
                    self.total.fetch_sub(taken, Ordering::Relaxed);
                    if state.texts.is_empty() && state.texts.capacity() > 16 {
                        state.texts = VecDeque::new();
                    }
                    return None;
                }
                if let Some(end) = state.end {
                    return Some(end);
                }
            }
            self.changed.notified().await;
        }
    }

    /// Bytes queued.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn clear(&self) {
        let mut state = self.lock();
        state.texts = VecDeque::new();
        self.total
            .fetch_sub(std::mem::take(&mut state.bytes), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under this lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.clear();
    }
}
