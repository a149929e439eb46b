//! Messages: each once, in order, whole, from whom it says, and none missing.

use super::Checker;
use super::book::{Book, Fate, Sending};
use crate::Micros;
use crate::payload::{self, Said};
use peerjs_mesh_core::{ErrorCode, Outcome, SendError, Sent};

/// Sends that may wait at most (PROTOCOL §5).
const MOST_WAITING: usize = 1_024;
/// Retention (PROTOCOL §5), but for the last words that a user hears before it hears of a drop.
pub(super) const APART: Micros = 24 * crate::SECOND;
/// A sender may have let go of something and die before anybody can say why: so long after a gap it has to be dead to be
/// excused.
const DROPPED: Micros = 10 * crate::SECOND;

/// What is kept of a sender's messages that everybody in the roster has, bytes (PROTOCOL §5).
const KEPT: usize = 8 << 20;
/// What a message that is kept costs beside its bytes, as members count it: 128 B, and 16 for each that was directed before.
const BESIDE: usize = 256;

impl Checker {
    /// A member was asked to send its message with this number, of so many bytes, and has said this.
    pub fn sent(
        &mut self,
        now: Micros,
        member: usize,
        to: Option<usize>,
        bytes: usize,
        result: &Result<Sent, SendError>,
    ) {
        let number = self.books[member].sends.len() as u64;
        let fate = match result {
            Ok(Sent::Accepted) => Fate::Accepted,
            Ok(Sent::Waiting(ticket)) => {
                if self.books[member]
                    .tickets
                    .insert(ticket.0, number)
                    .is_some()
                {
                    self.blame(
                        now,
                        "ticket-twice",
                        format!("m{member} gives {ticket:?} twice"),
                    );
                }
                Fate::Waiting
            }
            Err(_) => Fate::Failed,
        };
        if self.books[member].tickets.len() > MOST_WAITING {
            self.blame(
                now,
                "waiting-sends",
                format!("more than {MOST_WAITING} sends of m{member} wait"),
            );
        }
        let bad = match (result, to) {
            // One that is dropped but has last words on their way is in the list for a moment longer: its
            // peerdropped has to follow.
            (Err(SendError::UnknownMember), Some(to)) => {
                if self.books[member].list.contains(&to) && self.books[member].synced {
                    self.books[member].unknown.push((to, number));
                }
                false
            }
            (Err(SendError::UnknownMember), None) => true,
            (Err(SendError::BufferFull), _) => self.books[member].tickets.len() < MOST_WAITING,
            (Err(SendError::Left), _) => !self.books[member].leaving,
            _ => false,
        };
        if bad {
            self.blame(
                now,
                "send-refused",
                format!("m{member} refuses #{number} to {to:?}: {result:?}"),
            );
        }
        let after_sync = self.books[member].synced;
        self.books[member].sends.push(Sending {
            at: now,
            to,
            bytes,
            fate,
            after_sync,
        });
    }

    /// A send that waited is through, or has failed.
    pub(crate) fn outcome(&mut self, now: Micros, member: usize, outcome: &Outcome) {
        let ticket = outcome.ticket.0;
        let Err(code) = outcome.result else {
            return self.settle(now, member, ticket, Fate::Accepted);
        };
        self.settle(now, member, ticket, Fate::Failed);
        let excused = matches!(code, ErrorCode::MemberLeft | ErrorCode::UnknownMember)
            || (code == ErrorCode::Left && self.books[member].leaving);
        if !excused {
            self.blame(
                now,
                "send-refused",
                format!("m{member}'s waiting send fails: {code:?}"),
            );
        }
    }

    fn settle(&mut self, now: Micros, member: usize, ticket: u32, fate: Fate) {
        let book = &mut self.books[member];
        let sending = book
            .tickets
            .remove(&ticket)
            .and_then(|number| book.sends.get_mut(number as usize));
        match sending {
            // Its place among the messages, and who is to hear it, are decided now: it has waited for room.
            Some(sending) => (sending.fate, sending.at) = (fate, now),
            None => self.blame(
                now,
                "ticket-unknown",
                format!("m{member} settles ticket {ticket}, which does not wait"),
            ),
        }
    }

