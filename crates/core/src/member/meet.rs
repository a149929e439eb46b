//! A link opens: who is there, and what is it to us?

use super::mutation::mutant;
use super::{Member, Role};
use crate::api::{ErrorCode, Lane, LinkEnd, LinkId, Output};
use crate::config::{ANSWER_MS, FRAME, OPEN_MS};
use crate::link::{Goal, Link, Stage, Standing};
use crate::prelude::*;
use crate::wire::{Hello, Record, Refusal, Role as Says};

/// A channel that is open and says nothing for so long is closed, ms (guess: ten round trips at their worst).
const HELLO_MS: u64 = 5_000;
/// Bytes that may come on a link before its hello, or before we are welcomed.
pub(super) const MAX_EARLY: usize = 4 << 20;

impl Member {
    pub(super) fn on_link_opened(&mut self, id: LinkId, max_frame: u32) {
        let (founding, term, size) = (self.founding, self.term, self.live_size());
        let hello = Hello {
            versions: self.cfg.versions,
            id: self.names.text(self.me).to_owned(),
            inc: self.inc,
            founding,
            term,
            room: self.cfg.room.clone(),
            role: if self.is_host() {
                Says::Host
            } else {
                Says::Member
            },
            size,
        };
        let now = self.now;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        if link.stage != Stage::Opening {
            return;
        }
        if !link.ours {
            // Not one of ours: it has been told of, and is closed politely.
            return self.close_link(id);
        }
        link.stage = Stage::Greeting;
        link.since = now;
        link.max_frame = (max_frame as usize).max(1024);
        link.said_size = size;
        link.said_term = term;
        let frame = hello.write();
        self.outputs.push_back(Output::Send {
            link: id,
            lane: Lane::Default,
            frame,
        });
    }

    /// How many members this one could bring into a merge: those that are there now.
    pub(super) fn live_size(&self) -> u32 {
        if matches!(&self.role, Role::Host(hosting) if hosting.in_doubt()) {
            return 0;
        }
        // Those that were there before this machine slept need not be, and of itself it knows little more: whoever was
        // awake knows who is gone.
        let woke = self.woke_at;
        let lives = |link: &&Link| link.is_guest() && woke.is_none_or(|at| link.heard > at);
        u32::from(woke.is_none()) + self.links.iter().filter(lives).count() as u32
    }

    pub(super) fn on_link_received(&mut self, id: LinkId, lane: Lane, frame: &[u8]) {
        let now = self.now;
        let clears = !mutant!(self, SuspicionStays);
        let interval = u64::from(self.cfg.health_interval_ms);
        let Some(link) = self.link_mut(id) else {
            return;
        };
        if link.beats() {
            // Two beats may be so far apart, or one may be lost.
            let usual = if link.is_in_use() { 1 } else { 2 } * interval;
            link.is_late(now.ms_since(link.heard), usual);
        }
        link.heard = now;
        if clears {
            link.suspicion = None;
        }
        match (link.stage, lane) {
            (Stage::Greeting, Lane::Default) => match Hello::read(frame) {
                Some(hello) => self.on_hello(id, hello),
                None => {
                    self.counters.garbage += 1;
                    self.fail_link(id, true);
                }
            },
            (Stage::Up, Lane::Default) => {}
            // Lanes do not wait for each other: something may overtake the hello, or the welcome.
            (Stage::Greeting, _) => self.keep_early(id, lane, frame),
            (Stage::Up, _) if link.is_knocking() && lane == Lane::Data => {
                self.keep_early(id, lane, frame)
            }
            (Stage::Up, _) => self.on_frame(id, lane, frame),
            _ => self.counters.garbage += 1,
        }
    }

