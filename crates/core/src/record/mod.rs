//! What a member goes through, written down line by line, so that it can be [repeated](replay).
//!
//! A recording is lines of JSON. The first has the configuration and the seed; then each call is a line of its own, with
//! its time, written before it is made; behind it, what came out of it: results, outputs, events. The bytes of frames
//! and messages that go in are recorded as they are (so a recording holds what was said in the room); of those that come
//! out only length and digest, for they come out again. Tokens are replaced by names, in frames too, and they do not
//! come out of the seed while a recording is made.
//!
//! A recording ends after [`MAX_BYTES`], with a line that says so. What a crash leaves is a recording of what went
//! before.

mod redact;
mod replay;

pub use replay::{Difference, NoRecording, Replayed, replay};

use crate::tokens::Tokens;
use crate::{Config, ErrorCode, Event, Input, Instant, LeaveHow, Member, Output, SendError, Sent};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::ops::Deref;
use redact::Names;
use serde::{Deserialize, Serialize};

/// The longest recording, bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// The form of recordings, raised when an old one cannot be read any more.
const FORM: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    /// [`FORM`].
    recording: u32,
    /// The release that wrote it.
    release: String,
    /// The moment of the making, microseconds.
    t: u64,
    seed: String,
    config: Config,
}

/// A call.
#[derive(Serialize, Deserialize)]
enum Call<'a> {
    #[serde(bound(deserialize = ""))]
    Input(Input<'a>),
    Timeout,
    Send {
        to: Option<String>,
    },
    TrySend {
        to: Option<String>,
    },
    SetInitData,
    DropHost,
    SetHidden(bool),
    Leave(LeaveHow),
}

/// A line for a call.
#[derive(Serialize, Deserialize)]
struct CallLine<'a> {
    /// Microseconds.
    t: u64,
    #[serde(bound(deserialize = ""))]
    call: Call<'a>,
    /// The frame or message that belongs to it, base64.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    bytes: Option<String>,
}

/// A line for what came of it.
#[derive(Serialize)]
enum Outcome<'a> {
    Sent(Result<Sent, SendError>),
    Tried(Result<(), SendError>),
    Set(Result<(), SendError>),
    /// What `poll_output` gave; a frame by length and digest.
    Output(Option<&'a Output>, Option<String>),
    /// What `poll_outcome` gave.
    Outcome(crate::Outcome),
    /// What `poll_event` gave, likewise.
    Event(&'a Event, Option<String>),
}

/// Writes lines away. Not told when it fails: whoever writes knows, and need not be called again in vain.
pub type Sink = Box<dyn FnMut(&str) + Send>;

struct Tape {
    sink: Sink,
    left: usize,
    names: Names,
}

/// A [`Member`] that is written down, or not. It has the member's methods.
pub struct Recorder {
    member: Member,
    tape: Option<Tape>,
}

impl Deref for Recorder {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.member
    }
}

impl Recorder {
    /// A member that is not recorded.
    pub fn off(member: Member) -> Recorder {
        Recorder { member, tape: None }
    }

    /// As [`Member::new`], written to `sink` line by line, each with its end of line. `secret` is what tokens are made of:
    /// 32 random bytes besides those of `seed`, for the seed is written down.
    pub fn on(
        config: Config,
        seed: [u8; 32],
        secret: [u8; 32],
        now: Instant,
        sink: Sink,
    ) -> Result<Recorder, ErrorCode> {
        Recorder::with(config, seed, now, Tokens::secret(secret), sink)
    }

    fn with(
        config: Config,
        seed: [u8; 32],
        now: Instant,
        tokens: Tokens,
        sink: Sink,
    ) -> Result<Recorder, ErrorCode> {
        let mut tape = Tape {
            sink,
            left: MAX_BYTES,
            names: Names::default(),
        };
        tape.line(&Head {
            recording: FORM,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            t: now.as_micros(),
            seed: STANDARD.encode(seed),
            config: config.clone(),
        });
        let member = Member::with_tokens(config, seed, now, tokens)?;
        Ok(Recorder {
            member,
            tape: Some(tape),
        })
    }

    /// Whether it is being recorded still.
    pub fn is_recording(&self) -> bool {
        self.tape.as_ref().is_some_and(|tape| tape.left > 0)
    }

    // ---- the member's methods

