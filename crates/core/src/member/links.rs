//! Records from a link: who may say what is checked here, once, and then each goes to its part.

use super::{Member, Role};
use crate::api::{Lane, LinkId};
use crate::config::MAX_PASSED;
use crate::delivery::Pos;
use crate::link::{Link, Standing};
use crate::names::Key;
use crate::prelude::*;
use crate::wire::{Piece, Reader, Record, kind};

impl Member {
    /// A frame of records.
    pub(super) fn on_frame(&mut self, id: LinkId, lane: Lane, frame: &[u8]) {
        let mut reader = Reader::new(frame);
        while !reader.is_empty() {
            let rest = reader.rest();
            let Some((number, mut body)) = reader.record() else {
                self.counters.garbage += 1;
                return;
            };
            if number == kind::PIECE {
                match Piece::read(&mut body) {
                    Some(piece) => self.on_piece(id, &piece),
                    None => self.counters.garbage += 1,
                }
                continue;
            }
            let record = rest.get(..rest.len() - reader.rest().len());
            let record = record.unwrap_or_default();
            if matches!(number, kind::BASE | kind::NEED | kind::SIGNAL | kind::DIAL)
                && !self.is_for_me(id, lane, number, body, record)
            {
                continue;
            }
            match Record::read(number, body, &mut self.names) {
                Ok(Some(record)) => self.on_record(id, lane, record),
                Ok(None) => {}
                Err(()) => self.counters.garbage += 1,
            }
            if self.link(id).is_none() {
                return;
            }
        }
    }

