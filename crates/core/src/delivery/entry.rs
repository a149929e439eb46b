//! A message as it is kept, and its place.

use crate::names::Key;
use crate::prelude::*;
use alloc::sync::Arc;

/// A place in a sender's messages, as one receiver counts: broadcast b taken, and d directed ones after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Pos {
    pub(crate) b: u64,
    pub(crate) d: u32,
}

impl Pos {
    /// After everything.
    pub(crate) const LAST: Pos = Pos {
        b: u64::MAX,
        d: u32::MAX,
    };
}

/// What a message takes of a budget beside its bytes (about what a 64-bit machine keeps with it).
pub(crate) const BESIDE: usize = 128;

/// A message, whole or still coming.
pub(crate) struct Entry {
    pub(crate) pos: Pos,
    /// The receiver of a directed one.
    pub(crate) to: Option<Key>,
    /// Of a broadcast: how many directed messages who got since the one before.
    pub(crate) after: Vec<(Key, u32)>,
    pub(crate) total: usize,
    /// What is here of it.
    pub(crate) data: Arc<Vec<u8>>,
    /// Of a directed one: its place in the order of arrival, by which links find what to pass on next.
    pub(crate) serial: u64,
}

impl Entry {
    /// What it takes of a budget, bytes: what is here of it, and what is kept with it.
    #[inline(never)]
    pub(crate) fn weight(&self) -> usize {
        self.data.len() + BESIDE + 16 * self.after.len()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.data.len() == self.total
    }

    pub(super) fn append(&mut self, offset: usize, bytes: &[u8]) -> Taken {
        let have = self.data.len();
        if offset > have {
            return Taken::Ahead;
        }
        match bytes.get(have - offset..) {
            Some(rest) if !rest.is_empty() => {
                match Arc::get_mut(&mut self.data) {
                    Some(data) => data.extend_from_slice(rest),
                    // (As `make_mut`, but for its panics.)
                    None => self.data = Arc::new([&self.data, rest].concat()),
                }
                Taken::New(rest.len())
            }
            _ => Taken::Doubled,
        }
    }
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// So many bytes of it were new.
    New(usize),
    /// It had come before.
    Doubled,
    /// Something before it is missing; it was not kept.
    Ahead,
}

/// What the user is to get next.
pub(crate) enum Next {
    Message(Arc<Vec<u8>>),
    /// Nothing yet.
    Nothing,
    /// A broadcast is here, but a directed message before it is not.
    Waits,
}
