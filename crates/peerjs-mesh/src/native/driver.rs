//! The loop that owns a member: its machine, its links, its sessions.

use super::clock;
use super::link::Links;
use super::session::{Ear, Said, Session};
use super::tls::Trust;
use crate::outlet::{Facts, Outlet};
use crate::server::ServerUrl;
use peerjs_mesh_core::record::{MAX_BYTES, Recorder};
use peerjs_mesh_core::{
    ErrorCode, Event, Input, LeaveHow, Outcome, Output, SendError, Sent, SessionEnd, SessionId,
    Status, Ticket,
};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Commands of the user that may wait for the loop.
pub(crate) const MAX_COMMANDS: usize = 64;
/// How long a member that has left may take to close its links. Each closes within 1 s.
const CLOSING: Duration = Duration::from_millis(1_500);

/// What the user wants.
pub(crate) enum Command {
    Send {
        payload: Vec<u8>,
        to: Option<String>,
        reply: oneshot::Sender<Result<(), ErrorCode>>,
    },
    /// `Ok(false)`: no room at the moment.
    TrySend {
        payload: Vec<u8>,
        to: Option<String>,
        reply: oneshot::Sender<Result<bool, ErrorCode>>,
    },
    SetInitData {
        payload: Vec<u8>,
        reply: oneshot::Sender<Result<(), ErrorCode>>,
    },
    DropHost,
    Status(oneshot::Sender<Status>),
    Leave(LeaveHow),
}

/// Everything that one member is.
pub(crate) struct Driver {
    member: Recorder,
    /// Whether it was being recorded when that was last looked at.
    recording: bool,
    links: Links,
    server: ServerUrl,
    trust: Trust,
    sessions: BTreeMap<SessionId, Session>,
    ear: Ear,
    said: mpsc::Receiver<(SessionId, Said)>,
    commands: mpsc::Receiver<Command>,
    outlet: Outlet,
    waiting: BTreeMap<Ticket, oneshot::Sender<Result<(), ErrorCode>>>,
    /// There was no room for the user's next event when it was last asked for.
    full: bool,
    /// Since when it has left.
    left: Option<Instant>,
}

impl Driver {
    pub(crate) fn new(
        member: Recorder,
        links: Links,
        (server, trust): (ServerUrl, Trust),
        commands: mpsc::Receiver<Command>,
        outlet: Outlet,
    ) -> Driver {
        let (ear, said) = mpsc::channel(64);
        Driver {
            recording: member.is_recording(),
            member,
            links,
            server,
            trust,
            sessions: BTreeMap::new(),
            ear,
            said,
            commands,
            outlet,
            waiting: BTreeMap::new(),
            full: false,
            left: None,
        }
    }

