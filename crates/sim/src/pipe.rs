//! What is on its way from one place to another, in the order of arrival.

use crate::Micros;
use std::collections::BTreeMap;

/// One direction of a websocket, or of one lane of a link.
#[derive(Debug)]
pub(crate) struct Pipe<T> {
    ordered: bool,
    last: Micros,
    pushed: u64,
    items: BTreeMap<(Micros, u64), Item<T>>,
}

#[derive(Debug)]
struct Item<T> {
    what: T,
    /// When it was lost on its way and is sent again: the moment of that. A sender that is gone by then never does.
    resent: Option<Micros>,
}

impl<T> Pipe<T> {
    /// An empty one. In an ordered one nothing arrives before what was sent before it.
    pub(crate) fn new(ordered: bool) -> Pipe<T> {
        Pipe {
            ordered,
            last: 0,
            pushed: 0,
            items: BTreeMap::new(),
        }
    }

    /// Puts something on its way; returns when it arrives.
    pub(crate) fn push(&mut self, arrival: Micros, resent: Option<Micros>, what: T) -> Micros {
        let arrival = if self.ordered {
            arrival.max(self.last)
        } else {
            arrival
        };
        self.last = self.last.max(arrival);
        self.pushed += 1;
        self.items
            .insert((arrival, self.pushed), Item { what, resent });
        arrival
    }

    /// The next thing that has arrived.
    pub(crate) fn pop(&mut self, now: Micros) -> Option<T> {
        let entry = self.items.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        Some(entry.remove().what)
    }

    /// When the latest of what was sent so far arrives.
    pub(crate) fn last(&self) -> Micros {
        self.last
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
    }

    /// The sender is no more: what was lost and waits to be sent again never comes, nor, in order, what follows it.
    pub(crate) fn orphan(&mut self, now: Micros) {
        let lost = |item: &Item<T>| item.resent.is_some_and(|at| at > now);
        if self.ordered {
            let mut broken = false;
            self.items.retain(|_, item| {
                broken |= lost(item);
                !broken
            });
        } else {
            self.items.retain(|_, item| !lost(item));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordered_pipe_holds_back_what_follows_a_late_one() {
        let mut pipe = Pipe::new(true);
        assert_eq!(pipe.push(100, Some(60), 'a'), 100);
        assert_eq!(pipe.push(50, None, 'b'), 100);
        assert_eq!(pipe.pop(99), None);
        assert_eq!(
            (pipe.pop(100), pipe.pop(100), pipe.pop(100)),
            (Some('a'), Some('b'), None)
        );
    }

    #[test]
    fn an_unordered_pipe_lets_them_overtake() {
        let mut pipe = Pipe::new(false);
        pipe.push(100, None, 'a');
        pipe.push(50, None, 'b');
        assert_eq!(
            (pipe.pop(50), pipe.pop(50), pipe.pop(100)),
            (Some('b'), None, Some('a'))
        );
    }

    #[test]
    fn what_a_dead_sender_would_have_repeated_never_comes() {
        let mut ordered = Pipe::new(true);
        let mut unordered = Pipe::new(false);
        for pipe in [&mut ordered, &mut unordered] {
            pipe.push(40, None, 'a');
            pipe.push(90, Some(70), 'b');
            pipe.push(50, None, 'c');
            pipe.orphan(60);
        }
        let all = |pipe: &mut Pipe<char>| std::iter::from_fn(|| pipe.pop(1000)).collect::<String>();
        assert_eq!(all(&mut ordered), "a");
        assert_eq!(all(&mut unordered), "ac");
    }
}
