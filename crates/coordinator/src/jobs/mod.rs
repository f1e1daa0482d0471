//! What happens without being asked: sessions, leases and delegations end when their time is over, and what has
//! been kept long enough is deleted.
//!
//! Between two rounds nothing that ran out carries authority: every check compares with the clock. A late round
//! delays events and frees places later. Any number of processes may run the jobs at once: each step looks again
//! under the zone's lock before it acts.

mod retention;
mod sweep;

use std::{collections::HashSet, future::Future, sync::Arc, time::Duration};

use caracal_service::{Refusal, error_chain, rounds::rounds};
use tokio_util::sync::CancellationToken;

use crate::{CoordinatorDeps, deps::App, metrics};

/// Runs every job until `shutdown`. A failing round is logged and counted; the next one tries again.
pub async fn run_jobs(deps: CoordinatorDeps, shutdown: CancellationToken) {
    let config = deps.config.clone();
    // Nobody sends a job anything.
    let app = Arc::new(App::new(deps, HashSet::new()));
    tokio::join!(
        every("ttl_sweep", config.ttl_sweep_interval, &shutdown, || {
            sweep::expire(app.clone())
        }),
        every("lease_sweep", config.lease_sweep_interval, &shutdown, || {
            sweep::suspend_lapsed(app.clone())
        }),
        every("retention", config.retention_interval, &shutdown, || {
            retention::run(app.clone())
        }),
    );
}

/// Why a round did not get through.
#[derive(Debug, Default)]
struct Failures(usize);

impl Failures {
    /// Notes a failure in one zone; the others go on.
    fn note(&mut self, job: &'static str, error: &JobError) {
        self.0 += 1;
        tracing::warn!(job, %error, "a job failed in one zone; it goes on with the next");
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

type Shared = Arc<App>;
