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
    error_chain,
    rounds::{Shortfall, ZoneProgress, ZoneRound, ZoneRounds, rounds},
};
use caracal_storage::Error;
use tokio_util::sync::CancellationToken;

use crate::{
    CoordinatorDeps,
    deps::App,
    metrics::{self, JobOutcome},
};

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
struct Shortfalls {
    failed: usize,
    unfinished: usize,
}

impl Shortfalls {
    const fn outcome(self) -> JobOutcome {
        match (self.failed, self.unfinished) {
            (0, 0) => JobOutcome::Done,
            (0, _) => JobOutcome::Unfinished,
            _ => JobOutcome::Failed,
        }
    }
}

/// A job, which goes through zones.
struct Job {
    name: &'static str,
    zones: ZoneRounds,
}

/// One round of a job.
struct JobRound<'j> {
    job: &'static str,
    zones: ZoneRound<'j>,
    shortfalls: Shortfalls,
}

impl Job {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            zones: ZoneRounds::default(),
        }
    }

    fn begin(&self) -> JobRound<'_> {
        JobRound {
            job: self.name,
            zones: self.zones.begin(),
            shortfalls: Shortfalls::default(),
        }
    }
}

impl JobRound<'_> {
    /// Does `work` in each of `zones`. A failure in one of them is noted; the others go on.
    async fn in_each<F>(&mut self, zones: Vec<ZoneId>, work: impl Fn(ZoneId) -> F)
    where
        F: Future<Output = Result<ZoneProgress, Error>>,
    {
        let job = self.job;
        for (zone, shortfall) in self.zones.each(zones, work).await {
            match shortfall {
                Shortfall::Failed(error) => {
                    self.shortfalls.failed += 1;
                    let error = error_chain(&error);
                    tracing::warn!(job, zone.id = %zone, error, "a job failed in one zone; it goes on with the next");
                }
                Shortfall::Unfinished => {
                    self.shortfalls.unfinished += 1;
                    tracing::info!(job, zone.id = %zone, "a job has more to do in a zone than a round has time for; the next round goes on");
                }
            }
        }
    }
}

async fn every<F>(name: &'static str, interval: Duration, shutdown: &CancellationToken, round: impl Fn() -> F)
where
    F: Future<Output = Result<Shortfalls, Error>>,
{
    let round = &round;
    rounds(interval.max(Duration::from_millis(10)), shutdown, || async move {
        let started = tokio::time::Instant::now();
        let outcome = match round().await {
            Ok(shortfalls) => shortfalls.outcome(),
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(job = name, error, "a job could not start");
                JobOutcome::Failed
            }
        };
        metrics::job(name, outcome, started.elapsed());
    })
    .await;
}
