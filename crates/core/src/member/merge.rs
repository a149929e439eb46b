//! Two hosts meet: one of them goes on.

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::LinkId;
use crate::link::Standing;
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Moved, Record};

impl Member {
    /// Both ends of the link host this room. They decide by the same numbers: those that their hellos said.
    pub(super) fn on_rival(&mut self, id: LinkId) {
        let Some(link) = self.link(id) else { return };
        let (Some(peer), Some(hello)) = (link.peer, link.hello.as_ref()) else {
            return;
        };
        let (mine, theirs) = ((link.said_size, link.said_term), (hello.size, hello.term));
        // More members, then the later reign, then the smaller id: whoever nobody follows any more gives way.
        let order = mine.cmp(&theirs);
        let founding = hello.founding;
        let wins = match order {
            core::cmp::Ordering::Greater => true,
            core::cmp::Ordering::Less => false,
            core::cmp::Ordering::Equal => self.names.smaller(self.me, peer),
        };
        let wins = wins || mutant!(self, BothWin);
        self.counters.merges += 1;
        let term = self.term.max(theirs.1).wrapping_add(1);
        if wins {
            // The other one joins by this link. Our own guests hear of the new term with the next change.
            self.term = term;
            if let Role::Host(hosting) = &mut self.role {
                hosting.confirm();
            }
            self.announce(None, Vec::new());
            // It may have joined somebody else by now, and never come: this dial is over, and the name asked again.
            if let Some(link) = self.link_mut(id) {
                link.goal = None;
            }
            self.name_contested();
        } else {
            self.yield_to(id, peer, founding, term, true);
        }
    }

    /// Ends our office in favour of another host, and takes everybody along.
    /// `rival`: it has the room's name already, or will claim it; else it takes the name over from us.
    pub(super) fn yield_to(
        &mut self,
        id: LinkId,
        host: Key,
        founding: [u8; 16],
        term: u64,
        rival: bool,
    ) {
        let bytes = Record::Moved(Moved {
            founding,
            term,
            host,
        })
        .write(&self.names);
        for guest in self.guests() {
            self.control_bytes(guest, &bytes);
        }
        if mutant!(self, OfficeKept) && !rival {
            return;
        }
        if let Some(link) = self.link_mut(id) {
            // Not closed with the others.
            link.standing = Standing::Nothing;
            link.warm |= !rival;
        }
        if rival {
            self.release_name();
        }
        self.seek_member(host);
        // In one frame with the word before and the last changes of the roster: what comes in two may come in any order.
        self.knock(id);
    }

    /// The room's host is that member: after it.
    pub(super) fn host_moved(&mut self, host: Key) {
        self.seek_member(host);
        self.seek_step();
    }

    /// A host that ends only its office.
    pub(super) fn end_office(&mut self) {
        if !matches!(self.role, Role::Host(_)) {
            return;
        }
        if self.hand_over(false) {
            return;
        }
        self.say_bye(true);
        self.release_name();
        self.host_lost(Some(self.me), true);
    }
}
