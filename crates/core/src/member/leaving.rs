//! Members that go: their last words come before the user hears of it.

use super::mutation::mutant;
use super::roster::Dropped;
use super::{Member, Role};
use crate::api::Event;
use crate::config::RETENTION_MS;
use crate::delivery::Pos;
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Removed, kind};

/// How long a member's last messages are waited for, once nothing more of them comes, before it counts as gone, ms (guess:
/// two repairs); but no longer than anything is kept. Should it come back it says them again; else the gap is told when it
/// is forgotten.
const LAST_WORDS_MS: u64 = 5_000;
/// And so long their directed ones that are not here, once nothing more comes, ms (guess: a slow round trip and a loss); also at
/// a host: whoever has just handed over to it may still be passing them on (seed 1510001527).
const DIRECTED_MS: u64 = 2_500;

/// A member that is no longer in the roster, while its last messages are still coming.
pub(super) struct Leaving {
    pub(super) key: Key,
    last: u64,
    since: Instant,
}

impl Member {
    /// Whether all that anybody keeps was sent after this member came: what somebody lacks who was in the room then is kept
    /// until it is noticed to be gone, and for as long again from there (seed 900008569).
    pub(super) fn is_old(&self) -> bool {
        let came = self.came_at;
        came.is_some_and(|at| self.now >= at.plus_ms(2 * RETENTION_MS))
    }

    /// Somebody is no longer in the roster; the user hears of it after its last message.
    pub(super) fn leave_view(&mut self, was: Removed) {
        let (key, last, at) = (was.member, was.last, self.now);
        self.back_again(key);
        self.end_call(key, !was.politely);
        self.warm_due = true;
        if was.politely {
            self.drop_peer_link(key);
        } else {
            // It may live, and ask whether we hear the host.
            self.take_no_more_from(key);
        }
        let mut missing = None;
        let begins = self.view.contains(&key) && self.is_old();
        if let Some(stream) = self.stream_mut(key) {
            // Another room may have heard less of it: what was said to be its last is missing all the same (seed 2706534502).
            stream.last = stream.last.max(Some(last));
            stream.reported_at = None;
            let b = stream.released();
            if begins && !stream.based && last > b {
                // It cannot say any more where it begins for us: whatever is kept was sent after we came.
                missing = stream.begin(Pos { b, d: 0 });
            }
        }
        if let Some((first, last)) = missing {
            self.gap(key, first, last);
        }
        if !self.dropped.iter().any(|gone| gone.was.member == key) {
            self.dropped.push(Dropped { was, at });
            self.hold(false);
        }
        if self.view.contains(&key) && !self.leaving.iter().any(|leaving| leaving.key == key) {
            let since = self.now;
            self.leaving.push(Leaving { key, last, since });
        }
        self.check_leaving();
    }

    /// Somebody who was dropped may come back and lack what is not known to have been taken by all until now: it is
    /// kept, as long as there is such a member. `back`: one of them is here again.
    pub(super) fn hold(&mut self, back: bool) {
        let away = self.dropped.iter().any(|gone| !gone.was.politely);
        let waits = (away || self.hold_until.is_some()) && !mutant!(self, NoRetention);
        for at in 0..=self.streams.len() {
            let stream = self.streams.get_mut(at).unwrap_or(&mut self.out.stream);
            if back {
                stream.no_longer_safe();
            }
            stream.hold = match waits {
                true => stream.hold.min(stream.retain),
                false => u64::MAX,
            };
            // At once: what is announced as kept must be kept.
            stream.release();
        }
    }

    /// Somebody says goodbye. `warm`: to one that is only at hand, so to all.
    pub(super) fn said_bye(&mut self, key: Key, warm: bool) {
        if (warm || self.leave.is_some()) && self.seat(key).is_some() {
            self.back_again(key);
            self.gone_too.push((key, warm));
        }
    }

    /// Whether it has said to all that it is gone.
    pub(super) fn is_gone(&self, key: Key) -> bool {
        self.gone_too.contains(&(key, true))
    }

    /// What it said of its going counts no more.
    pub(super) fn back_again(&mut self, key: Key) {
        self.gone_too.keep(|it| it.0 != key);
    }

