//! The records of lanes *control* and *beat*.

use super::{Reader, Writer, record};
use crate::names::{Key, Names};
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
    /// Host to guests: the room goes on at another host.
    pub(crate) const MOVED: u8 = 23;
    /// Host to deputies: the token of the room's name.
    pub(crate) const TOKEN: u8 = 24;
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
    /// The directed messages taken since.
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

pub(crate) struct Join {
    pub(crate) founding: [u8; 16],
    pub(crate) term: u64,
    /// For those who meet it now, the joiner begins after this broadcast; `u64::MAX`: it will tell everybody.
    pub(crate) sent: u64,
    /// The last broadcast that it no longer keeps.
    pub(crate) released: u64,
    /// How far it is in the messages of those it knows.
    pub(crate) positions: Vec<Position>,
}

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
    Init {
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
        b: u64,
        d: u32,
    },
    Need {
        from: Key,
        to: Key,
        known: bool,
        b: u64,
        d: u32,
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
    Beat {
        term: u64,
        n: u64,
        seq: u32,
        echo: u32,
        held_micros: u32,
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

fn positions(r: &mut Reader<'_>, names: &mut Names) -> Option<Vec<Position>> {
    r.list(|r| {
        Some(Position {
            sender: names.key_of_wire(r.id()?)?,
            inc: r.u64()?,
            b: r.varint()?,
            d: r.u32()?,
            off: r.varint()?,
            flag: r.u8()? & 1 != 0,
        })
    })
}

fn entries(r: &mut Reader<'_>, names: &mut Names) -> Option<Vec<RosterEntry>> {
    r.list(|r| {
        Some(RosterEntry {
            member: names.key_of_wire(r.id()?)?,
            inc: r.u64()?,
            base: r.varint()?,
            tail: r.varint()?,
        })
    })
}

fn gone(r: &mut Reader<'_>, names: &mut Names) -> Option<Vec<Removed>> {
    r.list(|r| {
        Some(Removed {
            member: names.key_of_wire(r.id()?)?,
            inc: r.u64()?,
            last: r.varint()?,
        })
    })
}

fn founding(r: &mut Reader<'_>) -> Option<[u8; 16]> {
    r.take(16)?.try_into().ok()
}

impl<'a> Record<'a> {
    /// Reads a record's body. `Ok(None)`: a kind that this release does not know. `Err`: it cannot be read.
    pub(crate) fn read(
        number: u8,
        mut r: Reader<'a>,
        names: &mut Names,
    ) -> Result<Option<Record<'a>>, ()> {
        Record::read_known(number, &mut r, names)
            .ok_or(())
            .map(|record| match record {
                Known::Yes(record) => Some(record),
                Known::No => None,
            })
    }

    fn read_known(number: u8, r: &mut Reader<'a>, names: &mut Names) -> Option<Known<'a>> {
        Some(Known::Yes(match number {
            kind::JOIN => Record::Join(Join {
                founding: founding(r)?,
                term: r.varint()?,
                sent: r.varint()?,
                released: r.varint()?,
                positions: positions(r, names)?,
            }),
            kind::WELCOME => Record::Welcome(Welcome {
                founding: founding(r)?,
                term: r.varint()?,
                n: r.varint()?,
                settled: r.u8()? != 0,
                known: r.u8()? != 0,
                have: r.varint()?,
                have_off: r.varint()?,
                roster: entries(r, names)?,
                removed: gone(r, names)?,
            }),
            kind::REFUSE => Record::Refuse(match r.u8()? {
                0 => Refusal::Full { limit: r.u32()? },
                1 => Refusal::NotHost {
                    host: if r.u8()? != 0 {
                        Some(names.key_of_wire(r.id()?)?)
                    } else {
                        None
                    },
                },
                2 => Refusal::TooSlow,
                3 => Refusal::Silent,
                _ => return Some(Known::No),
            }),
            kind::ROSTER => Record::Roster {
                term: r.varint()?,
                n: r.varint()?,
                settled: r.u8()? != 0,
                added: entries(r, names)?,
                removed: gone(r, names)?,
            },
            kind::INIT => Record::Init {
                member: names.find_wire(r.id()?)?,
                version: r.varint()?,
                data: r.blob()?,
            },
            kind::ACK => Record::Ack(positions(r, names)?),
            kind::SAFE => Record::Safe {
                term: r.varint()?,
                all: r.list(|r| {
                    Some(Safe {
                        sender: names.key_of_wire(r.id()?)?,
                        b: r.varint()?,
                        off: r.varint()?,
                        retain: r.varint()?,
                    })
                })?,
            },
            kind::ACKED => Record::Acked {
                by: names.key_of_wire(r.id()?)?,
                b: r.varint()?,
                d: r.u32()?,
                off: r.varint()?,
            },
            kind::BASE => Record::Base {
                from: names.key_of_wire(r.id()?)?,
                inc: r.u64()?,
                to: names.key_of_wire(r.id()?)?,
                b: r.varint()?,
                d: r.u32()?,
            },
            kind::NEED => Record::Need {
                from: names.key_of_wire(r.id()?)?,
                to: names.key_of_wire(r.id()?)?,
                known: r.u8()? != 0,
                b: r.varint()?,
                d: r.u32()?,
            },
            kind::FETCH => Record::Fetch {
                sender: names.key_of_wire(r.id()?)?,
                inc: r.u64()?,
                b: r.varint()?,
                off: r.varint()?,
            },
            kind::GAP => Record::Gap {
                sender: names.key_of_wire(r.id()?)?,
                inc: r.u64()?,
                to: r.varint()?,
            },
            kind::BYE => Record::Bye {
                last: r.varint()?,
                staying: r.u8()? != 0,
            },
            kind::MOVED => Record::Moved(Moved {
                founding: founding(r)?,
                term: r.varint()?,
                host: names.key_of_wire(r.id()?)?,
            }),
            kind::TOKEN => Record::Token(core::str::from_utf8(r.blob()?).ok()?),
            kind::BEAT => Record::Beat {
                term: r.varint()?,
                n: r.varint()?,
                seq: r.u32()?,
                echo: r.u32()?,
                held_micros: r.u32()?,
            },
            kind::PROBE => Record::Probe { nonce: r.u32()? },
            kind::PROBE_ACK => Record::ProbeAck {
                nonce: r.u32()?,
                holds: r.u8()? != 0,
            },
            _ => return Some(Known::No),
        }))
    }

    /// The record, ready to be put into a frame.
    pub(crate) fn write(&self, names: &Names) -> Vec<u8> {
        let id = |w: &mut Writer, key: Key| w.bytes(names.wire(key));
        let gone = |w: &mut Writer, list: &[Removed]| {
            w.varint(list.len() as u64);
            for item in list {
                id(w, item.member);
                w.u64(item.inc);
                w.varint(item.last);
            }
        };
        let entries = |w: &mut Writer, list: &[RosterEntry]| {
            w.varint(list.len() as u64);
            for item in list {
                id(w, item.member);
                w.u64(item.inc);
                w.varint(item.base);
                w.varint(item.tail);
            }
        };
        let positions = |w: &mut Writer, list: &[Position]| {
            w.varint(list.len() as u64);
            for item in list {
                id(w, item.sender);
                w.u64(item.inc);
                w.varint(item.b);
                w.varint(u64::from(item.d));
                w.varint(item.off);
                w.u8(u8::from(item.flag));
            }
        };
        record(self.kind(), |w| match self {
            Record::Join(join) => {
                w.bytes(&join.founding);
                w.varint(join.term);
                w.varint(join.sent);
                w.varint(join.released);
                positions(w, &join.positions);
            }
            Record::Welcome(welcome) => {
                w.bytes(&welcome.founding);
                w.varint(welcome.term);
                w.varint(welcome.n);
                w.u8(u8::from(welcome.settled));
                w.u8(u8::from(welcome.known));
                w.varint(welcome.have);
                w.varint(welcome.have_off);
                entries(w, &welcome.roster);
                gone(w, &welcome.removed);
            }
            Record::Refuse(refusal) => match refusal {
                Refusal::Full { limit } => {
                    w.u8(0);
                    w.varint(u64::from(*limit));
                }
                Refusal::NotHost { host } => {
                    w.u8(1);
                    w.u8(u8::from(host.is_some()));
                    if let Some(host) = host {
                        id(w, *host);
                    }
                }
                Refusal::TooSlow => w.u8(2),
                Refusal::Silent => w.u8(3),
            },
            Record::Roster {
                term,
                n,
                settled,
                added,
                removed,
            } => {
                w.varint(*term);
                w.varint(*n);
                w.u8(u8::from(*settled));
                entries(w, added);
                gone(w, removed);
            }
            Record::Init {
                member,
                version,
                data,
            } => {
                id(w, *member);
                w.varint(*version);
                w.blob(data);
            }
            Record::Ack(list) => positions(w, list),
            Record::Safe { term, all } => {
                w.varint(*term);
                w.varint(all.len() as u64);
                for item in all {
                    id(w, item.sender);
                    w.varint(item.b);
                    w.varint(item.off);
                    w.varint(item.retain);
                }
            }
            Record::Acked { by, b, d, off } => {
                id(w, *by);
                w.varint(*b);
                w.varint(u64::from(*d));
                w.varint(*off);
            }
            Record::Base {
                from,
                inc,
                to,
                b,
                d,
            } => {
                id(w, *from);
                w.u64(*inc);
                id(w, *to);
                w.varint(*b);
                w.varint(u64::from(*d));
            }
            Record::Need {
                from,
                to,
                known,
                b,
                d,
            } => {
                id(w, *from);
                id(w, *to);
                w.u8(u8::from(*known));
                w.varint(*b);
                w.varint(u64::from(*d));
            }
            Record::Fetch {
                sender,
                inc,
                b,
                off,
            } => {
                id(w, *sender);
                w.u64(*inc);
                w.varint(*b);
                w.varint(*off);
            }
            Record::Gap { sender, inc, to } => {
                id(w, *sender);
                w.u64(*inc);
                w.varint(*to);
            }
            Record::Bye { last, staying } => {
                w.varint(*last);
                w.u8(u8::from(*staying));
            }
            Record::Moved(moved) => {
                w.bytes(&moved.founding);
                w.varint(moved.term);
                id(w, moved.host);
            }
            Record::Token(token) => w.blob(token.as_bytes()),
            Record::Beat {
                term,
                n,
                seq,
                echo,
                held_micros,
            } => {
                w.varint(*term);
                w.varint(*n);
                w.varint(u64::from(*seq));
                w.varint(u64::from(*echo));
                w.varint(u64::from(*held_micros));
            }
            Record::Probe { nonce } => w.varint(u64::from(*nonce)),
            Record::ProbeAck { nonce, holds } => {
                w.varint(u64::from(*nonce));
                w.u8(u8::from(*holds));
            }
        })
    }

    fn kind(&self) -> u8 {
        match self {
            Record::Join(_) => kind::JOIN,
            Record::Welcome(_) => kind::WELCOME,
            Record::Refuse(_) => kind::REFUSE,
            Record::Roster { .. } => kind::ROSTER,
            Record::Init { .. } => kind::INIT,
            Record::Ack(_) => kind::ACK,
            Record::Safe { .. } => kind::SAFE,
            Record::Acked { .. } => kind::ACKED,
            Record::Base { .. } => kind::BASE,
            Record::Need { .. } => kind::NEED,
            Record::Fetch { .. } => kind::FETCH,
            Record::Gap { .. } => kind::GAP,
            Record::Bye { .. } => kind::BYE,
            Record::Moved(_) => kind::MOVED,
            Record::Token(_) => kind::TOKEN,
            Record::Beat { .. } => kind::BEAT,
            Record::Probe { .. } => kind::PROBE,
            Record::ProbeAck { .. } => kind::PROBE_ACK,
        }
    }
}

enum Known<'a> {
    Yes(Record<'a>),
    No,
}
