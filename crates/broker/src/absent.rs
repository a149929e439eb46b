//! Messages for ids that nobody has registered yet.
//!
//! As in npm `peer` a queue is kept per receiver and expires whole, so that a sender hears once about one receiver,
//! however many candidates followed its offer. Unlike there, everything is bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::{Instant, Limits};

/// What a message costs beside its text, in bytes: its place in the queue and its allocation, roughly.
const MESSAGE_OVERHEAD: usize = 64;

/// All queues.
#[derive(Debug, Default)]
pub(crate) struct AbsentQueues {
    queues: BTreeMap<Arc<str>, Queue>,
    /// Queue numbers in order of creation, which is the order of expiry.
    by_age: BTreeMap<u64, Arc<str>>,
    next_number: u64,
    total_bytes: usize,
}

#[derive(Debug)]
struct Queue {
    number: u64,
    created: Instant,
    bytes: usize,
    messages: Vec<String>,
    senders: BTreeSet<Arc<str>>,
}

/// A queue that nobody collected in time.
#[derive(Debug)]
pub(crate) struct Expired {
    /// The id that did not come.
    pub(crate) receiver: Arc<str>,
    /// Everybody who had sent it something.
    pub(crate) senders: BTreeSet<Arc<str>>,
    /// How many messages were dropped.
    pub(crate) messages: usize,
}

impl AbsentQueues {
    /// Keeps a message; `false` if a bound forbids it.
    pub(crate) fn push(
        &mut self,
        now: Instant,
        limits: &Limits,
        sender: &Arc<str>,
        receiver: &str,
        text: String,
    ) -> bool {
        let cost = text.len() + MESSAGE_OVERHEAD;
        if self.total_bytes + cost > limits.queue_total_bytes {
            return false;
        }
        if let Some(queue) = self.queues.get_mut(receiver) {
            if queue.messages.len() >= limits.queue_messages
                || queue.bytes + cost > limits.queue_bytes
            {
                return false;
            }
            queue.bytes += cost;
            queue.messages.push(text);
            if !queue.senders.contains(sender) {
                queue.senders.insert(Arc::clone(sender));
            }
        } else {
            if self.queues.len() >= limits.queue_destinations
                || limits.queue_messages == 0
                || cost > limits.queue_bytes
            {
                return false;
            }
            let receiver: Arc<str> = Arc::from(receiver);
            let number = self.next_number;
            self.next_number += 1;
            let senders = BTreeSet::from([Arc::clone(sender)]);
            let queue = Queue {
                number,
                created: now,
                bytes: cost,
                messages: vec![text],
                senders,
            };
            self.by_age.insert(number, Arc::clone(&receiver));
            self.queues.insert(receiver, queue);
        }
        self.total_bytes += cost;
        true
    }

    /// Hands over what waits for `receiver`, in the order it came.
    pub(crate) fn take(&mut self, receiver: &str) -> Vec<String> {
        let Some(queue) = self.queues.remove(receiver) else {
            return Vec::new();
        };
        self.forget(&queue);
        queue.messages
    }

    /// Takes out the oldest queue, if its time is up.
    pub(crate) fn pop_expired(&mut self, now: Instant, after: Duration) -> Option<Expired> {
        let (_, oldest) = self.by_age.first_key_value()?;
        if self
            .queues
            .get(oldest)
            .is_some_and(|queue| queue.created + after > now)
        {
            return None;
        }
        let (receiver, queue) = self.queues.remove_entry(&Arc::clone(oldest))?;
        self.forget(&queue);
        Some(Expired {
            receiver,
            senders: queue.senders,
            messages: queue.messages.len(),
        })
    }

    /// When the oldest queue expires.
    pub(crate) fn next_expiry(&self, after: Duration) -> Option<Instant> {
        let (_, oldest) = self.by_age.first_key_value()?;
        self.queues.get(oldest).map(|queue| queue.created + after)
    }

    /// Messages and bytes held.
    pub(crate) fn held(&self) -> (usize, usize) {
        (
            self.queues.values().map(|queue| queue.messages.len()).sum(),
            self.total_bytes,
        )
    }

    fn forget(&mut self, queue: &Queue) {
        self.by_age.remove(&queue.number);
        self.total_bytes -= queue.bytes;
    }
}
