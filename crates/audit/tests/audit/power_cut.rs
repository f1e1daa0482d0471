//! What is left in the directory of checkpoints after a power cut.

use std::{path::Path, sync::Arc, time::Duration};

use caracal_audit::{Checkpoints, Directory};
use caracal_core::ZoneId;
use caracal_ledger::{
    checkpoint::SignedCheckpoint,
    log_keys::LogKeys,
    merkle::{Tile, tiles_of},
};
use caracal_storage::LedgerEntry;
use caracal_testkit::fault::Fault;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use self::{faults::FailingDisk, power::Disk};
use crate::ledger::{Backends, Ledger, parts};

#[allow(dead_code, reason = "shared with the tests of the stores")]
#[path = "../../../storage-sql/tests/support/faults.rs"]
mod faults;
#[allow(dead_code, reason = "shared with the tests of the stores")]
#[path = "../../../storage-sql/tests/support/power.rs"]
mod power;

/// Entries that are published before the power is cut, and then: a tile gets full.
const BEFORE: u64 = 250;
const AFTER: u64 = 260;

#[test]
fn a_published_checkpoint_outlives_a_power_cut_at_any_call_with_all_that_it_needs() {
    let below = "power_cut::below::the_power_is_cut_at_every_call_of_a_publication";
    faults::again_on("published", &["--ignored", "--exact", below], 1);
}

struct Log {
    ledger: Ledger,
    zone: ZoneId,
}

impl Log {
    async fn grow(&self, to: u64) {
        let mut work = self.ledger.change(&self.zone).await;
        let from = work.ledger().head().await.unwrap().size;
        let entries: Vec<LedgerEntry> = (from..to)
            .map(|_| LedgerEntry::written(&self.ledger.event(&self.zone, "one"), None).unwrap())
            .collect();
        work.ledger()
            .append(&entries, self.ledger.deps.world.now())
            .await
            .unwrap();
        work.commit().await.unwrap();
    }

    /// Publishes into `root` until `done`.
    async fn publish(&self, root: &Path, done: impl Fn() -> bool) {
        let keys = LogKeys::derive("audit.example", &[1; 32], None).unwrap();
        let (store, world) = (self.ledger.parts.store.clone(), self.ledger.parts.world.clone());
        let audit_keys = Some(self.ledger.parts.audit_key.clone());
        // A directory that cannot be made is one that a power cut came before.
        let Ok(directory) = Directory::open(root) else {
            return;
        };
        let checkpoints = Checkpoints::new(store, world, audit_keys, keys, Some(directory), Vec::new());
        let stop = CancellationToken::new();
        let publishing = tokio::spawn(caracal_audit::publish(Arc::new(checkpoints), stop.clone()));
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
        publishing.await.unwrap();
    }

    fn published(&self, root: &Path) -> Option<SignedCheckpoint> {
        let path = root.join("ledger").join(self.zone.as_str()).join("checkpoint");
        std::fs::read(path)
            .ok()
            .map(|note| SignedCheckpoint::parse(&note).unwrap())
    }

    fn size(&self, root: &Path) -> u64 {
        self.published(root).map_or(0, |signed| signed.checkpoint().size)
    }

    /// Everything that the published checkpoint needs is there.
    async fn check(&self, root: &Path) {
        let mut work = self.ledger.view(&self.zone).await;
        let tiles = root.join("ledger").join(self.zone.as_str()).join("tile");
        for tile in tiles_of(self.size(root)) {
            let stored = work.ledger().tile(&tile).await.unwrap().unwrap().concat();
            let full = Tile { width: 256, ..tile };
            // A part that is gone is the beginning of the full tile.
            let found =
                std::fs::read(tiles.join(tile.path())).or_else(|_| std::fs::read(tiles.join(full.path())));
            let found = found.unwrap_or_default();
            assert!(
                found.starts_with(&stored),
                "{tile:?} of {}: {} bytes",
                self.size(root),
                found.len()
            );
        }
    }
}

/// Whether the power was cut at call `at` of a publication.
async fn cut(ledger: Ledger, faults: &FailingDisk, disk: &Disk, at: u64) -> bool {
    let zone = ledger.zone();
    let log = Log { ledger, zone };
    let place = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
    let root = place.path().join("published");
    log.grow(BEFORE).await;
    log.publish(&root, || log.size(&root) == BEFORE).await;
    log.grow(AFTER).await;
    faults.arm(Fault::Gone, at, true);
    log.publish(&root, || faults.fired() > 0 || log.size(&root) == AFTER)
        .await;
    let told = log.size(&root);
    let fired = faults.disarm() > 0;

    let mut random = at;
    for some in [false, true] {
        let left = place.path().join(format!("left-{some}"));
        disk.after_cut(&root, &left, &mut || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            some && random >> 63 == 1
        });
        let size = log.size(&left);
        assert!(
            size >= BEFORE,
            "cut at {at}: {size} entries are signed where {BEFORE} were"
        );
        assert!(
            fired || size == told,
            "a checkpoint was published that is not on the disk"
        );
        log.check(&left).await;
        log.publish(&left, || log.size(&left) == AFTER).await;
        log.check(&left).await;
    }
    fired
}

mod below {
    use super::*;

    #[tokio::test]
    #[ignore = "run below the failing disk by the test beside it"]
    async fn the_power_is_cut_at_every_call_of_a_publication() {
        let (Some(faults), Some(disk)) = (FailingDisk::here(), Disk::here()) else {
            return;
        };
        let mut at = 1;
        while cut(Ledger::idle(parts(Backends::Embedded)).await, &faults, &disk, at).await {
            at += 1;
        }
        assert!(at > 10, "only {} calls", at - 1);
    }
}
