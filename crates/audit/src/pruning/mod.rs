//! Deletes events and administrative records whose time is over, log by log from the oldest on.
//!
//! A step looks at some blocks, writes their entries into the archive and reads them back, proves that they are those
//! that were signed, signs a prune checkpoint, and deletes them in the transaction that keeps it. Killed anywhere, it
//! leaves whole blocks or none, and an archive of what is gone. Any number of processes may do so at once: a prune
//! checkpoint has a number, and one of them gets it.

mod archive;
mod held;
mod plan;

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use caracal_core::Timestamp;
use caracal_crypto::Digest32;
use caracal_ledger::{
    chain::LogId,
    checkpoint::Checkpoint,
    log_keys::NotSigned,
    merkle::{Frontier, TILE_WIDTH, verify_consistency},
    prune::{InvalidPrune, Prune, SignedPrune},
};
use caracal_service::{error_chain, rounds::rounds};
use caracal_storage::{Access, Error, KeptPrune, Log, held_ids};
use metrics::{counter, gauge};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use self::archive::Archive;
use self::plan::{Plan, Unplanned};
use crate::{
    metrics as names,
    proof::{Checkpoints, NotPublished, consistency},
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
    pub archive: Option<Archive>,
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
    Unverified(#[from] Unplanned),
    #[error("what was archived is not what was signed")]
    Contradicts,
    #[error("what was said to be gone cannot be read")]
    Earlier(#[from] InvalidPrune),
    #[error("it cannot be signed")]
    NotSigned(#[from] NotSigned),
    #[error("it cannot be archived")]
    Archive(#[from] io::Error),
    #[error("more is held apart than a prune checkpoint can say")]
    Scattered,
}

impl NotPruned {
    const fn label(&self) -> &'static str {
        match self {
            Self::Storage(_) => "unavailable",
            Self::NotPublished(_) | Self::NotSigned(_) => "not_signed",
            Self::Unverified(_) | Self::Contradicts | Self::Earlier(_) => "unverified",
            Self::Archive(_) => "archive",
            Self::Scattered => "scattered",
        }
    }
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
        let of_all = work.retention_days().days().await?.map(|said| said.days);
        drop(work);
        let mut waiting: VecDeque<LogId> = set.chains.into_iter().map(|chain| chain.log).collect();
        let mut running = JoinSet::new();
        let (mut oldest, mut held) = (Duration::ZERO, 0);
        loop {
            while running.len() < PARALLEL
                && let Some(log) = waiting.pop_front()
            {
                let this = self.clone();
                running.spawn(async move { (this.turn(&log, of_all).await, log) });
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
    async fn turn(&self, log: &LogId, of_all: Option<u32>) -> Result<Step, NotPruned> {
        let mut work = self.checkpoints.view(log).await?;
        let prune = work.retention().newest_prune().await?;
        drop(work);
        if let Some(prune) = &prune {
            self.checkpoints.publish_prune(log, &prune.note).await?;
            // What an earlier life did not get to.
            while self.sweep(log).await? {}
        }
        let Some(keep) = self.kept(log, of_all).await? else {
            return Ok(Step::Done);
        };
        let before = self.checkpoints.world.now().minus(keep);
        self.seal(log, before).await?;
        for _ in 0..STEPS {
            if matches!(self.step(log, before, keep).await?, Step::Done) {
                return Ok(Step::Done);
            }
        }
        Ok(Step::More)
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

    async fn step(&self, log: &LogId, before: Timestamp, keep: Duration) -> Result<Step, NotPruned> {
        let mut work = self.checkpoints.view(log).await?;
        let head = work.log().head().await?;
        let earlier = work.retention().newest_prune().await?;
        let signed = earlier
            .as_ref()
            .map(|earlier| SignedPrune::parse(earlier.note.as_bytes()))
            .transpose()?;
        let holds = work.retention().holds().await?;
        if holds.iter().any(|hold| hold.subject.is_none()) {
            return Ok(Step::Done);
        }
        let held = held_ids(&holds);
        let names = held::names(self.checkpoints.store.as_ref(), log, &holds).await?;
        let (from, known) = signed.as_ref().map_or((0, &[][..]), |signed| {
            (signed.prune().size(), signed.prune().kept.as_slice())
        });
        let mut plan = if earlier.as_ref().is_none_or(|earlier| earlier.holds == held) {
            Plan::new(from, known.to_vec())
        } else {
            let mut plan = Plan::new(from, Vec::new());
            let mut next = 0;
            loop {
                let mut blocks = work.log().blocks(next, BLOCKS).await?;
                blocks.retain(|block| block.first < from);
                let Some(last) = blocks.last() else { break };
                next = last.first.saturating_add(1);
                plan.review(&blocks, &names)?;
            }
            plan
        };
        if !plan.scattered {
            let blocks = work.log().blocks(from, BLOCKS).await?;
            plan.advance(log, &blocks, (head.sealed, before), &names)?;
        }
        let changed = plan.size > from || plan.kept != known;
        let outdated = earlier.as_ref().is_some_and(|earlier| earlier.holds != held);
        if plan.size == 0 || !(changed || outdated) {
            return if plan.scattered {
                Err(NotPruned::Scattered)
            } else {
                Ok(Step::Done)
            };
        }
        let mut frontier = signed.map_or_else(Frontier::default, |signed| signed.prune().frontier.clone());
        let (size, kept) = (plan.size, std::mem::take(&mut plan.kept));
        let archived = self.archived(log, from, plan).await?;
        // Once bodies are gone, tiles are all that there is of them.
        if !tiles_hold(work.log(), from, &archived, head.size).await? {
            return Err(NotPruned::Contradicts);
        }
        for leaf in archived {
            frontier.append(leaf);
        }
        self.prove(log, &frontier).await?;
        let tile = size - size % TILE_WIDTH;
        let leaves = work.log().leaves(tile..size).await?;
        drop(work);
        let now = self.checkpoints.world.now();
        let prune = Prune {
            origin: self.checkpoints.keys.origin(&log.name()),
            frontier,
            time: u64::try_from(now.unix_seconds()).unwrap_or(0),
            reason: format!("older than {} days", keep.as_secs() / DAY.as_secs()),
            kept,
        };
        let next = KeptPrune {
            number: earlier.map_or(0, |earlier| earlier.number).saturating_add(1),
            size,
            pruned_at: now,
            note: self.checkpoints.keys.sign_prune(prune)?.encode(),
            holds: held,
            leaves,
            tag: String::new(),
        };
        let mut work = self.checkpoints.store.log(log, Access::Write).await?;
        if work.retention().prune(&next).await? {
            let swept = work.retention().sweep(BLOCKS).await?;
            work.commit().await?;
            tell(log, swept.blocks, swept.entries, size);
            self.checkpoints.publish_prune(log, &next.note).await?;
            while self.sweep(log).await? {}
        }
        // Or another process was faster, or a hold was placed: look again.
        Ok(Step::More)
    }

    /// Leaves of what goes, as they are read back where there is an archive.
    async fn archived(&self, log: &LogId, from: u64, plan: Plan) -> Result<Vec<Digest32>, NotPruned> {
        match &self.archive {
            Some(archive) if plan.size > from => {
                let read = archive.keep(log, (from, plan.size), plan.lines).await?;
                if read == plan.leaves {
                    Ok(read)
                } else {
                    Err(NotPruned::Contradicts)
                }
            }
            _ => Ok(plan.leaves),
        }
    }

    /// That what goes is what was signed.
    async fn prove(&self, log: &LogId, frontier: &Frontier) -> Result<(), NotPruned> {
        let newest = self.checkpoints.newest(log).await?;
        let Some(newest) = newest else {
            return Err(NotPruned::Contradicts);
        };
        let mut work = self.checkpoints.view(log).await?;
        let Checkpoint { size, root, .. } = newest.checkpoint();
        let proof = consistency(work.log(), frontier.size(), *size).await?;
        if verify_consistency(frontier.size(), *size, &proof, &frontier.root(), root) {
            Ok(())
        } else {
            Err(NotPruned::Contradicts)
        }
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

/// Whether full tiles hold `leaves`, the first of which stands at `from`. The log has `size` entries.
async fn tiles_hold(stored: &mut dyn Log, from: u64, leaves: &[Digest32], size: u64) -> Result<bool, Error> {
    let mut at = from;
    let mut rest = leaves;
    while !rest.is_empty() && at < size - size % TILE_WIDTH {
        let place = usize::try_from(at % TILE_WIDTH).unwrap_or(0);
        let tile = stored.stored_tile(0, at / TILE_WIDTH).await?.unwrap_or_default();
        let there = tile.get(place..).unwrap_or_default();
        let (these, after) = rest.split_at(rest.len().min(there.len()));
        if these.is_empty() || !there.starts_with(these) {
            return Ok(false);
        }
        at = at.saturating_add(these.len() as u64);
        rest = after;
    }
    Ok(true)
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
