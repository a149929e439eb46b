//! Media connections: what their ends say to each other goes through the members; what flows is not modelled, only
//! whether it could.

use super::facts::Fact;
use super::{Due, World};
use crate::{MS, Micros, SECOND};
use peerjs_mesh_core::{Event, LinkId, MediaState};
use std::collections::BTreeSet;

/// How often a handshake is tried, every half second: ICE's own 30 s.
const ATTEMPTS: u32 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not connected, or no longer.
    Down,
    Up,
    /// Closed, or its member is gone.
    Gone,
}

/// One end of a media connection.
pub(super) struct MediaEnd {
    member: usize,
    link: LinkId,
    state: State,
    /// Which offer is in force: a restart's is another.
    round: u32,
    /// The other end, once its description of this round is here.
    peer: Option<usize>,
    /// Ends and rounds of which a way is known.
    ways: BTreeSet<(usize, u32)>,
    was_up: bool,
    unreachable: Option<Micros>,
}

impl World {
    pub(super) fn make_media(&mut self, member: usize, link: LinkId, dial: bool) {
        let end = match self.nodes[member].media.get(&link) {
            Some(end) => *end,
            None => {
                if self.nodes[member].links.contains_key(&link) {
                    self.blame("link-reused", format!("m{member} makes {link:?} twice"));
                }
                let end = self.media.len();
                self.nodes[member].media.insert(link, end);
                self.media.push(MediaEnd {
                    member,
                    link,
                    state: State::Down,
                    round: 0,
                    peer: None,
                    ways: BTreeSet::new(),
                    was_up: false,
                    unreachable: None,
                });
                self.stats.count("media ends", 1);
                end
            }
        };
        if dial {
            let it = &mut self.media[end];
            if it.was_up {
                // It looks for a new way.
                (it.round, it.peer, it.state) = (it.round + 1, None, State::Down);
                self.stats.count("media restarts", 1);
            }
            self.say_media(end, "offer");
        }
    }

    /// A description, and a way after it.
    fn say_media(&mut self, end: usize, word: &str) {
        let (member, link) = (self.media[end].member, self.media[end].link);
        let round = self.media[end].round;
        let delay = self.gathering(member);
        for (later, word) in [(0, word), (self.rng.range(MS, 8 * MS), "way")] {
            let said = format!("{word} {end} {round}");
            self.tell_later(member, delay + later, Fact::MediaSignal(link, said));
        }
    }

    pub(super) fn hear_media(&mut self, member: usize, link: LinkId, signal: &[u8]) {
        let Some(end) = self.nodes[member].media.get(&link).copied() else {
            self.blame(
                "link-dead",
                format!("m{member} hears something for {link:?}, which is no media connection"),
            );
            return;
        };
        let text = String::from_utf8_lossy(signal);
        let words: Vec<&str> = text.split(' ').collect();
        let [word, from, round] = words[..] else {
            self.blame("media-signal", format!("m{member} hears {text:?}"));
            return;
        };
        let (from, round): (usize, u32) = match (from.parse(), round.parse()) {
            (Ok(from), Ok(round)) => (from, round),
            _ => return self.blame("media-signal", format!("m{member} hears {text:?}")),
        };
        let it = &mut self.media[end];
        match word {
            "way" => {
                it.ways.insert((from, round));
            }
            "offer" => {
                if round != it.round {
                    it.state = State::Down;
                }
                (it.peer, it.round) = (Some(from), round);
                self.say_media(end, "answer");
                self.tell_later(member, MS, Fact::Media(link, MediaState::Described));
            }
            _ if round == it.round => {
                it.peer = Some(from);
                self.tell_later(member, MS, Fact::Media(link, MediaState::Described));
            }
            _ => return,
        }
        self.shake(end);
    }

    /// Both know each other, and one knows a way: they try it.
    fn shake(&mut self, end: usize) {
        let it = &self.media[end];
        let Some(peer) = it.peer else { return };
        let other = &self.media[peer];
        let round = it.round;
        let ready = other.peer == Some(end)
            && (it.state, other.state) == (State::Down, State::Down)
            && other.round == round
            && (it.ways.contains(&(peer, round)) || other.ways.contains(&(end, round)));
        if ready {
            let delay = self.paths.link_delay(it.member, other.member);
            let due = Due::Media {
                end,
                round,
                attempt: 0,
            };
            self.schedule(self.now + 5 * delay, due);
        }
    }

    pub(super) fn on_media(&mut self, end: usize, round: u32, attempt: u32) {
        let it = &self.media[end];
        let Some(peer) = it.peer else { return };
        let other = &self.media[peer];
        if (it.state, other.state) != (State::Down, State::Down)
            || (it.round, other.round) != (round, round)
            || other.peer != Some(end)
        {
            return;
        }
        let (a, b) = (it.member, other.member);
        if self.reach(a, b) && self.reach(b, a) && !self.rng.chance(self.paths.loss * 3.0) {
            for at in [end, peer] {
                let it = &mut self.media[at];
                (it.state, it.was_up, it.unreachable) = (State::Up, true, None);
                let (member, link) = (it.member, it.link);
                let delay = self.rng.below(self.paths.link_delay(a, b) + 1);
                self.tell_later(member, delay, Fact::Media(link, MediaState::Opened));
            }
        } else if attempt < ATTEMPTS {
            let attempt = attempt + 1;
            let due = Due::Media {
                end,
                round,
                attempt,
            };
            self.schedule(self.now + SECOND / 2, due);
        } else {
            self.fail_media(end);
            self.fail_media(peer);
        }
    }

