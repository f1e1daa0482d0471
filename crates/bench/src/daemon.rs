//! A `caracald` of our own: started on free ports with a state directory of its own, ended with it.

use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use caracal_testkit::{embedded, process::Process};
use tempfile::TempDir;

use crate::{address::parse_local, endpoints::Endpoints, json_client::JsonClient};

/// Longest wait for a daemon to become ready, and to drain and end.
const LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// The generator asks as fast as it can: not a limit that this bench means to measure.
const UNLIMITED: &str = "60000000";
/// SIGTERM, by which a daemon that was asked to end may have ended.
const TERMINATED: i32 = 15;

/// A state directory that is removed once nobody holds it.
#[derive(Debug, Clone)]
pub struct Home(Arc<TempDir>);

impl From<TempDir> for Home {
    fn from(directory: TempDir) -> Self {
        Self(Arc::new(directory))
    }
}

/// A running daemon. Killed when dropped, and when this process dies.
#[derive(Debug)]
pub struct Daemon {
    process: Process,
    home: Home,
    spawned: Instant,
}

impl Daemon {
    /// Starts `program` with every role.
    ///
    /// # Errors
    /// When it is not there.
    ///
    /// # Panics
    /// When the operating system does not start it.
    pub fn spawn(program: &Path, home: Home) -> anyhow::Result<Self> {
        // It starts in a directory of its own.
        let program = program
            .canonicalize()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let options = Process::options(program)
            .args(["serve", "all"])
            .envs(embedded::environment(home.0.path()))
            .env("STS_MINT_RATE_LIMIT_PER_MIN", UNLIMITED)
            .env("COORDINATOR_RATE_LIMIT_PER_MIN", UNLIMITED);
        let spawned = Instant::now();
        Ok(Self {
            process: options.start(),
            home,
            spawned,
        })
    }

    /// Its state directory.
    pub fn home(&self) -> &Path {
        self.home.0.path()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits until every role says that it is ready; returns the time since the start.
    ///
    /// # Errors
    /// When it ends, or is not ready within thirty seconds.
    pub async fn wait_until_ready(&mut self) -> anyhow::Result<Duration> {
        let endpoints = loop {
            // A file with another process in it was left by an earlier one.
            match Endpoints::read(self.home()) {
                Ok(endpoints) if endpoints.pids == [self.pid()] => break endpoints,
                _ => self.wait_a_moment("has not said where it listens").await?,
            }
        };
        for (role, url) in &endpoints.urls {
            let client = JsonClient::new(parse_local(url)?, None);
            while !matches!(client.get("/ready").await, Ok((200, _))) {
                self.wait_a_moment(&format!("role {role} is not ready")).await?;
            }
        }
        Ok(self.spawned.elapsed())
    }

    async fn wait_a_moment(&mut self, what: &str) -> anyhow::Result<()> {
        if let Some(status) = self.process.status() {
            bail!("the daemon ended ({status}) while starting: {}", self.log_tail());
        }
        if self.spawned.elapsed() > LIMIT {
            bail!("the daemon {what} after {LIMIT:?}: {}", self.log_tail());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        Ok(())
    }

    /// Asks it to drain and waits for its end.
    ///
    /// # Errors
    /// When it failed, or does not end within thirty seconds; it is killed then.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.process.terminate();
        let until = Instant::now() + LIMIT;
        while Instant::now() < until {
            match self.process.status() {
                Some(status) if status.success() || status.signal() == Some(TERMINATED) => return Ok(()),
                Some(status) => bail!("the daemon failed ({status}): {}", self.log_tail()),
                None => tokio::time::sleep(POLL_INTERVAL).await,
            }
        }
        self.process.kill();
        let tail = self.log_tail();
        bail!("the daemon did not end within {LIMIT:?} and was killed: {tail}")
    }

    /// The last lines of its log.
    fn log_tail(&self) -> String {
        let text = self.process.stderr();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(5)..)
            .unwrap_or_default()
            .join("\n")
    }
}
