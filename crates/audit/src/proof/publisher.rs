//! Publishes a checkpoint of every log that grew, at least once a second.

use std::{sync::Arc, time::Duration};

use caracal_ledger::{chain::LogId, checkpoint::SignedCheckpoint};
use caracal_storage::{Access, Error};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use metrics::counter;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Checkpoints, NotPublished, files};
use crate::metrics as names;

/// From one round to the next, if its wait for witnesses is not longer: less than a second. Each writes some files and
/// signs twice, however little came.
const ROUND: Duration = Duration::from_millis(800);
/// How often all logs are looked at: for those that another process added to, or that were missed.
const SWEEP: Duration = Duration::from_secs(30);
/// How soon what could not be published is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// Logs published at the same time.
const PARALLEL: usize = 8;

/// Publishes until `shutdown`.
pub async fn publish(checkpoints: Arc<Checkpoints>, shutdown: CancellationToken) {
    names::start_publishing();
    let end = CancellationToken::new();
    let publishing = async {
        rounds(&checkpoints, shutdown).await;
        end.cancel();
    };
    match &checkpoints.bucket {
        Some(bucket) => {
            tokio::join!(publishing, bucket.run(&checkpoints, end.clone()));
        }
        None => publishing.await,
    }
}

async fn rounds(checkpoints: &Arc<Checkpoints>, shutdown: CancellationToken) {
    let mut swept: Option<Instant> = None;
    while !shutdown.is_cancelled() {
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            match checkpoints.sweep().await {
                Ok(()) => swept = Some(Instant::now()),
                Err(error) => {
                    let error = caracal_service::error_chain(&error);
                    tracing::warn!(error, "could not look for logs to publish");
                }
            }
        }
        let next = Instant::now() + ROUND;
        checkpoints.round().await;
        let more = async {
            tokio::time::sleep_until(next).await;
            let waiting = !checkpoints.grown.lock().is_empty();
            let longest = if waiting { RETRY } else { SWEEP };
            let _ = tokio::time::timeout(longest, checkpoints.wake.notified()).await;
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = more => {}
        }
    }
    // What came last is published too.
    checkpoints.round().await;
}

impl Checkpoints {
    /// Marks every log that has more entries than were published here.
    async fn sweep(&self) -> Result<(), Error> {
        let mut work = self.store.global(Access::Read).await?;
        let set = work.chains().set().await?;
        drop(work);
        for chain in set.chains {
            let known = self.signed(&chain.log);
            let published = known
                .newest
                .lock()
                .await
                .as_ref()
                .map(|newest| newest.checkpoint().size);
            if published != u64::try_from(chain.head.chain_seq).ok() {
                self.grew(&chain.log);
            }
        }
        Ok(())
    }

    /// Publishes what grew since the last round.
    async fn round(self: &Arc<Self>) {
        let mut grown: Vec<LogId> = std::mem::take(&mut *self.grown.lock()).into_iter().collect();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < PARALLEL
                && let Some(log) = grown.pop()
            {
                let checkpoints = self.clone();
                running.push(async move { checkpoints.publish_one(&log).await });
            }
            if running.next().await.is_none() {
                return;
            }
        }
    }

    async fn publish_one(&self, log: &LogId) {
        match self.try_publish(log).await {
            Ok(true) => counter!(names::CHECKPOINTS).increment(1),
            Ok(false) => {}
            Err(error) => {
                counter!(names::UNPUBLISHED, "reason" => error.label()).increment(1);
                let text = caracal_service::error_chain(&error);
                if error.is_alarm() {
                    tracing::error!(log = %log, error = text, "a log was not signed; somebody should look");
                } else {
                    tracing::warn!(log = %log, error = text, "a log was not published; trying again");
                    self.grown.lock().insert(log.clone());
                }
            }
        }
    }

    /// Whether there was something to publish.
    async fn try_publish(&self, log: &LogId) -> Result<bool, NotPublished> {
        let Some(cosigned) = self.cosigned_now(log).await? else {
            return Ok(false);
        };
        if let Some(directory) = &self.directory {
            files::publish(directory, NotPublished::Directory, self, log, &cosigned).await?;
        }
        if let Some(bucket) = &self.bucket {
            bucket.add(log, cosigned);
        }
        Ok(true)
    }

    /// The newest checkpoint of the log, made now if the log grew, with the cosignatures of the witnesses that
    /// answer in time; `None` before the log's first entry.
    pub(crate) async fn cosigned_now(
        &self,
        log: &LogId,
    ) -> Result<Option<Arc<SignedCheckpoint>>, NotPublished> {
        let Some((signed, _)) = self.current(log).await? else {
            return Ok(None);
        };
        let mut cosigned = (*signed).clone();
        let asked = self
            .witnesses
            .iter()
            .map(|witness| witness.cosign(self, log, &signed));
        for line in futures_util::future::join_all(asked).await.into_iter().flatten() {
            cosigned.add(line);
        }
        Ok(Some(self.cosigned(log, cosigned).await))
    }
}
