//! All that a process has started, and ending it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::processes;

const PAUSE: Duration = Duration::from_millis(10);
/// How long killed processes may take to be gone.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// Has orphans among our descendants become our children, so that none of them gets away by losing its parent. Only Linux
/// can: elsewhere one that leaves its parent behind gets away, and what its parents still have is ended.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // Without it the tree is ended as far as it can be seen.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Asks everything below this process to end, waits for `grace`, and kills what is left.
pub(crate) fn end(grace: Duration) {
    let own = Pid::this();
    let asked = Instant::now();
    let mut signalled = Vec::new();
    loop {
        reap();
        let left = descendants(own);
        if left.is_empty() || asked.elapsed() > grace + AFTER_KILL {
            return;
        }
        let late = asked.elapsed() >= grace;
        for process in left {
            if late {
                send(process, Signal::SIGKILL);
            } else if !signalled.contains(&process) {
                send(process, Signal::SIGTERM);
                // One that was stopped hears it only when it goes on.
                send(process, Signal::SIGCONT);
                signalled.push(process);
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// Sends a signal; that nobody is there any more is what was wanted.
pub(super) fn send(process: Pid, signal: Signal) {
    let _ = kill(process, signal);
}

/// Lets go of children that ended.
fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status.pid().is_none() {
            return;
        }
    }
}

/// Every process below `root`; nothing where the system does not tell.
fn descendants(root: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
    for (pid, parent) in processes::living() {
        children.entry(parent).or_default().push(pid);
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(process) = next.pop() {
        for child in children.remove(&process).unwrap_or_default() {
            found.push(child);
            next.push(child);
        }
    }
    found
}

/// How a child ended, once it has: its exit code, or 128 and the signal.
pub(super) fn ended(status: Result<nix::sys::wait::WaitStatus, Errno>, child: Pid) -> Option<u8> {
    use nix::sys::wait::WaitStatus;
    match status {
        Ok(WaitStatus::Exited(pid, code)) if pid == child => Some(u8::try_from(code & 0xff).unwrap_or(1)),
        Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
            Some(128_u8.saturating_add(u8::try_from(signal as i32).unwrap_or(15)))
        }
        _ => None,
    }
}