    /// Those who have been gone for longer than anything is kept.
    pub(super) fn forget_on_time(&mut self) {
        if self.hold_until.is_some_and(|at| self.now >= at) {
            self.hold_until = None;
            self.hold(false);
        }
        while let Some(gone) = self.dropped.first()
            && self.now >= gone.at.plus_ms(RETENTION_MS)
            && !self.view.contains(&gone.was.member)
        {
            let key = gone.was.member;
            self.dropped.take_at(0);
            self.hold(false);
            self.out.forget_base(key);
            self.forget_directed(key);
            self.forget_member(key);
            self.mark_all_safe_dirty();
        }
    }

    pub(super) fn forget_deadline(&self) -> Option<Instant> {
        // In the order of their going; after it was told.
        let first = self.dropped.first();
        let first = first.filter(|it| !self.view.contains(&it.was.member));
        let first = first.map(|it| it.at.plus_ms(RETENTION_MS));
        [first, self.hold_until].into_iter().flatten().min()
    }

    /// Those who are gone: what they directed to us and is not here will not come, unless a new host has it.
    fn forsake(&mut self) {
        let mut at = 0;
        while let Some(leaving) = self.leaving.get(at) {
            let (key, late) = (
                leaving.key,
                self.now >= self.until(leaving.key, leaving.since, DIRECTED_MS),
            );
            at += 1;
            if let Some(stream) = self.stream_mut(key)
                && late
                && !stream.forsaken
            {
                stream.forsaken = true;
                self.deliver(key);
            }
        }
    }

    pub(super) fn check_leaving(&mut self) {
        self.forsake();
        let mut at = 0;
        while let Some(leaving) = self.leaving.get(at) {
            let (key, last, late) = (
                leaving.key,
                leaving.last,
                self.now >= self.until(leaving.key, leaving.since, LAST_WORDS_MS),
            );
            let has_all = |member: &Member| {
                let stream = member.stream(key);
                stream.is_none_or(|stream| !stream.based || stream.pos.b >= last)
            };
            let cut = mutant!(self, LastWordsCut);
            if !has_all(self) && late && !self.blocked && !cut {
                // A user that takes nothing may have kept back what has long come (seed 2706112779).
                let before = self.leaving.len();
                self.deliver(key);
                if self.leaving.len() != before {
                    at = 0;
                    continue;
                }
            }
            if !has_all(self) && !cut && (!late || self.blocked) {
                at += 1;
                continue;
            }
            self.leaving.take_at(at);
            self.tell_gap(key);
            self.view.keep(|known| *known != key);
            if let Some(init) = self
                .init
                .iter_mut()
                .find(|init| (init.about, init.key) == (kind::INIT, key))
            {
                init.waits = false;
            }
            let (id, peers) = (self.names.text(key).to_owned(), self.ids(&self.view));
            self.emit(Event::PeerDropped { id, peers });
        }
    }

    /// Until when its last messages are waited for: so long after the latest of them. While there is no host they cannot
    /// come, and it may be back where the next one is (drill `votes-kept`, seed 875).
    pub(super) fn until(&self, key: Key, since: Instant, ms: u64) -> Instant {
        let most = since.plus_ms(RETENTION_MS);
        if matches!(self.role, Role::Seeking(_)) {
            return most;
        }
        let news = self.stream(key).and_then(|stream| stream.news_at);
        let since = news.map_or(since, |at| at.max(since));
        since.plus_ms(ms).min(most)
    }

    /// There is a host again: last words may come from now on.
    pub(super) fn wait_anew(&mut self) {
        for leaving in &mut self.leaving {
            leaving.since = self.now;
        }
    }

    pub(super) fn leaving_deadline(&self) -> Option<Instant> {
        if self.blocked {
            return None;
        }
        self.leaving
            .iter()
            .flat_map(|leaving| {
                let soon = self
                    .stream(leaving.key)
                    .is_some_and(|stream| !stream.forsaken)
                    .then(|| self.until(leaving.key, leaving.since, DIRECTED_MS));
                [
                    Some(self.until(leaving.key, leaving.since, LAST_WORDS_MS)),
                    soon,
                ]
            })
            .flatten()
            .min()
    }

    /// Somebody comes back whose going has not been told yet: it is told now.
    pub(super) fn finish_leaving(&mut self, key: Key) {
        if let Some(leaving) = self.leaving.iter_mut().find(|leaving| leaving.key == key) {
            // It comes back with all that it has to say, so nothing is missing.
            leaving.last = 0;
            self.check_leaving();
        }
    }
}
