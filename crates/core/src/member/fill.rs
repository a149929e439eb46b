//! L2: what goes along which link next.

use super::{Member, Role};
use crate::api::{Lane, Output};
use crate::config::{FRAME, PIECE, SENDER_BUDGET};
use crate::delivery::{Entry, Stream};
use crate::link::{Link, Stage};
use crate::names::{Key, Names};
use crate::prelude::*;
use crate::wire::{Piece, Record, Writer};

/// A frame is not filled up with crumbs smaller than this, bytes.
const CRUMB: usize = 1 << 10;

impl Member {
    /// Sends on every link what there is to send and it has room for.
    pub(super) fn fill_links(&mut self) {
        // Looked up only where there is something directed to pass on: it takes all links and the whole roster.
        let guest = matches!(self.role, Role::Guest(_));
        let by_host = match guest && self.out.stream.has_directed() {
            true => self.by_host(),
            false => Vec::new(),
        };
        let state = self.messages_state(&by_host);
        for at in 0..self.links.len() {
            let Some(link) = self.links.get_mut(at) else {
                return;
            };
            if link.stage != Stage::Up || !(link.is_in_use() || link.is_peer()) {
                continue;
            }
            if link.spent == Some(state) {
                continue;
            }
            link.spent = None;
            let window = self.cfg.link_window as usize;
            let most = FRAME.min(link.max_frame);
            let safe_off = self.out.stream.safe_off as usize;
            let whole = guest && link.is_my_host();
            while link.in_flight < window {
                let mut frame = Writer::default();
                while frame.buf.len() < most {
                    let room = most - frame.buf.len();
                    if !frame.buf.is_empty() && room < CRUMB {
                        break;
                    }
                    let streams = &self.streams;
                    let own = &self.out.stream;
                    let find = |key: Key| {
                        if key == own.key {
                            Some(own)
                        } else {
                            streams.iter().find(|stream| stream.key == key)
                        }
                    };
                    match next_piece(
                        link,
                        find,
                        own.key,
                        whole.then_some(&by_host),
                        safe_off,
                        room,
                        &self.names,
                        &mut frame,
                    ) {
                        Some(relayed) => self.counters.relayed += u64::from(relayed),
                        None => break,
                    }
                }
                if frame.buf.is_empty() {
                    link.spent = Some(state);
                    break;
                }
                link.in_flight += frame.buf.len();
                link.init_bytes = link.init_bytes.saturating_sub(frame.buf.len());
                self.outputs.push_back(Output::Send {
                    link: link.id,
                    lane: Lane::Data,
                    frame: frame.buf,
                });
            }
        }
    }
}

impl Member {
    /// A number that is another one whenever there may be more to pass on: nobody looks through all cursors of all links
    /// for each beat (in rooms of 50 that was most of the work).
    fn messages_state(&self, by_host: &[Key]) -> u64 {
        const ODD: u64 = 0x517c_c1b7_2722_0a95;
        let mut state: u64 = 0;
        let own = core::iter::once(&self.out.stream);
        for stream in self.streams.iter().chain(own) {
            // Each for itself, so that none waits for the one before.
            let mut it = u64::from(stream.key.0);
            for value in [
                stream.held(),
                stream.bytes as u64,
                stream.arrivals(),
                stream.safe,
                stream.safe_off,
            ] {
                it = (it.rotate_left(5) ^ value).wrapping_mul(ODD);
            }
            state = state.wrapping_add(it);
        }
        for key in by_host {
            state = (state.rotate_left(5) ^ u64::from(key.0)).wrapping_mul(ODD);
        }
        state
    }
}

