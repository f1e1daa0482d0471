//! One step: some blocks archived, proved, signed for and deleted.

use std::time::Duration;

use caracal_core::Timestamp;
use caracal_crypto::Digest32;
use caracal_ledger::{
    chain::LogId,
    checkpoint::Checkpoint,
    merkle::{Frontier, TILE_WIDTH, verify_consistency},
    prune::{Prune, SignedPrune},
};
use caracal_storage::{Access, Error, KeptPrune, Log, held_ids};

use super::{BLOCKS, DAY, NotPruned, Pruning, Step, held, plan::Plan, tell};
use crate::{keeping::AgreedRetention, proof::consistency};

impl Pruning {
    /// `kept` is what records and rows agreed on.
    pub(super) async fn step(
        &self,
        log: &LogId,
        before: Timestamp,
        keep: Duration,
        kept: &AgreedRetention,
    ) -> Result<Step, NotPruned> {
        let mut work = self.checkpoints.view(log).await?;
        let head = work.log().head().await?;
        let earlier = work.retention().newest_prune().await?;
        let signed = earlier
            .as_ref()
            .map(|earlier| SignedPrune::parse(earlier.note.as_bytes()))
            .transpose()?;
        let holds = &kept.holds;
        if holds.iter().any(|hold| hold.subject.is_none()) {
            return Ok(Step::Done);
        }
        let held = held_ids(holds);
        let mut names = held::names(self.checkpoints.store.as_ref(), log, holds).await?;
        if log.is_administrative() {
            // What says that something is kept is kept as long.
            names.extend(kept.said.records().map(str::to_owned));
        }
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
}

/// Whether full tiles hold `leaves`, the first of which stands at `from`. The log has `size` entries.
async fn tiles_hold(stored: &mut dyn Log, from: u64, leaves: &[Digest32], size: u64) -> Result<bool, Error> {
    let mut at = from;
    let mut rest = leaves;
    while !rest.is_empty() && at < size - size % TILE_WIDTH {
        let place = usize::try_from(at % TILE_WIDTH).unwrap_or(0);
        let index = at / TILE_WIDTH;
        let tile = stored
            .stored_tiles(0, index..index.saturating_add(1))
            .await?
            .pop();
        let there = tile.as_ref().and_then(|(_, hashes)| hashes.get(place..));
        let there = there.unwrap_or_default();
        let (these, after) = rest.split_at(rest.len().min(there.len()));
        if these.is_empty() || !there.starts_with(these) {
            return Ok(false);
        }
        at = at.saturating_add(these.len() as u64);
        rest = after;
    }
    Ok(true)
}
