//! Network namespaces with a tun device each: made, entered, removed, and swept up after a crash.

use crate::lab::LabError;
use crate::packet;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal};
use rustix::thread::LinkNameSpaceType;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tun_rs::{DeviceBuilder, SyncDevice};

/// Where `ip netns` keeps the names.
const DIR: &str = "/run/netns";

/// The name of the device in every node.
pub(crate) const DEVICE: &str = "mesh0";

/// Packets that the kernel holds for the switch while it has no CPU. The default of 500 is 0.6 MB: a
/// busy machine would lose packets that no seed knows of.
const DEVICE_QUEUE: u32 = 10_000;

/// How long killed processes may take to go.
const KILL_DEADLINE: Duration = Duration::from_secs(2);

/// A namespace; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Netns {
    pub(crate) name: String,
    pub(crate) fd: Arc<OwnedFd>,
    removed: bool,
}

/// Names for the namespaces of one lab. They say which process made them, so that a later one can
/// remove them if that was killed.
pub(crate) fn fresh_names(nodes: usize) -> Vec<String> {
    static LABS: AtomicU32 = AtomicU32::new(0);
    let lab = LABS.fetch_add(1, Ordering::Relaxed);
    let pid = std::process::id();
    let birth = birth(pid).unwrap_or(0);
    (0..nodes)
        .map(|node| format!("pmlab-{pid}-{birth}-{lab}-{node}"))
        .collect()
}

impl Netns {
    pub(crate) fn create(name: &str) -> Result<Self, LabError> {
        ip(&["netns", "add", name], "")?;
        let path = format!("{DIR}/{name}");
        let fd = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        match fd {
            Ok(fd) => Ok(Self {
                name: name.to_owned(),
                fd: Arc::new(fd),
                removed: false,
            }),
            Err(error) => {
                let _ = ip(&["netns", "del", name], "");
                Err(LabError::Io("open the namespace", error.into()))
            }
        }
    }

    /// Gives the namespace its device, address and routes.
    pub(crate) fn plug_in(&self, node: usize) -> Result<SyncDevice, LabError> {
        let device = in_thread(&self.fd, || {
            let device = DeviceBuilder::new()
                .name(DEVICE)
                .tx_queue_len(DEVICE_QUEUE)
                .enable(false) // up only when it is set up
                .build_sync()?;
            device.set_nonblocking(true)?;
            Ok::<_, io::Error>(device)
        })
        .and_then(|made| made)
        .map_err(|error| LabError::Io("make a tun device (is /dev/net/tun there?)", error))?;
        let address = packet::address(node);
        // No link-local IPv6 address: it would only make the kernel send what the lab cannot carry.
        // Firefox gathers no candidates without a default route; what takes it is told that there is
        // no such network.
        let setup = format!(
            "link set lo up\n\
             addr add {address}/24 dev {DEVICE}\n\
             link set {DEVICE} addrgenmode none\n\
             link set {DEVICE} up\n\
             route add default dev {DEVICE} src {address}\n"
        );
        ip(&["-n", &self.name, "-batch", "-"], &setup)?;
        Ok(device)
    }

    pub(crate) fn path(&self) -> String {
        format!("{DIR}/{}", self.name)
    }

    /// Removes the name. Processes inside have to be ended before.
    pub(crate) fn remove(&mut self) -> Result<(), LabError> {
        if self.removed {
            return Ok(());
        }
        self.removed = true;
        ip(&["netns", "del", &self.name], "")
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

/// Moves the calling thread, and what it starts from then on, into the network namespace that the
/// descriptor refers to (an open `/run/netns/NAME`). Its sockets made before stay where they are.
///
/// # Errors
/// What the kernel says: no namespace, or no right to enter it.
pub fn enter(namespace: impl AsFd) -> io::Result<()> {
    let kind = Some(LinkNameSpaceType::Network);
    Ok(rustix::thread::move_into_link_name_space(
        namespace.as_fd(),
        kind,
    )?)
}

/// Runs something short inside a namespace and waits for it.
pub(crate) fn in_thread<T: Send>(
    namespace: &OwnedFd,
    run: impl FnOnce() -> T + Send,
) -> io::Result<T> {
    thread::scope(|scope| {
        let thread =
            thread::Builder::new().spawn_scoped(scope, move || enter(namespace).map(|()| run()))?;
        match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Kills all processes inside the named namespaces, and waits until they are gone: a lab's nodes go
/// with what runs on them.
pub(crate) fn kill_inside<'a>(names: impl Iterator<Item = &'a str>) {
    let ours: BTreeSet<_> = names
        .filter_map(|name| inode(&format!("{DIR}/{name}")))
        .collect();
    let end = Instant::now() + KILL_DEADLINE;
    // Again until a pass finds nobody: who was killed may have started somebody just before.
    while kill_once(&ours) && Instant::now() < end {
        thread::sleep(Duration::from_millis(2));
    }
}

/// One pass; whether there was anybody.
fn kill_once(ours: &BTreeSet<(u64, u64)>) -> bool {
    // The root namespace is never among ours, but a slip here would kill the machine.
    let root = inode("/proc/self/ns/net");
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    let mut found = false;
    for process in processes.flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let lives_in = inode(&format!("/proc/{pid}/ns/net"));
        if lives_in.is_none_or(|at| Some(at) == root || !ours.contains(&at)) {
            continue;
        }
        if let Some(pid) = Pid::from_raw(pid) {
            found = true;
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
    found
}

/// What a path leads to, by device and number: equal for two ways to the same namespace.
fn inode(path: &str) -> Option<(u64, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.dev(), meta.ino()))
}

/// Removes the namespaces of labs whose process is dead.
pub(crate) fn sweep() {
    let Ok(entries) = std::fs::read_dir(DIR) else {
        return; // no namespace was ever made here
    };
    let stale: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| maker_is_dead(name))
        .collect();
    kill_inside(stale.iter().map(String::as_str));
    for name in stale {
        // Another lab may be sweeping too: whoever comes second finds nothing, and that is fine.
        let _ = ip(&["netns", "del", &name], "");
    }
}

/// Whether the name is one of [`fresh_names`] of a process that is no more.
fn maker_is_dead(name: &str) -> bool {
    let mut parts = name.split('-');
    if parts.next() != Some("pmlab") {
        return false;
    }
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
    let (Some(pid), Some(born)) = (number(), number()) else {
        return false;
    };
    u32::try_from(pid).is_ok_and(|pid| birth(pid) != Some(born))
}

/// When a process started, in clock ticks since boot: pids are used again, pairs of both are not.
fn birth(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so count from its end: field 22 of proc_pid_stat(5).
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

/// Runs `ip` of iproute2 with something on its standard input.
fn ip(args: &[&str], input: &str) -> Result<(), LabError> {
    let failed = |message: String| LabError::Tool {
        command: format!("ip {}", args.join(" ")),
        message,
    };
    let mut child = Command::new("ip")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("{error} (install iproute2)")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // If it stops reading it says why on standard error.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_dead_makers_are_swept() {
        for name in fresh_names(2) {
            assert!(!maker_is_dead(&name), "{name} is ours");
        }
        let pid = std::process::id();
        assert!(
            maker_is_dead(&format!("pmlab-{pid}-1-0-0")),
            "a pid used again"
        );
        assert!(
            maker_is_dead("pmlab-4194305-1-0-0"),
            "no process has this pid"
        );
        for other in [
            "pmlab",
            "pmlab-x-1-0-0",
            "lab-4194305-1-0-0",
            "pmlab-4294967297-1-0-0",
        ] {
            assert!(!maker_is_dead(other), "{other} is somebody else's");
        }
    }
}
