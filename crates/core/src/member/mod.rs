//! The machine: its parts, and the doors in and out. What it does at each door stands in the files beside this one.

mod acks;
mod admit;
mod calls;
mod convey;
mod data;
mod direct;
mod dropping;
mod fill;
mod follow;
mod handing;
mod init;
mod knock;
mod lead;
mod leaving;
mod links;
mod meet;
mod merge;
mod mutation;
mod name;
mod offers;
#[cfg(feature = "mutation")]
mod probe;
mod repair;
mod roster;
mod safe;
mod seek;
mod sessions;
mod timers;
mod user;
mod vote;
mod warm;

use crate::calls::Call;
use crate::config::{MAX_EVENT_BYTES, MAX_EVENTS};
use crate::delivery::{Outbox, Stream};
use crate::link::Link;
use crate::names::{Key, Names};
use crate::prelude::*;
use crate::rng::Rng;
use crate::tokens::Tokens;
use crate::{
    Config, Counters, ErrorCode, Event, Input, Instant, LeaveHow, LinkId, Outcome, Output,
};
use acks::Ack;
use alloc::collections::VecDeque;
use init::InitData;
use leaving::Leaving;
#[cfg(feature = "mutation")]
pub use mutation::Mutation;
use name::Name;
use peerjs_mesh_protocol::ids::uuid_v8;
#[cfg(feature = "mutation")]
pub use probe::Queue;
use roster::{Dropped, Seat};
use seek::Seek;
use sessions::Own;

/// What this member is in its room.
enum Role {
    /// It looks for the room's host.
    Seeking(Box<Seek>),
    /// It is in the room, by that link.
    Guest(LinkId),
    /// It is the host.
    Host(Box<lead::Hosting>),
    Left,
}

/// One member of one room.
///
/// Methods come in four kinds: facts from outside (`handle_…`), commands of the user, what must be done next
/// (`poll_…`), and getters.
///
/// **After any call, drain [`poll_output`](Self::poll_output) to `None`, then sleep until
/// [`poll_timeout`](Self::poll_timeout), an input or a command.**
///
/// ```
/// use peerjs_mesh_core::{Config, Instant, Member};
///
/// let mut now = Instant::from_micros(0);
/// let mut member = Member::new(Config::new("room"), [7; 32], now).expect("a valid room name");
/// for _ in 0..3 {
///     while let Some(output) = member.poll_output() {
///         let _ = output; // do it: open a websocket, make an offer, send a frame
///     }
///     while let Some(event) = member.poll_event() {
///         let _ = event; // tell the user
///     }
///     if let Some(deadline) = member.poll_timeout() {
///         now = deadline.max(now); // sleep until then, or until something happens
///     }
///     member.handle_timeout(now);
/// }
/// ```
pub struct Member {
    cfg: Config,
    rng: Rng,
    pub(crate) tokens: Tokens,
    now: Instant,
    /// The deadline that was told last; being called much later than it means having slept.
    planned: Option<Instant>,
    /// When it last woke after having slept.
    woke_at: Option<Instant>,
    /// What most links were late by when that was last looked at, ms.
    shared_slack_ms: u64,
    names: Names,
    me: Key,
    inc: u64,
    outputs: VecDeque<Output>,
    /// Messages were sent since links were filled last.
    fill_due: bool,
    events: VecDeque<Event>,
    /// Of sends that waited: no more than may wait.
    outcomes: VecDeque<Outcome>,
    event_bytes: usize,
    /// Deliveries stopped because the user is slow.
    blocked: bool,
    /// Since when, as a host.
    blocked_since: Option<Instant>,
    counters: Counters,
    next_link: u32,
    next_session: u32,
    next_ticket: u32,

