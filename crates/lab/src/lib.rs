//! A userspace network for tests with real programs and browsers.
//!
//! A [`Lab`] is a handful of network namespaces ("nodes"), each with one tun device, and a switch in
//! this process that carries IPv4 packets between the devices: with a delay, with jitter that never
//! lets a packet overtake another, with loss, with reordering, over a narrow band, or not at all. It
//! needs neither `tc netem` nor a packet filter, which many kernels lack; it does need Linux and root.
//!
//! What happens to a packet is decided by [`Switch`], which does no I/O and reads no clock: a test of
//! the rules needs no root. All chance comes out of one seed, and the n-th packet from one node to
//! another meets the same chance in every run, whatever the other nodes do.
//!
//! ```no_run
//! use peerjs_mesh_lab::{Lab, LabConfig, LinkSettings};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), peerjs_mesh_lab::LabError> {
//! let link = LinkSettings { delay: Duration::from_millis(50), ..LinkSettings::default() };
//! let lab = Lab::start(&LabConfig { nodes: 2, seed: 1, link })?;
//! let mut server = lab.node(0)?.command("python3");
//! server.args(["-m", "http.server"]); // listens on 10.50.0.1, 50 ms away from node 1
//! lab.with_switch(|switch| switch.cut(0, 1));
//! lab.stop()?; // so does a drop, but then nobody hears of an error
//! # Ok(())
//! # }
//! ```

#![cfg(target_os = "linux")]

mod chance;
mod command;
mod forward;
mod lab;
mod netns;
mod packet;
mod pump;
mod settings;
mod switch;

pub use command::{Command, LinkChange, NodeReport, Reply, Select};
pub use lab::{Lab, LabConfig, LabError, Node};
pub use netns::enter as enter_namespace;
pub use pump::PumpStats;
pub use settings::LinkSettings;
pub use switch::{Delivery, PairStats, Switch};

/// Most nodes a lab can have: the hosts of a /24.
pub const MAX_NODES: usize = 254;
