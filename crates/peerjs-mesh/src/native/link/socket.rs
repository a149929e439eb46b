//! The UDP sockets of one member, and the datagrams that wait to leave them.
//!
//! One socket per local address, because an ICE stack needs each packet's own destination, and a wildcard socket does
//! not know it. The sockets of all addresses together make a *group*, which many links share.

use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Asked of the system for each socket, bytes: the usual default of 208 KiB costs a factor of five in throughput
/// (measured on loopback).
const SOCKET_BUFFER: usize = 4 << 20;
/// How many bytes may wait for a socket that takes no more. Beyond it datagrams are lost, as they may be anywhere.
const MAX_BACKLOG: usize = 1 << 20;
/// The largest train of datagrams handed to the system at once, bytes.
const MAX_TRAIN: usize = 60_000;
/// Buffers filled by one call to the system. Each takes a whole train.
const RECEIVE_BUFFERS: usize = 4;
/// Size of one of them, bytes: the largest train there can be.
const RECEIVE_BUFFER: usize = 1 << 16;

/// A set of sockets, one per local address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group(pub(super) usize);

struct Socket {
    io: UdpSocket,
    offload: UdpSocketState,
    local: SocketAddr,
    group: Group,
    backlog: VecDeque<Train>,
    backlog_bytes: usize,
}

/// Datagrams of one size (the last may be shorter) for one destination.
struct Train {
    destination: SocketAddr,
    segment: usize,
    segments: usize,
    bytes: Vec<u8>,
}

/// The sockets of one member.
pub(super) struct Sockets {
    all: Vec<Socket>,
    /// The only addresses to be used; `None`: all that this machine has.
    only: Option<Vec<IpAddr>>,
    groups: usize,
    /// What is being coupled together, and the socket it leaves from.
    coupling: Option<(usize, Train)>,
}

thread_local! {
    /// What is read goes here first. Reading never waits, so all members that run on a thread can share it.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What one read gave: a train of datagrams.
#[derive(Clone, Copy)]
pub(super) struct Received {
    pub(super) source: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) group: Group,
    start: usize,
    len: usize,
    stride: usize,
}

impl Received {
    /// The single datagrams.
    pub(super) fn datagrams<'a>(&self, buffer: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        buffer
            .get(self.start..self.start + self.len)
            .unwrap_or_default()
            .chunks(self.stride.max(1))
    }
}

impl Sockets {
    pub(super) fn new(only: Option<Vec<IpAddr>>) -> Sockets {
        Sockets {
            all: Vec::new(),
            only,
            groups: 0,
            coupling: None,
        }
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// Opens one more socket on every address of this machine. An address that cannot be used is left out.
    pub(super) fn open_group(&mut self) -> Group {
        let group = Group(self.groups);
        self.groups += 1;
        for ip in self.only.clone().unwrap_or_else(local_addresses) {
            match open(ip, group) {
                Ok(socket) => self.all.push(socket),
                Err(error) => tracing::debug!(%ip, %error, "address left out"),
            }
        }
        group
    }

    /// The addresses of a group.
    pub(super) fn addresses(&self, group: Group) -> Vec<SocketAddr> {
        self.all
            .iter()
            .filter(|socket| socket.group == group)
            .map(|socket| socket.local)
            .collect()
    }

    /// Hands a datagram over. It leaves at the latest with [`flush`](Self::flush).
    pub(super) fn send(&mut self, source: SocketAddr, destination: SocketAddr, datagram: &[u8]) {
        if let Some((index, train)) = &mut self.coupling
            && self.all[*index].local == source
            && train.destination == destination
            && datagram.len() <= train.segment
            && train.bytes.len() + datagram.len() <= MAX_TRAIN
            && train.segments < self.all[*index].offload.max_gso_segments()
        {
            train.bytes.extend_from_slice(datagram);
            train.segments += 1;
            if datagram.len() < train.segment {
                self.flush(); // only the last of a train may be shorter
            }
            return;
        }
        self.flush();
        let Some(index) = self.all.iter().position(|socket| socket.local == source) else {
            tracing::debug!(%source, "no such socket");
            return;
        };
        let train = Train {
            destination,
            segment: datagram.len(),
            segments: 1,
            bytes: datagram.to_vec(),
        };
        self.coupling = Some((index, train));
    }

    /// Sends what is being coupled together.
    pub(super) fn flush(&mut self) {
        if let Some((index, train)) = self.coupling.take()
            && let Some(socket) = self.all.get_mut(index)
        {
            socket.send(train);
        }
    }

    /// Ready when something can be read, or a backlog can be sent.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut ready = Poll::Pending;
        for socket in &mut self.all {
            if !socket.backlog.is_empty() && socket.io.poll_send_ready(cx).is_ready() {
                socket.send_backlog();
                // Blocked again: ask once more, so that the task is woken when it is not.
                if !socket.backlog.is_empty() && socket.io.poll_send_ready(cx).is_ready() {
                    cx.waker().wake_by_ref();
                }
            }
            if socket.io.poll_recv_ready(cx).is_ready() {
                ready = Poll::Ready(());
            }
        }
        ready
    }

