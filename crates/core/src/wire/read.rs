//! Reading records.

use super::records::{
    Join, Moved, Position, Record, Refusal, Removed, RosterEntry, Safe, Welcome, kind,
};
use super::{MAX_ITEMS, MAX_PLACE, Reader};
use crate::delivery::Pos;
use crate::names::{Key, Names};
use crate::prelude::*;

/// A record's fields, one after another. A field that cannot be read is nothing, and makes the record one that cannot be
/// read: asked once, at the end, instead of after each field (2 kB of the browser's module).
struct Fields<'a, 'n> {
    rest: Reader<'a>,
    names: &'n mut Names,
    failed: bool,
}

impl<'a> Fields<'a, '_> {
    fn or_fail<T>(&mut self, value: Option<T>, else_: T) -> T {
        self.failed |= value.is_none();
        value.unwrap_or(else_)
    }

    #[inline(never)]
    fn num(&mut self) -> u64 {
        let value = self.rest.varint();
        self.or_fail(value, 0)
    }

    #[inline(never)]
    fn place(&mut self) -> u64 {
        let value = self.rest.place();
        self.or_fail(value, 0)
    }

    /// Where somebody's messages begin, or `u64::MAX`: it will tell.
    fn base(&mut self) -> u64 {
        let value = self.num();
        self.failed |= value.wrapping_add(1) > MAX_PLACE;
        value
    }

    #[inline(never)]
    fn small(&mut self) -> u32 {
        let value = self.rest.u32();
        self.or_fail(value, 0)
    }

    #[inline(never)]
    fn random(&mut self) -> u64 {
        let value = self.rest.u64();
        self.or_fail(value, 0)
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        let value = self.rest.u8();
        self.or_fail(value, 0)
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    #[inline(never)]
    fn blob(&mut self) -> &'a [u8] {
        let value = self.rest.blob();
        self.or_fail(value, &[])
    }

    #[inline(never)]
    fn text(&mut self) -> &'a str {
        let text = core::str::from_utf8(self.blob()).ok();
        self.or_fail(text, "")
    }

    fn founding(&mut self) -> [u8; 16] {
        let bytes = self.rest.take(16).and_then(|bytes| bytes.try_into().ok());
        self.or_fail(bytes, [0; 16])
    }

    #[inline(never)]
    fn key(&mut self) -> Key {
        let names = &mut *self.names;
        let key = self.rest.id().and_then(|wire| names.key_of_wire(wire));
        self.or_fail(key, Key(0))
    }

    /// Behind a byte that says whether it is there.
    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        match self.byte() {
            0 => None,
            _ => Some(read(self)),
        }
    }

    /// A list: its length, then its items.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.num();
        self.failed |= count > MAX_ITEMS || count > self.rest.rest().len() as u64;
        let mut items = Vec::new();
        for _ in 0..count {
            if self.failed {
                break;
            }
            items.push(item(self));
        }
        items
    }

    #[inline(never)]
    fn positions(&mut self) -> Vec<Position> {
        self.list(|r| Position {
            sender: r.key(),
            inc: r.random(),
            b: r.place(),
            d: r.small(),
            off: r.num(),
            flag: r.flag(),
        })
    }

    #[inline(never)]
    fn entries(&mut self) -> Vec<RosterEntry> {
        self.list(|r| RosterEntry {
            member: r.key(),
            inc: r.random(),
            base: r.base(),
            tail: r.place(),
        })
    }

    #[inline(never)]
    fn gone(&mut self) -> Vec<Removed> {
        self.list(|r| Removed {
            member: r.key(),
            inc: r.random(),
            last: r.place(),
            politely: r.flag(),
        })
    }
}

