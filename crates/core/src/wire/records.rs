//! The records of lanes *control* and *beat*: what they say. How they are read and written stands beside.

use crate::delivery::Pos;
use crate::names::Key;
use crate::prelude::*;

/// The kinds of records, as numbered on the wire.
pub(crate) mod kind {
    /// A piece of a message (lane *data*).
    pub(crate) const PIECE: u8 = 1;
    /// Guest to host: admit me, or take me back.
    pub(crate) const JOIN: u8 = 10;
    /// Host to guest: you are in.
    pub(crate) const WELCOME: u8 = 11;
    /// You are not in, and why.
    pub(crate) const REFUSE: u8 = 12;
    /// Host to guests: a change of the roster.
    pub(crate) const ROSTER: u8 = 13;
    /// A member's init data.
    pub(crate) const INIT: u8 = 14;
    /// What a member gives in a call; the body is that of [`INIT`].
    pub(crate) const GIVEN: u8 = 25;
    /// One end of a media connection to the other, by the host.
    pub(crate) const SIGNAL: u8 = 26;
    /// Guest to host: what I have taken.
    pub(crate) const ACK: u8 = 15;
    /// Host to guests: what everybody has taken.
    pub(crate) const SAFE: u8 = 16;
    /// Host to a sender: what one receiver has taken of yours, when directed messages are among it.
    pub(crate) const ACKED: u8 = 17;
    /// A sender to a newcomer, by the host: my messages begin for you here.
    pub(crate) const BASE: u8 = 18;
    /// A receiver to a sender, by the host: I lack what follows this.
    pub(crate) const NEED: u8 = 19;
    /// Host to guest: I lack what you have of this sender.
    pub(crate) const FETCH: u8 = 20;
    /// Host to guest: these will never come.
    pub(crate) const GAP: u8 = 21;
    /// I am going.
    pub(crate) const BYE: u8 = 22;
    /// Host to guests: the room goes on at another host. From a guest, who names itself: give me the office, I reach
    /// somebody who does not reach you.
    pub(crate) const MOVED: u8 = 23;
    /// Host to deputies: the token of the room's name.
    pub(crate) const TOKEN: u8 = 24;
    /// Host to guest: that one, by its id, has tried to reach me and does not. Do you reach it?
    pub(crate) const REACH: u8 = 37;
    /// One end of a link that is being made to the other, by way of members: what else goes by the server.
    pub(crate) const DIAL: u8 = 27;
    /// Guest to host: that sender's broadcasts come to me by another way. ([`FETCH`] asks for them again.)
    pub(crate) const STOP: u8 = 28;
    /// Keep this link at hand.
    pub(crate) const WARM: u8 = 29;
    /// Do you hear the host? And the answer, with the host that is heard.
    pub(crate) const ASK: u8 = 33;
    /// See [`ASK`].
    pub(crate) const HEARD: u8 = 34;
    /// Host to guest: that member is being dropped; how far are you in its messages? And the answer.
    pub(crate) const REPORT: u8 = 35;
    /// See [`REPORT`].
    pub(crate) const REPORTED: u8 = 36;
    /// I am alive (lane *beat*).
    pub(crate) const BEAT: u8 = 30;
    /// Are you? (lane *beat*)
    pub(crate) const PROBE: u8 = 31;
    /// Yes (lane *beat*).
    pub(crate) const PROBE_ACK: u8 = 32;
}

/// How far a receiver is in a sender's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) sender: Key,
    pub(crate) inc: u64,
    /// The last broadcast taken.
    pub(crate) b: u64,
    /// The directed messages taken since. In a [`Join`]: how many broadcasts up to `b` are kept.
    pub(crate) d: u32,
    /// Bytes held of the message that comes next.
    pub(crate) off: u64,
    /// In a [`Join`]: false, the sender's beginning for this receiver is not known yet and `b` is only what is held.
    /// In an ack: the sender is to be told.
    pub(crate) flag: bool,
}

/// One member in a roster record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RosterEntry {
    pub(crate) member: Key,
    pub(crate) inc: u64,
    /// For those who meet it now: its messages begin after this broadcast; `u64::MAX`: it will tell them.
    pub(crate) base: u64,
    /// In a [`Welcome`]: where the host begins with it for a joiner that does not know it.
    pub(crate) tail: u64,
}

/// One who is no longer in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) member: Key,
    pub(crate) inc: u64,
    /// Its last broadcast.
    pub(crate) last: u64,
    /// It said goodbye, and will not come back: nothing is kept for it.
    pub(crate) politely: bool,
}