    pub(super) fn keep_early(&mut self, id: LinkId, lane: Lane, frame: &[u8]) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        link.early_bytes += frame.len() + 64;
        if link.early_bytes > MAX_EARLY {
            self.counters.garbage += 1;
            return self.fail_link(id, true);
        }
        link.early.push((lane, frame.to_vec()));
    }

    /// What came too early can be read now.
    pub(super) fn replay_early(&mut self, id: LinkId) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        link.early_bytes = 0;
        for (lane, frame) in core::mem::take(&mut link.early) {
            if self.link(id).is_some() {
                self.on_link_received(id, lane, &frame);
            }
        }
    }

    fn on_hello(&mut self, id: LinkId, hello: Hello) {
        let (min, max) = self.cfg.versions;
        let me_wire = self.names.text(self.me) == hello.id;
        let Some(link) = self.link(id) else { return };
        let by_name = link.dialled && link.goal == Some(Goal::Room);
        // Whoever has the name but is host no more says who is.
        let vouched = link.remote == hello.id || by_name;
        if hello.versions.0 > max || hello.versions.1 < min {
            let detail = hello.id;
            self.error(ErrorCode::VersionMismatch, &detail);
            let goal = link_goal(self.link(id));
            self.close_link(id);
            return self.dial_failed(goal, Stage::Up);
        }
        if me_wire
            || !vouched
            || hello.room != self.cfg.room
            || !peerjs_mesh_protocol::ids::is_valid_id(&hello.id)
        {
            self.counters.garbage += 1;
            return self.fail_link(id, true);
        }
        let key = self.names.key(&hello.id);
        let now = self.now;
        let says = hello.role;
        if let Some(link) = self.link_mut(id) {
            link.stage = Stage::Up;
            link.since = now;
            link.peer = Some(key);
            link.inc = hello.inc;
            link.hello = Some(hello);
            link.standing_since = now;
        }
        self.on_met(id, says);
        if self.link(id).is_some_and(|link| !link.is_knocking()) {
            self.replay_early(id);
        }
    }

    fn on_met(&mut self, id: LinkId, says: Says) {
        let Some(link) = self.link(id) else { return };
        let dialled = link.dialled;
        let same = |other: &Link| other.peer == link.peer && other.is_knocking();
        let asked = self.links.iter().any(same);
        match (&self.role, says) {
            // Whoever is asked on two links takes the newer one, and drops who has gone on by the other.
            // To be at hand: whether it is the host now, or was it, is all the same.
            _ if matches!(link.goal, Some(Goal::Peer(_))) => {
                if let Some(key) = link.peer {
                    self.warm_met(id, key);
                }
            }
            (Role::Host(_), Says::Host) => self.on_rival(id),
            (Role::Seeking(_), _) if dialled && !asked => self.knock(id),
            // A newcomer that does not reach the host: this one does, and has been asked to look after it.
            (Role::Seeking(_), Says::Member) if !dialled && !self.was_in => self.knock(id),
            (Role::Host(_), _) if dialled => {}
            // It wants the room's name, which this member has had.
            (_, Says::Host) if !dialled => {
                let host = self.goes_to();
                self.refuse(id, Refusal::NotHost { host });
            }
            // Whom the host does not reach, and who will say so.
            (Role::Guest(_), Says::Member)
                if link.peer.is_some_and(|it| self.seat(it).is_none()) => {}
            // A guest that dialled: the search is over.
            _ if dialled => self.close_link(id),
            // It dialled us and will say what it wants.
            _ => {}
        }
    }

    /// A link that was asked to close, or that we no longer want.
    pub(super) fn close_link(&mut self, id: LinkId) {
        self.flush_control(id);
        if self.remove_link(id).is_some() {
            self.outputs.push_back(Output::CloseLink { link: id });
        }
    }

    pub(super) fn remove_link(&mut self, id: LinkId) -> Option<Link> {
        let at = self.links.iter().position(|link| link.id == id)?;
        self.asks_no_more(id);
        self.links.take_at(at)
    }

    /// A link has come to nothing: whatever hung on it goes on without it.
    pub(super) fn fail_link(&mut self, id: LinkId, close: bool) {
        let Some(link) = self.remove_link(id) else {
            return;
        };
        if close {
            self.outputs.push_back(Output::CloseLink { link: id });
        }
        self.after_link(link);
    }

    pub(super) fn on_link_closed(&mut self, id: LinkId, _end: LinkEnd) {
        if let Some(link) = self.remove_link(id) {
            self.after_link(link);
        }
    }

    fn after_link(&mut self, link: Link) {
        match link.standing {
            // Though it had been asked again for its welcome.
            _ if matches!(self.role, Role::Guest(id) if id == link.id) => {
                self.host_lost(link.peer, false);
            }
            Standing::Guest => self.guest_link_lost(link),
            Standing::Peer => self.peer_link_lost(&link),
            Standing::Knocking => {
                if let Some(key) = link.peer.filter(|_| link.warm) {
                    self.warm_lost(key);
                }
                self.dial_failed(link.goal, link.stage);
            }
            Standing::Nothing if link.dialled => match link.goal {
                Some(Goal::Peer(key)) => self.warm_lost(key),
                goal => self.dial_failed(goal, link.stage),
            },
            Standing::Nothing if link.ours && link.stage == Stage::Opening => {
                self.ask_for_it(&link.remote);
            }
            _ => {}
        }
    }

    pub(super) fn refuse(&mut self, id: LinkId, refusal: Refusal) {
        self.control(id, &Record::Refuse(refusal));
        let kept = matches!(refusal, Refusal::NotHost { .. });
        if kept && self.link(id).is_some_and(|link| link.warm) {
            return self.make_peer(id);
        }
        self.close_link(id);
    }

    /// How long a link may take from its answer until it is open, ms.
    fn open_ms(&self) -> u64 {
        match mutant!(self, OpenAsAnswer) {
            true => ANSWER_MS,
            false => OPEN_MS,
        }
    }

    /// Links that do not get ahead.
    pub(super) fn meet_on_time(&mut self) {
        let now = self.now;
        let open_ms = self.open_ms();
        let late = |link: &&Link| match link.stage {
            Stage::Preparing => !link.dialled && now >= link.since.plus_ms(OPEN_MS),
            Stage::Offering => false,
            Stage::Opening => now >= link.since.plus_ms(open_ms),
            Stage::Greeting => now >= link.since.plus_ms(HELLO_MS),
            Stage::Up => {
                matches!(link.standing, Standing::Nothing)
                    && now >= link.standing_since.plus_ms(OPEN_MS)
            }
        };
        let ids: Vec<LinkId> = self.links.iter().filter(late).map(|link| link.id).gather();
        for id in ids {
            if self
                .link(id)
                .is_some_and(|link| link.dialled && link.stage == Stage::Greeting)
            {
                self.error(
                    ErrorCode::HostUnavailable,
                    "the remote opened a channel and never said hello",
                );
            }
            self.fail_link(id, true);
        }
    }

    pub(super) fn meet_deadline(&self) -> Option<crate::Instant> {
        self.links
            .iter()
            .filter_map(|link| match link.stage {
                Stage::Preparing => (!link.dialled).then(|| link.since.plus_ms(OPEN_MS)),
                Stage::Offering => (link.sent).then(|| link.since.plus_ms(ANSWER_MS)),
                Stage::Opening => Some(link.since.plus_ms(self.open_ms())),
                Stage::Greeting => Some(link.since.plus_ms(HELLO_MS)),
                Stage::Up => matches!(link.standing, Standing::Nothing)
                    .then(|| link.standing_since.plus_ms(OPEN_MS)),
            })
            .min()
    }

    // ---- sending

    /// Puts a record on its way, on lane *control*.
    pub(super) fn control(&mut self, id: LinkId, record: &Record<'_>) {
        let bytes = record.write(&self.names);
        self.control_bytes(id, &bytes);
    }

    /// Says something that must come before the pieces that follow it: on their lane.
    pub(super) fn before_pieces(&mut self, id: LinkId, record: &Record<'_>) {
        let frame = record.write(&self.names);
        self.pieces_lane(id, frame);
    }

    /// Sends on the lane that keeps order, at once.
    pub(super) fn pieces_lane(&mut self, id: LinkId, frame: Vec<u8>) {
        if let Some(link) = self.link_mut(id) {
            link.in_flight += frame.len();
            self.outputs.push_back(Output::Send {
                link: id,
                lane: Lane::Data,
                frame,
            });
        }
    }

    pub(super) fn control_bytes(&mut self, id: LinkId, bytes: &[u8]) {
        let full = self.link(id).is_some_and(|link| {
            !link.control.is_empty() && link.control.len() + bytes.len() > FRAME.min(link.max_frame)
        });
        if full {
            self.flush_control(id);
        }
        if let Some(link) = self.link_mut(id) {
            link.control.extend_from_slice(bytes);
        }
    }

    pub(super) fn flush_control(&mut self, id: LinkId) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        if link.control.is_empty() || link.stage != Stage::Up {
            return;
        }
        let frame = core::mem::take(&mut link.control);
        link.in_flight += frame.len();
        self.outputs.push_back(Output::Send {
            link: id,
            lane: Lane::Control,
            frame,
        });
    }

    pub(super) fn beat_record(&mut self, id: LinkId, record: &Record<'_>) {
        let frame = record.write(&self.names);
        if let Some(link) = self.link_mut(id) {
            link.in_flight += frame.len();
            self.outputs.push_back(Output::Send {
                link: id,
                lane: Lane::Beat,
                frame,
            });
        }
    }
}

fn link_goal(link: Option<&Link>) -> Option<Goal> {
    link.and_then(|link| link.goal)
}
