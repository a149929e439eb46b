//! However a lab ends, its namespaces and what runs in them go with it.

#![cfg(target_os = "linux")]

mod common;

use common::{Binary, exists, lab, namespaces, until};
use peerjs_mesh_lab::LinkSettings;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};

/// A program in a node, which would run on for long.
struct Sleeper(Child);

impl Sleeper {
    fn start(namespace: &str) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_peerjs-mesh-lab"))
            .args(["exec", namespace, "sleep", "1000"])
            .spawn();
        let sleeper = Self(child.expect("it starts"));
        until("the program is in the node", || {
            entered(&sleeper.0, namespace)
        });
        sleeper
    }
}

/// A test that fails must not leave it behind.
impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn entered(child: &Child, namespace: &str) -> bool {
    let inode = |path: &str| {
        std::fs::metadata(path)
            .ok()
            .map(|meta| std::os::unix::fs::MetadataExt::ino(&meta))
    };
    let at = inode(&format!("/proc/{}/ns/net", child.id()));
    at.is_some() && at == inode(namespace)
}

fn was_killed(Sleeper(child): &mut Sleeper) -> bool {
    let mut status = None;
    until("the program has ended", || {
        status = child.try_wait().expect("a child");
        status.is_some()
    });
    status.and_then(|status| status.signal()) == Some(9)
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a pid"), signal).expect("it runs");
}

#[test]
fn a_stopped_and_a_dropped_lab_leave_no_namespace() {
    let stopped = lab(2, 1, LinkSettings::default());
    let dropped = lab(2, 1, LinkSettings::default());
    let both = [stopped.nodes(), dropped.nodes()].concat();
    let paths: Vec<_> = both.iter().map(|node| node.netns().to_owned()).collect();
    assert_eq!(paths.iter().filter(|path| exists(path)).count(), 4);
    stopped.stop().expect("it stops");
    drop(dropped);
    assert_eq!(paths.iter().filter(|path| exists(path)).count(), 0);
}

#[test]
fn the_end_of_input_or_a_signal_ends_the_lab_and_what_runs_in_it() {
    for end in [
        None,
        Some(Signal::TERM),
        Some(Signal::INT),
        Some(Signal::HUP),
    ] {
        let mut lab = Binary::run(&["--nodes", "2", "--json"]);
        let paths = namespaces(&lab.line());
        let mut program = Sleeper::start(&paths[1]);
        match end {
            None => lab.input = None,
            Some(end) => signal(&lab.child, end),
        }
        assert!(lab.ended_well(), "{end:?}");
        assert!(!paths.iter().any(|path| exists(path)), "{end:?}");
        assert!(was_killed(&mut program), "{end:?}");
    }
}

#[test]
fn the_next_lab_sweeps_up_after_one_that_was_killed_and_spares_the_living() {
    let mut killed = Binary::run(&["--nodes", "2", "--json"]);
    let paths = namespaces(&killed.line());
    let living = lab(1, 1, LinkSettings::default());
    let mut program = Sleeper::start(&paths[0]);
    signal(&killed.child, Signal::KILL);
    assert!(!killed.ended_well());
    let next = lab(1, 1, LinkSettings::default());
    // Another test's lab may be the one that sweeps.
    until("they are gone", || !paths.iter().any(|path| exists(path)));
    assert!(was_killed(&mut program));
    assert!(exists(living.nodes()[0].netns()) && exists(next.nodes()[0].netns()));
}
