//! L3: numbering, order, dedupe, repair and back-pressure, end to end per sender, whatever the path.
//!
//! A sender's broadcasts are numbered b = 1, 2, …; a directed message is (b, d): after broadcast b, the d-th for its
//! receiver. A [`Stream`] is what one machine keeps of one sender; the own one is an [`Outbox`].

mod directed;
mod entry;
mod outbox;
mod stream;
mod taking;

pub(crate) use entry::BESIDE;
pub(crate) use entry::{Entry, Next, Pos, Taken};
pub(crate) use outbox::{Outbox, Waiting};
pub(crate) use stream::Stream;
#[cfg(feature = "mutation")]
pub(crate) use taking::MAX_OWED;
