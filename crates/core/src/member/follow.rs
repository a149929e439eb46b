//! Being a guest: welcomed, refused, told, moved.

use super::mutation::mutant;
use super::roster::{Seat, UNTOLD};
use super::{Member, Role};
use crate::api::{ErrorCode, Event, LinkId};
use crate::delivery::Pos;
use crate::link::{Cursor, Standing};
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Moved, Record, Refusal, Removed, Safe, Welcome};

/// How long a member that was refused waits before it asks again, ms: doubling from the first to the second (guess; the
/// original asked every 5 s for ever).
const REFUSED_MS: (u64, u64) = (2_000, 30_000);

impl Member {
    pub(super) fn on_welcome(&mut self, id: LinkId, host: Key, welcome: Welcome) {
        let now = self.now;
        if welcome.term < self.term && welcome.founding == self.founding {
            // A host that has been succeeded, and does not know.
            return self.fail_link(id, true);
        }
        if self.is_host() {
            // It had asked for this before it took the office, which another had taken first: its guests come along.
            return self.yield_to(id, host, welcome.founding, welcome.term, true);
        }
        let others: Vec<LinkId> = self
            .links
            .iter()
            .filter(|link| link.is_knocking() && link.id != id)
            .map(|link| link.id)
            .gather();
        for other in others {
            self.close_link(other);
        }
        self.release_name();
        let same_room = welcome.founding == self.founding;
        let stayed = welcome.known && same_room;
        for stream in &mut self.streams {
            stream.outlived |= same_room;
        }
        self.founding = welcome.founding;
        self.term = welcome.term;
        self.n = welcome.n;
        self.settled = welcome.settled;
        self.host = Some(host);
        self.role = Role::Guest(id);
        self.held_deltas.clear();
        self.wait_anew();
        self.limit_tries = 0;
        if let Some(link) = self.link_mut(id) {
            link.set_standing(Standing::MyHost, now);
        }
        // Who is no longer there, then who is.
        let there = |key: Key| welcome.roster.iter().any(|entry| entry.member == key);
        let mut gone = welcome.removed;
        for key in &self.view {
            if gone.iter().all(|was| was.member != *key) {
                let stream = self.stream(*key);
                gone.push(Removed {
                    member: *key,
                    inc: stream.map_or(0, |stream| stream.inc),
                    last: stream.map_or(0, |stream| stream.pos.b),
                    politely: false,
                });
            }
        }
        gone.keep(|was| !there(was.member));
        self.roster = welcome
            .roster
            .iter()
            .map(|entry| Seat {
                key: entry.member,
                inc: entry.inc,
                base: entry.base,
            })
            .gather();
        for was in gone {
            if was.member != self.me {
                self.leave_view(was);
            }
        }
        self.enter_view(self.me);
        for entry in &welcome.roster {
            if entry.member == self.me {
                continue;
            }
            let seat = Seat {
                key: entry.member,
                inc: entry.inc,
                base: entry.base,
            };
            // To whoever is back what is kept is offered: more than was ever for one that came a moment ago.
            let base = match welcome.known || self.is_old() {
                true => entry.base,
                false => UNTOLD,
            };
            self.finish_leaving(entry.member);
            self.meet_member(seat, entry.tail, base);
            // Who asked to be taken in before may have been, without hearing of it, and been told beginnings then.
            let outlived = same_room || self.knocks > 1;
            if let Some(stream) = self.stream_mut(entry.member) {
                stream.outlived |= outlived;
            }
            self.enter_view(entry.member);
        }
        let released = self.out.stream.released();
        let (have, off) = if welcome.have < released {
            (released, 0)
        } else {
            (welcome.have, welcome.have_off)
        };
        let cursor = Cursor::new(self.me, have.wrapping_add(1), off as usize);
        if let Some(link) = self.link_mut(id) {
            link.cursors = vec![cursor];
        }
        if welcome.have < released {
            // More has been let go of since we asked to be taken in.
            let (sender, inc) = (self.me, self.inc);
            let to = released;
            self.before_pieces(id, &Record::Gap { sender, inc, to });
        }
        let again = self.ever_synced;
        self.was_in = true;
        self.came_at.get_or_insert(self.now);
        let (host_id, term) = (self.names.text(host).to_owned(), self.term);
        self.emit(Event::HostConnected {
            is_host: false,
            host: host_id,
            term,
        });
        if self.settled {
            self.tell_sync();
        }
        self.drop_offers();
        // Everything is acked anew: this host may know nothing of us.
        for stream in &mut self.streams {
            stream.ack_due = true;
            stream.notify = true;
        }
        self.send_acks();
        let members: Vec<Key> = self.roster.iter().map(|seat| seat.key).gather();
        for key in members {
            if key == self.me {
                continue;
            }
            // Those we never met begin with what we send from here on; those who know us know where they were.
            if self.out.fix_base(key) && stayed {
                self.tell_base(key);
            }
            if !stayed && again {
                self.tell_base(key);
            }
            self.ask_base(key);
        }
        // What waited for the first sync goes to those whom it lists, not to those who come with what was kept.
        self.tell_due_sync();
        self.flush_waiting();
        self.replay_early(id);
        self.replay_strays();
        // Planned anew, at their pace.
        self.warm.clear();
        self.warm_due = true;
        self.ask_all_directly();
        self.deliver_all();
        self.answer_waiting();
    }

    /// Asks a sender where its messages begin for us, if we should know and do not.
    pub(super) fn ask_base(&mut self, key: Key) {
        let unknown = self
            .streams
            .iter()
            .any(|stream| stream.key == key && !stream.based && stream.last.is_none());
        if unknown && self.was_in {
            let record = Record::Need {
                from: self.me,
                to: key,
                known: false,
                b: 0,
                d: 0,
            };
            self.tell(key, &record);
        }
    }

