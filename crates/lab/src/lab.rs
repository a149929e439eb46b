//! A running lab: nodes, the pump between them, relays into them.

use crate::MAX_NODES;
use crate::command::{Command, NodeReport, PairRow, Relay, Reply, Select, Where};
use crate::forward::Forward;
use crate::netns::{self, DEVICE, Netns};
use crate::packet;
use crate::pump::{Pump, PumpStats};
use crate::settings::LinkSettings;
use crate::switch::Switch;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Most relays in one lab: each has a thread.
const MOST_FORWARDS: usize = 64;

/// What a lab is to be.
#[derive(Clone, Copy, Debug)]
pub struct LabConfig {
    /// How many nodes, 1 to [`MAX_NODES`].
    pub nodes: usize,
    /// Decides all chance in it.
    pub seed: u64,
    /// What every link is like at first.
    pub link: LinkSettings,
}

/// A running network. It needs root (CAP_SYS_ADMIN and CAP_NET_ADMIN).
///
/// When it is stopped or dropped, processes still running in its nodes are killed and the namespaces
/// removed. After a SIGKILL of this process, the next lab on the machine does so.
#[derive(Debug)]
pub struct Lab {
    nodes: Vec<Node>,
    pump: Pump,
    forwards: Mutex<Vec<Forward>>,
    /// Last, so that a lab whose start failed half-way still removes them.
    namespaces: Vec<Netns>,
}

/// A place in the network where programs run. Clones are the same node.
#[derive(Clone, Debug)]
pub struct Node {
    index: usize,
    path: String,
    namespace: Arc<OwnedFd>,
}

