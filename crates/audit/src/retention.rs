//! Deletes administrative records whose time is over, chain by chain from the oldest on.
//!
//! What goes is verified first, and as a whole: a checkpoint vouches for everything before it, so it must never cover what
//! somebody cut out or dated back. A chain that does not hold up to there stays as it is, for somebody to look at.

use std::{sync::Arc, time::Duration};

use caracal_core::{Timestamp, World, ZoneId};
use caracal_crypto::HmacRing;
use caracal_service::{error_chain, rounds::rounds};
use caracal_storage::{Access, ChainHead, Error, PruneCheckpoint, Store};
use caracal_wire::audit::ChainFault;
use metrics::counter;
use tokio_util::sync::CancellationToken;

use crate::{
    metrics::{PRUNE_FAILURES, PRUNED},
    verify::{Walk, admin_link, name},
};

/// Time between two rounds.
const EVERY: Duration = Duration::from_hours(1);
/// Chains listed at a time.
const CHAINS: u32 = 200;
/// Most records of a transaction.
const BATCH: u32 = 500;
/// Most transactions of a chain before the next chain gets its turn.
const MAX_BATCHES: u32 = 100;

/// Retention of administrative audit records.
#[derive(Debug, Clone)]
pub struct AdminRetention {
    /// The chains.
    pub store: Arc<dyn Store>,
    /// Time.
    pub world: World,
    /// Verifies what is to go. Without it hashes and links are verified, but not who made them (development only).
    pub audit_key: Option<HmacRing>,
    /// How long a record is kept.
    pub keep: Duration,
}

impl AdminRetention {
    /// Deletes what is too old, now and every hour until `shutdown`. Any number of processes may do so at once. A failing
    /// round is logged and counted; the next one tries again.
    pub async fn run(self, shutdown: CancellationToken) {
        counter!(PRUNED).absolute(0);
        for reason in ["unverified", "unavailable"] {
            counter!(PRUNE_FAILURES, "reason" => reason).absolute(0);
        }
        let this = &self;
        rounds(EVERY, &shutdown, || async move {
            if let Err(error) = this.round().await {
                failed(None, &error);
            }
        })
        .await;
    }

    async fn round(&self) -> Result<(), Error> {
        let before = self.world.now().minus(self.keep);
        let mut after = 0;
        loop {
            let chains = {
                let mut work = self.store.global(Access::Read).await?;
                work.chains().admin_older(before, after, CHAINS).await?
            };
            let Some(last) = chains.last() else {
                return Ok(());
            };
            after = last.head.chain_number;
            for chain in chains {
                let zone = chain.zone.clone();
                if let Err(error) = self.prune(chain, before).await {
                    failed(zone.as_ref(), &error);
                }
            }
        }
    }

