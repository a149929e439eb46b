//! Runs other programs: each in its own process group, with a time limit, its output in a file.
//!
//! Nothing that is started here outlives us: a process over its limit is ended with its group, and
//! whatever it detached from that group (browsers do) is found by a mark in its environment.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, atomic::AtomicBool};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::{Failure, Result};

/// The environment variable that marks what we started.
const MARK: &str = "PEERJS_MESH_XTASK";
/// How long a process has to end after it was asked to, before it is killed.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

static SIGNALLED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
static STARTED: AtomicU32 = AtomicU32::new(0);
/// How many of them run, or are being ended.
static RUNNING: AtomicU32 = AtomicU32::new(0);

/// From now on Ctrl-C and SIGTERM end what we started before they end us.
pub(crate) fn watch_signals() {
    let flag = SIGNALLED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Registering fails only for signals that nobody may catch.
        let _ = signal_hook::flag::register(signal, Arc::clone(flag));
    }
}

/// Did somebody ask us to stop?
pub(crate) fn signalled() -> bool {
    SIGNALLED
        .get()
        .is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Asks a process to end (SIGTERM).
pub(crate) fn ask_to_end(child: &Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) end: End,
    /// Names of processes that it left behind, and that were ended.
    pub(crate) left_behind: BTreeSet<String>,
}

/// The ways a process can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Good,
    /// Its exit code, or none if a signal ended it.
    Bad(Option<i32>),
    TimedOut,
}

impl Ended {
    pub(crate) fn good(&self) -> bool {
        self.end == End::Good
    }
}

/// Runs a command with its standard output in one file and its standard error in another (or the
/// same), for at most `limit`.
pub(crate) fn logged(
    mut command: Command,
    limit: Duration,
    out: &Path,
    err: &Path,
) -> Result<Ended> {
    let out_file = create(out)?;
    let err_file = if out == err {
        out_file.try_clone()?
    } else {
        create(err)?
    };
    command
        .stdin(Stdio::null())
        .stdout(out_file)
        .stderr(err_file);
    start_and_wait(command, limit)
}

/// Runs a command whose output goes to the terminal, for at most `limit`; fails if it does.
pub(crate) fn shown(mut command: Command, limit: Duration) -> Result<()> {
    command.stdin(Stdio::null());
    let name = describe(&command);
    let ended = start_and_wait(command, limit)?;
    match ended.end {
        End::Good => Ok(()),
        End::Bad(Some(code)) => Err(Failure::new(format!(
            "`{name}` ended with exit code {code}"
        ))),
        End::Bad(None) => Err(Failure::new(format!("`{name}` was ended by a signal"))),
        End::TimedOut => Err(Failure::new(format!(
            "`{name}` took longer than {} s",
            limit.as_secs()
        ))),
    }
}

/// Runs a command and gives its exit code; output goes to the terminal.
pub(crate) fn exit_code(mut command: Command, limit: Duration) -> Result<Option<i32>> {
    command.stdin(Stdio::null());
    match start_and_wait(command, limit)?.end {
        End::Good => Ok(Some(0)),
        End::Bad(code) => Ok(code),
        End::TimedOut => Err(Failure::new(format!("no end after {} s", limit.as_secs()))),
    }
}

/// The standard output of a quick command, if it succeeds.
pub(crate) fn output_of(mut command: Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A command as one would type it.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

fn create(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::create(path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))
}

