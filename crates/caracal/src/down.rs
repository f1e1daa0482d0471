//! `caracal down`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Outcome;
use crate::cli::Down;
use crate::compose;
use crate::containers::Containers;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::home::Home;
use crate::lock::{Attempt, Holder, Lock};
use crate::output::{Stopped, answer, note};

/// The kernel needs this long at most to tear a killed process down.
const AFTER_KILL: Duration = Duration::from_secs(10);

pub(crate) fn run(
    environment: &Environment,
    home: Option<&Path>,
    options: &Down,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(environment, home)?;
    if let Some(containers) = Containers::of(&home)? {
        return compose::down(environment, &home, &containers, options, json);
    }
    let stopped = stop(&home, options)?;
    answer(&match stopped {
        _ if json => serde_json::to_string(&Stopped { stopped })?,
        Some(pid) => format!("stopped caracald (pid {pid})"),
        None => "not running".to_owned(),
    })?;
    Ok(Outcome::Good)
}

/// Stops what runs with this state; gives its process id, if anything did.
pub(crate) fn stop(home: &Home, options: &Down) -> anyhow::Result<Option<i32>> {
    if !home.lock_file().exists() {
        return Ok(None);
    }
    // Looking is enough when a daemon runs; taking the lock would first wait for it in vain.
    let holder = match Lock::holder(home)? {
        Some(holder) => holder,
        None => match Lock::attempt(home)? {
            Attempt::Held(Some(holder)) => holder,
            Attempt::Held(None) => {
                bail!(
                    "another caracal is just starting or stopping with the state in {}",
                    home.path().display()
                )
            }
            Attempt::Taken(_lock, left_behind) => {
                Endpoints::forget(home)?;
                if let Some(gone) = left_behind {
                    note(&gone.how_it_ended());
                }
                return Ok(None);
            }
        },
    };
    // Never signal a stranger: the recorded process must be the one that has the id now.
    if !holder.is_alive() {
        bail!(
            "the state in {} is in use, but not by the recorded caracald (pid {}); end the process that keeps {} open",
            home.path().display(),
            holder.pid,
            home.lock_file().display()
        );
    }
    signal(&holder, Signal::SIGTERM)?;
    if !released_within(home, Duration::from_secs(options.timeout))? {
        note(&format!(
            "caracald (pid {}) did not stop within {} s and is killed",
            holder.pid, options.timeout
        ));
        signal(&holder, Signal::SIGKILL)?;
        if !released_within(home, AFTER_KILL)? {
            bail!("caracald (pid {}) could not be stopped", holder.pid);
        }
    }
    Ok(Some(holder.pid))
}

fn signal(holder: &Holder, signal: Signal) -> anyhow::Result<()> {
    match kill(Pid::from_raw(holder.pid), signal) {
        // It ended by itself in the meantime, which is all we want.
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot stop caracald (pid {})", holder.pid)),
    }
}

/// Waits for the lock to come free and tidies up under it.
fn released_within(home: &Home, limit: Duration) -> anyhow::Result<bool> {
    let begin = Instant::now();
    loop {
        // An attempt waits a little by itself, so this loop does not spin.
        if let Attempt::Taken(..) = Lock::attempt(home)? {
            Endpoints::forget(home)?;
            return Ok(true);
        }
        if begin.elapsed() >= limit {
            return Ok(false);
        }
    }
}