impl<'a> Record<'a> {
    /// Reads a record's body. `Ok(None)`: a kind that this release does not know. `Err`: it cannot be read.
    pub(crate) fn read(
        number: u8,
        body: Reader<'a>,
        names: &mut Names,
    ) -> Result<Option<Record<'a>>, ()> {
        let mut fields = Fields {
            rest: body,
            names,
            failed: false,
        };
        let record = Record::read_known(number, &mut fields);
        match fields.failed {
            true => Err(()),
            false => Ok(record),
        }
    }

    fn read_known(number: u8, r: &mut Fields<'a, '_>) -> Option<Record<'a>> {
        Some(match number {
            kind::JOIN => Record::Join(Join {
                founding: r.founding(),
                term: r.num(),
                named: r.flag(),
                leaving: r.flag(),
                cut: r.flag(),
                sent: r.base(),
                released: r.place(),
                positions: r.positions(),
            }),
            kind::WELCOME => Record::Welcome(Welcome {
                founding: r.founding(),
                term: r.num(),
                n: r.num(),
                settled: r.flag(),
                known: r.flag(),
                have: r.place(),
                have_off: r.num(),
                roster: r.entries(),
                removed: r.gone(),
            }),
            kind::REFUSE => Record::Refuse(match r.byte() {
                0 => Refusal::Full { limit: r.small() },
                1 => Refusal::NotHost {
                    host: r.optional(Fields::key),
                },
                2 => Refusal::TooSlow,
                3 => Refusal::Silent,
                _ => return None,
            }),
            kind::ROSTER => Record::Roster {
                term: r.num(),
                n: r.num(),
                settled: r.flag(),
                added: r.entries(),
                removed: r.gone(),
            },
            kind::INIT | kind::GIVEN => Record::Init {
                about: number,
                // It may overtake the roster that names the member.
                member: r.key(),
                version: r.num(),
                data: r.blob(),
            },
            kind::ACK => Record::Ack(r.positions()),
            kind::SAFE => Record::Safe {
                term: r.num(),
                all: r.list(|r| Safe {
                    sender: r.key(),
                    b: r.place(),
                    off: r.num(),
                    retain: r.place(),
                }),
            },
            kind::ACKED => Record::Acked {
                by: r.key(),
                b: r.place(),
                d: r.small(),
                off: r.num(),
            },
            kind::BASE => Record::Base {
                from: r.key(),
                to: r.key(),
                inc: r.random(),
                first: r.place(),
                at: Pos {
                    b: r.place(),
                    d: r.small(),
                },
            },
            kind::NEED => Record::Need {
                from: r.key(),
                to: r.key(),
                known: r.flag(),
                b: r.place(),
                d: r.small(),
            },
            kind::SIGNAL => Record::Signal {
                from: r.key(),
                to: r.key(),
                number: r.small(),
                dialler: r.flag(),
                signal: r.blob(),
            },
            kind::FETCH => Record::Fetch {
                sender: r.key(),
                inc: r.random(),
                b: r.place(),
                off: r.num(),
            },
            kind::GAP => Record::Gap {
                sender: r.key(),
                inc: r.random(),
                to: r.place(),
            },
            kind::BYE => Record::Bye {
                last: r.place(),
                staying: r.flag(),
            },
            kind::MOVED => Record::Moved(Moved {
                founding: r.founding(),
                term: r.num(),
                host: r.key(),
            }),
            kind::TOKEN => Record::Token(r.text()),
            kind::REACH => Record::Reach(r.text()),
            kind::DIAL => Record::Dial {
                from: r.key(),
                to: r.key(),
                what: r.byte(),
                connection_id: r.text(),
                text: r.text(),
                mid: r.optional(Fields::text),
                index: r.optional(|r| {
                    let index = u16::try_from(r.num()).ok();
                    r.or_fail(index, 0)
                }),
                fragment: r.optional(Fields::text),
            },
            kind::STOP => Record::Stop { sender: r.key() },
            kind::WARM => Record::Warm,
            kind::ASK => Record::Ask,
            kind::HEARD => Record::Heard {
                host: r.optional(Fields::key),
            },
            kind::REPORT => Record::Report { sender: r.key() },
            kind::REPORTED => Record::Reported(r.positions()),
            kind::BEAT => Record::Beat {
                term: r.num(),
                n: r.num(),
                seq: r.small(),
                echo: r.small(),
                held_micros: r.small(),
                hidden: r.flag(),
                leaving: r.flag(),
            },
            kind::PROBE => Record::Probe { nonce: r.small() },
            kind::PROBE_ACK => Record::ProbeAck {
                nonce: r.small(),
                holds: r.flag(),
            },
            _ => return None,
        })
    }
}
