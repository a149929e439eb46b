//! The links of one member: WebRTC connections on shared UDP sockets.
//!
//! Nothing here waits or decides: commands of the core go in, [`Report`]s come out, and one task owns it all. The only
//! folder that names the WebRTC stack.
//!
//! **Sockets.** DTLS carries no connection id, so between two sockets there can be one connection only. Dials leave
//! from one group of sockets and answers from another, so that two members that dial each other at the same moment do
//! not collide; and who answers a remote socket to which a link exists already takes a further group.

mod connection;
mod describe;
#[cfg(test)]
mod fuzz;
mod sdp;
mod socket;

use connection::{Connection, FEED};
use describe::Made;
use peerjs_mesh_core::{Input, Lane, LinkEnd, LinkId};
use sdp::Remote;
use socket::{Group, Received, Sockets};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use str0m::net::{Protocol, Receive};
use str0m::{Input as Fed, RtcConfig};

/// Dials leave from here.
const DIALLING: usize = 0;
/// Groups that one member may open: one to dial from, the others to answer from. More links than that to the same
/// remote are refused.
const MAX_GROUPS: usize = 6;
/// Addresses that a remote may be heard from before the oldest knowledge is thrown away.
const MAX_ROUTES: usize = 1 << 14;

/// What a link has to say: [`Input`], owned.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// The own description is ready.
    Described {
        /// Which.
        link: LinkId,
        /// SDP text, with all candidates.
        sdp: String,
    },
    /// All its channels are open.
    Opened {
        /// Which.
        link: LinkId,
        /// The largest frame the remote takes, bytes.
        max_frame: u32,
    },
    /// A frame has arrived.
    Received {
        /// Which.
        link: LinkId,
        /// On which channel.
        lane: Lane,
        /// The frame.
        frame: Vec<u8>,
    },
    /// What was handed over has fallen to half of the window, or to 0.
    Drained {
        /// Which.
        link: LinkId,
        /// Bytes that the remote has not yet acknowledged.
        buffered: u32,
    },
    /// It is no more.
    Closed {
        /// Which.
        link: LinkId,
        /// Why.
        end: LinkEnd,
    },
}

impl Report {
    /// The same, in the core's words.
    pub fn as_input(&self) -> Input<'_> {
        match self {
            Report::Described { link, sdp } => Input::LinkDescribed {
                link: *link,
                sdp: sdp.clone(),
            },
            Report::Opened { link, max_frame } => Input::LinkOpened {
                link: *link,
                max_frame: *max_frame,
            },
            Report::Received { link, lane, frame } => Input::LinkReceived {
                link: *link,
                lane: *lane,
                frame,
            },
            Report::Drained { link, buffered } => Input::LinkDrained {
                link: *link,
                buffered: *buffered,
            },
            Report::Closed { link, end } => Input::LinkClosed {
                link: *link,
                end: *end,
            },
        }
    }
}

/// All links of one member. Lives inside a tokio runtime.
///
/// **After any call, take the reports with [`poll`](Self::poll) until there are none, then wait for
/// [`poll_ready`](Self::poll_ready), [`timeout`](Self::timeout) or a command.**
pub struct Links {
    config: RtcConfig,
    sockets: Sockets,
    links: BTreeMap<LinkId, Connection>,
    /// By which link a remote address was last heard at a local one.
    routes: HashMap<(SocketAddr, SocketAddr), LinkId>,
    reports: VecDeque<Report>,
    window: u32,
}

impl Links {
    /// No links yet. `window` is the core's `link_window`, bytes.
    ///
    /// # Errors
    /// When no certificate can be made; the text is the cryptography's.
    pub fn new(window: u32) -> Result<Links, String> {
        Links::with(window, None)
    }

