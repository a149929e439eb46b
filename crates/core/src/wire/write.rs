//! Writing records.

use super::records::{Position, Record, Refusal, Removed, RosterEntry, kind};
use super::{Writer, record};
use crate::names::{Key, Names};
use crate::prelude::*;

impl Record<'_> {
    /// The record, ready to be put into a frame.
    pub(crate) fn write(&self, names: &Names) -> Vec<u8> {
        let id = |w: &mut Writer, key: Key| w.bytes(names.wire(key));
        let gone = |w: &mut Writer, list: &[Removed]| {
            w.varint(list.len() as u64);
            for item in list {
                id(w, item.member);
                w.u64(item.inc);
                w.varint(item.last);
                w.u8(u8::from(item.politely));
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
        let host = |w: &mut Writer, host: &Option<Key>| {
            w.u8(u8::from(host.is_some()));
            if let Some(host) = host {
                id(w, *host);
            }
        };
        let text = |w: &mut Writer, text: &Option<&str>| {
            w.u8(u8::from(text.is_some()));
            if let Some(text) = text {
                w.blob(text.as_bytes());
            }
        };
        record(self.kind(), |w| match self {
            Record::Join(join) => {
                w.bytes(&join.founding);
                w.varint(join.term);
                w.u8(u8::from(join.named));
                w.u8(u8::from(join.leaving));
                w.u8(u8::from(join.cut));
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
                Refusal::NotHost { host: other } => {
                    w.u8(1);
                    host(w, other);
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
                ..
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
                first,
                at,
            } => {
                id(w, *from);
                id(w, *to);
                w.u64(*inc);
                w.varint(*first);
                w.varint(at.b);
                w.varint(u64::from(at.d));
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
            Record::Signal {
                from,
                to,
                number,
                dialler,
                signal,
            } => {
                id(w, *from);
                id(w, *to);
                w.varint(u64::from(*number));
                w.u8(u8::from(*dialler));
                w.blob(signal);
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
            Record::Token(text) | Record::Reach(text) => w.blob(text.as_bytes()),
            Record::Dial {
                from,
                to,
                what,
                connection_id,
                text: words,
                mid,
                index,
                fragment,
            } => {
                id(w, *from);
                id(w, *to);
                w.u8(*what);
                w.blob(connection_id.as_bytes());
                w.blob(words.as_bytes());
                text(w, mid);
                w.u8(u8::from(index.is_some()));
                if let Some(index) = index {
                    w.varint(u64::from(*index));
                }
                text(w, fragment);
            }
            Record::Stop { sender } | Record::Report { sender } => id(w, *sender),
            Record::Warm | Record::Ask => {}
            Record::Heard { host: heard } => host(w, heard),
            Record::Reported(list) => positions(w, list),
            Record::Beat {
                term,
                n,
                seq,
                echo,
                held_micros,
                hidden,
                leaving,
            } => {
                w.varint(*term);
                w.varint(*n);
                w.varint(u64::from(*seq));
                w.varint(u64::from(*echo));
                w.varint(u64::from(*held_micros));
                w.u8(u8::from(*hidden));
                w.u8(u8::from(*leaving));
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
            Record::Init { about, .. } => *about,
            Record::Ack(_) => kind::ACK,
            Record::Safe { .. } => kind::SAFE,
            Record::Acked { .. } => kind::ACKED,
            Record::Base { .. } => kind::BASE,
            Record::Need { .. } => kind::NEED,
            Record::Signal { .. } => kind::SIGNAL,
            Record::Fetch { .. } => kind::FETCH,
            Record::Gap { .. } => kind::GAP,
            Record::Bye { .. } => kind::BYE,
            Record::Moved(_) => kind::MOVED,
            Record::Token(_) => kind::TOKEN,
            Record::Reach(_) => kind::REACH,
            Record::Dial { .. } => kind::DIAL,
            Record::Stop { .. } => kind::STOP,
            Record::Warm => kind::WARM,
            Record::Ask => kind::ASK,
            Record::Heard { .. } => kind::HEARD,
            Record::Report { .. } => kind::REPORT,
            Record::Reported(_) => kind::REPORTED,
            Record::Beat { .. } => kind::BEAT,
            Record::Probe { .. } => kind::PROBE,
            Record::ProbeAck { .. } => kind::PROBE_ACK,
        }
    }
}
