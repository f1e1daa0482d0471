//! Published logs in a bucket. It answers late, or for a while not at all, so it is written beside the rounds: what is served
//! and what lies in the directory never waits for it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use caracal_ledger::{chain::LogId, checkpoint::SignedCheckpoint};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use metrics::counter;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    Checkpoints, NotPublished,
    files::{LogFiles, checkpoint, publish, publish_prune},
};
use crate::metrics as names;

/// Logs written at the same time.
const PARALLEL: usize = 8;
/// How soon what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// Longest wait at the end for what waits.
const END_WITHIN: Duration = Duration::from_secs(5);

/// A bucket, and what waits to be written there.
#[derive(Debug)]
pub(super) struct Bucket {
    files: Arc<dyn LogFiles>,
    /// The newest checkpoint of each log that is not written yet.
    waiting: Mutex<HashMap<LogId, Arc<SignedCheckpoint>>>,
    /// Number of the prune checkpoint of each log that this process wrote.
    prunes: Mutex<HashMap<LogId, i64>>,
    wake: Notify,
}

impl Bucket {
    pub(super) fn new(files: Arc<dyn LogFiles>) -> Self {
        Self {
            files,
            waiting: Mutex::default(),
            prunes: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// The checkpoint of a log that was published last.
    pub(super) async fn checkpoint(&self, log: &LogId) -> std::io::Result<Option<SignedCheckpoint>> {
        let found = checkpoint(self.files.as_ref(), log).await?;
        Ok(found.map(|(signed, _)| signed))
    }

    /// Has `signed` written soon, unless a later one comes before.
    pub(super) fn add(&self, log: &LogId, signed: Arc<SignedCheckpoint>) {
        self.waiting.lock().insert(log.clone(), signed);
        self.wake.notify_one();
    }

    /// One that waits, of a log that is not `busy`.
    fn next(&self, busy: &HashSet<LogId>) -> Option<(LogId, Arc<SignedCheckpoint>)> {
        let mut waiting = self.waiting.lock();
        let log = waiting.keys().find(|log| !busy.contains(*log))?.clone();
        waiting.remove_entry(&log)
    }

    /// Writes what comes, and after `end` what waits then, as far as there is time.
    pub(super) async fn run(&self, checkpoints: &Checkpoints, end: CancellationToken) {
        let mut ended = std::pin::pin!(async {
            end.cancelled().await;
            tokio::time::sleep(END_WITHIN).await;
        });
        let (mut busy, mut running) = (HashSet::new(), FuturesUnordered::new());
        loop {
            while running.len() < PARALLEL
                && let Some((log, signed)) = self.next(&busy)
            {
                busy.insert(log.clone());
                running.push(self.write_or_wait(checkpoints, log, signed, &end));
            }
            if running.is_empty() && end.is_cancelled() {
                return;
            }
            tokio::select! {
                () = &mut ended => return,
                Some(log) = running.next() => {
                    busy.remove(&log);
                }
                () = self.wake.notified() => {}
                () = end.cancelled(), if !end.is_cancelled() => {}
            }
        }
    }

    /// Writes what is there to write of a log. What fails waits for a while, and then for its turn.
    async fn write_or_wait(
        &self,
        checkpoints: &Checkpoints,
        log: LogId,
        signed: Arc<SignedCheckpoint>,
        end: &CancellationToken,
    ) -> LogId {
        let Err(error) = self.write(checkpoints, &log, &signed).await else {
            return log;
        };
        counter!(names::UNPUBLISHED, "reason" => error.label()).increment(1);
        let text = caracal_service::error_chain(&error);
        if error.is_alarm() {
            tracing::error!(log = %log, error = text, "the bucket has another log than there is; somebody should look");
            return log;
        }
        tracing::warn!(log = %log, error = text, "a log was not written to the bucket; trying again");
        tokio::select! {
            () = end.cancelled() => {}
            () = tokio::time::sleep(RETRY) => {
                self.waiting.lock().entry(log.clone()).or_insert(signed);
            }
        }
        log
    }

    async fn write(
        &self,
        checkpoints: &Checkpoints,
        log: &LogId,
        signed: &SignedCheckpoint,
    ) -> Result<(), NotPublished> {
        let files = self.files.as_ref();
        publish(files, NotPublished::Bucket, checkpoints, log, signed).await?;
        let newest = checkpoints.view(log).await?.retention().newest_prune().await?;
        if let Some(prune) = newest
            && self.prunes.lock().get(log) != Some(&prune.number)
        {
            let written = publish_prune(files, log, &prune.note).await;
            written.map_err(NotPublished::Bucket)?;
            self.prunes.lock().insert(log.clone(), prune.number);
        }
        Ok(())
    }
}