/// Writes the next piece for that link; says whether it was somebody else's. `None`: there is nothing.
#[allow(clippy::too_many_arguments)]
fn next_piece<'s>(
    link: &mut Link,
    find: impl Fn(Key) -> Option<&'s Stream>,
    me: Key,
    to_host: Option<&Vec<Key>>,
    safe_off: usize,
    room: usize,
    names: &Names,
    frame: &mut Writer,
) -> Option<bool> {
    let peer = link.peer?;
    let count = link.cursors.len();
    for turn in 0..count {
        let at = (link.turn + turn).checked_rem(count)?;
        let Some(cursor) = link.cursors.get_mut(at) else {
            continue;
        };
        let Some(stream) = find(cursor.sender) else {
            continue;
        };
        let own = cursor.sender == me;
        let released = stream.released();
        if cursor.b <= released && !cursor.waits {
            (cursor.b, cursor.off) = (released + 1, 0);
            if own && cursor.on {
                // It was being said again, for one that was away for longer than anything is kept, and is no more: who
                // asked for it would wait for ever (seed 2630019970).
                let gap = Record::Gap {
                    sender: me,
                    inc: stream.inc,
                    to: released,
                };
                frame.buf.extend_from_slice(&gap.write(names));
                return Some(false);
            }
        }
        let cast = stream
            .cast(cursor.b)
            .filter(|_| cursor.on)
            .filter(|entry| has_more(entry, cursor.off, own, safe_off, stream.safe));
        // To the host go the directed messages of one's own for those who get none directly; from the host, and directly,
        // those for the member there.
        let directed = match to_host {
            Some(_) if !own => None,
            Some(by_host) => stream.directed_from(cursor.serial, |entry| {
                entry.to.is_some_and(|to| by_host.contains(&to))
            }),
            None => stream.directed_from(cursor.serial, |entry| entry.to == Some(peer)),
        };
        let directed = directed.filter(|entry| {
            let off = if entry.serial == cursor.serial {
                cursor.serial_off
            } else {
                0
            };
            off < entry.data.len()
                || (entry.total == 0 && off == 0 && entry.serial >= cursor.serial)
        });
        // In the sender's order: a directed message (b, d) comes before broadcast b + 1.
        let first = match (cast, directed) {
            (Some(cast), Some(directed)) if directed.pos.b < cast.pos.b => directed,
            (Some(cast), _) => cast,
            (None, Some(directed)) => directed,
            (None, None) => continue,
        };
        let is_directed = first.to.is_some();
        let off = match is_directed {
            true if first.serial == cursor.serial => cursor.serial_off,
            true => 0,
            false => cursor.off,
        };
        let overhead = Piece::overhead(if off == 0 { first.after.len() } else { 0 });
        let most = room.saturating_sub(overhead).min(PIECE);
        let left = first.data.len().saturating_sub(off);
        if !frame.buf.is_empty() && (most == 0 || (left > most && most < CRUMB)) {
            return None;
        }
        let take = left.min(most.max(1));
        let Some(bytes) = first.data.get(off..off + take) else {
            continue;
        };
        let after = if off == 0 {
            first
                .after
                .iter()
                .map(|(key, d)| (names.wire(*key), *d))
                .gather()
        } else {
            Vec::new()
        };
        let piece = Piece {
            sender: (!own).then(|| names.wire(cursor.sender)),
            inc: stream.inc,
            b: first.pos.b,
            to: first.to.map(|to| (names.wire(to), first.pos.d)),
            after,
            total: first.total,
            offset: off,
            bytes,
        };
        piece.write(frame);
        let done = off + take >= first.total;
        match (is_directed, done) {
            (true, true) => (cursor.serial, cursor.serial_off) = (first.serial + 1, 0),
            (true, false) => (cursor.serial, cursor.serial_off) = (first.serial, off + take),
            (false, true) => (cursor.b, cursor.off) = (cursor.b + 1, 0),
            (false, false) => cursor.off = off + take,
        }
        // A large message does not keep others waiting, nor a busy sender the quiet ones.
        link.turn = (at + 1) % count;
        return Some(!own);
    }
    None
}

/// Whether there is more to pass on of a broadcast. One's own large one waits for its receivers.
fn has_more(entry: &Entry, off: usize, own: bool, safe_off: usize, safe: u64) -> bool {
    if entry.total == 0 {
        return true;
    }
    let taken = if entry.pos.b.checked_sub(1) == Some(safe) {
        safe_off
    } else {
        0
    };
    off < entry.data.len() && !(own && off >= taken.saturating_add(SENDER_BUDGET))
}
