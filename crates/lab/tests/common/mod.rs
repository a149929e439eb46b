//! What the tests of real networks share. They need root, and fail without it.

#![allow(dead_code, unreachable_pub)] // no test file uses all of it

use peerjs_mesh_lab::{Lab, LabConfig, LinkSettings, Node};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for anything that has to come.
pub const DEADLINE: Duration = Duration::from_secs(10);

pub const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn lab(nodes: usize, seed: u64, link: LinkSettings) -> Lab {
    let config = LabConfig { nodes, seed, link };
    Lab::start(&config).unwrap_or_else(|error| panic!("cannot build the network: {error}"))
}

/// Makes a socket, or anything else, in a node.
pub fn inside<T: Send + 'static>(node: &Node, make: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = node.spawn(make).expect("a thread");
    thread
        .join()
        .expect("no panic")
        .expect("the node can be entered")
}

/// A UDP socket at a node's address.
pub fn udp(node: &Node) -> UdpSocket {
    let ip = node.ip();
    let socket = inside(node, move || UdpSocket::bind((ip, 0))).expect("a socket");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    socket
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(
            Instant::now() < end,
            "waited {DEADLINE:?} in vain until {what}"
        );
        thread::sleep(ms(1));
    }
}

/// Sends datagrams numbered 0.. from node 0 to node 1, one every `pace`, and gives the numbers of
/// those that arrive, in their order.
pub fn numbers_through(lab: &Lab, count: u32, pace: Duration) -> Vec<u32> {
    let (from, to) = (udp(&lab.nodes()[0]), udp(&lab.nodes()[1]));
    let address: SocketAddr = to.local_addr().expect("an address");
    let before = lab.with_switch(|switch| switch.stats(0, 1));
    let (done, finished) = channel();
    let read = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&read);
    let reader = thread::spawn(move || {
        let mut arrived = Vec::new();
        let mut expected = None;
        to.set_read_timeout(Some(ms(5))).expect("a timeout");
        let end = Instant::now() + DEADLINE;
        while expected != Some(arrived.len() as u64) {
            assert!(Instant::now() < end, "{} of {expected:?}", arrived.len());
            let mut number = [0; 4];
            if to.recv(&mut number).is_ok() {
                arrived.push(u32::from_be_bytes(number));
                counter.fetch_add(1, Ordering::Relaxed);
            }
            expected = expected.or_else(|| finished.try_recv().ok());
        }
        arrived
    });
    let start = Instant::now();
    for number in 0..count {
        let at = start + pace * number;
        thread::sleep(at.saturating_duration_since(Instant::now()));
        // Too many at once would overflow the sockets' buffers: a loss that is not the lab's.
        until("the switch and the reader have caught up", || {
            let now = lab.with_switch(|switch| switch.stats(0, 1));
            let delivered = now.delivered - before.delivered;
            let unread = delivered.saturating_sub(read.load(Ordering::Relaxed));
            u64::from(number) - (now.sent - before.sent) < 50 && unread < 50
        });
        from.send_to(&number.to_be_bytes(), address).expect("sent");
    }
    let mut after = before;
    until("all packets have passed the switch", || {
        after = lab.with_switch(|switch| switch.stats(0, 1));
        after.sent - before.sent == u64::from(count) && after.queued == 0
    });
    done.send(after.delivered - before.delivered)
        .expect("it reads");
    reader.join().expect("no panic")
}

/// The binary, running.
pub struct Binary {
    pub child: Child,
    pub input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Binary {
    pub fn run(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_peerjs-mesh-lab"))
            .arg("run")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input,
            lines,
        }
    }

    /// The next line it prints.
    pub fn line(&self) -> serde_json::Value {
        let line = self.lines.recv_timeout(DEADLINE).expect("it says a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The answer to a command.
    pub fn ask(&mut self, command: &str) -> serde_json::Value {
        let input = self.input.as_mut().expect("still open");
        writeln!(input, "{command}").expect("it reads");
        self.line()
    }

    /// Waits for its end; whether it succeeded.
    pub fn ended_well(&mut self) -> bool {
        let mut status = None;
        until("the lab has ended", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        status.is_some_and(|status| status.success())
    }
}

/// A test that fails must not leave a network behind.
impl Drop for Binary {
    fn drop(&mut self) {
        self.input = None;
        let end = Instant::now() + DEADLINE;
        while self.child.try_wait().is_ok_and(|status| status.is_none()) && Instant::now() < end {
            thread::sleep(ms(1));
        }
        let _ = self.child.kill(); // only if it did not end; the next lab sweeps up
        let _ = self.child.wait();
    }
}

/// The namespaces in a `ready` line.
pub fn namespaces(ready: &serde_json::Value) -> Vec<String> {
    let nodes = ready["nodes"].as_array().expect("nodes");
    let paths = nodes.iter().map(|node| node["netns"].as_str());
    paths.map(|path| path.expect("a path").to_owned()).collect()
}

pub fn exists(path: &str) -> bool {
    std::path::Path::new(path).exists()
}
