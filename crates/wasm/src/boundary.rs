//! The member with its buffers; everything that the exports do.

use crate::reader::{Reader, text};
use crate::records;
use crate::writer::Writer;
use alloc::vec::Vec;
use peerjs_mesh_core::{
    ErrorCode, Input, Instant, Lane, LeaveHow, LinkEnd, LinkId, MediaState, Member, SendError,
    Sent, SessionEnd, SessionId,
};

/// A drain that has gathered so much pauses, so that values for a busy page are not all held at once. Bytes (guess).
const DRAIN: usize = 4 << 20;
/// Length, flags and deadline stand before the records of a drain.
const DRAIN_HEAD: usize = 16;
/// Length stands before a status.
const STATUS_HEAD: usize = 4;

/// One member and the buffers of its boundary. Times are microseconds of a clock that runs through suspend.
pub struct Boundary {
    member: Result<Member, Refusal>,
    due: Writer,
    status: Writer,
}

/// Why there is no member: told once.
struct Refusal {
    code: ErrorCode,
    told: bool,
}

impl Boundary {
    /// Starts joining. `config` is a [config record](crate::records); `seed` is 32 random bytes.
    /// A config that cannot be shows as an `Error` and a `Left` record of the first drain.
    pub fn new(config: &[u8], seed: &[u8], now: f64) -> Boundary {
        let config = Reader::new(config).config().ok_or(ErrorCode::Internal);
        let seed = seed.try_into().map_err(|_| ErrorCode::Internal);
        let member = config
            .and_then(|config| Member::new(config, seed?, instant(now)))
            .map_err(|code| Refusal { code, told: false });
        Boundary {
            member,
            due: Writer::default(),
            status: Writer::default(),
        }
    }

    /// Something has happened: an [input](crate::records) of this kind, of session or link `id`. `None`: the bytes
    /// are no such record, which is a fault of the caller's.
    pub fn input(&mut self, now: f64, kind: u32, id: u32, extra: u32, bytes: &[u8]) -> Option<()> {
        let session = SessionId(id);
        let link = LinkId(id);
        let input = match kind {
            records::SESSION_CONNECTED => Input::SessionConnected { session },
            records::SESSION_RECEIVED => Input::SessionReceived {
                session,
                message: Reader::new(bytes).message()?,
            },
            records::SESSION_CLOSED => Input::SessionClosed {
                session,
                end: match extra {
                    0 => SessionEnd::Unreachable,
                    1 => SessionEnd::Closed,
                    2 => SessionEnd::Garbage,
                    _ => return None,
                },
            },
            records::LINK_DESCRIBED => Input::LinkDescribed {
                link,
                sdp: text(bytes)?,
            },
            records::LINK_CANDIDATE => Input::LinkCandidate {
                link,
                candidate: Reader::new(bytes).candidate()?,
            },
            records::LINK_OPENED => Input::LinkOpened {
                link,
                max_frame: extra,
            },
            records::LINK_RECEIVED => Input::LinkReceived {
                link,
                lane: Lane::from_u8(u8::try_from(extra).ok()?)?,
                frame: bytes,
            },
            records::LINK_DRAINED => Input::LinkDrained {
                link,
                buffered: extra,
            },
            records::LINK_CLOSED => Input::LinkClosed {
                link,
                end: match extra {
                    0 => LinkEnd::Closed,
                    1 => LinkEnd::Failed,
                    _ => return None,
                },
            },
            records::MEDIA_SIGNAL => Input::MediaSignal {
                link,
                signal: bytes,
            },
            records::MEDIA => Input::Media {
                link,
                state: match extra {
                    0 => MediaState::Described,
                    1 => MediaState::Opened,
                    2 => MediaState::Failed,
                    _ => return None,
                },
            },
            _ => return None,
        };
        if let Ok(member) = &mut self.member {
            member.handle_input(instant(now), input);
        }
        Some(())
    }

    /// The deadline has come. Early or double calls do nothing.
    pub fn timeout(&mut self, now: f64) {
        if let Ok(member) = &mut self.member {
            member.handle_timeout(instant(now));
        }
    }

    /// Sends an encoded value to all (`to` empty) or to one. 0: accepted; positive: one more than the ticket that an
    /// `Accepted` or `Refused` record will name; negative: the error code's number, less one.
    pub fn send(&mut self, now: f64, payload: Vec<u8>, to: &[u8]) -> f64 {
        let Ok(member) = &mut self.member else {
            return refused(SendError::Left);
        };
        // An id that is no text is nobody's.
        let Ok(to) = core::str::from_utf8(to) else {
            return refused(SendError::UnknownMember);
        };
        let to = Some(to).filter(|to| !to.is_empty());
        match member.send(instant(now), payload, to) {
            Ok(Sent::Accepted) => 0.0,
            Ok(Sent::Waiting(ticket)) => f64::from(ticket.0) + 1.0,
            Err(error) => refused(error),
        }
    }