    // L0
    own: Own,
    name: Name,
    // L1
    links: Vec<Link>,
    // the room
    role: Role,
    founding: [u8; 16],
    term: u64,
    host: Option<Key>,
    roster: Vec<Seat>,
    n: u64,
    settled: bool,
    held_deltas: Vec<roster::Delta>,
    view: Vec<Key>,
    leaving: Vec<Leaving>,
    dropped: Vec<Dropped>,
    /// Somebody who was dropped is here again, and what is kept for such members is kept until then.
    hold_until: Option<Instant>,
    /// In the order of its changes.
    init: Vec<InitData>,
    /// The last change's number.
    init_at: u64,
    calls: Vec<Call>,
    /// Something has changed that a call may hang on.
    calls_due: bool,
    was_in: bool,
    /// The user has been told once who is in the room: what is sent goes to those from then on.
    ever_synced: bool,
    synced: bool,
    /// The room is whole, and the user is to hear it after those who went.
    sync_due: bool,
    started: Instant,
    /// How often it has asked to be taken in.
    knocks: u32,
    /// When it was in a room first.
    came_at: Option<Instant>,
    limit_tries: u32,
    told_unavailable: bool,
    leave: Option<(LeaveHow, Instant)>,
    /// Since when its page has been hidden.
    hidden: Option<Instant>,
    /// When the office was handed over last, by this member or to it.
    handed_at: Option<Instant>,
    /// Those of the roster who have said goodbye; `true`: for good, else only to this member, which leaves, too.
    gone_too: Vec<(Key, bool)>,
    /// Members to which links are kept.
    warm: Vec<warm::Wanted>,
    /// Members whose links at hand were lost, and when.
    lost: Vec<(Key, Instant)>,
    /// When those who are at hand are asked for their messages again.
    again_at: Option<Instant>,
    /// Who they are may have changed.
    warm_due: bool,
    /// Links on which somebody asked whether we hear the host.
    asks: Vec<LinkId>,
    // L3
    out: Outbox,
    streams: Vec<Stream>,
    acks: Vec<Ack>,
    ack_at: Option<Instant>,
    past: Vec<(Key, u64, crate::delivery::Pos)>,
    strays: Vec<Vec<u8>>,
    stray_bytes: usize,
    #[cfg(feature = "mutation")]
    mutations: mutation::Mutations,
}

impl Member {
    /// Starts joining. `seed` is all the chance it ever uses: 32 random bytes, never used twice.
    pub fn new(config: Config, seed: [u8; 32], now: Instant) -> Result<Member, ErrorCode> {
        Member::with_tokens(config, seed, now, Tokens::default())
    }

    pub(crate) fn with_tokens(
        config: Config,
        seed: [u8; 32],
        now: Instant,
        mut tokens: Tokens,
    ) -> Result<Member, ErrorCode> {
        config.check()?;
        let mut rng = Rng::new(seed);
        let id = uuid_v8(rng.bytes16());
        let inc = rng.u64();
        let token = tokens.draw(&mut rng);
        let (id, token, first) = match config.ahead.clone() {
            Some(ahead) => (ahead.id, ahead.token, Some(ahead.connection_id)),
            None => (id, token, None),
        };
        let mut names = Names::default();
        let me = names.key(&id);
        let init = config
            .init_data
            .clone()
            .map(|data| InitData::own(me, data))
            .into_iter()
            .gather();
        let mut member = Member {
            rng,
            tokens,
            now,
            planned: None,
            woke_at: None,
            shared_slack_ms: 0,
            names,
            me,
            inc,
            outputs: VecDeque::new(),
            fill_due: false,
            events: VecDeque::new(),
            outcomes: VecDeque::new(),
            event_bytes: 0,
            blocked: false,
            blocked_since: None,
            counters: Counters::default(),
            next_link: 0,
            next_session: 0,
            next_ticket: 0,
            own: Own::new(token),
            name: Name::default(),
            links: Vec::new(),
            role: Role::Seeking(Box::new(Seek::by_name(now))),
            founding: [0; 16],
            term: 0,
            host: None,
            roster: Vec::new(),
            n: 0,
            settled: false,
            held_deltas: Vec::new(),
            view: Vec::new(),
            leaving: Vec::new(),
            dropped: Vec::new(),
            hold_until: None,
            init,
            init_at: 1,
            calls: Vec::new(),
            calls_due: false,
            was_in: false,
            ever_synced: false,
            synced: false,
            sync_due: false,
            started: now,
            came_at: None,
            knocks: 0,
            limit_tries: 0,
            told_unavailable: false,
            leave: None,
            hidden: None,
            handed_at: None,
            gone_too: Vec::new(),
            warm: Vec::new(),
            lost: Vec::new(),
            again_at: None,
            warm_due: false,
            asks: Vec::new(),
            out: Outbox::new(me, inc),
            streams: Vec::new(),
            acks: Vec::new(),
            ack_at: None,
            past: Vec::new(),
            strays: Vec::new(),
            stray_bytes: 0,
            #[cfg(feature = "mutation")]
            mutations: mutation::Mutations::default(),
            cfg: config,
        };
        member.open_own();
        member.claim_name(false);
        member.prepare_spare(first);
        Ok(member)
    }