    fn fail_media(&mut self, end: usize) {
        let it = &mut self.media[end];
        if it.state != State::Gone {
            it.state = State::Down;
            let (member, link) = (it.member, it.link);
            self.stats.count("media failed", 1);
            self.tell(member, Fact::Media(link, MediaState::Failed));
        }
    }

    /// True: it was a media connection.
    pub(super) fn close_media(&mut self, member: usize, link: LinkId) -> bool {
        let Some(end) = self.nodes[member].media.remove(&link) else {
            return false;
        };
        self.media[end].state = State::Gone;
        self.repath_media();
        true
    }

    pub(super) fn end_media(&mut self, member: usize) {
        for end in std::mem::take(&mut self.nodes[member].media).into_values() {
            self.media[end].state = State::Gone;
        }
        self.repath_media();
    }

    fn media_lives(&self, end: usize) -> bool {
        let it = &self.media[end];
        it.peer.is_some_and(|peer| {
            let other = &self.media[peer];
            (it.state, other.state) == (State::Up, State::Up)
                && self.reach(it.member, other.member)
                && self.reach(other.member, it.member)
        })
    }

    /// Ways have changed: what lost its remote begins to count.
    pub(super) fn repath_media(&mut self) {
        for end in 0..self.media.len() {
            if self.media[end].state != State::Up {
                continue;
            }
            if self.media_lives(end) {
                self.media[end].unreachable = None;
            } else if self.media[end].unreachable.is_none() {
                let since = self.now;
                self.media[end].unreachable = Some(since);
                let (low, high) = self.climate.ice_timeout;
                let at = since + self.rng.range(low, high);
                self.schedule(at, Due::MediaCheck { end, since });
            }
        }
    }

    pub(super) fn on_media_check(&mut self, end: usize, since: Micros) {
        if self.media[end].unreachable == Some(since) && self.media[end].state == State::Up {
            self.fail_media(end);
        }
    }

    /// The media connections between two members fail at once.
    pub fn break_media(&mut self, a: usize, b: usize) {
        self.disturbed_at = self.now;
        for end in 0..self.media.len() {
            let it = &self.media[end];
            let Some(peer) = it.peer.filter(|_| it.state == State::Up) else {
                continue;
            };
            if [(a, b), (b, a)].contains(&(it.member, self.media[peer].member)) {
                self.fail_media(end);
            }
        }
    }

    /// Both ends of the media connection between two members, which is being made again, say once more that it has failed.
    pub fn media_fails_again(&mut self, a: usize, b: usize) {
        for end in 0..self.media.len() {
            let it = &self.media[end];
            let Some(peer) = it.peer else { continue };
            if it.was_up && [(a, b), (b, a)].contains(&(it.member, self.media[peer].member)) {
                self.fail_media(end);
            }
        }
    }

    // ---- users

    /// A member gives a stream of these kinds, or none.
    pub fn give(&mut self, member: usize, kinds: Option<u8>) {
        let now = self.now;
        self.trace
            .line(now, || format!("m{member} gives {kinds:?}"));
        self.call(member, |machine, now| machine.give(now, kinds).ok());
    }

    /// A member asks for another's stream.
    pub fn call_peer(&mut self, member: usize, other: usize) {
        let id = self.nodes[other].id.clone();
        self.call(member, |machine, now| machine.call_peer(now, &id).ok());
    }

    /// What of another's stream comes to a member now: its kinds.
    pub fn sees(&self, member: usize, other: usize) -> Option<u8> {
        let (link, kinds) = *self.view(member).streams.get(self.id(other))?;
        let end = *self.nodes[member].media.get(&link)?;
        let from = self.media[self.media[end].peer?].member;
        (from == other && self.media_lives(end)).then_some(kinds)
    }

    /// Ends of media connections that a member has not closed.
    pub fn media_open(&self, member: usize) -> usize {
        self.nodes[member].media.len()
    }

    /// A user hears of a stream.
    pub(super) fn heard_stream(&mut self, member: usize, event: &Event) {
        let view = &mut self.nodes[member].view;
        let wrong = match event {
            Event::Stream { id, link, kinds } => {
                view.streams.insert(id.clone(), (*link, *kinds));
                (!view.peers.contains(id)).then_some("a stream of a stranger")
            }
            Event::StreamDrop { id } => view
                .streams
                .remove(id)
                .is_none()
                .then_some("the end of a stream that had not begun"),
            Event::PeerDropped { id, .. } => view
                .streams
                .contains_key(id)
                .then_some("that somebody is gone whose stream is not"),
            Event::Left => (!view.streams.is_empty()).then_some("the end before the streams'"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.blame("stream", format!("m{member} hears {wrong}: {event:?}"));
        }
    }
}
