//! The layout of the records, both ways. Little-endian, unaligned.
//!
//! | word | bytes |
//! |---|---|
//! | `u8` `u16` `u32` | one, two, four |
//! | `num` | eight: a double; whole numbers up to 2^53 |
//! | `str` | `u32` length, UTF-8 |
//! | `opt X` | `u8` 0, or 1 and X |
//! | `tri` | `u8`: 0 absent, 1 false, 2 true |
//! | `list` | `u32` count, that many `str` |
//! | `view` | `u32` address, `u32` length: bytes elsewhere in the module's memory, there until the next drain |
//!
//! # Into the module
//! *Config*: `str` room, `str` own id, `str` own token, `str` first connection id, `u32` mesh limit (0: none), `u32` ms between heartbeats, `u32` join timeout in ms
//! ([`NEVER`]: none), `u32` streams that come by themselves, `u8` the `Mode`,
//! `u16` `u16` wire versions (0 0: this release's), then to the end: the init data (none when empty).
//!
//! *Inputs* (kind; what `extra` is; what the bytes are):
//! [`SESSION_CONNECTED`] · [`SESSION_RECEIVED`]; a *message from the server* · [`SESSION_CLOSED`]; the
//! `SessionEnd` · [`LINK_DESCRIBED`]; SDP text · [`LINK_CANDIDATE`]; a *candidate* · [`LINK_OPENED`]; the largest frame ·
//! [`LINK_RECEIVED`]; the lane; the frame · [`LINK_DRAINED`]; bytes still unsent · [`LINK_CLOSED`]; the `LinkEnd` ·
//! [`MEDIA_SIGNAL`]; the signal · [`MEDIA`]; the `MediaState`.
//!
//! *Message from the server*: `u8` 0 open · 1 id taken · 2 invalid key · 3 error, `str` words · 4 expire, `str` src ·
//! 5 leave, `str` src · 6 relayed, `str` src, *signal* · 7 unknown.
//!
//! *Signal*: `u8` 0 *offer* · 1 *answer* · 2 *candidate* · 3 *echo*.
//! *Offer*: `str` connection id, `u8` kind (0 data, 1 media), `str` sdp, `opt str` label, `tri` reliable,
//! `opt str` serialization, `opt str` browser, `opt` mark (`u16` lowest, `u16` highest version).
//! *Answer*: `str` connection id, `u8` kind, `str` sdp, `opt str` browser, `opt` mark.
//! *Candidate*: `str` connection id, `u8` kind, `str` candidate, `opt str` mid, `opt u16` line index,
//! `opt str` user name fragment. *Echo*: `u32` low and `u32` high half of the nonce, `num` term, `str` member.
//!
//! # Out of the module
//! A drain: `u32` length of all that follows, `u32` flags (bit 0: drain again), `num` next deadline in microseconds
//! (infinity: none), then records, each `u8` kind and its fields.
//!
//! What to do: 1 open session: `u32` session, `str` id, `str` token · 2 send: `u32` session, `u8` 0 heartbeat |
//! 1 relay, `str` dst, *signal* · 3 close session: `u32` · 4 dial: `u32` link, `str` label · 5 answer: `u32` link,
//! `u8` lanes, `str` sdp · 6 accept: as answer · 7 add candidate: `u32` link, *candidate* · 8 send: `u32` link, `u8` lane,
//! `view` · 9 close link: `u32` · 10 media: `u32` link, `u8` dial · 11 media signal: `u32` link, `view`.
//!
//! What the user hears: 32 joined: `str` · 33 host connected: `u8` oneself, `str` host, `num` term · 34 sync: `opt list` ·
//! 35 host dropped · 36 peer joined, 37 peer dropped: `str`, `list` · 38 data, 39 init data: `str`, `view` ·
//! 40 limit exceeded: `u32` limit, `u32` tries · 41 signalling: `u8` up · 42 gap: `str`, `num` first, `num` last ·
//! 43 accepted: `u32` ticket · 44 refused: `u32` ticket, `u8` code · 45 error: `u8` code, `str` detail · 46 left ·
//! 47 stream: `str`, `u32` link, `u8` kinds · 48 stream drop, 49 manual stream: `str`.
//!
//! A status: `u32` length, `str` id, `str` room, 16 bytes founding, `num` term, `opt str` host, `u8` oneself is host,
//! `u8` signalling, `num` buffered, `u32` count of peers, each `str` id, `u8` direct, `u32` round trip in microseconds
//! ([`NEVER`]: not measured).

/// No limit, no value.
pub const NEVER: u32 = u32::MAX;

/// The websocket is open.
pub const SESSION_CONNECTED: u32 = 0;
/// The server said something.
pub const SESSION_RECEIVED: u32 = 1;
/// The websocket is no more.
pub const SESSION_CLOSED: u32 = 2;
/// The own description is ready.
pub const LINK_DESCRIBED: u32 = 3;
/// A way to be reached by.
pub const LINK_CANDIDATE: u32 = 4;
/// All channels are open.
pub const LINK_OPENED: u32 = 5;
/// A frame.
pub const LINK_RECEIVED: u32 = 6;
/// The driver holds less.
pub const LINK_DRAINED: u32 = 7;
/// The link is no more.
pub const LINK_CLOSED: u32 = 8;
/// A media connection has something to say to its other end.
pub const MEDIA_SIGNAL: u32 = 9;
/// Something of a media connection is otherwise.
pub const MEDIA: u32 = 10;