    fn on_record(&mut self, id: LinkId, lane: Lane, record: Record<'_>) {
        let Some(link) = self.link(id) else { return };
        let Some(peer) = link.peer else { return };
        let (my_host, my_guest, knocking) =
            (link.is_my_host(), link.is_guest(), link.is_knocking());
        let warm = link.is_peer();
        let unused = matches!(link.standing, Standing::Nothing);
        if let Record::Bye { staying: false, .. } = record {
            self.said_bye(peer, warm);
        }
        match record {
            // On a link that is in use or is to be: liveness, and goodbyes.
            Record::Beat {
                term,
                n,
                seq,
                echo,
                held_micros,
                hidden,
                leaving,
            } => {
                if let Some(link) = self.link_mut(id) {
                    (link.hidden, link.leaving) = (hidden, leaving);
                }
                self.on_beat(id, seq, echo, held_micros);
                if my_host {
                    self.on_host_beat(id, term, n);
                }
            }
            // Its guest a moment ago, or its host: whichever of the two it will be is being said.
            Record::Probe { .. } if knocking => {}
            Record::Probe { nonce } => {
                let holds = my_host || my_guest || warm;
                self.beat_record(id, &Record::ProbeAck { nonce, holds });
            }
            Record::ProbeAck { holds, .. } => {
                self.on_probe_ack(id, holds);
                if my_host && holds {
                    self.host_lives();
                }
            }
            Record::Bye { last, staying } if my_host => self.on_host_bye(peer, last, staying),
            Record::Bye { last, .. } if my_guest => self.on_guest_bye(id, last),
            Record::Bye { .. } => {
                self.fail_link(id, true);
                self.check_settled();
            }
            // What only a host may say.
            Record::Welcome(welcome) if knocking => self.on_welcome(id, peer, welcome),
            Record::Refuse(refusal) if knocking || my_host => self.on_refusal(id, refusal),
            Record::Refuse(refusal) if unused && self.is_host() => self.name_outlived(id, refusal),
            Record::Refuse(_) => self.fail_link(id, true),
            Record::Roster {
                term,
                n,
                settled,
                added,
                removed,
            } if my_host => {
                self.on_roster(term, n, settled, added, removed);
            }
            Record::Safe { term, all } if my_host && term >= self.term => self.on_safe(&all),
            Record::Acked { by, b, d, off } if my_host => self.on_acked(by, b, d, off),
            Record::Gap { sender, inc, to }
                if my_host || ((my_guest || warm) && sender == peer) =>
            {
                self.on_gap(sender, inc, to);
            }
            Record::Moved(moved) if my_host => self.on_moved(id, moved),
            Record::Moved(moved) if my_guest && moved.host == peer => self.give_office(id, peer),
            // Its successor has heard of it by another word that overtook this one.
            Record::Moved(_) if my_guest => {}
            // Another has taken the office, because the host is gone for most. Whoever seeks it may be asking one first who is
            // gone, too.
            Record::Moved(moved)
                if moved.host == peer
                    && moved.term > self.term
                    && (self.doubts_host() || (warm && matches!(self.role, Role::Seeking(_)))) =>
            {
                self.on_moved(id, moved);
            }
            Record::Token(token) if my_host => self.name.shared = Some(token.to_owned()),
            Record::Reach(id) if my_host => self.reach(id),
            Record::Report { sender } if my_host => self.on_report(id, sender),
            // What those at hand say to each other.
            Record::Warm => self.on_warm(id, peer),
            Record::Ask => self.on_ask(id),
            Record::Heard { host } => self.on_heard(peer, host),
            // What guests say to their host.
            Record::Reported(list) if my_guest => self.on_reported(id, list),
            // Of its own a host leaves nothing out: a word from before that is late.
            Record::Stop { sender }
                if (my_guest && sender != self.me) || (warm && sender == self.me) =>
            {
                self.on_stop(id, sender);
            }
            Record::Join(join) => self.on_join(id, join),
            Record::Ack(list) if my_guest => self.on_ack(id, peer, &list),
            // What members say to each other through the host.
            Record::Init {
                about,
                member,
                version,
                data,
            } if (my_guest && member == peer) || my_host => {
                self.on_init(about, member, version, data);
            }
            // Only those for this member come so far.
            Record::Base { from, .. } if my_host && self.stream(from).is_none() => {
                let bytes = record.write(&self.names);
                self.keep_stray(id, bytes);
            }
            Record::Base {
                from,
                inc,
                first,
                at,
                ..
            } => self.on_base(from, inc, first, at),
            Record::Need {
                from, known, b, d, ..
            } => self.on_need(from, known, Pos { b, d }),
            Record::Dial {
                from,
                what,
                connection_id,
                text,
                mid,
                index,
                fragment,
                ..
            } => self.on_dial(id, from, what, connection_id, text, mid, index, fragment),
            Record::Signal {
                from,
                number,
                dialler,
                signal,
                ..
            } => self.on_signal(from, number, dialler, signal),
            Record::Fetch {
                sender,
                inc,
                b,
                off,
            } if my_guest || my_host || ((warm || unused) && sender == self.me) => {
                if unused {
                    // It has overtaken the word that the link is to be kept.
                    self.on_warm(id, peer);
                }
                self.on_fetch(id, sender, inc, b, off);
            }
            // Being welcomed and being told things are not ordered: lane *control* is not.
            other if knocking && lane == Lane::Control => {
                let bytes = other.write(&self.names);
                self.keep_early(id, Lane::Control, &bytes);
            }
            _ => self.counters.garbage += 1,
        }
    }

    /// Says something to a member: directly, or through the host.
    pub(super) fn tell(&mut self, to: Key, record: &Record<'_>) {
        let id = match &self.role {
            Role::Host(_) => self.link_to(to),
            Role::Guest(id) => Some(*id),
            _ => None,
        };
        if let Some(id) = id
            && self.link(id).is_some_and(|it| it.in_flight < MAX_PASSED)
        {
            self.control(id, record);
        }
    }

    /// The links of all guests.
    pub(super) fn guests(&self) -> Vec<LinkId> {
        self.links_that(Link::is_guest)
    }

    /// Those links of which `is` is true.
    #[inline(never)]
    pub(super) fn links_that(&self, is: fn(&Link) -> bool) -> Vec<LinkId> {
        let those = self.links.iter().filter(|link| is(link));
        those.map(|link| link.id).gather()
    }
}