    /// How many sockets there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Reads once from a socket, and gives the trains together with the buffer they lie in. Give it back with
    /// [`recycle`].
    pub(super) fn receive(&self, index: usize) -> Option<(Vec<u8>, Vec<Received>)> {
        let socket = self.all.get(index)?;
        let mut buffer = BUFFER.take();
        buffer.resize(RECEIVE_BUFFER * RECEIVE_BUFFERS, 0);
        let found = socket.receive(&mut buffer);
        if found.is_empty() {
            recycle(buffer);
            return None;
        }
        Some((buffer, found))
    }
}

/// Takes a buffer back.
pub(super) fn recycle(buffer: Vec<u8>) {
    BUFFER.set(buffer);
}

impl Socket {
    fn receive(&self, buffer: &mut [u8]) -> Vec<Received> {
        let mut meta = [RecvMeta::default(); RECEIVE_BUFFERS];
        let mut slices: Vec<IoSliceMut<'_>> = buffer
            .chunks_mut(RECEIVE_BUFFER)
            .map(IoSliceMut::new)
            .collect();
        let read = self.io.try_io(Interest::READABLE, || {
            self.offload
                .recv(UdpSockRef::from(&self.io), &mut slices, &mut meta)
        });
        match read {
            Ok(count) => meta
                .iter()
                .take(count)
                .enumerate()
                .filter(|(_, meta)| meta.len > 0)
                .map(|(index, meta)| Received {
                    source: meta.addr,
                    local: self.local,
                    group: self.group,
                    start: index * RECEIVE_BUFFER,
                    len: meta.len,
                    stride: meta.stride,
                })
                .collect(),
            Err(error) => {
                // Besides WouldBlock this is the echo of an ICMP message: the packet it answers is lost, no more.
                if error.kind() != io::ErrorKind::WouldBlock {
                    tracing::trace!(%error, "socket");
                }
                Vec::new()
            }
        }
    }

    fn send(&mut self, train: Train) {
        if !self.backlog.is_empty() || !self.try_send(&train) {
            self.hold(train);
        }
    }

    fn hold(&mut self, train: Train) {
        if self.backlog_bytes + train.bytes.len() <= MAX_BACKLOG {
            self.backlog_bytes += train.bytes.len();
            self.backlog.push_back(train);
        }
    }

    fn send_backlog(&mut self) {
        while let Some(train) = self.backlog.pop_front() {
            if !self.try_send(&train) {
                self.backlog.push_front(train);
                return;
            }
            self.backlog_bytes -= train.bytes.len();
        }
    }

    /// False when the socket takes nothing at the moment.
    fn try_send(&self, train: &Train) -> bool {
        match self.send_now(train.destination, &train.bytes, train.segment) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(error) if train.segments > 1 => {
                // A system or device without segmentation: one by one (the next trains are not coupled any more).
                tracing::debug!(%error, "segmentation offload");
                for datagram in train.bytes.chunks(train.segment) {
                    let _lost = self.send_now(train.destination, datagram, datagram.len());
                }
                true
            }
            Err(error) => {
                tracing::trace!(destination = %train.destination, %error, "not sent");
                true
            }
        }
    }

    fn send_now(&self, destination: SocketAddr, bytes: &[u8], segment: usize) -> io::Result<()> {
        let transmit = quinn_udp::Transmit {
            destination,
            ecn: None,
            contents: bytes,
            segment_size: (segment < bytes.len()).then_some(segment),
            src_ip: None,
        };
        self.io.try_io(Interest::WRITABLE, || {
            self.offload.try_send(UdpSockRef::from(&self.io), &transmit)
        })
    }
}

fn open(ip: IpAddr, group: Group) -> io::Result<Socket> {
    let domain = if ip.is_ipv4() {
        socket2::Domain::IPV4
    } else {
        socket2::Domain::IPV6
    };
    let raw = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    if ip.is_ipv6() {
        raw.set_only_v6(true)?;
    }
    raw.set_nonblocking(true)?;
    raw.bind(&SocketAddr::new(ip, 0).into())?;
    // The system may give less; it works all the same.
    let _ = raw.set_send_buffer_size(SOCKET_BUFFER);
    let _ = raw.set_recv_buffer_size(SOCKET_BUFFER);
    let io = UdpSocket::from_std(raw.into())?;
    let local = io.local_addr()?;
    let offload = UdpSocketState::new(UdpSockRef::from(&io))?;
    Ok(Socket {
        io,
        offload,
        local,
        group,
        backlog: VecDeque::new(),
        backlog_bytes: 0,
    })
}

/// The addresses under which this machine may be reached, loopback included. Link-local ones need a scope that
/// candidates cannot carry.
fn local_addresses() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces
            .iter()
            .filter(|interface| !interface.is_link_local())
            .map(if_addrs::Interface::ip)
            .collect(),
        Err(error) => {
            tracing::warn!(%error, "the network interfaces cannot be listed; loopback only");
            Vec::new()
        }
    };
    addresses.push(IpAddr::from([127, 0, 0, 1]));
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
