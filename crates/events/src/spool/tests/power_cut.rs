//! What is left of a spool after a power cut.

use caracal_testkit::fault::Fault;

use self::{faults::FailingDisk, power::Disk};
use super::*;

#[allow(dead_code, reason = "shared with the tests of the stores")]
#[path = "../../../../storage-sql/tests/support/faults.rs"]
mod faults;
#[path = "../../../../storage-sql/tests/support/power.rs"]
mod power;

#[test]
fn what_is_synced_before_it_is_acknowledged_outlives_a_power_cut_at_any_call() {
    let below = "spool::tests::power_cut::below::the_power_is_cut_at_every_call";
    faults::again_on("audit-spool", &["--ignored", "--exact", below], 1);
}

/// Whether there is more to try: the power was cut at call `at` of a spool that is opened, written to, drained and written
/// to again, or the machine was too busy for all of it.
fn cut(faults: &FailingDisk, disk: &Disk, at: u64) -> bool {
    let place = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap();
    let root = place.path().join("audit-spool");
    fs::create_dir(&root).unwrap();
    let dir = root.join("sts");
    append(&open(&dir, SyncMode::Always, 1 << 20), 0..3);
    Disk::sync(&root);

    faults.arm(Fault::Gone, at, true);
    let (mut acknowledged, mut drained) = (3, 0);
    if let Ok(spool) = Spool::open_in(&World::for_tests(), &dir, SyncMode::Always, key(), 1 << 20) {
        while acknowledged < 6 && spool.append(&[event(&format!("evt-{acknowledged}"))]).is_ok() {
            acknowledged += 1;
        }
        if let Ok(batch) = read_batch(&spool, 2) {
            drained = batch.records.len();
            spool.commit(batch.next, drained);
        }
    }
    let more = faults.disarm() > 0 || acknowledged < 6 || drained < 2;

    let mut random = at;
    for some in [false, true] {
        let left = place.path().join(format!("left-{some}"));
        disk.after_cut(&root, &left, &mut || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            some && random >> 63 == 1
        });
        let spool = open(&left.join("sts"), SyncMode::Always, 1 << 20);
        let found = drain(&spool);
        // What was drained may come again: the ledger has it already.
        for id in ids(drained..acknowledged) {
            let times = found.iter().filter(|there| **there == id).count();
            assert_eq!(times, 1, "cut at {at}: {id} was acknowledged; there is {found:?}");
        }
        append(&spool, 10..12);
        assert_eq!(drain(&spool), ids(10..12), "cut at {at}");
    }
    more
}

mod below {
    use super::*;

    #[test]
    #[ignore = "run below the failing disk by the test beside it"]
    fn the_power_is_cut_at_every_call() {
        let (Some(faults), Some(disk)) = (FailingDisk::here(), Disk::here()) else {
            return;
        };
        let mut at = 1;
        while cut(&faults, &disk, at) {
            at += 1;
            assert!(at < 1_000, "it never goes undisturbed");
        }
        // A write and a sync for each of the three; what is made ahead in the background comes in time, or on a busy machine not.
        assert!(at > 6, "only {} calls", at - 1);
    }
}
