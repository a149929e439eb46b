//! Warm links: members at hand, for the day when one of them hosts; and, in full mode, for their messages (`direct.rs`).
//!
//! The later one of the roster dials the earlier one: in host mode the two deputies, in full mode everybody.

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::LinkId;
use crate::config::{DEPUTIES, MAX_PASSED, Mode};
use crate::link::{Goal, Link, Stage, Standing};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Record, kind};

/// After the room has become whole, or the line has changed, links are warmed so much later, ms (guess: newcomers of the
/// same moment are in by then), and those of one deputy so far apart (topology study R9: a host that is dialled by all at
/// once misses its own beats).
const WARM_MS: u64 = 200;
const PACE_MS: u64 = 15;
/// So long a member is a newcomer, ms (guess).
const NEW_MS: u64 = 1_000;
/// A warm link that cannot be made is tried again after so long, ms: doubling from the first to the second (guess).
const WARM_AGAIN_MS: (u64, u64) = (2_000, 60_000);

/// Whoever was lost so lately is not looked for first, ms (guess: what the verdicts on two that fell silent at once may
/// be apart, several times over).
pub(super) const LOST_MS: u64 = 3_000;

/// A member to which a link is to be kept.
pub(super) struct Wanted {
    key: Key,
    /// When to dial it; `None` while a link is there, or being made.
    at: Option<Instant>,
    tries: u32,
}

impl Member {
    /// Those that this member dials: who comes before it in the line.
    fn wanted(&self) -> Vec<Key> {
        if !matches!(self.role, Role::Guest(_)) || !self.synced || self.leave.is_some() {
            return Vec::new();
        }
        let most = match self.cfg.mode {
            Mode::Host => DEPUTIES,
            Mode::Full => usize::MAX,
        };
        let me = self.me;
        self.line()
            .into_iter()
            .take_while(|key| *key != me)
            .take(most)
            .gather()
    }

    /// The roster, or who hosts, is otherwise: perhaps others are to be at hand.
    pub(super) fn plan_warm(&mut self) {
        if !core::mem::take(&mut self.warm_due) {
            return;
        }
        let wanted = self.wanted();
        self.warm.keep(|it| wanted.contains(&it.key));
        // Another host may be lost before that, so only a newcomer waits.
        let came = self.came_at.unwrap_or(self.now);
        let wait = match self.now.ms_since(came) < NEW_MS {
            true => WARM_MS,
            false => 0,
        };
        let first = self.now.plus_ms(wait + PACE_MS * wanted.len() as u64);
        for (nth, key) in wanted.into_iter().enumerate() {
            if self.warm.iter().all(|it| it.key != key) {
                self.warm.push(Wanted {
                    key,
                    at: Some(first.plus_ms(PACE_MS * nth as u64)),
                    tries: 0,
                });
            }
        }
    }

    pub(super) fn warm_deadline(&self) -> Option<Instant> {
        let dials = self.warm.iter().filter_map(|it| it.at);
        matches!(self.role, Role::Guest(_))
            .then(|| dials.chain(self.again_at).min())
            .flatten()
    }

    /// Whether a link that is to be at hand is yet to be dialled, or to open, or has opened a moment ago: what is asked on it
    /// first is still on its way.
    #[cfg(feature = "mutation")]
    pub(super) fn is_to_dial(&self) -> bool {
        let planned = || self.warm.iter().any(|it| it.at.is_some());
        let opening = |link: &Link| match link.is_peer() {
            true => self.now.ms_since(link.standing_since) < 2_000,
            false => matches!(link.goal, Some(Goal::Peer(_))),
        };
        matches!(self.role, Role::Guest(_)) && (planned() || self.links.iter().any(opening))
    }

    pub(super) fn warm_on_time(&mut self) {
        if !matches!(self.role, Role::Guest(_)) {
            return;
        }
        let now = self.now;
        if self.again_at.is_some_and(|at| now >= at) {
            self.again_at = None;
            // (That others come directly the host knows: a quiet room stays quiet, seed 2706020243.)
            for id in self.links_that(Link::is_peer) {
                self.ask_directly(id);
            }
        }
        let mut dials = Vec::new();
        for it in &mut self.warm {
            if it.at.is_some_and(|at| now >= at) {
                it.at = None;
                dials.push((it.key, it.tries));
            }
        }
        for (key, tries) in dials {
            if self.link_at_hand(key).is_none() {
                // Every other time by the server: it may be the members' ways that do not lead there.
                let via = match tries % 2 {
                    0 => self.route(key),
                    _ => None,
                };
                self.dial_by(Goal::Peer(key), via);
            }
        }
    }

    /// A warm link was lost, or could not be made.
    pub(super) fn warm_lost(&mut self, key: Key) {
        if mutant!(self, WarmOnce) {
            return;
        }
        let now = self.now;
        let random = self.rng.below(500);
        if let Some(it) = self.warm.iter_mut().find(|it| it.key == key) {
            let (first, most) = WARM_AGAIN_MS;
            let ms = first.saturating_mul(1 << it.tries.min(8)).min(most);
            it.tries += 1;
            it.at = Some(now.plus_ms(ms + random));
        }
    }

