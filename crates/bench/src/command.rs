//! `caracal-bench command`: how long people wait for `caracal`: `up` until every role is ready, `status`, and what does
//! nothing at all.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use caracal_testkit::embedded;
use serde::Serialize;
use tempfile::TempDir;
use tokio::process::Command;

use crate::latency::{Latencies, Percentiles};

/// Looks of each kind in each round.
const LOOKS: u16 = 10;

/// What was measured: from the start of the command to its end.
#[derive(Debug, Clone, Serialize)]
pub struct CommandReport {
    /// `up` in an empty state directory: keys, secrets and the database are made on the way.
    pub first_up: Percentiles,
    /// `up` on the state of an earlier run.
    pub up: Percentiles,
    /// `up` where the stack runs already.
    pub up_again: Percentiles,
    /// `status` of a running stack.
    pub status: Percentiles,
    /// `status --ready` of a running stack.
    pub status_ready: Percentiles,
    /// `version`: what starting the command costs.
    pub version: Percentiles,
}

/// A state directory, and the command on it. What runs is stopped with it.
struct Installation<'p> {
    program: &'p Path,
    home: TempDir,
}

impl Installation<'_> {
    /// Runs the command to its end.
    async fn timed(&self, arguments: &[&str]) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let ended = Command::new(self.program)
            .args(arguments)
            .envs(embedded::environment(self.home.path()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .await
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let took = begin.elapsed();
        ensure!(
            ended.status.success(),
            "caracal {} failed ({}): {}",
            arguments.join(" "),
            ended.status,
            String::from_utf8_lossy(&ended.stderr).trim()
        );
        Ok(took)
    }
}

impl Drop for Installation<'_> {
    fn drop(&mut self) {
        // Nothing is left running where a round failed; a stack that was stopped is no failure.
        let _ = std::process::Command::new(self.program)
            .args(["down", "--timeout", "5", "--quiet"])
            .envs(embedded::environment(self.home.path()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// Measures `program`, a `caracal` with its `caracald` beside it, in `rounds` state directories, one after the other.
///
/// # Errors
/// When a command fails.
pub async fn run(program: &Path, rounds: u16) -> anyhow::Result<CommandReport> {
    let program: PathBuf = program
        .canonicalize()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let mut first_up = Latencies::default();
    let mut up = Latencies::default();
    let mut up_again = Latencies::default();
    let mut status = Latencies::default();
    let mut status_ready = Latencies::default();
    let mut version = Latencies::default();
    for _ in 0..rounds {
        let installation = Installation {
            program: &program,
            home: tempfile::tempdir()?,
        };
        first_up.record(installation.timed(&["up"]).await?);
        installation.timed(&["down"]).await?;
        up.record(installation.timed(&["up"]).await?);
        up_again.record(installation.timed(&["up"]).await?);
        for _ in 0..LOOKS {
            status.record(installation.timed(&["status"]).await?);
            status_ready.record(installation.timed(&["status", "--ready"]).await?);
            version.record(installation.timed(&["version"]).await?);
        }
    }
    Ok(CommandReport {
        first_up: (&first_up).into(),
        up: (&up).into(),
        up_again: (&up_again).into(),
        status: (&status).into(),
        status_ready: (&status_ready).into(),
        version: (&version).into(),
    })
}

impl fmt::Display for CommandReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "caracal up, first start     {}", self.first_up)?;
        writeln!(f, "caracal up, existing state  {}", self.up)?;
        writeln!(f, "caracal up, running         {}", self.up_again)?;
        writeln!(f, "caracal status              {}", self.status)?;
        writeln!(f, "caracal status --ready      {}", self.status_ready)?;
        write!(f, "caracal version             {}", self.version)
    }
}
