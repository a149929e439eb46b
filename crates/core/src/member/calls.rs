//! Calls: who is connected to whom.

use super::{Member, Role};
use crate::api::{ErrorCode, Event, LinkId, MediaState, Output, SendError};
use crate::calls::{Call, Conn, Given, Stage};
use crate::config::{ANSWER_MS, MAX_INIT_DATA};
use crate::names::Key;
use crate::prelude::*;
use crate::time::Instant;
use crate::wire::{Record, kind};

/// If both give, the one that began later dials. The other waits so long for its dial, then dials itself: the first may
/// have reached its limit, ms (guess: a few round trips and the making of an offer on a busy machine).
const GRACE_MS: u64 = 3_000;
/// A media connection that is not up after so long is given up and dialled anew, ms (guess: many at once on a weak machine
/// take 10 s). It gets more where what others say is late.
const MAKE_MS: u64 = 15_000;
/// The connection to a member that was dropped is kept so long, ms (guess: what a busy page takes to be back).
const KEEP_MS: u64 = 10_000;

impl Member {
    // ---- commands

    /// Gives a stream to everybody, now and later: `kinds` is the sum of 1 for sound, 2 for picture and 4 for muted
    /// sound. While one is given this changes it; `None` ends it. The driver sends the tracks.
    pub fn give(&mut self, now: Instant, kinds: Option<u8>) -> Result<(), SendError> {
        self.enter(now);
        if matches!(self.role, Role::Left) {
            return Err(SendError::Left);
        }
        let old = self.given(self.me);
        let new = kinds.map(|kinds| Given {
            serial: match old {
                Some(old) => old.serial,
                None => self.last_serial().saturating_add(1),
            },
            kinds,
        });
        if new != old {
            self.share(kind::GIVEN, &Given::write(new));
            self.calls_due = true;
        }
        self.exit();
        Ok(())
    }

    /// Gets that member's stream even if [`Config::auto_call`](crate::Config::auto_call) is reached; also the next ones,
    /// while it is in the room.
    pub fn call_peer(&mut self, now: Instant, id: &str) -> Result<(), SendError> {
        self.enter(now);
        let Some(key) = self
            .names
            .find(id)
            .filter(|key| self.seat(*key).is_some() && *key != self.me)
        else {
            return Err(SendError::UnknownMember);
        };
        let at = self.call(key);
        if let Some(call) = self.calls.get_mut(at) {
            call.asked = true;
            call.at = Some(now);
        }
        self.calls_due = true;
        self.exit();
        Ok(())
    }

    // ---- what is given

    fn given(&self, key: Key) -> Option<Given> {
        Given::read(&self.init_of(kind::GIVEN, key)?.data)
    }

    fn last_serial(&self) -> u64 {
        let mut last = 0;
        for init in &self.init {
            if let Some(given) = self.given(init.key) {
                last = last.max(given.serial);
            }
        }
        last
    }

    fn call(&mut self, key: Key) -> usize {
        if let Some(at) = self.calls.iter().position(|call| call.key == key) {
            return at;
        }
        self.calls.push(Call::new(key));
        self.calls.len() - 1
    }

    // ---- facts

    pub(super) fn on_media_signal(&mut self, link: LinkId, signal: &[u8]) {
        let Some(call) = self.calls.iter().find(|call| call.has(link)) else {
            return;
        };
        if let Some(conn) = &call.conn {
            let record = Record::Signal {
                from: self.me,
                to: call.key,
                number: conn.number,
                dialler: conn.dialled,
                signal,
            };
            self.tell(call.key, &record);
        }
    }

