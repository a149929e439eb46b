//! L1: one connection to another member: how far it has come, who is there, whether it lives.

use crate::api::{Lane, LinkId, SessionId};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Hello, Join, Position};
use peerjs_mesh_protocol::signalling::Candidate;

/// More than this is not made of it that something was late, ms (guess: twice of it beside a usual silence is what a page
/// among eight videos on two cores was seen to miss).
const SLACK_MS: u64 = 2_000;

/// Whom a dial is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Whoever owns the room's name.
    Room,
    /// That member, under its own id, as the host or the one that soon is.
    Member(Key),
    /// That member, to be at hand: a warm link.
    Peer(Key),
}

/// How far a link has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its description is being made.
    Preparing,
    /// An offer is at hand, and perhaps sent.
    Offering,
    /// Both descriptions are there; the channels are not open yet.
    Opening,
    /// Open; the remote's hello has not come.
    Greeting,
    /// Open, and we know who is there.
    Up,
}

/// What the member at the other end is to this one.
pub(crate) enum Standing {
    Nothing,
    /// We have asked to be admitted.
    Knocking,
    /// It hosts us.
    MyHost,
    /// It has asked to be admitted, and we cannot say yet.
    Waiting(Box<Join>),
    /// We host it.
    Guest,
    /// Nothing but another member: kept warm for the day when one of us hosts, and, in full mode, for our messages.
    Peer,
}

/// A suspicion that the other end is dead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspicion {
    pub(crate) since: Instant,
    pub(crate) probes: u8,
}

/// How far one sender's messages have been passed on along a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) sender: Key,
    /// The broadcast to send next, and from which byte.
    pub(crate) b: u64,
    pub(crate) off: usize,
    /// The directed message to look at next, and from which byte.
    pub(crate) serial: u64,
    pub(crate) serial_off: usize,
    /// Broadcasts are passed on. Else they come to the other end by another way.
    pub(crate) on: bool,
    /// This host has let go of it, and its sender is not here: it may come, and say it again.
    pub(crate) waits: bool,
}

impl Cursor {
    pub(crate) fn new(sender: Key, b: u64, off: usize) -> Cursor {
        Cursor {
            sender,
            b,
            off,
            serial: 0,
            serial_off: 0,
            on: true,
            waits: false,
        }
    }
}

pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) connection_id: String,
    /// Of a dial: whom it is for. `None` while nobody: a spare offer.
    pub(crate) goal: Option<Goal>,
    pub(crate) dialled: bool,
    /// The id to which its signals go, and the session (`None`: the own one).
    pub(crate) remote: String,
    pub(crate) session: Option<SessionId>,
    /// Its signals go by that link, through a member of the room: instead of the server, or too.
    pub(crate) via: Option<LinkId>,
    pub(crate) by_server: bool,
    /// Whether the remote has marked itself as one of ours.
    pub(crate) ours: bool,
    pub(crate) stage: Stage,
    /// Since when it is in this stage; of an offer: since it was sent.
    pub(crate) since: Instant,
    pub(crate) sent: bool,
    pub(crate) sdp: Option<String>,
    pub(crate) candidates: Vec<Candidate>,
    /// What came before we knew who speaks, or before we were admitted.
    pub(crate) early: Vec<(Lane, Vec<u8>)>,
    pub(crate) early_bytes: usize,
    pub(crate) peer: Option<Key>,
    pub(crate) inc: u64,
    pub(crate) hello: Option<Hello>,
    /// The size that our own hello said; both ends decide a merge by the same numbers.
    pub(crate) said_size: u32,
    pub(crate) said_term: u64,
    pub(crate) standing: Standing,
    pub(crate) standing_since: Instant,
    /// Both ends keep it whoever hosts: it is there again as a [`Standing::Peer`] when it no longer carries the room.
    pub(crate) warm: bool,
    /// The other end's own messages come by it, and not by way of the host.
    pub(crate) direct: bool,
    /// Of a guest: whose messages it has had by another way since it last said how far it is in them.
    pub(crate) hears: Vec<Key>,
    /// Nobody sees the other end's page.
    pub(crate) hidden: bool,
    /// The other end is about to leave.
    pub(crate) leaving: bool,
    pub(crate) max_frame: usize,
    pub(crate) in_flight: usize,
    pub(crate) control: Vec<u8>,
    pub(crate) cursors: Vec<Cursor>,
    pub(crate) turn: usize,
    /// Of the changes of init data all have been sent up to this one, and so many bytes of it since as many of messages.
    pub(crate) init_at: u64,
    pub(crate) init_bytes: usize,
    /// At this state of all messages there was nothing more to pass on.
    pub(crate) spent: Option<u64>,
    /// What the guest said it held, when it joined.
    pub(crate) reported: Vec<Position>,
    pub(crate) heard: Instant,
    /// By how much the other end has lately been silent for longer than an interval, ms: a starved machine is slow, not
    /// dead. It falls by a part with each beat.
    pub(crate) slack_ms: u64,
    pub(crate) beat_at: Instant,
    pub(crate) seq: u32,
    pub(crate) seq_at: Instant,
    pub(crate) heard_seq: u32,
    pub(crate) heard_seq_at: Instant,
    pub(crate) rtt_micros: Option<u32>,
    pub(crate) suspicion: Option<Suspicion>,
    /// When the guest last took something, or had nothing to take.
    pub(crate) progress_at: Instant,
    /// The guest is going; its last broadcast, and until when we wait for it.
    pub(crate) going: Option<(u64, Instant)>,
}

