//! Deletes events and administrative records whose time is over, log by log from the oldest on.
//!
//! A step looks at some blocks, writes their entries into the archive and reads them back, proves that they are those
//! that were signed, signs a prune checkpoint, and deletes them in the transaction that keeps it. Killed anywhere, it
//! leaves whole blocks or none, and an archive of what is gone. Any number of processes may do so at once: a prune
//! checkpoint has a number, and one of them gets it.

mod archive;
mod held;
mod plan;
mod step;

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use caracal_core::Timestamp;
use caracal_ledger::{
    chain::LogId,
    log_keys::NotSigned,
    prune::{InvalidPrune, SignedPrune},
};
use caracal_service::{error_chain, rounds::rounds};
use caracal_storage::{Access, Error, KeptPrune, held_ids};
use metrics::{counter, gauge};
use tokio::{sync::OnceCell, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub use self::archive::ArchiveDirectory;
use self::plan::NotPlanned;
use crate::{
    keeping::{self, AgreedRetention, Unproved},
    metrics as names,
    proof::{Checkpoints, NotPublished},
};

/// Time between two rounds.
const EVERY: Duration = Duration::from_hours(1);
/// Blocks of a step, and of a transaction that deletes.
const BLOCKS: u32 = 32;
/// Steps of a log before the next one gets its turn.
const STEPS: usize = 16;
/// Logs worked on at the same time.
const PARALLEL: usize = 2;
const DAY: Duration = Duration::from_hours(24);

/// Retention of events.
#[derive(Debug)]
pub struct Pruning {
    /// Signs, and knows what was signed.
    pub checkpoints: Arc<Checkpoints>,
    /// Where events go before they are deleted. Without it they are gone.
    pub archive: Option<ArchiveDirectory>,
    /// Longest time that an event is kept; settings of zones and of the deployment are shorter. Absent, events of which
    /// nobody says otherwise are kept for ever.
    pub keep: Option<Duration>,
    /// Whether events may be deleted at all: there is an archive, or they may be gone.
    pub events: bool,
    /// How long administrative records are kept; absent, for ever.
    pub keep_records: Option<Duration>,
}

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
enum NotPruned {
    #[error("the ledger cannot be read or written")]
    Storage(#[from] Error),
    #[error("the log is not signed")]
    NotPublished(#[from] NotPublished),
    #[error("the log does not verify")]
    Unverified(#[from] NotPlanned),
    #[error("what was archived is not what was signed")]
    Contradicts,
    #[error("what was said to be gone cannot be read")]
    Earlier(#[from] InvalidPrune),
    #[error("it cannot be signed")]
    NotSigned(#[from] NotSigned),
    #[error("it cannot be archived")]
    Archive(#[from] io::Error),
    #[error("what is to be kept is not proved")]
    Keeping(#[from] Unproved),
    #[error("more is held apart than a prune checkpoint can say")]
    Scattered,
}

impl NotPruned {
    const fn label(&self) -> &'static str {
        match self {
            Self::Storage(_) | Self::Keeping(Unproved::Storage(_)) => "unavailable",
            Self::NotPublished(_) | Self::NotSigned(_) | Self::Keeping(Unproved::NotPublished(_)) => {
                "not_signed"
            }
            Self::Unverified(_) | Self::Contradicts | Self::Earlier(_) | Self::Keeping(_) => "unverified",
            Self::Archive(_) => "archive",
            Self::Scattered => "scattered",
        }
    }
}

/// How long events are kept of which their zone says nothing.
#[derive(Debug)]
struct DefaultRetention {
    days: Option<u32>,
    /// Filled once the records said the same.
    agreed: OnceCell<AgreedRetention>,
}

/// What became of a step: there may be more to do, or nothing is left.
enum Step {
    More,
    Done,
}

impl Pruning {
    /// Deletes what is too old, now and every hour until `shutdown`.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        names::start_pruning();
        let this = &self;
        rounds(EVERY, &shutdown, || async move {
            if let Err(error) = this.round().await {
                failed(None, &NotPruned::Storage(error));
            }
        })
        .await;
    }

    /// Goes through all logs once. What fails is told, counted, and left for the next round.
    ///
    /// # Errors
    /// When the logs cannot be listed.
    pub async fn round(self: &Arc<Self>) -> Result<(), Error> {
        let mut work = self.checkpoints.store.global(Access::Read).await?;
        let set = work.chains().set().await?;
        let of_all = Arc::new(DefaultRetention {
            days: work.retention_days().days().await?.map(|said| said.days),
            agreed: OnceCell::new(),
        });
        drop(work);
        let mut waiting: VecDeque<LogId> = set.chains.into_iter().map(|chain| chain.log).collect();
        let mut running = JoinSet::new();
        let (mut oldest, mut held) = (Duration::ZERO, 0);
        loop {
            while running.len() < PARALLEL
                && let Some(log) = waiting.pop_front()
            {
                let (this, of_all) = (self.clone(), of_all.clone());
                running.spawn(async move { (this.turn(&log, &of_all).await, log) });
            }
            let Some(ended) = running.join_next().await else {
                break;
            };
            match ended.map_err(|error| Error::Unavailable(Box::new(error)))? {
                // Others first.
                (Ok(Step::More), log) => waiting.push_back(log),
                (Ok(Step::Done), log) => {
                    if !log.is_administrative() {
                        let left = self.left(&log).await?;
                        oldest = oldest.max(left.0);
                        held += left.1;
                    }
                }
                (Err(error), log) => failed(Some(&log), &error),
            }
        }
        gauge!(names::OLDEST_EVENT).set(oldest.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        gauge!(names::HELD_ENTRIES).set(held as f64);
        Ok(())
    }

    /// Age of the oldest event that is not held, and entries that are there only because they are.
    async fn left(&self, log: &LogId) -> Result<(Duration, u64), Error> {
        let mut work = self.checkpoints.view(log).await?;
        let prune = work.retention().newest_prune().await?;
        let size = prune.as_ref().map_or(0, |prune| prune.size);
        let signed = prune.and_then(|prune| SignedPrune::parse(prune.note.as_bytes()).ok());
        let kept = signed.iter().flat_map(|signed| &signed.prune().kept);
        let held = kept.map(|kept| kept.end.saturating_sub(kept.start)).sum();
        let first = work.log().blocks(size, 1).await?.pop();
        let now = self.checkpoints.world.now().as_micros();
        let age = first.map_or(0, |block| now.saturating_sub(block.occurred_from.as_micros()));
        Ok((Duration::from_micros(u64::try_from(age).unwrap_or(0)), held))
    }

    /// Some steps of a log.
    async fn turn(&self, log: &LogId, of_all: &DefaultRetention) -> Result<Step, NotPruned> {
        let mut work = self.checkpoints.view(log).await?;
        let prune = work.retention().newest_prune().await?;
        drop(work);
        if let Some(prune) = &prune {
            self.checkpoints.publish_prune(log, &prune.note).await?;
            // What an earlier life did not get to.
            while self.sweep(log).await? {}
        }
        let Some(keep) = self.kept(log, of_all.days).await? else {
            return Ok(Step::Done);
        };
        let before = self.checkpoints.world.now().minus(keep);
        if !self.is_due(log, prune.as_ref(), before).await? {
            return Ok(Step::Done);
        }
        // Rows said how long, and what is held; before anything goes, signed records must say the same.
        let records = LogId::records(log.zone());
        let kept = keeping::agreed(&self.checkpoints, &records).await?;
        if matches!(log, LogId::Ledger(_)) {
            let all = || keeping::agreed(&self.checkpoints, &LogId::Deployment);
            of_all.agreed.get_or_try_init(all).await?;
        }
        self.seal(log, before).await?;
        for _ in 0..STEPS {
            if matches!(self.step(log, before, keep, &kept).await?, Step::Done) {
                return Ok(Step::Done);
            }
        }
        Ok(Step::More)
    }

    /// Whether there is anything to do: something old, or other holds than the last prune checkpoint keeps for.
    async fn is_due(&self, log: &LogId, prune: Option<&KeptPrune>, before: Timestamp) -> Result<bool, Error> {
        let mut work = self.checkpoints.view(log).await?;
        if let Some(prune) = prune
            && prune.holds != held_ids(&work.retention().holds().await?)
        {
            return Ok(true);
        }
        let size = prune.map_or(0, |prune| prune.size);
        let first = work.log().blocks(size, 1).await?.pop();
        Ok(first.is_some_and(|block| block.occurred_from < before))
    }

    /// How long entries of the log are kept; absent, for ever.
    async fn kept(&self, log: &LogId, of_all: Option<u32>) -> Result<Option<Duration>, Error> {
        let LogId::Ledger(zone) = log else {
            return Ok(self.keep_records);
        };
        if !self.events {
            return Ok(None);
        }
        let mut work = self.checkpoints.store.zone(zone, Access::Read).await?;
        let own = work.retention_days().days().await?.map(|said| said.days);
        let said = own.or(of_all).map(|days| DAY.saturating_mul(days));
        Ok(said.into_iter().chain(self.keep).min())
    }

    /// Seals what is old of the tail, where there is such.
    async fn seal(&self, log: &LogId, before: Timestamp) -> Result<(), Error> {
        let mut work = self.checkpoints.view(log).await?;
        let sealed = work.log().head().await?.sealed;
        let first = work.log().blocks(sealed, 1).await?.pop();
        drop(work);
        if first.is_some_and(|block| block.occurred_from < before) {
            let mut work = self.checkpoints.store.log(log, Access::Write).await?;
            work.retention().seal_before(before).await?;
            work.commit().await?;
        }
        Ok(())
    }

    /// Deletes what a prune checkpoint says is gone and is there still; whether there was any.
    async fn sweep(&self, log: &LogId) -> Result<bool, Error> {
        let mut work = self.checkpoints.store.log(log, Access::Write).await?;
        let swept = work.retention().sweep(BLOCKS).await?;
        work.commit().await?;
        if swept.blocks > 0 {
            counter!(pruned(log)).increment(swept.entries);
        }
        Ok(swept.blocks > 0)
    }
}

/// What counts that entries of the log are gone.
const fn pruned(log: &LogId) -> &'static str {
    match log {
        LogId::Ledger(_) => names::EVENTS_PRUNED,
        LogId::Admin(_) | LogId::Deployment => names::PRUNED,
    }
}

fn tell(log: &LogId, blocks: u64, entries: u64, size: u64) {
    counter!(pruned(log)).increment(entries);
    tracing::info!(log = %log, blocks, entries, up_to = size, "entries were deleted because their time was over");
}

fn failed(log: Option<&LogId>, error: &NotPruned) {
    let counted = if log.is_some_and(LogId::is_administrative) {
        names::PRUNE_FAILURES
    } else {
        names::EVENT_PRUNE_FAILURES
    };
    counter!(counted, "reason" => error.label()).increment(1);
    let log = log.map(LogId::name);
    let text = error_chain(error);
    if error.label() == "unverified" {
        tracing::error!(
            log,
            error = text,
            "old entries do not verify, so none is deleted; run `caracald audit verify`"
        );
    } else {
        tracing::warn!(log, error = text, "could not delete old entries; trying again");
    }
}