    pub(super) fn on_media(&mut self, link: LinkId, state: MediaState) {
        let now = self.now;
        let Some(call) = self.calls.iter_mut().find(|call| call.has(link)) else {
            return;
        };
        let Some(conn) = &mut call.conn else { return };
        self.calls_due = true;
        match state {
            MediaState::Described => conn.ready |= call.tries == 0,
            MediaState::Opened => {
                (conn.stage, conn.since, conn.again_at) = (Stage::Up, now, None);
                (conn.ready, conn.was_up) = (true, true);
                call.tries = 0;
            }
            MediaState::Failed if !conn.was_up => conn.stage = Stage::Failed,
            // It is made again where it is, by who has dialled it; within the time that the first making had. Browsers say
            // "failed" more than once meanwhile: whenever no way is left to be tried.
            MediaState::Failed if conn.stage == Stage::Up => {
                (conn.stage, conn.since) = (Stage::Making, now);
                if conn.dialled {
                    self.outputs.push_back(Output::Media { link, dial: true });
                }
            }
            MediaState::Failed => {}
        }
    }

    pub(super) fn on_signal(&mut self, from: Key, number: u32, dialler: bool, signal: &[u8]) {
        if self.cfg.auto_call.is_none() || self.seat(from).is_none() || signal.len() > MAX_INIT_DATA
        {
            return;
        }
        let (now, me, gives) = (self.now, self.me, self.given(self.me).is_some());
        let mine_stays = self.names.smaller(me, from);
        let at = self.call(from);
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        let known = call
            .conn
            .as_mut()
            .filter(|conn| (conn.number, conn.dialled) == (number, !dialler));
        let link = if let Some(conn) = known {
            conn.again_at = None;
            conn.link
        } else {
            if !dialler || number <= call.theirs || !gives {
                return;
            }
            // A new dial of theirs.
            call.theirs = number;
            if let Some(conn) = &call.conn {
                if mine_stays && conn.dialled && !conn.was_up {
                    return;
                }
                self.outputs
                    .push_back(Output::CloseLink { link: conn.link });
            }
            let link = LinkId(self.next_link);
            self.next_link += 1;
            call.conn = Some(Conn {
                link,
                number,
                dialled: false,
                stage: Stage::Making,
                ready: false,
                was_up: false,
                since: now,
                again_at: None,
            });
            self.outputs.push_back(Output::Media { link, dial: false });
            link
        };
        self.outputs.push_back(Output::MediaSignal {
            link,
            signal: signal.to_vec(),
        });
    }

    // ---- what follows from all that

    /// Compares what is with what should be.
    pub(super) fn step_calls(&mut self) {
        let Some(most) = self.cfg.auto_call.filter(|_| self.calls_due) else {
            return;
        };
        self.calls_due = false;
        let mut at = 0;
        while let Some(call) = self.calls.get(at) {
            let over = call.gone.is_some_and(|at| self.now >= at || !call.is_up());
            if over && self.seat(call.key).is_none() {
                self.end_call(call.key, false);
            } else {
                at += 1;
            }
        }
        let mine = self.given(self.me);
        let keys: Vec<Key> = self.roster.iter().map(|seat| seat.key).gather();
        let mut coming = 0;
        for call in &self.calls {
            coming += u32::from(call.conn.is_some() && self.given(call.key).is_some());
        }
        for key in keys {
            let theirs = self.given(key);
            let known = self.calls.iter().any(|call| call.key == key);
            if key == self.me || (theirs.is_none() && !known) {
                continue;
            }
            let at = self.call(key);
            let Some(mut call) = self.calls.take_at(at) else {
                continue;
            };
            coming += u32::from(self.step_call(&mut call, mine, theirs, coming < most));
            self.calls.push(call);
        }
    }

