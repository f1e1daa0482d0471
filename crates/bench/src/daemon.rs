//! A `caracald` of our own: started on free ports with a state directory of its own, ended with it.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{address::parse_local, endpoints::Endpoints, json_client::JsonClient};

/// Roles that answer `/ready`.
const ROLES: [&str; 6] = ["API", "STS", "GATEWAY", "COORDINATOR", "AUDIT", "WEB"];
/// Longest wait for a daemon to become ready.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Longest wait for a daemon to drain and end.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// The generator asks as fast as it can: not a limit that this bench means to measure.
const UNLIMITED: &str = "60000000";

/// A state directory that is removed once nobody holds it.
#[derive(Debug, Clone)]
pub struct Home(std::sync::Arc<TempDir>);

impl From<TempDir> for Home {
    fn from(directory: TempDir) -> Self {
        Self(std::sync::Arc::new(directory))
    }
}

/// A running daemon. Killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    home: Home,
    spawned: Instant,
}

impl Daemon {
    /// Starts `program` with every role.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn spawn(program: &Path, home: Home) -> anyhow::Result<Self> {
        let directory = home.0.path();
        let log = File::options()
            .create(true)
            .append(true)
            .open(directory.join("caracald.log"))
            .context("cannot open the log of the daemon")?;
        let errors = log.try_clone()?;
        let mut command = Command::new(program);
        command
            .args(["serve", "all"])
            // Nothing of the caller's environment may change what is measured.
            .env_clear()
            .env("CARACAL_HOME", directory)
            .env("CARACAL_MODE", "dev")
            .env("STS_MINT_RATE_LIMIT_PER_MIN", UNLIMITED)
            .env("COORDINATOR_RATE_LIMIT_PER_MIN", UNLIMITED)
            .envs(ROLES.map(|role| (format!("CARACAL_{role}_LISTEN"), "127.0.0.1:0")))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        let spawned = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        Ok(Self { child, home, spawned })
    }

    /// Its state directory.
    pub fn home(&self) -> &Path {
        self.home.0.path()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
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
        if let Some(status) = self.child.try_wait()? {
            bail!("the daemon ended ({status}) while starting: {}", self.log_tail());
        }
        if self.spawned.elapsed() > START_LIMIT {
            bail!("the daemon {what} after {START_LIMIT:?}: {}", self.log_tail());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        Ok(())
    }

    /// Asks it to drain and waits for its end.
    ///
    /// # Errors
    /// When it failed, or does not end within thirty seconds; it is killed then.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid()).context("a process id")?);
        // Already ended is told by the status below.
        let _ = kill(pid, Signal::SIGTERM);
        let until = Instant::now() + STOP_LIMIT;
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() || status.signal() == Some(Signal::SIGTERM as i32) => {
                    return Ok(());
                }
                Some(status) => bail!("the daemon failed ({status}): {}", self.log_tail()),
                None if Instant::now() > until => {
                    self.child.kill()?;
                    self.child.wait()?;
                    bail!(
                        "the daemon did not end within {STOP_LIMIT:?} and was killed: {}",
                        self.log_tail()
                    );
                }
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// The last lines of its log.
    fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.home().join("caracald.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(5)..)
            .unwrap_or_default()
            .join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
