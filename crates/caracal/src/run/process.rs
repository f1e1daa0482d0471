//! Starting the program, passing signals on, and taking its exit code.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use super::signals::Signals;
use super::{Variables, tree};

/// A program that runs, with its watcher.
pub(super) struct Program {
    watcher: Child,
    pid: Pid,
    /// Whether its process group is its own. At a terminal it is not: the terminal's group alone may read from it, and
    /// is sent what the keys mean.
    own_group: bool,
    grace: Duration,
}

/// Starts `command` in exactly the environment given.
pub(super) fn start(
    command: &[OsString],
    kept: &[(OsString, OsString)],
    variables: &Variables,
    grace: u64,
) -> anyhow::Result<Program> {
    tree::adopt_orphans();
    let own_group = !std::io::stdin().is_terminal();
    let mut watcher = Command::new(std::env::current_exe()?);
    watcher
        .arg("__watch")
        .args(["--parent", &std::process::id().to_string()])
        .args(["--grace", &grace.to_string()]);
    if own_group {
        watcher.arg("--own-group").process_group(0);
    }
    watcher
        .arg("--")
        .args(command)
        .env_clear()
        .envs(kept.iter().map(|(name, value)| (name, value)))
        .envs(variables.iter().map(|(name, value)| (name, value.as_str())));
    let watcher = watcher.spawn().context("cannot start a process")?;
    let Some(pid) = watcher.id().and_then(|id| i32::try_from(id).ok()) else {
        bail!("the program ended before it began");
    };
    Ok(Program {
        watcher,
        pid: Pid::from_raw(pid),
        own_group,
        grace: Duration::from_secs(grace),
    })
}

impl Program {
    /// Waits for the end of all of it; gives the program's exit code, or 128 and the signal that ended it.
    pub(super) async fn wait(&mut self, signals: &mut Signals) -> anyhow::Result<u8> {
        loop {
            let signal = tokio::select! {
                ended = self.watcher.wait() => {
                    // Nothing is left below a watcher that ended by itself; one that was killed leaves it to us.
                    tree::end(self.grace);
                    return Ok(code(ended?));
                }
                signal = signals.next() => signal,
            };
            // Each process hears of it once. At a terminal the keys have told all of the group already.
            let _ = if self.own_group {
                killpg(self.pid, signal)
            } else if signal == Signal::SIGTERM {
                kill(self.pid, signal)
            } else {
                Ok(())
            };
        }
    }
}

fn code(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