    // ---- facts from outside

    /// Something has happened outside.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        self.enter(now);
        match input {
            _ if matches!(self.role, Role::Left) => {}
            Input::SessionConnected { session } => self.on_session_connected(session),
            Input::SessionReceived { session, message } => {
                self.on_session_received(session, message)
            }
            Input::SessionClosed { session, end } => self.on_session_closed(session, end),
            Input::LinkDescribed { link, sdp } => self.on_link_described(link, sdp),
            Input::LinkCandidate { link, candidate } => self.on_link_candidate(link, candidate),
            Input::LinkOpened { link, max_frame } => self.on_link_opened(link, max_frame),
            Input::LinkReceived { link, lane, frame } => self.on_link_received(link, lane, frame),
            Input::LinkDrained { link, buffered } => {
                if let Some(link) = self.link_mut(link) {
                    link.in_flight = link.in_flight.min(buffered as usize);
                }
            }
            Input::LinkClosed { link, end } => self.on_link_closed(link, end),
            Input::MediaSignal { link, signal } => self.on_media_signal(link, signal),
            Input::Media { link, state } => self.on_media(link, state),
        }
        if self.planned.is_some_and(|at| self.now >= at) && !matches!(self.role, Role::Left) {
            // A driver whose alarm is late (a throttled page) is not late as long as anything happens.
            self.on_time();
        }
        self.exit();
    }

    /// The deadline of [`poll_timeout`](Self::poll_timeout) has come. Early or double calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.enter(now);
        if !matches!(self.role, Role::Left) {
            self.on_time();
        }
        self.exit();
    }

    // ---- what must be done next

    /// What the driver must do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.fill_due && self.outputs.is_empty() {
            self.exit();
        }
        self.outputs.pop_front()
    }

    /// What became of sends that had to wait, in the order of the sends.
    pub fn poll_outcome(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    /// What the user hears next. May be left undrained: then deliveries stop, nothing else. It may bring new outputs
    /// and an earlier deadline: poll those after it.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            let mut event = self.events.pop_front()?;
            if let Event::Data { data, .. } = &event {
                self.event_bytes -= data.len();
            }
            if self.blocked
                && self.events.len() < MAX_EVENTS / 2
                && self.event_bytes < MAX_EVENT_BYTES / 2
            {
                self.blocked = false;
                self.blocked_since = None;
                self.deliver_all();
                self.exit();
            }
            if let Event::InitData { id, data } = &mut event {
                match self.told_init(id) {
                    Some(newest) => *data = newest,
                    None => continue,
                }
            }
            return Some(event);
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.planned
    }

    // ---- inside

    fn is_host(&self) -> bool {
        matches!(self.role, Role::Host(_))
    }

    fn emit(&mut self, event: Event) {
        // Nothing follows `Left`.
        if !matches!(self.role, Role::Left) {
            self.events.push_back(event);
        }
    }

    fn error(&mut self, code: ErrorCode, detail: &str) {
        self.emit(Event::Error {
            code,
            detail: detail.to_owned(),
        });
    }

    fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.id == id)
    }

    fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    /// The link by which that member is reached.
    fn link_to(&self, key: Key) -> Option<LinkId> {
        self.links
            .iter()
            .find(|link| link.peer == Some(key) && link.is_in_use())
            .map(|link| link.id)
    }

    /// That sender's messages, one's own included.
    fn stream(&self, key: Key) -> Option<&Stream> {
        if key == self.me {
            Some(&self.out.stream)
        } else {
            self.streams.iter().find(|stream| stream.key == key)
        }
    }

    fn stream_mut(&mut self, key: Key) -> Option<&mut Stream> {
        if key == self.me {
            Some(&mut self.out.stream)
        } else {
            self.streams.iter_mut().find(|stream| stream.key == key)
        }
    }

    fn ids(&self, keys: &[Key]) -> Vec<String> {
        keys.iter()
            .map(|key| self.names.text(*key).to_owned())
            .gather()
    }
}