fn start_and_wait(mut command: Command, limit: Duration) -> Result<Ended> {
    let mark = format!(
        "{}-{}",
        std::process::id(),
        STARTED.fetch_add(1, Ordering::Relaxed)
    );
    command.env(MARK, &mark).process_group(0);
    let mut child = command
        .spawn()
        .map_err(|e| Failure::new(format!("cannot start `{}`: {e}", describe(&command))))?;
    RUNNING.fetch_add(1, Ordering::Relaxed);
    let status = wait(&mut child, limit);
    let left_behind = end_marked(&mark);
    RUNNING.fetch_sub(1, Ordering::Relaxed);
    let end = match status? {
        None if signalled() => {
            // Another thread may be ending its own still.
            while RUNNING.load(Ordering::Relaxed) > 0 {
                std::thread::sleep(POLL);
            }
            eprintln!("xtask: interrupted");
            std::process::exit(130);
        }
        None => End::TimedOut,
        Some(status) if status.success() => End::Good,
        Some(status) => End::Bad(status.code()),
    };
    Ok(Ended { end, left_behind })
}

/// Waits for the end; `None` if the process had to be ended, for the limit's sake or on a signal.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline && !signalled() {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(POLL);
    }
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Asked first: test runners close their browsers when they are asked.
    for (signal, patience) in [(Signal::TERM, GRACE), (Signal::KILL, GRACE)] {
        if let Some(group) = group {
            let _ = kill_process_group(group, signal);
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if child.try_wait()?.is_some() {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }
    Err(Failure::new(format!("process {} does not die", child.id())))
}

/// Ends every process that still carries this mark, and tells their names.
fn end_marked(mark: &str) -> BTreeSet<String> {
    let found = marked(mark);
    let names = found.iter().map(|(_, name)| name.clone()).collect();
    for (pid, _) in &found {
        let _ = kill_process(*pid, Signal::KILL);
    }
    names
}

/// Processes with this mark in their environment: none where there is no /proc.
fn marked(mark: &str) -> Vec<(Pid, String)> {
    let entry = format!("{MARK}={mark}");
    let Ok(folder) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for process in folder.flatten() {
        let Some(pid) = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let path: PathBuf = process.path();
        // A process that is already gone, or not ours to look at, has no readable environment.
        let Ok(environment) = std::fs::read(path.join("environ")) else {
            continue;
        };
        if !environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == entry.as_bytes())
        {
            continue;
        }
        let name = std::fs::read_to_string(path.join("comm"))
            .unwrap_or_default()
            .trim()
            .to_owned();
        if let Some(pid) = Pid::from_raw(pid) {
            found.push((pid, name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-run-{}-{name}.log", std::process::id()))
    }

    #[test]
    fn both_outputs_of_a_command_land_in_its_log() {
        let path = log("both");
        let ended = logged(
            shell("echo out; echo err >&2; exit 3"),
            Duration::from_secs(20),
            &path,
            &path,
        )
        .unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(ended.end, End::Bad(Some(3)));
        assert!(text.contains("out") && text.contains("err"), "{text}");
    }

    #[test]
    fn a_command_over_its_limit_is_ended_with_its_children() {
        let path = log("limit");
        let ended = logged(
            shell("sleep 600 & echo $!; wait"),
            Duration::from_millis(300),
            &path,
            &path,
        )
        .unwrap();
        let child = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(ended.end, End::TimedOut);
        assert!(gone(child.trim()), "the child {child} still runs");
    }

    #[test]
    fn a_process_left_behind_in_a_group_of_its_own_is_found_and_ended() {
        let path = log("left");
        let script = "setsid sleep 600 >/dev/null 2>&1 & \
                      while [ \"$(cat /proc/$!/comm)\" != sleep ]; do :; done; echo $!";
        let ended = logged(shell(script), Duration::from_secs(20), &path, &path).unwrap();
        let child = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(ended.end, End::Good);
        assert_eq!(ended.left_behind.into_iter().collect::<Vec<_>>(), ["sleep"]);
        assert!(gone(child.trim()), "the child {child} still runs");
    }

    /// Has this process ended (a zombie has)? Waits for it a little: a killed process takes a moment.
    fn gone(pid: &str) -> bool {
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if stat.is_empty() || stat.contains(") Z ") {
                return true;
            }
            std::thread::sleep(POLL);
        }
        false
    }
}