    /// True: it was dialled.
    fn step_call(
        &mut self,
        call: &mut Call,
        mine: Option<Given>,
        theirs: Option<Given>,
        room: bool,
    ) -> bool {
        let now = self.now;
        call.gone = None;
        if call
            .told
            .is_some_and(|(told, _)| theirs.is_none_or(|theirs| theirs.serial != told.serial))
        {
            self.tell_drop(call);
        }
        // Who began later dials; one that gives nothing is as late as can be.
        let first = match (mine, theirs) {
            (Some(mine), Some(theirs)) if mine.serial == theirs.serial => {
                self.names.smaller(call.key, self.me)
            }
            (Some(mine), Some(theirs)) => mine.serial > theirs.serial,
            _ => true,
        };
        let grace = if first { 0 } else { GRACE_MS };
        let make_ms = self.make_ms();
        if let Some(conn) = &mut call.conn {
            let late = match conn.stage {
                Stage::Making => now >= conn.since.plus_ms(make_ms),
                Stage::Up => false,
                Stage::Failed => true,
            };
            if conn.again_at.is_some_and(|at| now >= at) {
                // Each time twice as long: it may be that the other is only slow.
                conn.again_at = Some(now.plus_ms(now.ms_since(conn.since)));
                self.outputs.push_back(Output::Media {
                    link: conn.link,
                    dial: true,
                });
            }
            if late || (mine.is_none() && theirs.is_none()) {
                self.outputs
                    .push_back(Output::CloseLink { link: conn.link });
                call.conn = None;
                call.at = None;
            }
            if late {
                self.tell_drop(call);
                call.tries += 1;
                let wait = self.back_off(call.tries);
                call.at = Some(now.plus_ms(wait + grace));
                if call.tries == 1 && theirs.is_some() {
                    let id = self.names.text(call.key).to_owned();
                    self.error(ErrorCode::CallFailed, &id);
                }
            }
        }
        let Some(theirs) = theirs else {
            return false;
        };
        if let Some(conn) = &call.conn {
            if conn.ready && call.told != Some((theirs, conn.link)) {
                call.told = Some((theirs, conn.link));
                let (id, link) = (self.names.text(call.key).to_owned(), conn.link);
                let kinds = theirs.kinds;
                self.emit(Event::Stream { id, link, kinds });
            }
            return false;
        }
        let at = *call.at.get_or_insert(now.plus_ms(grace));
        if now < at {
            return false;
        }
        if room || call.asked {
            call.at = None;
            let link = LinkId(self.next_link);
            self.next_link += 1;
            self.counters.calls += 1;
            call.conn = Some(Conn {
                link,
                number: link.0,
                dialled: true,
                stage: Stage::Making,
                ready: false,
                was_up: false,
                since: now,
                again_at: Some(now.plus_ms(ANSWER_MS)),
            });
            self.outputs.push_back(Output::Media { link, dial: true });
            return true;
        }
        if call.manual != theirs.serial {
            call.manual = theirs.serial;
            let id = self.names.text(call.key).to_owned();
            self.emit(Event::ManualStream { id });
        }
        false
    }

    fn tell_drop(&mut self, call: &mut Call) {
        if call.told.take().is_some() {
            let id = self.names.text(call.key).to_owned();
            self.emit(Event::StreamDrop { id });
        }
    }

    /// A member is gone: so is its stream. If it may come back (`keep`), its connection is kept for a while: a machine that
    /// is too busy to answer in time must not be made busier.
    pub(super) fn end_call(&mut self, key: Key, keep: bool) {
        let at = self.calls.iter().position(|call| call.key == key);
        let Some(mut call) = at.and_then(|at| self.calls.take_at(at)) else {
            return;
        };
        self.tell_drop(&mut call);
        self.calls_due = true;
        if keep && call.is_up() {
            call.gone = Some(self.now.plus_ms(KEEP_MS));
            self.calls.push(call);
        } else if let Some(conn) = &call.conn {
            self.outputs
                .push_back(Output::CloseLink { link: conn.link });
        }
    }

    /// This member goes.
    pub(super) fn end_calls(&mut self) {
        while let Some(call) = self.calls.first() {
            self.end_call(call.key, false);
        }
    }

    fn make_ms(&self) -> u64 {
        let slacks = self.links.iter().filter(|link| link.beats());
        MAKE_MS + 4 * slacks.map(|link| link.slack_ms).max().unwrap_or(0)
    }

    pub(super) fn calls_deadline(&self) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for call in &self.calls {
            let at = match &call.conn {
                _ if call.gone.is_some() => call.gone,
                Some(conn) if conn.stage == Stage::Up => None,
                Some(conn) => {
                    let late = conn.since.plus_ms(self.make_ms());
                    Some(conn.again_at.map_or(late, |again| again.min(late)))
                }
                // In the past: it waits for a place, not for a time.
                None => call.at.filter(|at| *at > self.now),
            };
            if let Some(at) = at {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        next
    }
}
