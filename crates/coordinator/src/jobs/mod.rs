//! What happens without being asked: sessions, leases and delegations end when their time is over, and what has
//! been kept long enough is deleted.
//!
//! Between two rounds nothing that ran out carries authority: every check compares with the clock. A late round
//! delays events and frees places later. Any number of processes may run the jobs at once: each step looks again
//! under the zone's lock before it acts.

mod retention;
mod sweep;

use std::{collections::HashSet, future::Future, time::Duration};

use caracal_core::ZoneId;
use caracal_service::{
    Refusal, error_chain,
    rounds::{ZoneRounds, rounds},
};
use tokio_util::sync::CancellationToken;

use crate::{CoordinatorDeps, deps::App, metrics};

/// Runs every job until `shutdown`. A failing round is logged and counted; the next one tries again.
pub async fn run_jobs(deps: CoordinatorDeps, shutdown: CancellationToken) {
    let config = deps.config.clone();
    // Nobody sends a job anything.
    let app = App::new(deps, HashSet::new());
    let [ended, lapsed, kept] = ["ttl_sweep", "lease_sweep", "retention"].map(Job::named);
    tokio::join!(
        every(ended.name, config.ttl_sweep_interval, &shutdown, || {
            sweep::expire(&app, &ended)
        }),
        every(lapsed.name, config.lease_sweep_interval, &shutdown, || {
            sweep::suspend_lapsed(&app, &lapsed)
        }),
        every(kept.name, config.retention_interval, &shutdown, || {
            retention::run(&app, &kept)
        }),
    );
}

/// In how many zones a round did not get through.
#[derive(Debug, Clone, Copy, Default)]
struct Failures(usize);

/// A job, which goes through zones.
struct Job {
    name: &'static str,
    zones: ZoneRounds,
}

impl Job {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            zones: ZoneRounds::default(),
        }
    }

    /// Does `work` in each of `zones`. A failure in one of them is noted; the others go on.
    async fn in_each<F>(&self, zones: Vec<ZoneId>, work: impl Fn(ZoneId) -> F) -> Failures
    where
        F: Future<Output = Result<(), JobError>>,
    {
        let failed = self.zones.each(zones, work).await;
        for (zone, error) in &failed {
            tracing::warn!(job = self.name, zone.id = %zone, %error, "a job failed in one zone; it goes on with the next");
        }
        Failures(failed.len())
    }
}

/// Why a step failed.
#[derive(Debug)]
enum JobError {
    Storage(caracal_storage::Error),
    Evidence(Refusal),
}

impl std::fmt::Display for JobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Storage(error) => f.write_str(&error_chain(error)),
            Self::Evidence(refusal) => f.write_str(refusal.code.as_str()),
        }
    }
}

impl From<caracal_storage::Error> for JobError {
    fn from(error: caracal_storage::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<Refusal> for JobError {
    fn from(refusal: Refusal) -> Self {
        Self::Evidence(refusal)
    }
}

async fn every<F>(name: &'static str, interval: Duration, shutdown: &CancellationToken, round: impl Fn() -> F)
where
    F: Future<Output = Result<Failures, JobError>>,
{
    let round = &round;
    rounds(interval.max(Duration::from_millis(10)), shutdown, || async move {
        let started = tokio::time::Instant::now();
        let failed = match round().await {
            Ok(Failures(count)) => count > 0,
            Err(error) => {
                tracing::warn!(job = name, %error, "a job could not start");
                true
            }
        };
        metrics::job(name, failed, started.elapsed());
    })
    .await;
}