    /// Sets the own init data, an encoded value. 0: taken; negative: as for `send`.
    pub fn set_init_data(&mut self, now: f64, data: Vec<u8>) -> f64 {
        let Ok(member) = &mut self.member else {
            return refused(SendError::Left);
        };
        match member.set_init_data(instant(now), data) {
            Ok(()) => 0.0,
            Err(error) => refused(error),
        }
    }

    /// Gives a stream of these kinds (sound 1, picture 2, muted 4), or none (255).
    pub fn give(&mut self, now: f64, kinds: u32) {
        if let Ok(member) = &mut self.member {
            let kinds = u8::try_from(kinds).ok().filter(|&kinds| kinds != u8::MAX);
            // One that has left has said so.
            let _ = member.give(instant(now), kinds);
        }
    }

    /// Gets that member's stream. 0: it comes when there is one; negative: as for `send`.
    pub fn call_peer(&mut self, now: f64, id: &[u8]) -> f64 {
        let Ok(member) = &mut self.member else {
            return refused(SendError::Left);
        };
        let id = core::str::from_utf8(id).unwrap_or_default();
        match member.call_peer(instant(now), id) {
            Ok(()) => 0.0,
            Err(error) => refused(error),
        }
    }

    /// Ends this member's host role only.
    pub fn drop_host(&mut self, now: f64) {
        if let Ok(member) = &mut self.member {
            member.drop_host(instant(now));
        }
    }

    /// Whether nobody sees this member's page.
    pub fn set_hidden(&mut self, now: f64, hidden: bool) {
        if let Ok(member) = &mut self.member {
            member.set_hidden(instant(now), hidden);
        }
    }

    /// Leaves: at once with a goodbye, or once everything sent is delivered.
    pub fn leave(&mut self, now: f64, at_once: bool) {
        let how = if at_once {
            LeaveHow::Now
        } else {
            LeaveHow::Delivered
        };
        if let Ok(member) = &mut self.member {
            member.leave(instant(now), how);
        }
    }

    /// The address of the [records](crate::records) of all that is due. To be called until its flag `more` is clear.
    /// What the records of the drain before pointed to is gone.
    pub fn drain(&mut self) -> *const u8 {
        self.due.begin(DRAIN_HEAD);
        let (more, deadline) = match &mut self.member {
            Ok(member) => (fill(member, &mut self.due), deadline(member)),
            Err(refusal) => {
                if !core::mem::replace(&mut refusal.told, true) {
                    self.due.error(refusal.code as u8, "");
                    self.due.left();
                }
                (false, f64::INFINITY)
            }
        };
        let [a, b, c, d] = u32::from(more).to_le_bytes();
        let [e, f, g, h, i, j, k, l] = deadline.to_le_bytes();
        self.due.finish(&[a, b, c, d, e, f, g, h, i, j, k, l])
    }

    /// What the last [`drain`](Self::drain) wrote, for programs that repeat a page's run: the records, the four bytes of
    /// each address 0; and what these lead to.
    #[cfg(not(target_family = "wasm"))]
    pub fn drained(&self) -> (Vec<u8>, impl Iterator<Item = &[u8]>) {
        let mut bytes = self.due.bytes().to_vec();
        for place in self.due.views().map(|(place, _)| place) {
            if let Some(address) = bytes.get_mut(place..place + 4) {
                address.fill(0);
            }
        }
        (bytes, self.due.views().map(|(_, view)| view))
    }

    /// Where the addresses stand that [`drained`](Self::drained) has made 0.
    #[cfg(not(target_family = "wasm"))]
    pub fn addresses(&self) -> impl Iterator<Item = usize> {
        self.due.views().map(|(place, _)| place)
    }

    /// What the last [`status`](Self::status) wrote.
    #[cfg(not(target_family = "wasm"))]
    pub fn shown(&self) -> &[u8] {
        self.status.bytes()
    }

    /// The address of a [status record](crate::records). It holds until the next call.
    pub fn status(&mut self) -> *const u8 {
        self.status.begin(STATUS_HEAD);
        if let Ok(member) = &self.member {
            self.status.status(&member.status());
        }
        self.status.finish(&[])
    }
}

/// Takes everything that is due; true when it stopped before the end. Hearing an event may free room for more, hence
/// the loop round both.
fn fill(member: &mut Member, due: &mut Writer) -> bool {
    loop {
        while let Some(output) = member.poll_output() {
            due.output(output);
        }
        while let Some(outcome) = member.poll_outcome() {
            due.outcome(outcome);
        }
        let Some(event) = member.poll_event() else {
            return false;
        };
        due.event(event);
        if due.weight() > DRAIN {
            return true;
        }
    }
}

fn deadline(member: &Member) -> f64 {
    member
        .poll_timeout()
        .map_or(f64::INFINITY, |due| due.as_micros() as f64)
}

fn instant(micros: f64) -> Instant {
    Instant::from_micros(micros as u64)
}

pub(crate) fn refused(error: SendError) -> f64 {
    -1.0 - f64::from(error as u8)
}