    /// As [`new`](Self::new), on these addresses of this machine only.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn on(window: u32, addresses: Vec<IpAddr>) -> Result<Links, String> {
        Links::with(window, Some(addresses))
    }

    fn with(window: u32, addresses: Option<Vec<IpAddr>>) -> Result<Links, String> {
        let provider = Arc::new(str0m::crypto::from_feature_flags());
        // One certificate for all: it names the member, and making one is the dearest part of a connection.
        let certificate = provider
            .dtls_provider
            .generate_certificate()
            .ok_or("no certificate could be made")?;
        let config = RtcConfig::new()
            .set_crypto_provider(provider)
            .set_dtls_cert(certificate)
            .clear_codecs()
            .set_sctp_max_buffered_amount(1 << 20);
        Ok(Links {
            config,
            sockets: Sockets::new(addresses),
            links: BTreeMap::new(),
            routes: HashMap::new(),
            reports: VecDeque::new(),
            window,
        })
    }

    /// How many there are, closing ones included.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Makes a connection and its offer.
    pub fn dial(&mut self, now: Instant, link: LinkId, label: String) {
        let made = self.make(Group(DIALLING));
        match Connection::offer(link, label, made, now) {
            Some((connection, sdp)) => self.begin(link, connection, sdp),
            None => self.refuse(link, "no offer could be made"),
        }
    }

    /// Makes a connection for an offer, and the answer.
    pub fn answer(&mut self, now: Instant, link: LinkId, sdp: &str, lanes: bool) {
        let remote = Remote::read(sdp);
        let Some(group) = self.free_group(&remote.addresses) else {
            return self.refuse(link, "too many links to the same remote");
        };
        let made = self.make(group);
        match Connection::answer(link, remote, lanes, made, now) {
            Ok((connection, sdp)) => self.begin(link, connection, sdp),
            Err(error) => self.refuse(link, &error),
        }
    }

    /// Applies the answer to an offer of ours.
    pub fn accept(&mut self, now: Instant, link: LinkId, sdp: &str, lanes: bool) {
        if let Some(connection) = self.links.get_mut(&link)
            && let Err(error) = connection.accept(sdp, lanes, now)
        {
            self.links.remove(&link);
            self.refuse(link, &error);
        }
        self.run_one(now, link);
    }

    /// Applies a candidate of the remote's.
    pub fn add_candidate(&mut self, now: Instant, link: LinkId, line: &str) {
        if let Some(connection) = self.links.get_mut(&link) {
            connection.add_candidate(line);
            self.run_one(now, link);
        }
    }

    /// Hands a frame over.
    pub fn send(&mut self, link: LinkId, lane: Lane, frame: Vec<u8>) {
        if let Some(connection) = self.links.get_mut(&link) {
            connection.send(lane, frame);
        }
    }

    /// Closes a link once what was handed over has arrived, at most 1 s later. Nothing more is reported of it.
    pub fn close(&mut self, now: Instant, link: LinkId) {
        self.reports.retain(|report| report.link() != link);
        if let Some(connection) = self.links.get_mut(&link) {
            connection.close(now);
        }
    }

    /// Drops a link without a word to anybody: what a crash does. For tests.
    pub fn forget(&mut self, link: LinkId) {
        self.links.remove(&link);
        self.routes.retain(|_, taker| *taker != link);
        self.reports.retain(|report| report.link() != link);
    }

    /// Lets links work that have something to do, and takes the next report.
    pub fn poll(&mut self, now: Instant) -> Option<Report> {
        if self.reports.is_empty() {
            self.run(now);
        }
        self.reports.pop_front()
    }

    /// When to call [`poll`](Self::poll) at the latest.
    pub fn timeout(&self) -> Option<Instant> {
        self.links.values().filter_map(Connection::timeout).min()
    }

    /// Ready when something can be read; then call [`receive`](Self::receive).
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.sockets.poll_ready(cx)
    }

    /// Reads what has arrived, once per socket.
    pub fn receive(&mut self, now: Instant) {
        for index in 0..self.sockets.len() {
            if let Some((buffer, trains)) = self.sockets.receive(index) {
                for train in trains {
                    for datagram in train.datagrams(&buffer) {
                        self.on_datagram(now, train, datagram);
                    }
                }
                socket::recycle(buffer);
            }
        }
        self.sockets.flush();
    }

    fn on_datagram(&mut self, now: Instant, train: Received, datagram: &[u8]) {
        let Ok(parsed) = Receive::new(Protocol::Udp, train.source, train.local, datagram) else {
            return;
        };
        let input = Fed::Receive(now, parsed);
        let key = (train.local, train.source);
        // A STUN message says by its name fragment whose it is; all else is known by where it comes from. The newest
        // link first: an older one to the same remote is one that the remote has forgotten, and it takes anything.
        let is_stun = datagram.first().is_some_and(|first| *first < 4);
        let known = if is_stun {
            None
        } else {
            self.routes.get(&key).copied()
        };
        let Some(link) = known.or_else(|| {
            let mut takers = self.links.iter().rev();
            takers
                .find(|(_, link)| link.group == train.group && link.accepts(&input))
                .map(|(link, _)| *link)
        }) else {
            return;
        };
        if known.is_none() && self.routes.get(&key) != Some(&link) {
            if self.routes.len() >= MAX_ROUTES {
                self.routes.clear(); // learned anew from the next STUN messages
            }
            self.routes.insert(key, link);
        }
        if let Some(connection) = self.links.get_mut(&link) {
            connection.receive(input);
            if connection.fed >= FEED {
                self.run_one(now, link);
            }
        }
    }

    fn run(&mut self, now: Instant) {
        let due: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, link)| link.fed > 0 || link.timeout().is_some_and(|at| at <= now))
            .map(|(link, _)| *link)
            .collect();
        for link in due {
            self.run_one(now, link);
        }
        self.sockets.flush();
    }

    fn run_one(&mut self, now: Instant, link: LinkId) {
        let Some(connection) = self.links.get_mut(&link) else {
            return;
        };
        connection.run(now, &mut self.sockets, &mut self.reports);
        if connection.is_over() {
            self.links.remove(&link);
            self.routes.retain(|_, taker| *taker != link);
        }
    }

    fn begin(&mut self, link: LinkId, connection: Connection, sdp: String) {
        self.links.insert(link, connection);
        self.reports.push_back(Report::Described { link, sdp });
    }

    fn refuse(&mut self, link: LinkId, why: &str) {
        tracing::debug!(link = link.0, why, "no connection");
        self.reports.push_back(Report::Closed {
            link,
            end: LinkEnd::Failed,
        });
    }

    fn make(&mut self, group: Group) -> Made {
        while self.sockets.groups() <= group.0 {
            self.sockets.open_group();
        }
        Made {
            config: self.config.clone(),
            group,
            addresses: self.sockets.addresses(group),
            window: self.window,
        }
    }

    /// A group to answer from that has no link to any of these addresses.
    fn free_group(&self, remotes: &[SocketAddr]) -> Option<Group> {
        (DIALLING + 1..MAX_GROUPS).map(Group).find(|group| {
            !self.links.values().any(|link| {
                link.group == *group && link.remotes.iter().any(|known| remotes.contains(known))
            })
        })
    }
}

impl Report {
    fn link(&self) -> LinkId {
        match self {
            Report::Described { link, .. }
            | Report::Opened { link, .. }
            | Report::Received { link, .. }
            | Report::Drained { link, .. }
            | Report::Closed { link, .. } => *link,
        }
    }
}