    /// The link to that member that is open and known to live, whatever it is used for.
    pub(super) fn link_at_hand(&self, key: Key) -> Option<&Link> {
        self.links
            .iter()
            .find(|link| link.peer == Some(key) && link.stage == Stage::Up && link.beats())
    }

    /// Whether a member with which we have a link at hand does not answer.
    pub(super) fn is_silent(&self, key: Key) -> bool {
        let silence = self.silence_ms();
        match self.link_at_hand(key) {
            Some(link) => {
                link.suspicion.is_some()
                    || self.now.ms_since(link.heard) > link.patience(silence, self.shared_slack_ms)
            }
            None => self
                .lost
                .iter()
                .any(|it| it.0 == key && self.now.ms_since(it.1) < LOST_MS),
        }
    }

    /// By which link a word for that member goes: its own, the host's, or that of anybody at hand.
    pub(super) fn route(&self, to: Key) -> Option<LinkId> {
        if let Some(link) = self.link_at_hand(to) {
            return Some(link.id);
        }
        if let Role::Guest(id) = self.role {
            return Some(id);
        }
        self.links
            .iter()
            .filter(|link| link.is_peer() && link.suspicion.is_none())
            .map(|link| (link.heard, link.id))
            .max_by_key(|(heard, _)| *heard)
            .map(|(_, id)| id)
    }

    /// The link is at hand from now on.
    pub(super) fn make_peer(&mut self, id: LinkId) {
        let now = self.now;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        link.warm = true;
        // Either end begins anew: what was asked of the other before is not known there any more.
        link.direct = false;
        link.cursors.clear();
        link.set_standing(Standing::Peer, now);
        let Some(key) = link.peer else { return };
        if let Some(it) = self.warm.iter_mut().find(|it| it.key == key) {
            (it.at, it.tries) = (None, 0);
        }
        self.ask_directly(id);
        self.replay_early(id);
    }

    /// The link that we dialled has opened: both ends keep it.
    pub(super) fn warm_met(&mut self, id: LinkId, key: Key) {
        self.control(id, &Record::Warm);
        self.keep_warm(id, key);
    }

    /// The other end wants the link to be kept.
    pub(super) fn on_warm(&mut self, id: LinkId, key: Key) {
        let Some(link) = self.link(id) else { return };
        if !matches!(link.standing, Standing::Nothing) {
            return;
        }
        let inc = link.inc;
        if self.seat(key).is_none_or(|seat| seat.inc != inc) {
            return self.close_link(id);
        }
        self.keep_warm(id, key);
    }

    /// Of two links with one member that which the smaller id dialled stays, and any that carries the room.
    fn keep_warm(&mut self, id: LinkId, key: Key) {
        let mine = self.names.smaller(self.me, key);
        let others: Vec<(LinkId, bool, bool)> = self
            .links
            .iter()
            .filter(|link| link.peer == Some(key) && link.id != id && link.beats())
            .map(|link| (link.id, link.is_peer(), link.dialled == mine))
            .gather();
        let this = self.link(id).is_some_and(|link| link.dialled == mine);
        for (other, peer, right) in others {
            if peer && this && !right {
                self.fail_link(other, true);
            } else {
                return self.close_link(id);
            }
        }
        self.make_peer(id);
    }

    // ---- who may do what

    /// What one member says to another goes through whoever is at hand. True: it is for this one; else it has been passed
    /// on, or is not what the link's other end may say.
    #[inline(never)]
    pub(super) fn is_for_me(
        &mut self,
        id: LinkId,
        lane: crate::api::Lane,
        number: u8,
        mut body: crate::wire::Reader<'_>,
        record: &[u8],
    ) -> bool {
        let mut key = || self.names.key_of_wire(body.id()?);
        let (Some(from), Some(to)) = (key(), key()) else {
            self.counters.garbage += 1;
            return false;
        };
        let Some(link) = self.link(id) else {
            return false;
        };
        let peer = link.is_peer() || (link.warm && number == kind::DIAL);
        if link.peer == Some(from) && (link.is_guest() || peer || to == self.me) {
            if to != self.me
                && let Some(link) = self.link_at_hand(to)
                && link.in_flight < MAX_PASSED
            {
                let id = link.id;
                match number {
                    // Candidates must not come before what they belong to.
                    kind::DIAL => self.pieces_lane(id, record.to_vec()),
                    _ => self.control_bytes(id, record),
                }
            }
        } else if link.is_knocking() && !peer {
            // The welcome may come after it.
            self.keep_early(id, lane, record);
            return false;
        } else if !link.is_my_host() && !peer {
            self.counters.garbage += 1;
            return false;
        }
        to == self.me
    }
}