    /// Runs until the member has left and its links are closed.
    pub(crate) async fn run(mut self) {
        let mut listening = true;
        loop {
            self.settle();
            if self.recording && !self.member.is_recording() {
                self.recording = false;
                tracing::warn!("the recording ends here: it has {} MiB", MAX_BYTES >> 20);
            }
            if self
                .left
                .is_some_and(|at| self.links.is_empty() || at.elapsed() > CLOSING)
            {
                return;
            }
            let deadline = self.deadline();
            let links = &mut self.links;
            tokio::select! {
                command = self.commands.recv(), if listening => match command {
                    Some(command) => self.obey_all(command).await,
                    None => {
                        listening = false;
                        self.member.leave(clock::now(), LeaveHow::Now);
                    }
                },
                Some((session, said)) = self.said.recv() => self.on_said(session, said),
                () = poll_fn(|cx| links.poll_ready(cx)) => links.receive(Instant::now()),
                () = self.outlet.room(), if self.full => {}
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
            self.member.handle_timeout(clock::now());
        }
    }

    /// Does what there is to do, until there is nothing.
    fn settle(&mut self) {
        loop {
            while let Some(output) = self.member.poll_output() {
                self.perform(output);
            }
            if let Some(report) = self.links.poll(Instant::now()) {
                self.member.handle_input(clock::now(), report.as_input());
                continue;
            }
            self.answer();
            let mut told = false;
            while self.tell() {
                told = true;
            }
            if !told {
                return; // an event taken may have brought new outputs
            }
        }
    }

    /// Gives the user the next event. False when there is none, or no room for it.
    fn tell(&mut self) -> bool {
        self.full = !self.outlet.has_room();
        if self.full {
            return false;
        }
        let Some(event) = self.member.poll_event() else {
            return false;
        };
        if event == Event::Left {
            self.left = Some(Instant::now());
            self.sessions.clear();
        }
        self.outlet.give(event);
        true
    }

    /// Answers those who wait for a send, whether or not anybody takes events.
    fn answer(&mut self) {
        while let Some(Outcome { ticket, result }) = self.member.poll_outcome() {
            if let Some(reply) = self.waiting.remove(&ticket) {
                let _ = reply.send(result); // whoever called has gone
            }
        }
    }

    fn deadline(&self) -> Instant {
        let now = Instant::now();
        let far = now + Duration::from_secs(3600);
        let member = self.member.poll_timeout().map_or(far, |at| {
            let micros = at.as_micros().saturating_sub(clock::now().as_micros());
            now + Duration::from_micros(micros).min(Duration::from_secs(3600))
        });
        let links = self.links.timeout().unwrap_or(far);
        let closing = self.left.map_or(far, |at| at + CLOSING);
        member.min(links).min(closing)
    }

    /// What the machine wants done.
    fn perform(&mut self, output: Output) {
        let now = Instant::now();
        match output {
            Output::OpenSession { session, id, token } => {
                let ear = self.ear.clone();
                let opened = Session::open(session, &self.server, &self.trust, &id, &token, ear);
                self.sessions.insert(session, opened);
            }
            Output::SendSession { session, message } => {
                let taken = self
                    .sessions
                    .get(&session)
                    .is_none_or(|open| open.send(message));
                if !taken {
                    self.sessions.remove(&session);
                    let end = SessionEnd::Closed;
                    let input = Input::SessionClosed { session, end };
                    self.member.handle_input(clock::now(), input);
                }
            }
            Output::CloseSession { session } => {
                self.sessions.remove(&session);
            }
            Output::Dial { link, label } => self.links.dial(now, link, label),
            Output::Answer { link, sdp, lanes } => self.links.answer(now, link, &sdp, lanes),
            Output::Accept { link, sdp, lanes } => self.links.accept(now, link, &sdp, lanes),
            Output::AddCandidate { link, candidate } => {
                self.links.add_candidate(now, link, &candidate.candidate);
            }
            Output::Send { link, lane, frame } => self.links.send(link, lane, frame),
            Output::CloseLink { link } => self.links.close(now, link),
            // `Config::auto_call` is none: native members take part in data only.
            Output::Media { .. } | Output::MediaSignal { .. } => {}
        }
    }

    fn on_said(&mut self, session: SessionId, said: Said) {
        if !self.sessions.contains_key(&session) {
            return; // closed meanwhile
        }
        let input = match said {
            Said::Connected => Input::SessionConnected { session },
            Said::Message(message) => Input::SessionReceived { session, message },
            Said::Closed(end) => {
                self.sessions.remove(&session);
                Input::SessionClosed { session, end }
            }
        };
        self.member.handle_input(clock::now(), input);
    }

    /// Obeys, and what else is there already as well: it travels in the same frames. A caller that waits for each send
    /// before the next gets the chance to say the next.
    async fn obey_all(&mut self, first: Command) {
        self.obey(first);
        let mut patience = 1;
        for _ in 1..MAX_COMMANDS {
            match self.commands.try_recv() {
                Ok(command) => {
                    self.obey(command);
                    patience = 1;
                }
                Err(_) if patience > 0 => {
                    patience -= 1;
                    tokio::task::yield_now().await;
                }
                Err(_) => return,
            }
        }
    }

    /// Whoever called and does not wait any more is not missed.
    fn obey(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::Send { payload, to, reply } => {
                let result = match self.member.send(now, payload, to.as_deref()) {
                    Ok(Sent::Accepted) => Ok(()),
                    Ok(Sent::Waiting(ticket)) => {
                        self.waiting.insert(ticket, reply);
                        return;
                    }
                    Err(error) => Err(code_of(error)),
                };
                let _ = reply.send(result);
            }
            Command::TrySend { payload, to, reply } => {
                let _ = reply.send(match self.member.try_send(now, payload, to.as_deref()) {
                    Ok(()) => Ok(true),
                    Err(SendError::Full) => Ok(false),
                    Err(error) => Err(code_of(error)),
                });
            }
            Command::SetInitData { payload, reply } => {
                let result = self.member.set_init_data(now, payload);
                let _ = reply.send(result.map_err(code_of));
            }
            Command::DropHost => self.member.drop_host(now),
            Command::Status(reply) => {
                let _ = reply.send(self.member.status());
            }
            Command::Leave(how) => self.member.leave(now, how),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.outlet.update(|facts: &mut Facts| facts.over = true);
    }
}

fn code_of(error: SendError) -> ErrorCode {
    match error {
        SendError::MessageTooLarge => ErrorCode::MessageTooLarge,
        SendError::BufferFull | SendError::Full => ErrorCode::BufferFull,
        SendError::UnknownMember => ErrorCode::UnknownMember,
        SendError::Left => ErrorCode::Left,
    }
}
