//! Reading records.

use super::Reader;
use super::records::{
    Join, Moved, Position, Record, Refusal, Removed, RosterEntry, Safe, Welcome, kind,
};
use crate::delivery::Pos;
use crate::names::Names;
use crate::prelude::*;

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
            politely: r.u8()? != 0,
        })
    })
}

fn text<'a>(r: &mut Reader<'a>) -> Option<&'a str> {
    core::str::from_utf8(r.blob()?).ok()
}

/// Behind a byte that says whether it is there.
fn optional<'a, T>(
    r: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
) -> Option<Option<T>> {
    match r.u8()? {
        0 => Some(None),
        _ => Some(Some(read(r)?)),
    }
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
                named: r.u8()? != 0,
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
                    host: optional(r, |r| names.key_of_wire(r.id()?))?,
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
            kind::INIT | kind::GIVEN => Record::Init {
                about: number,
                // It may overtake the roster that names the member.
                member: names.key_of_wire(r.id()?)?,
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
                to: names.key_of_wire(r.id()?)?,
                inc: r.u64()?,
                first: r.varint()?,
                at: Pos {
                    b: r.varint()?,
                    d: r.u32()?,
                },
            },
            kind::NEED => Record::Need {
                from: names.key_of_wire(r.id()?)?,
                to: names.key_of_wire(r.id()?)?,
                known: r.u8()? != 0,
                b: r.varint()?,
                d: r.u32()?,
            },
            kind::SIGNAL => Record::Signal {
                from: names.key_of_wire(r.id()?)?,
                to: names.key_of_wire(r.id()?)?,
                number: r.u32()?,
                dialler: r.u8()? != 0,
                signal: r.blob()?,
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
            kind::TOKEN => Record::Token(text(r)?),
            kind::DIAL => Record::Dial {
                from: names.key_of_wire(r.id()?)?,
                to: names.key_of_wire(r.id()?)?,
                what: r.u8()?,
                connection_id: text(r)?,
                text: text(r)?,
                mid: optional(r, text)?,
                index: optional(r, |r| u16::try_from(r.varint()?).ok())?,
                fragment: optional(r, text)?,
            },
            kind::STOP => Record::Stop {
                sender: names.key_of_wire(r.id()?)?,
            },
            kind::WARM => Record::Warm,
            kind::ASK => Record::Ask,
            kind::HEARD => Record::Heard {
                host: optional(r, |r| names.key_of_wire(r.id()?))?,
            },
            kind::REPORT => Record::Report {
                sender: names.key_of_wire(r.id()?)?,
            },
            kind::REPORTED => Record::Reported(positions(r, names)?),
            kind::BEAT => Record::Beat {
                term: r.varint()?,
                n: r.varint()?,
                seq: r.u32()?,
                echo: r.u32()?,
                held_micros: r.u32()?,
                hidden: r.u8()? != 0,
            },
            kind::PROBE => Record::Probe { nonce: r.u32()? },
            kind::PROBE_ACK => Record::ProbeAck {
                nonce: r.u32()?,
                holds: r.u8()? != 0,
            },
            _ => return Some(Known::No),
        }))
    }
}

enum Known<'a> {
    Yes(Record<'a>),
    No,
}