/// Why a lab did not do what it was told.
#[derive(Debug)]
pub enum LabError {
    /// Namespaces and devices need root.
    NotRoot,
    /// So many nodes a lab cannot have.
    NodeCount(usize),
    /// There is no node of this number.
    NoNode(usize),
    /// A command's arguments make no sense; for people.
    BadCommand(String),
    /// A program that the lab needs failed.
    Tool {
        /// What was run.
        command: String,
        /// What it said.
        message: String,
    },
    /// The system refused something: what was tried, and its answer.
    Io(&'static str, io::Error),
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot => write!(f, "the lab makes network namespaces: run it as root"),
            Self::NodeCount(count) => write!(f, "{count} nodes: a lab has 1 to {MAX_NODES}"),
            Self::NoNode(node) => write!(f, "there is no node {node}"),
            Self::BadCommand(message) => write!(f, "{message}"),
            Self::Tool { command, message } => write!(f, "`{command}`: {message}"),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for LabError {}

impl Lab {
    /// Builds the network: nodes `0..nodes` at 10.50.0.1, 10.50.0.2, …, each with a loopback and a
    /// default route. It takes some 20 ms a node. Labs do not see each other.
    ///
    /// # Errors
    /// Not root; no iproute2; no /dev/net/tun. Nothing is left over then.
    pub fn start(config: &LabConfig) -> Result<Self, LabError> {
        if !rustix::process::geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        if !(1..=MAX_NODES).contains(&config.nodes) {
            return Err(LabError::NodeCount(config.nodes));
        }
        netns::sweep();
        let mut namespaces = Vec::new();
        let mut devices = Vec::new();
        for (node, name) in netns::fresh_names(config.nodes).iter().enumerate() {
            let namespace = Netns::create(name)?;
            devices.push(namespace.plug_in(node)?);
            namespaces.push(namespace);
        }
        let switch = Switch::new(config.nodes, config.seed, config.link);
        let pump = Pump::start(devices, switch)
            .map_err(|error| LabError::Io("start the switch", error))?;
        let nodes = namespaces
            .iter()
            .enumerate()
            .map(|(index, namespace)| Node {
                index,
                path: namespace.path(),
                namespace: Arc::clone(&namespace.fd),
            });
        Ok(Self {
            nodes: nodes.collect(),
            pump,
            forwards: Mutex::default(),
            namespaces,
        })
    }

    /// A node by number.
    ///
    /// # Errors
    /// There is none of this number.
    pub fn node(&self, index: usize) -> Result<&Node, LabError> {
        self.nodes.get(index).ok_or(LabError::NoNode(index))
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Changes or reads the switch. Packets wait meanwhile, so be brief, and leave offering and
    /// popping to the lab.
    pub fn with_switch<T>(&self, act: impl FnOnce(&mut Switch) -> T) -> T {
        act(&mut self.pump.shared().switch)
    }

    /// How the lab itself fared: whether it was in time, and lost nothing that it should not.
    pub fn pump_stats(&self) -> PumpStats {
        let dropped = self.nodes.iter().map(Node::device_drops);
        PumpStats {
            device_dropped: dropped.sum(),
            ..self.pump.stats()
        }
    }

    /// The line that the binary prints first.
    pub fn ready(&self) -> Reply {
        let nodes = self.nodes.iter().map(|node| NodeReport {
            name: format!("n{}", node.index),
            ip: node.ip(),
            netns: node.path.clone(),
        });
        Reply::Ready {
            pid: process::id(),
            nodes: nodes.collect(),
        }
    }

    /// Does what a command says.
    ///
    /// # Errors
    /// A node that does not exist, arguments without sense; a port in use. Nothing is changed then.
    pub fn apply(&self, command: &Command) -> Result<Reply, LabError> {
        match command {
            Command::Link(change) => {
                // Tried on a copy first: either all links change or none.
                change
                    .apply(&mut LinkSettings::default())
                    .map_err(LabError::BadCommand)?;
                self.each_pair(&[(change.from, change.to)], |switch, from, to| {
                    if let Some(link) = switch.link_mut(from, to) {
                        let _ = change.apply(link);
                    }
                })
            }
            Command::Cut(at) => self.each_pair(&directions(at)?, Switch::cut),
            Command::Heal(at) => self.each_pair(&directions(at)?, Switch::heal),
            Command::Stats(_) => Ok(self.stats()),
            Command::Forward(relay) => self.forward(*relay),
        }
    }

    /// Ends it: kills what runs in the nodes and removes them.
    ///
    /// # Errors
    /// A namespace could not be removed.
    pub fn stop(mut self) -> Result<(), LabError> {
        self.tear_down()
    }

    fn tear_down(&mut self) -> Result<(), LabError> {
        netns::kill_inside(self.namespaces.iter().map(|namespace| &*namespace.name));
        self.pump.stop();
        let results: Vec<_> = self.namespaces.iter_mut().map(Netns::remove).collect();
        results.into_iter().collect()
    }

    fn each_pair(
        &self,
        directions: &[(Select, Select)],
        act: impl Fn(&mut Switch, usize, usize),
    ) -> Result<Reply, LabError> {
        let count = self.nodes.len();
        for select in directions.iter().flat_map(|(from, to)| [from, to]) {
            if let Select::One(node) = *select {
                self.node(node)?;
            }
        }
        self.with_switch(|switch| {
            for (from, to) in directions {
                for pair in (0..count * count).map(|i| (i / count, i % count)) {
                    if from.covers(pair.0) && to.covers(pair.1) {
                        act(switch, pair.0, pair.1);
                    }
                }
            }
        });
        Ok(Reply::Ok)
    }

    fn stats(&self) -> Reply {
        let count = self.nodes.len();
        let lab = self.pump_stats();
        let pairs = self.with_switch(|switch| {
            (0..count * count)
                .map(|i| (i / count, i % count))
                .filter(|(from, to)| from != to)
                .map(|(from, to)| PairRow {
                    from,
                    to,
                    stats: switch.stats(from, to),
                })
                .collect()
        });
        Reply::Stats { pairs, lab }
    }

    fn forward(&self, relay: Relay) -> Result<Reply, LabError> {
        let namespace = Arc::clone(&self.node(relay.node)?.namespace);
        let mut forwards = self.forwards.lock().unwrap_or_else(PoisonError::into_inner);
        if forwards.len() >= MOST_FORWARDS {
            let message = format!("a lab has {MOST_FORWARDS} relays at most");
            return Err(LabError::BadCommand(message));
        }
        let stop = self.pump.stop_event();
        let forward = Forward::start(namespace, relay.listen, relay.port, stop)
            .map_err(|error| LabError::Io("listen for a relay", error))?;
        let (port, listen) = (forward.port, forward.listen);
        forwards.push(forward);
        Ok(Reply::Forward {
            node: relay.node,
            port,
            listen,
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.tear_down();
    }
}

fn directions(at: &Where) -> Result<Vec<(Select, Select)>, LabError> {
    at.directions().map_err(LabError::BadCommand)
}

impl Node {
    /// Its address in the lab.
    pub fn ip(&self) -> Ipv4Addr {
        packet::address(self.index)
    }

    /// The path of its namespace, as `nsenter --net=PATH` takes it.
    pub fn netns(&self) -> &str {
        &self.path
    }

    /// A command that runs a program here. Signals to its process reach the program itself.
    pub fn command(&self, program: &str) -> process::Command {
        let mut command = process::Command::new("nsenter");
        command.arg(format!("--net={}", self.path)).arg(program);
        command
    }

    /// Runs something on a new thread here: sockets that it opens are this node's.
    ///
    /// # Errors
    /// No thread could be made; the inner error: the namespace could not be entered.
    pub fn spawn<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<JoinHandle<io::Result<T>>> {
        let namespace = Arc::clone(&self.namespace);
        thread::Builder::new()
            .name(format!("lab-node-{}", self.index))
            .spawn(move || netns::enter(&*namespace).map(|()| run()))
    }

    /// Packets from here that its device dropped before the lab could read them.
    fn device_drops(&self) -> u64 {
        let table = netns::in_thread(&self.namespace, || {
            std::fs::read_to_string("/proc/thread-self/net/dev")
        });
        let drops = table.and_then(|table| table).ok().and_then(|table| {
            let row = table
                .lines()
                .find_map(|line| line.trim().strip_prefix(DEVICE))?;
            // After the colon 8 columns of what came in, then bytes, packets, errors, drops out.
            let column = row.trim_start_matches(':').split_whitespace().nth(11)?;
            column.parse().ok()
        });
        drops.unwrap_or(0)
    }
}