    pub(super) fn data(&mut self, now: Micros, member: usize, from: &str, data: &[u8]) {
        let Some(Said {
            from: sender,
            number,
            to,
        }) = payload::decode(data)
        else {
            self.blame(
                now,
                "corrupt",
                format!("m{member} hears {} bytes that nobody said", data.len()),
            );
            return;
        };
        let what = format!("m{member} hears #{number} of m{sender}");
        let wrong = if self.member(from) != Some(sender) {
            Some("forged")
        } else if sender == member {
            Some("own-message")
        } else if to.is_some_and(|to| to != member) {
            Some("misdelivered")
        } else if !self.books[member].list.contains(&sender) {
            Some("unannounced")
        } else {
            None
        };
        if let Some(rule) = wrong {
            self.blame(now, rule, format!("{what}, to {to:?}, from {from}"));
            return;
        }
        let born = self.books[member].born;
        match self.books[sender].sends.get(number as usize) {
            None => {
                self.blame(now, "never-sent", what);
                return;
            }
            Some(sending) if sending.fate == Fate::Failed => {
                self.blame(now, "refused-yet-sent", what);
                return;
            }
            Some(sending) if sending.at < born && sending.after_sync => {
                self.blame(now, "before-start", what);
                return;
            }
            Some(_) => {}
        }
        let heard = self.books[member].heard.get(&sender);
        let next = heard
            .and_then(|h| h.numbers.last())
            .map_or(0, |last| last + 1);
        if number < next && to.is_some() && self.books[member].heard_mut(sender).owed_late(number) {
            return;
        }
        let heard = self.books[member].heard.get(&sender);
        if number < next {
            let doubled = heard.is_some_and(|h| h.numbers.binary_search(&number).is_ok());
            self.blame(
                now,
                if doubled { "doubled" } else { "reordered" },
                format!("{what} after #{}", next - 1),
            );
            return;
        }
        let (missing, direct) = self.required(sender, member, next..number);
        // What its sender was told is not kept any more may come all the same, from somebody who keeps it for longer.
        let book = &self.books[sender];
        let given_up = book.given_up.get(&member).copied().unwrap_or(0);
        let to_it = |n: &u64| {
            book.sends
                .get(*n as usize)
                .is_some_and(|s| s.to == Some(member))
        };
        let spared: Vec<u64> = (next..number.min(given_up)).filter(to_it).collect();
        let heard = self.books[member].heard_mut(sender);
        heard.released.extend(spared);
        heard.numbers.push(number);
        let gone = heard.gone.contains(&number);
        // Last words: all hear the same broadcasts of a sender that is gone, also who lacks a message directed to it
        // that nobody else has. The drop has to follow; should the sender come back, the message does, too.
        for number in direct {
            if number >= heard.gap_until {
                heard.owed.insert(number);
            } else {
                // A gap was told since: they need not come.
                heard.released.insert(number);
            }
        }
        if gone {
            self.blame(
                now,
                "gap-wrong",
                format!("{what}, which a gap had given up"),
            );
        }
        self.forgive(now, member, sender, missing, &[], "hole", &what);
    }

    /// A `gap`: where the promise ends it says so, once for each sender, and names what never came and never will.
    pub(super) fn gap(
        &mut self,
        now: Micros,
        member: usize,
        sender: usize,
        range: std::ops::RangeInclusive<u64>,
    ) {
        // Broadcasts are numbered from 1 as they are accepted.
        let broadcasts = (0u64..)
            .zip(&self.books[sender].sends)
            .filter(|(_, sending)| sending.to.is_none() && sending.fate == Fate::Accepted)
            .map(|(number, _)| number);
        let skip = range.start().saturating_sub(1) as usize;
        let count = range.end() - range.start() + 1;
        let named: Vec<u64> = broadcasts.skip(skip).take(count as usize).collect();
        let sent = self.books[sender].sends.len() as u64;
        let heard = self.books[member].heard_mut(sender);
        heard.gaps += count;
        heard.gap_until = sent;
        let twice = std::mem::replace(&mut heard.gap_told, true);
        let had = named
            .iter()
            .find(|number| heard.numbers.binary_search(number).is_ok())
            .copied();
        heard.gone.extend(&named);
        let what = format!("m{member} hears of a gap {range:?} of m{sender}");
        // Of what a sender said before it knew of the other nothing need come; it may be told all the same.
        let meant = |number: &u64| self.required(sender, member, *number..*number + 1).0 > 0;
        let meant = named.iter().any(meant);
        let deserved = self.were_apart(now, member, sender)
            || named
                .last()
                .is_some_and(|last| self.outweighs(sender, *last));
        if meant && self.books[sender].gone.is_none() && !deserved {
            let detail = format!("{what}, which is there");
            if self.no_gaps {
                self.blame(now, "gap-early", detail);
            } else if !self.books.iter().any(Book::was_set_ahead) {
                self.early.push((now, member, sender, detail));
            }
        }
        // What is no longer kept for anybody, and comes all the same where somebody has it still, comes with holes (seed
        // 2706403100).
        let sends = &self.books[sender].sends;
        let old = |number: &u64| sends[*number as usize].at + super::RETENTION < now;
        let lucky = named.iter().all(old) && self.were_apart(now, member, sender);
        if twice && !lucky {
            self.blame(now, "gap-twice", format!("{what}, the second one"));
        }
        if let Some(had) = had {
            self.blame(now, "gap-wrong", format!("{what}, but it has #{had}"));
        }
        if (named.len() as u64) < count {
            self.blame(now, "gap-wrong", format!("{what}, more than was ever sent"));
        }
    }