    async fn prune(&self, mut chain: ChainHead, before: Timestamp) -> Result<(), Error> {
        for _ in 0..MAX_BATCHES {
            match self.prune_batch(&chain, before).await? {
                Batch::Pruned(checkpoint) => {
                    let from = position(chain.pruned.as_ref());
                    let records = u64::try_from(checkpoint.chain_seq.saturating_sub(from)).unwrap_or(0);
                    counter!(PRUNED).increment(records);
                    tracing::info!(
                        zone.id = chain.zone.as_ref().map(ZoneId::as_str),
                        records,
                        up_to = checkpoint.chain_seq,
                        "administrative records were deleted because their time was over"
                    );
                    chain.pruned = Some(checkpoint);
                }
                Batch::Done => return Ok(()),
                Batch::Unverified(fault) => {
                    counter!(PRUNE_FAILURES, "reason" => "unverified").increment(1);
                    tracing::error!(
                        zone.id = chain.zone.as_ref().map(ZoneId::as_str),
                        position = fault.chain_seq,
                        fault = fault.kind.as_str(),
                        "old administrative records do not verify, so none is deleted; run `caracald audit verify`"
                    );
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Deletes the oldest records of a chain that are from before `before`, in one transaction.
    async fn prune_batch(&self, chain: &ChainHead, before: Timestamp) -> Result<Batch, Error> {
        let chain_name = name(chain);
        let zone = chain.zone.as_ref();
        let mut work = self.store.global(Access::Write).await?;
        let mut walk = Walk::new(chain_name, self.audit_key.as_ref(), None, chain.pruned.as_ref());
        let rows = work.chains().admin_range(zone, walk.read(), BATCH).await?;
        let mut to = None;
        for row in rows.iter().take_while(|row| row.occurred_at < before) {
            walk.step(&admin_link(chain_name, row));
            to = Some(row);
        }
        let Some(to) = to else { return Ok(Batch::Done) };
        if let Some(fault) = walk.report().faults.first() {
            // Another process may have pruned the chain since it was listed: then the records begin elsewhere.
            let after = chain.head.chain_number.saturating_sub(1);
            let listed = work.chains().admin_older(before, after, 1).await?.pop();
            let unmoved = listed.is_some_and(|now| {
                now.head.chain_number == chain.head.chain_number && now.pruned == chain.pruned
            });
            return Ok(if unmoved {
                Batch::Unverified(fault.clone())
            } else {
                Batch::Done
            });
        }
        let from = position(chain.pruned.as_ref());
        let now = self.world.now();
        let pruned = work
            .chains()
            .prune_admin(zone, from, to.chain_seq, &to.content_sha256, now)
            .await?;
        Ok(match pruned {
            Some(pruned) => {
                work.commit().await?;
                Batch::Pruned(pruned)
            }
            // Another process was faster.
            None => Batch::Done,
        })
    }
}

/// What became of a batch.
#[derive(Debug)]
enum Batch {
    /// It is gone; there may be more.
    Pruned(PruneCheckpoint),
    /// Nothing was left to do, or another process does it.
    Done,
    /// It does not verify.
    Unverified(ChainFault),
}

/// Position up to which records are gone.
fn position(pruned: Option<&PruneCheckpoint>) -> i64 {
    pruned.map_or(0, |pruned| pruned.chain_seq)
}

fn failed(zone: Option<&ZoneId>, error: &Error) {
    counter!(PRUNE_FAILURES, "reason" => "unavailable").increment(1);
    tracing::warn!(
        zone.id = zone.map(ZoneId::as_str),
        error = error_chain(error),
        "could not delete old administrative records; trying again"
    );
}

#[cfg(test)]
mod tests {
    use caracal_crypto::HmacKey;
    use caracal_storage::AdminAuditRecord;
    use caracal_storage_sql::SqliteStore;

    use super::*;

    fn record(world: &World) -> AdminAuditRecord {
        AdminAuditRecord {
            id: world.uuid_v7().to_string(),
            request_id: String::from("req-1"),
            actor_id: None,
            actor_name: None,
            actor_scope: None,
            action: String::from("PATCH /v1/zones/x"),
            method: String::from("PATCH"),
            path: String::from("/v1/zones/x"),
            zone_id: None,
            entity_type: None,
            entity_id: None,
            status_code: 200,
            payload_json: None,
            occurred_at: world.now(),
        }
    }

    /// Two processes list a chain; the second comes to it when the first has pruned it.
    #[tokio::test]
    async fn a_chain_that_another_process_prunes_is_not_taken_for_a_broken_one() {
        let directory = tempfile::tempdir().unwrap();
        let world = World::for_tests();
        let key = HmacKey::from_bytes(&[7; 32]);
        let path = directory.path().join("chains.db");
        let store = SqliteStore::open(&path, Some(key.clone()), world.now()).await;
        let retention = AdminRetention {
            store: Arc::new(store.unwrap()),
            audit_key: Some(key.into()),
            keep: Duration::from_hours(24),
            world: world.clone(),
        };
        let mut work = retention.store.global(Access::Write).await.unwrap();
        for _ in 0..BATCH + 2 {
            work.admin_audit().append(&record(&world)).await.unwrap();
        }
        work.commit().await.unwrap();
        let before = world.now().plus(Duration::from_secs(1));
        let mut work = retention.store.global(Access::Read).await.unwrap();
        let listed = work.chains().admin_older(before, 0, 1).await.unwrap().remove(0);
        drop(work);

        // One batch on, and at the end.
        for _ in 0..2 {
            let mut work = retention.store.global(Access::Read).await.unwrap();
            let now = work.chains().admin_older(before, 0, 1).await.unwrap().remove(0);
            drop(work);
            let pruned = retention.prune_batch(&now, before).await.unwrap();
            assert!(matches!(pruned, Batch::Pruned(_)), "{pruned:?}");
            let late = retention.prune_batch(&listed, before).await.unwrap();
            assert!(matches!(late, Batch::Done), "{late:?}");
        }
        // The same chain with a checkpoint that is not ours is a broken one.
        let mut work = retention.store.global(Access::Write).await.unwrap();
        work.admin_audit().append(&record(&world)).await.unwrap();
        work.commit().await.unwrap();
        let stranger = AdminRetention {
            audit_key: Some(HmacKey::from_bytes(&[8; 32]).into()),
            ..retention
        };
        let mut work = stranger.store.global(Access::Read).await.unwrap();
        let now = work.chains().admin_older(before, 0, 1).await.unwrap().remove(0);
        drop(work);
        let refused = stranger.prune_batch(&now, before).await.unwrap();
        assert!(matches!(refused, Batch::Unverified(_)), "{refused:?}");
    }
}
