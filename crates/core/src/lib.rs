//! A room as one member sees it: a machine without I/O, clock or chance of its own.
//!
//! **After any call, drain [`Member::poll_output`] to `None`, then sleep until [`Member::poll_timeout`], an input or a
//! command.** Breaking this rule delays; it never corrupts.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), no_std)]

extern crate alloc;
#[cfg(feature = "record")]
extern crate std;

mod api;
mod calls;
mod config;
mod counters;
mod delivery;
mod link;
mod member;
mod names;
#[cfg(feature = "record")]
pub mod record;
mod rng;
mod time;
mod tokens;
mod told;
mod wire;

pub use api::{Input, Lane, LinkEnd, LinkId, MediaState, Output, SessionEnd, SessionId, Ticket};
pub use config::{Ahead, Config, Mode};
pub use counters::{Count, Counters};
pub use member::Member;
#[cfg(feature = "mutation")]
pub use member::{Mutation, Queue};
pub use time::Instant;
pub use told::{ErrorCode, Event, LeaveHow, Outcome, PeerStatus, SendError, Sent, Status};

/// What `std`'s prelude has and `alloc`'s has not: without `std` the browser's module carries no formatting of panics.
pub(crate) mod prelude {
    pub(crate) use super::lists::{Gather, Keep};
    pub(crate) use alloc::borrow::ToOwned;
    pub(crate) use alloc::boxed::Box;
    pub(crate) use alloc::string::String;
    pub(crate) use alloc::vec;
    pub(crate) use alloc::vec::Vec;
}

/// Short lists, without what the library does for long ones (1.1 kB gzip in the browser's module).
mod lists {
    use alloc::vec::Vec;

    pub(crate) trait Gather: Iterator + Sized {
        /// As `collect`, without asking the iterator how many there will be.
        fn gather(self) -> Vec<Self::Item> {
            let mut all = Vec::new();
            for item in self {
                all.push(item);
            }
            all
        }
    }

    impl<I: Iterator> Gather for I {}

    pub(crate) trait Keep<T> {
        /// As `retain`, one by one.
        fn keep(&mut self, keep: impl FnMut(&T) -> bool);

        /// As `remove`, without its panic and that panic's text.
        fn take_at(&mut self, at: usize) -> Option<T>;

        /// As `insert`, likewise.
        fn put_at(&mut self, at: usize, item: T);
    }

    impl<T> Keep<T> for Vec<T> {
        fn keep(&mut self, mut keep: impl FnMut(&T) -> bool) {
            let mut at = 0;
            while let Some(item) = self.get(at) {
                if keep(item) {
                    at += 1;
                } else {
                    self.take_at(at);
                }
            }
        }

        fn take_at(&mut self, at: usize) -> Option<T> {
            let mut items = self.iter_mut().skip(at);
            let mut hole = items.next()?;
            for next in items {
                core::mem::swap(hole, next);
                hole = next;
            }
            self.pop()
        }

        fn put_at(&mut self, at: usize, item: T) {
            let after = self.len().saturating_sub(at);
            self.push(item);
            let mut items = self.iter_mut().rev();
            if let Some(mut hole) = items.next() {
                for next in items.take(after) {
                    core::mem::swap(hole, next);
                    hole = next;
                }
            }
        }
    }

    #[test]
    fn what_is_taken_out_and_put_in_leaves_the_rest_in_order() {
        for at in 0..6 {
            let mut list = alloc::vec![0, 1, 2, 3];
            let taken = list.take_at(at);
            assert_eq!(taken, (at < 4).then_some(at));
            assert!(list.is_sorted() && list.len() == 4 - usize::from(at < 4));
            if let Some(item) = taken {
                list.put_at(at, item);
                assert_eq!(list, [0, 1, 2, 3]);
            } else {
                list.put_at(at, at);
                assert_eq!(list, [0, 1, 2, 3, at]);
            }
        }
        let mut none: Vec<usize> = Vec::new();
        assert_eq!(none.take_at(0), None);
        none.put_at(0, 7);
        assert_eq!(none, [7]);
    }
}