    /// Gaps of senders that are there, and were not away for long, need a reason: that the sender dies a moment later.
    pub(super) fn early_gaps(&mut self, now: Micros) {
        while self.early.first().is_some_and(|it| it.0 + DROPPED < now) {
            let (at, _, sender, detail) = self.early.remove(0);
            if self.books[sender].gone.is_none() {
                self.blame(at, "gap-early", detail);
            }
        }
    }

    /// Whether a sender has said more since, that message included, than is kept for those who were dropped (seed
    /// 2600107695).
    fn outweighs(&self, sender: usize, number: u64) -> bool {
        // Directed ones weigh as well (seed 1980101497), also those of before that are kept still (seed 2706017135).
        let sends = &self.books[sender].sends;
        let at = sends.get(number as usize).map_or(0, |it| it.at);
        let kept = |it: &Sending| it.to.is_some() && it.at + super::RETENTION > at;
        let taken = (0u64..)
            .zip(sends)
            .filter(|(n, it)| *n >= number || kept(it));
        let taken = taken.map(|it| it.1).filter(|it| it.fate == Fate::Accepted);
        taken.map(|it| it.bytes + BESIDE).sum::<usize>() > KEPT
    }

    /// Whether one of two has missed the other for so long that something may not be kept any more: what a user hears of a
    /// drop may be some seconds late.
    fn were_apart(&self, now: Micros, one: usize, other: usize) -> bool {
        // Whoever hears nothing as soon as it is back hears of what is missing when it has been dropped again (seed
        // 2706321393).
        let deaf = self.books[one].deaf_since(now);
        [(one, other), (other, one)].into_iter().any(|(a, b)| {
            let book = &self.books[a];
            book.was_away(b, now, APART, self.first_told(a, b))
                || deaf.is_some_and(|then| book.had_been_away(b, then, DROPPED, APART))
        })
    }

    /// When one of those who were told of that drop was told first: last words may be long on their way to the others, and
    /// what is kept is kept from the drop on (seed 2135829302), also where a new host tells the others of it (seed
    /// 2600109317). It is the same one in one reign, and as long as nobody has heard that it is back.
    fn first_told(&self, member: usize, gone: usize) -> Option<Micros> {
        let drop = |book: &'_ Book| {
            let drop = book.heard.get(&gone)?.drop.as_ref()?;
            Some((drop.reign.clone(), drop.at))
        };
        let (reign, _) = drop(&self.books[member])?;
        let backs = self
            .books
            .iter()
            .filter_map(|book| book.absences.get(&gone)?.1);
        let back = backs.max().unwrap_or_default();
        let told = self.books.iter().filter_map(drop);
        told.filter(|(of, at)| *of == reign || *at > back)
            .map(|(_, at)| at)
            .min()
    }

    /// Which of a sender's messages a receiver had to get: how many broadcasts, and which for it alone.
    pub(super) fn required(
        &self,
        sender: usize,
        receiver: usize,
        range: std::ops::Range<u64>,
    ) -> (u64, Vec<u64>) {
        let (book, to) = (&self.books[sender], &self.books[receiver]);
        let mut missing = (0, Vec::new());
        let Some(stay) = book.stays.get(&receiver) else {
            return missing;
        };
        let given_up = book.given_up.get(&receiver).copied().unwrap_or(0);
        for number in range.start.max(*stay)..range.end {
            match book.sends.get(number as usize) {
                Some(s) if s.fate != Fate::Accepted || s.at < to.born => {}
                Some(s) if s.to.is_none() => missing.0 += 1,
                Some(s) if s.to == Some(receiver) && number >= given_up => missing.1.push(number),
                _ => {}
            }
        }
        missing
    }

    /// Missing messages that a `gap` has spoken of are no lie.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn forgive(
        &mut self,
        now: Micros,
        receiver: usize,
        sender: usize,
        missing: u64,
        direct: &[u64],
        rule: &'static str,
        what: &str,
    ) {
        if missing == 0 && direct.is_empty() {
            return;
        }
        // What others have of somebody dead must not be missing, whatever is said of it.
        let excused = rule != "prefix" || !self.no_gaps;
        let heard = self.books[receiver].heard_mut(sender);
        let covered = excused
            && missing <= heard.gaps.saturating_sub(heard.forgiven)
            && direct
                .iter()
                .all(|number| *number < heard.gap_until.max(heard.lost_until));
        // What is missing at a quiet point is missing again, as a hole, when the next one comes.
        if rule == "hole" {
            heard.forgiven += missing;
        }
        if !covered {
            let detail = format!(
                "{what}: {missing} broadcasts and {} directed ones of m{sender} never came to m{receiver}",
                direct.len()
            );
            self.blame(now, rule, detail);
        }
    }
}
