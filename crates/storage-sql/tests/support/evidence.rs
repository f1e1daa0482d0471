//! Evidence as the Audit role takes it, whose fate can be told afterwards.

use std::collections::HashMap;

use caracal_core::{World, ZoneId};
use caracal_ledger::{chain::Chain, merkle::Frontier};
use caracal_storage::{Access, Error, LedgerEntry, Store, conformance::given::Given};

/// Events of each batch: the second seals a block and writes a tile.
const BATCHES: [usize; 3] = [200, 60, 5];

/// Batches for the ledger of one zone, each sent again until it was taken.
#[derive(Clone)]
pub(crate) struct Evidence {
    world: World,
    zone: ZoneId,
    batches: Vec<Vec<LedgerEntry>>,
    /// How many were acknowledged.
    told: usize,
}

impl Evidence {
    pub(crate) fn new(world: &World) -> Self {
        let given = Given::new(world);
        let batch = |events: usize| {
            (0..events)
                .map(|n| given.ledger_entry(&format!("req-{n}")))
                .collect()
        };
        Self {
            world: world.clone(),
            zone: given.zone_id.clone(),
            batches: BATCHES.into_iter().map(batch).collect(),
            told: 0,
        }
    }

    /// Sends the first batch, over a store that takes it.
    pub(crate) async fn begin(&mut self, store: &dyn Store) -> Result<(), Error> {
        self.send_up_to(1, store).await
    }

    /// Sends what was not acknowledged, up to the first failure.
    pub(crate) async fn send(&mut self, store: &dyn Store) -> Result<(), Error> {
        self.send_up_to(BATCHES.len(), store).await
    }

    async fn send_up_to(&mut self, batches: usize, store: &dyn Store) -> Result<(), Error> {
        while self.told < batches {
            let batch = &self.batches[self.told];
            let mut work = store.zone(&self.zone, Access::Write).await?;
            let outcome = work.ledger().append(batch, self.world.now()).await?;
            work.commit().await?;
            let of_batch = outcome.inserted + outcome.duplicates;
            assert_eq!(of_batch, batch.len() as u64, "each is new, or the same as before");
            self.told += 1;
        }
        Ok(())
    }

    /// Batches are there whole and once, what was acknowledged is there, and the log is the tree that its head says.
    pub(crate) async fn check(&self, store: &dyn Store) -> Result<(), Error> {
        let mut work = store.zone(&self.zone, Access::Read).await?;
        let rows = work.ledger().range(0, u32::MAX).await?;
        let head = work.ledger().head().await?;
        drop(work);
        let log = Chain::Ledger(&self.zone).log();
        let (mut tree, mut found) = (Frontier::default(), HashMap::<&str, usize>::new());
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(row.chain_seq, i64::try_from(at).unwrap_or(-1) + 1);
            tree.append(row.entry(&log).leaf());
            *found.entry(&row.event.id).or_default() += 1;
        }
        assert!(found.values().all(|times| *times == 1), "an event is there twice");
        for (number, batch) in self.batches.iter().enumerate() {
            let there = batch.iter().filter(|entry| found.contains_key(&*entry.event.id));
            let there = there.count();
            assert!(
                there == 0 || there == batch.len(),
                "{there} events of a batch are there"
            );
            assert!(there > 0 || number >= self.told, "acknowledged evidence is gone");
        }
        assert_eq!(head.size, tree.size());
        let root = if rows.is_empty() {
            String::new()
        } else {
            hex::encode(tree.root())
        };
        assert_eq!(head.root, root, "the head is that of another log");
        Ok(())
    }
}
