//! The switch: decides which packet arrives, and when. No I/O, no clock.

use crate::chance::Chance;
use crate::settings::LinkSettings;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

/// A switch between nodes `0..nodes`, with a link for every ordered pair of them.
///
/// Times are those of one clock of the caller's that never runs backwards, as the time since any
/// fixed moment. **After every [`offer`](Switch::offer) and at [`next_due`](Switch::next_due), call
/// [`pop_due`](Switch::pop_due) until it gives `None`.** A late call delays packets; it loses none.
///
/// Methods take nodes by number; a pair that does not exist (a number out of range, or a node with
/// itself) is ignored.
#[derive(Debug)]
pub struct Switch {
    nodes: usize,
    pairs: Vec<Pair>,
    heap: BinaryHeap<Waiting>,
    offers: u64,
}

/// A packet that has arrived.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The node that sent it.
    pub from: usize,
    /// The node that it goes to.
    pub to: usize,
    /// When it was to arrive.
    pub due: Duration,
    /// The packet as it was offered.
    pub packet: Vec<u8>,
}

/// What became of the packets from one node to another.
/// `sent = delivered + lost + cut + overflow + queued`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PairStats {
    /// Packets offered.
    pub sent: u64,
    /// Bytes offered.
    pub sent_bytes: u64,
    /// Packets that arrived.
    pub delivered: u64,
    /// Packets lost by chance.
    pub lost: u64,
    /// Packets lost in a cut, those on the way when it came included.
    pub cut: u64,
    /// Packets dropped because the link's queue was full.
    pub overflow: u64,
    /// Packets held up by the reordering knob; they are in the other counters too.
    pub reordered: u64,
    /// Packets waiting or on the way now.
    pub queued: u64,
    /// Bytes waiting or on the way now.
    pub queued_bytes: u64,
}

#[derive(Debug)]
struct Pair {
    settings: LinkSettings,
    chance: Chance,
    is_cut: bool,
    /// How often the pair was cut: what left under another number was on the way then, and is gone.
    cuts: u64,
    /// When the link has taken on all that it was given (with a rate).
    free_at: Duration,
    /// When the last packet in order arrives: none arrives before it.
    last_due: Duration,
    stats: PairStats,
}

#[derive(Debug)]
struct Waiting {
    due: Duration,
    /// Keeps the order of packets due at the same time.
    number: u64,
    pair: usize,
    cuts: u64,
    packet: Vec<u8>,
}

impl Switch {
    /// A switch with every link as `link` says. The seed decides all chance in it.
    pub fn new(nodes: usize, seed: u64, link: LinkSettings) -> Self {
        let pairs = (0..nodes * nodes).map(|i| Pair {
            settings: link,
            chance: Chance::new(seed, i / nodes, i % nodes),
            is_cut: false,
            cuts: 0,
            free_at: Duration::ZERO,
            last_due: Duration::ZERO,
            stats: PairStats::default(),
        });
        Self {
            nodes,
            pairs: pairs.collect(),
            heap: BinaryHeap::new(),
            offers: 0,
        }
    }

    /// How many nodes it connects.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// What the link from one node to another is like, to be changed. It holds for packets offered
    /// from now on, and they still do not overtake earlier ones.
    pub fn link_mut(&mut self, from: usize, to: usize) -> Option<&mut LinkSettings> {
        Some(&mut self.pair_mut(from, to)?.1.settings)
    }

    /// Cuts the link from one node to another, not the way back. Packets on the way are lost.
    pub fn cut(&mut self, from: usize, to: usize) {
        if let Some((_, pair)) = self.pair_mut(from, to) {
            pair.is_cut = true;
            pair.cuts += 1;
        }
    }

    /// Undoes a cut.
    pub fn heal(&mut self, from: usize, to: usize) {
        if let Some((_, pair)) = self.pair_mut(from, to) {
            pair.is_cut = false;
        }
    }

    /// A node sends a packet to another.
    pub fn offer(&mut self, now: Duration, from: usize, to: usize, packet: Vec<u8>) {
        let Some((index, pair)) = self.pair_mut(from, to) else {
            return;
        };
        let (link, stats, bytes) = (pair.settings, &mut pair.stats, packet.len() as u64);
        stats.sent += 1;
        stats.sent_bytes += bytes;
        let draw = pair.chance.next_packet();
        if pair.is_cut {
            stats.cut += 1;
            return;
        }
        if draw.loss < link.loss {
            stats.lost += 1;
            return;
        }
        if stats.queued_bytes + bytes > link.queue as u64 {
            stats.overflow += 1;
            return;
        }
        let left = match link.rate {
            Some(rate) => {
                let takes = seconds(bytes as f64 / rate.max(1) as f64);
                pair.free_at = now.max(pair.free_at).saturating_add(takes);
                pair.free_at
            }
            None => now,
        };
        let strays = link.jitter.as_secs_f64() * pair.chance.wave(left, link.jitter);
        let strays_by = seconds(strays.abs());
        let delay = if strays < 0.0 {
            link.delay.saturating_sub(strays_by)
        } else {
            link.delay.saturating_add(strays_by)
        };
        let mut due = left.saturating_add(delay).max(pair.last_due);
        if draw.reorder < link.reorder {
            stats.reordered += 1;
            due = due.saturating_add(link.reorder_by);
        } else {
            pair.last_due = due;
        }
        stats.queued += 1;
        stats.queued_bytes += bytes;
        let cuts = pair.cuts;
        self.offers += 1;
        self.heap.push(Waiting {
            due,
            number: self.offers,
            pair: index,
            cuts,
            packet,
        });
    }

    /// When [`pop_due`](Switch::pop_due) is to be called next; `None`: when something was offered.
    pub fn next_due(&self) -> Option<Duration> {
        self.heap.peek().map(|waiting| waiting.due)
    }

    /// The next packet that has arrived by `now`.
    pub fn pop_due(&mut self, now: Duration) -> Option<Delivery> {
        while self.next_due().is_some_and(|due| due <= now) {
            let waiting = self.heap.pop()?;
            let pair = self.pairs.get_mut(waiting.pair)?;
            pair.stats.queued -= 1;
            pair.stats.queued_bytes -= waiting.packet.len() as u64;
            if waiting.cuts != pair.cuts {
                pair.stats.cut += 1;
                continue;
            }
            pair.stats.delivered += 1;
            return Some(Delivery {
                from: waiting.pair / self.nodes,
                to: waiting.pair % self.nodes,
                due: waiting.due,
                packet: waiting.packet,
            });
        }
        None
    }

    /// The counters of one direction between two nodes; all zero for a pair that does not exist.
    pub fn stats(&self, from: usize, to: usize) -> PairStats {
        let pair = self.index(from, to).and_then(|index| self.pairs.get(index));
        pair.map(|pair| pair.stats).unwrap_or_default()
    }

    fn index(&self, from: usize, to: usize) -> Option<usize> {
        (from < self.nodes && to < self.nodes && from != to).then(|| from * self.nodes + to)
    }

    fn pair_mut(&mut self, from: usize, to: usize) -> Option<(usize, &mut Pair)> {
        let index = self.index(from, to)?;
        Some((index, self.pairs.get_mut(index)?))
    }
}

/// A time that is not negative; one too long for the type is the longest.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// The earliest is the greatest, as `BinaryHeap` gives out the greatest first.
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}
