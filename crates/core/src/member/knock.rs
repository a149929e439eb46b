//! Asking one member to take us in, and waiting for its welcome.

use super::mutation::mutant;
use super::roster::UNTOLD;
use super::seek::{AGAIN_MS, WELCOME_MS};
use super::{Member, Role};
use crate::api::LinkId;
use crate::config::NEXT_OF_LINE_MS;
use crate::link::{Goal, Standing};
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Join, Record};

impl Member {
    /// Asks that member to take us in: by the link at hand, or by a new one.
    pub(super) fn go_to(&mut self, key: Key) {
        let warm = self
            .links
            .iter()
            .find(|link| link.peer == Some(key) && link.is_peer() && link.suspicion.is_none());
        match warm.map(|link| link.id) {
            Some(id) => self.knock(id),
            None => self.dial(Goal::Member(key)),
        }
    }

    /// Asks the member at the other end to admit us.
    pub(super) fn knock(&mut self, id: LinkId) {
        let now = self.now;
        let link = self.link(id);
        let link_dialled = link.is_some_and(|link| link.dialled);
        let peer = link.and_then(|link| link.peer);
        let named =
            matches!(&self.role, Role::Seeking(seek) if seek.named.is_some() && seek.named == peer);
        let mut positions = self.streams.iter().map(super::repair::position_of).gather();
        if mutant!(self, JoinWithoutPositions) {
            positions.clear();
        }
        let cut = self.is_cut() || !(self.was_in || link_dialled);
        let join = Join {
            founding: self.founding,
            term: self.term,
            named,
            cut,
            leaving: self.leave.is_some(),
            sent: if self.ever_synced { UNTOLD } else { 0 },
            released: self.out.stream.released(),
            positions,
        };
        self.control(id, &Record::Join(join));
        self.knocks = self.knocks.saturating_add(1);
        if let Some(link) = self.link_mut(id) {
            let heard = link.heard;
            link.set_standing(Standing::Knocking, now);
            if link.warm {
                // That we ask it is no word of its own.
                link.heard = heard;
            }
        }
        // One that is at hand can be heard meanwhile, or is as dead as the host: see `waits_for_welcome`. It may answer as late
        // as it was before.
        let shared = self.shared_slack_ms;
        let heard = self.link(id).filter(|link| link.beats());
        let ms = heard.map_or(WELCOME_MS, |link| {
            link.lateness(shared).clamp(AGAIN_MS, NEXT_OF_LINE_MS)
        });
        if let Role::Seeking(seek) = &mut self.role {
            seek.answered(now, ms);
        }
    }

    /// Whether somebody whom we have asked lives, and may still welcome us.
    pub(super) fn waits_for_welcome(&self) -> bool {
        let now = self.now;
        let silence = NEXT_OF_LINE_MS.max(self.silence_ms());
        self.links.iter().any(|link| {
            link.is_knocking()
                && link.beats()
                && now < link.standing_since.plus_ms(WELCOME_MS)
                && now.ms_since(link.heard) < silence
        })
    }
}