    pub(super) fn on_refusal(&mut self, id: LinkId, refusal: Refusal) {
        let goal = self.link(id).and_then(|link| link.goal);
        // It may have been asked again for its welcome.
        let was_host = matches!(self.role, Role::Guest(link) if link == id);
        let kept = matches!(refusal, Refusal::NotHost { .. }) && !was_host;
        if kept && self.link(id).is_some_and(|link| link.warm) {
            self.make_peer(id);
        } else {
            self.close_link(id);
        }
        if self.is_host() {
            return;
        }
        match refusal {
            Refusal::Full { limit } => {
                self.limit_tries += 1;
                let tries = self.limit_tries;
                if tries == 1 {
                    self.error(ErrorCode::MeshFull, "");
                }
                self.emit(Event::MeshLimitExceeded { limit, tries });
                let (first, most) = REFUSED_MS;
                let ms = first.saturating_mul(1 << (tries - 1).min(8)).min(most);
                let at = self.now.plus_ms(ms);
                self.seek_by_name(Some(at));
            }
            Refusal::TooSlow => {
                self.error(ErrorCode::TooSlow, "");
                let at = self.now.plus_ms(REFUSED_MS.0);
                self.seek_by_name(Some(at));
            }
            Refusal::Silent => match self.host {
                Some(host) => self.host_moved(host),
                None => self.redirected(None),
            },
            Refusal::NotHost { host } => {
                if was_host {
                    self.host_lost(None, false);
                } else if self.seek_mut().is_some_and(|seek| seek.by_name) && host.is_none() {
                    self.dial_failed(goal, crate::link::Stage::Up);
                } else {
                    self.redirected(host);
                }
            }
        }
    }

    pub(super) fn on_host_bye(&mut self, host: Key, last: u64, staying: bool) {
        let _ = last;
        // One that stays a member is waited for like the others.
        self.host_lost((!staying).then_some(host), true);
    }

    /// The host's heartbeat tells what we may have missed.
    pub(super) fn on_host_beat(&mut self, id: LinkId, term: u64, n: u64) {
        if mutant!(self, BeatUnread) {
            return;
        }
        if term > self.term || n > self.n {
            // A change of the roster is on its way, or has been lost with a link: then a new welcome mends it.
            let overdue = self
                .link(id)
                .is_some_and(|link| self.now.ms_since(link.progress_at) > 2_000);
            if overdue {
                self.knock(id);
            }
        } else if let Some(link) = self.links.iter_mut().find(|link| link.id == id) {
            link.progress_at = self.now;
        }
    }

    pub(super) fn on_safe(&mut self, all: &[Safe]) {
        for safe in all {
            let own = safe.sender == self.me;
            if let Some(stream) = self.stream_mut(safe.sender) {
                stream.set_safe(safe.b, safe.off, safe.retain);
                stream.release();
            }
            if own {
                self.own_is_safer();
            }
        }
    }

    pub(super) fn on_acked(&mut self, by: Key, b: u64, d: u32, off: u64) {
        let _ = off;
        let at = Pos { b, d };
        self.out.stream.drop_directed(by, at);
        self.own_is_safer();
    }

    pub(super) fn on_base(&mut self, from: Key, inc: u64, first: u64, at: Pos) {
        let b = at.b;
        let id = match &self.role {
            Role::Guest(id) => Some(*id),
            _ => self.link_to(from),
        };
        let Some(stream) = self.stream_mut(from).filter(|stream| stream.inc == inc) else {
            return;
        };
        let (mut missing, mut again) = (None, false);
        stream.notify = true;
        stream.ack_due = true;
        stream.forgive(at);
        if !stream.based {
            let before = *stream.before.get_or_insert(Pos { b: first, d: 0 });
            // It knew us before we knew of it: our host may have died as it let us in (seed 1065023036).
            // And what was said before is not wanted, nor asked for when what follows comes first (seed 2400040457).
            let begins = b.max(before.b);
            again = begins < stream.released() || begins > stream.held();
            if again {
                stream.rewind(begins);
            }
            missing = stream.begin(at);
        } else if stream.pos.b < b {
            // What others have kept of those before still comes, or they say that it does not.
            stream.later = Some(at);
        } else if stream.pos < at {
            stream.pos = at;
        }
        if let Some((first, last)) = missing {
            self.gap(from, first, last);
        }
        if let (true, Some(id)) = (again, id) {
            self.ask_again(id, from);
        }
        self.schedule_ack();
        self.mark_safe_dirty(from);
        self.deliver(from);
    }

    /// The host has joined another room of this name, or has handed its office over: after it.
    pub(super) fn on_moved(&mut self, id: LinkId, moved: Moved) {
        if moved.host == self.me {
            return self.take_office_from(id, &moved);
        }
        if self.host == Some(moved.host) {
            return;
        }
        if moved.founding == self.founding {
            // Whoever is asked to take us in shall know that this is no mistake.
            self.term = self.term.max(moved.term);
        } else {
            self.counters.merges += 1;
        }
        let named = (moved.founding == self.founding).then_some(moved.host);
        let mut line = self.line();
        self.seek_member(moved.host);
        if let Some(seek) = self.seek_mut() {
            seek.named = named;
            if named.is_some() {
                // The others after it: its name may stay with the dead for long (seed 800020539).
                line.keep(|key| *key != moved.host);
                line.put_at(0, moved.host);
                seek.line = line;
            }
        }
        self.seek_step();
    }
}
