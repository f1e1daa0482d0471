//! `caracal-bench start`: how long the daemon takes until every role is ready, and how much memory it holds then.

use std::{fmt, path::Path, time::Duration};

use serde::Serialize;

use crate::{
    daemon::{Daemon, Home},
    latency::{Latencies, Percentiles, rounded},
    process,
};

/// Time left to the daemon to become idle before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct StartReport {
    /// From the start of the process until every role is ready, with an empty state directory: the database, the
    /// keys and the secrets are made on the way.
    pub first_start: Percentiles,
    /// The same with the state of an earlier run.
    pub restart: Percentiles,
    /// Resident memory of the process, two seconds after the restart: the median.
    pub idle_rss_mb: f64,
    /// The most of any round.
    pub idle_rss_max_mb: f64,
}

/// Starts, restarts and stops `program` in `rounds` state directories, one after the other.
///
/// # Errors
/// When a daemon does not start or does not stop.
pub async fn run(program: &Path, rounds: u16) -> anyhow::Result<StartReport> {
    let (mut first, mut again, mut resident) = (Latencies::default(), Latencies::default(), Vec::new());
    for _ in 0..rounds {
        let home = Home::from(tempfile::tempdir()?);
        let mut daemon = Daemon::spawn(program, home.clone())?;
        first.record(daemon.wait_until_ready().await?);
        daemon.stop().await?;
        let mut daemon = Daemon::spawn(program, home)?;
        again.record(daemon.wait_until_ready().await?);
        tokio::time::sleep(IDLE).await;
        resident.push(process::resident_bytes(daemon.pid())?);
        daemon.stop().await?;
    }
    resident.sort_unstable();
    let megabytes = |bytes: Option<&u64>| rounded(bytes.map_or(0.0, |bytes| as_float(*bytes) / 1e6), 1);
    Ok(StartReport {
        first_start: (&first).into(),
        restart: (&again).into(),
        idle_rss_mb: megabytes(resident.get(resident.len() / 2)),
        idle_rss_max_mb: megabytes(resident.last()),
    })
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory, far below 2^52")]
fn as_float(bytes: u64) -> f64 {
    bytes as f64
}

impl fmt::Display for StartReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "first start to ready  {}", self.first_start)?;
        writeln!(f, "restart to ready      {}", self.restart)?;
        write!(
            f,
            "idle memory           {} MB (most {} MB)",
            self.idle_rss_mb, self.idle_rss_max_mb
        )
    }
}