/// What everybody has taken of one sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Safe {
    pub(crate) sender: Key,
    /// Up to this broadcast, by all in the roster.
    pub(crate) b: u64,
    /// And so many bytes of the next.
    pub(crate) off: u64,
    /// Up to this one, also by those who were dropped and may come back.
    pub(crate) retain: u64,
}

#[cfg_attr(test, derive(Debug))]
pub(crate) struct Join {
    pub(crate) founding: [u8; 16],
    pub(crate) term: u64,
    /// The host before has named the other end its successor.
    pub(crate) named: bool,
    /// It leaves, as soon as all that it said has arrived.
    pub(crate) leaving: bool,
    /// It has been sent to the host again and again, and does not reach it: whoever gets this asks for the office.
    pub(crate) cut: bool,
    /// For those who meet it now, the joiner begins after this broadcast; `u64::MAX`: it will tell everybody.
    pub(crate) sent: u64,
    /// The last broadcast that it no longer keeps.
    pub(crate) released: u64,
    /// How far it is in the messages of those it knows.
    pub(crate) positions: Vec<Position>,
}

#[cfg_attr(test, derive(Debug))]
pub(crate) struct Welcome {
    pub(crate) founding: [u8; 16],
    pub(crate) term: u64,
    pub(crate) n: u64,
    pub(crate) settled: bool,
    /// Whether the joiner was still in the roster; else it is taken in anew.
    pub(crate) known: bool,
    /// The last broadcast that the host holds of the joiner's own.
    pub(crate) have: u64,
    /// And so many bytes of the next.
    pub(crate) have_off: u64,
    pub(crate) roster: Vec<RosterEntry>,
    pub(crate) removed: Vec<Removed>,
}

/// Why a member is not admitted, or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The room has as many members as it may.
    Full { limit: u32 },
    /// I am not the host; this one is, as far as I know.
    NotHost { host: Option<Key> },
    /// You took nothing for too long.
    TooSlow,
    /// You did not answer, and were dropped.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) founding: [u8; 16],
    pub(crate) term: u64,
    pub(crate) host: Key,
}

/// A record of lanes *control* or *beat*, read. Ids are interned.
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Record<'a> {
    Join(Join),
    Welcome(Welcome),
    Refuse(Refusal),
    Roster {
        term: u64,
        n: u64,
        settled: bool,
        added: Vec<RosterEntry>,
        removed: Vec<Removed>,
    },
    /// `about`: [`kind::INIT`] or [`kind::GIVEN`].
    Init {
        about: u8,
        member: Key,
        version: u64,
        data: &'a [u8],
    },
    Ack(Vec<Position>),
    Safe {
        term: u64,
        all: Vec<Safe>,
    },
    Acked {
        by: Key,
        b: u64,
        d: u32,
        off: u64,
    },
    Base {
        from: Key,
        inc: u64,
        to: Key,
        /// Where they began at first, if that was before.
        first: u64,
        at: Pos,
    },
    Need {
        from: Key,
        to: Key,
        known: bool,
        b: u64,
        d: u32,
    },
    /// `number`: the dial's, as its dialler numbers it. `dialler`: `from` is the one who dialled.
    Signal {
        from: Key,
        to: Key,
        number: u32,
        dialler: bool,
        signal: &'a [u8],
    },
    Fetch {
        sender: Key,
        inc: u64,
        b: u64,
        /// And so many bytes of the next.
        off: u64,
    },
    Gap {
        sender: Key,
        inc: u64,
        to: u64,
    },
    /// `last`: the sender's last broadcast. `staying`: only its host role ends.
    Bye {
        last: u64,
        staying: bool,
    },
    Moved(Moved),
    Token(&'a str),
    Reach(&'a str),
    /// `what`: 0 an offer, 1 an answer, 2 a candidate. `text`: its SDP, or its line.
    Dial {
        from: Key,
        to: Key,
        what: u8,
        connection_id: &'a str,
        text: &'a str,
        mid: Option<&'a str>,
        index: Option<u16>,
        fragment: Option<&'a str>,
    },
    Stop {
        sender: Key,
    },
    Warm,
    Ask,
    Heard {
        host: Option<Key>,
    },
    Report {
        sender: Key,
    },
    Reported(Vec<Position>),
    Beat {
        term: u64,
        n: u64,
        seq: u32,
        echo: u32,
        held_micros: u32,
        /// Nobody sees this page.
        hidden: bool,
        /// It leaves, as soon as all that it said has arrived.
        leaving: bool,
    },
    Probe {
        nonce: u32,
    },
    /// `holds`: the answering one counts the asking one as its guest or its host.
    ProbeAck {
        nonce: u32,
        holds: bool,
    },
}