    /// See [`Member::handle_input`].
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if let Some(tape) = &mut self.tape {
            let bytes = match &input {
                Input::LinkReceived { lane, frame, .. } => {
                    Some(tape.names.hide(&self.member.tokens, *lane, frame))
                }
                Input::MediaSignal { signal, .. } => Some((*signal).into()),
                _ => None,
            };
            tape.call(now, Call::Input(input.clone()), bytes.as_deref());
        }
        self.member.handle_input(now, input);
    }

    /// See [`Member::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        self.call(now, || Call::Timeout, None);
        self.member.handle_timeout(now);
    }

    /// See [`Member::poll_output`].
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.member.poll_output();
        if let Some(tape) = &mut self.tape {
            tape.output(&self.member.tokens, output.as_ref());
        }
        output
    }

    /// See [`Member::poll_outcome`].
    pub fn poll_outcome(&mut self) -> Option<crate::Outcome> {
        let outcome = self.member.poll_outcome()?;
        self.outcome(&Outcome::Outcome(outcome));
        Some(outcome)
    }

    /// See [`Member::poll_event`].
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.member.poll_event()?;
        let content = match &event {
            Event::Data { data, .. } | Event::InitData { data, .. } => Some(digest(data)),
            _ => None,
        };
        self.outcome(&Outcome::Event(&event, content));
        Some(event)
    }

    /// See [`Member::send`].
    pub fn send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<Sent, SendError> {
        let to_owned = || to.map(str::to_owned);
        self.call(now, || Call::Send { to: to_owned() }, Some(&payload));
        let sent = self.member.send(now, payload, to);
        self.outcome(&Outcome::Sent(sent));
        sent
    }

    /// See [`Member::try_send`].
    pub fn try_send(
        &mut self,
        now: Instant,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<(), SendError> {
        let to_owned = || to.map(str::to_owned);
        self.call(now, || Call::TrySend { to: to_owned() }, Some(&payload));
        let sent = self.member.try_send(now, payload, to);
        self.outcome(&Outcome::Tried(sent));
        sent
    }

    /// See [`Member::set_init_data`].
    pub fn set_init_data(&mut self, now: Instant, data: Vec<u8>) -> Result<(), SendError> {
        self.call(now, || Call::SetInitData, Some(&data));
        let set = self.member.set_init_data(now, data);
        self.outcome(&Outcome::Set(set));
        set
    }

    /// See [`Member::drop_host`].
    pub fn drop_host(&mut self, now: Instant) {
        self.call(now, || Call::DropHost, None);
        self.member.drop_host(now);
    }

    /// See [`Member::set_hidden`].
    pub fn set_hidden(&mut self, now: Instant, hidden: bool) {
        self.call(now, || Call::SetHidden(hidden), None);
        self.member.set_hidden(now, hidden);
    }

    /// See [`Member::leave`].
    pub fn leave(&mut self, now: Instant, how: LeaveHow) {
        self.call(now, || Call::Leave(how), None);
        self.member.leave(now, how);
    }

    fn call<'a>(&mut self, now: Instant, call: impl FnOnce() -> Call<'a>, bytes: Option<&[u8]>) {
        if let Some(tape) = &mut self.tape {
            tape.call(now, call(), bytes);
        }
    }

    fn outcome(&mut self, outcome: &Outcome<'_>) {
        if let Some(tape) = &mut self.tape {
            tape.line(outcome);
        }
    }
}

impl Tape {
    fn call(&mut self, now: Instant, call: Call<'_>, bytes: Option<&[u8]>) {
        self.line(&CallLine {
            t: now.as_micros(),
            call,
            bytes: bytes.map(|bytes| STANDARD.encode(bytes)),
        });
    }

    fn output(&mut self, tokens: &Tokens, output: Option<&Output>) {
        match output {
            Some(Output::OpenSession { session, id, token }) => {
                let hidden = Output::OpenSession {
                    session: *session,
                    id: id.clone(),
                    token: self.names.of(tokens, token),
                };
                self.line(&Outcome::Output(Some(&hidden), None));
            }
            Some(output @ Output::Send { lane, frame, .. }) => {
                let hidden = self.names.hide(tokens, *lane, frame);
                self.line(&Outcome::Output(Some(output), Some(digest(&hidden))));
            }
            Some(output @ Output::MediaSignal { signal, .. }) => {
                self.line(&Outcome::Output(Some(output), Some(digest(signal))));
            }
            output => self.line(&Outcome::Output(output, None)),
        }
    }

    fn line(&mut self, line: &impl Serialize) {
        if self.left == 0 {
            return;
        }
        // (Structs of ours, into a string, cannot fail.)
        let mut text = serde_json::to_string(line).unwrap_or_default();
        text.push('\n');
        if text.len() > self.left {
            self.left = 0;
            (self.sink)(&format!("{{\"full\":{MAX_BYTES}}}\n"));
            return;
        }
        self.left -= text.len();
        (self.sink)(&text);
    }
}

/// Length and digest (FNV-1a): enough to tell that they are others.
fn digest(bytes: &[u8]) -> String {
    let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{} B {digest:016x}", bytes.len())
}