impl Link {
    pub(crate) fn new(id: LinkId, connection_id: String, dialled: bool, now: Instant) -> Link {
        Link {
            id,
            connection_id,
            goal: None,
            dialled,
            remote: String::new(),
            session: None,
            via: None,
            by_server: true,
            ours: false,
            stage: Stage::Preparing,
            since: now,
            sent: false,
            sdp: None,
            candidates: Vec::new(),
            early: Vec::new(),
            early_bytes: 0,
            peer: None,
            inc: 0,
            hello: None,
            said_size: 0,
            said_term: 0,
            standing: Standing::Nothing,
            standing_since: now,
            warm: false,
            direct: false,
            hears: Vec::new(),
            hidden: false,
            leaving: false,
            max_frame: 0,
            in_flight: 0,
            control: Vec::new(),
            cursors: Vec::new(),
            turn: 0,
            init_at: 0,
            init_bytes: 0,
            spent: None,
            reported: Vec::new(),
            heard: now,
            slack_ms: 0,
            beat_at: now,
            seq: 0,
            seq_at: now,
            heard_seq: 0,
            heard_seq_at: now,
            rtt_micros: None,
            suspicion: None,
            progress_at: now,
            going: None,
        }
    }

    pub(crate) fn set_standing(&mut self, standing: Standing, now: Instant) {
        self.standing = standing;
        self.spent = None;
        self.init_at = 0;
        self.hears.clear();
        self.direct &= self.is_peer();
        if self.is_in_use() || self.is_peer() {
            // The dial has come to its end; another of the same kind may be wanted.
            self.goal = None;
        }
        self.standing_since = now;
        self.heard = now;
        self.beat_at = now;
        self.progress_at = now;
        self.suspicion = None;
    }

    pub(crate) fn is_guest(&self) -> bool {
        matches!(self.standing, Standing::Guest)
    }

    pub(crate) fn is_my_host(&self) -> bool {
        matches!(self.standing, Standing::MyHost)
    }

    pub(crate) fn is_knocking(&self) -> bool {
        matches!(self.standing, Standing::Knocking)
    }

    /// Whether it carries the room: beats go along it.
    pub(crate) fn is_in_use(&self) -> bool {
        self.is_guest() || self.is_my_host()
    }

    /// Whether it is at hand, and carries no room.
    pub(crate) fn is_peer(&self) -> bool {
        matches!(self.standing, Standing::Peer)
    }

    /// Whether both ends show each other that they live.
    pub(crate) fn beats(&self) -> bool {
        self.is_in_use() || (self.warm && !matches!(self.standing, Standing::Nothing))
    }

    /// Something on it took `ms` and not `usual` ms.
    pub(crate) fn is_late(&mut self, ms: u64, usual: u64) {
        self.slack_ms = self.slack_ms.max(ms.saturating_sub(usual).min(SLACK_MS));
    }

    /// How long it may be silent before it is suspected, if one that is never slow may be for `silence` ms, and most are
    /// late by `shared` ms.
    pub(crate) fn patience(&self, silence: u64, shared: u64) -> u64 {
        silence + self.lateness(shared)
    }

    /// What is given to it beyond the usual, if most are late by `shared` ms, ms.
    pub(crate) fn lateness(&self, shared: u64) -> u64 {
        2 * self.slack_ms.max(2 * shared)
    }

    /// An offer that nobody has answered.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.dialled && matches!(self.stage, Stage::Preparing | Stage::Offering)
    }

    pub(crate) fn cursor(&mut self, sender: Key) -> Option<&mut Cursor> {
        self.spent = None;
        self.cursors
            .iter_mut()
            .find(|cursor| cursor.sender == sender)
    }

    /// Begins (again) to pass on that sender's messages from there.
    pub(crate) fn set_cursor(&mut self, cursor: Cursor) {
        self.spent = None;
        match self.cursor(cursor.sender) {
            Some(known) => *known = cursor,
            None => self.cursors.push(cursor),
        }
    }
}
