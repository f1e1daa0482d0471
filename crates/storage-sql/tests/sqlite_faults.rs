//! SQLite on a disk that fails: nothing acknowledged is ever lost, nothing refused appears in part, and once the disk is
//! well the store is, too.
//!
//! The disk fails below SQLite, one call at a time: see `support/faults.rs`. Of the errors where SQLite ends a transaction
//! by itself, two are no fault of a disk: memory that runs out ends this process, and nobody interrupts a statement. They
//! take the same way as a full disk: after any error a connection is used again only once it is proven clean.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/change.rs"]
mod change;
#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/faults.rs"]
mod faults;
#[path = "support/power.rs"]
mod power;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use caracal_core::World;
use caracal_crypto::HmacKey;
use caracal_storage::{
    Access, Error, Store,
    conformance::{Backend, given::Given},
};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::fault::Fault;
use change::Change;
use evidence::Evidence;
use faults::FailingDisk;
use power::Disk;
use tempfile::TempDir;

fn key() -> HmacKey {
    HmacKey::from_bytes(&[7; 32])
}

/// Where syncing costs nothing, if there is such a place.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

async fn open(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open_unmigrated(path, Some(key())).await
}

/// One life of a store whose disk fails at call `at`; whether it did.
async fn life(template: &Path, faults: &FailingDisk, fault: Fault, at: u64, forever: bool) -> bool {
    let directory = directory();
    let path = directory.path().join("caracal.db");
    std::fs::copy(template, &path).unwrap();
    let store = open(&path).await.unwrap();
    let world = World::for_tests();
    let mut changes: Vec<_> = (0..if forever { 3 } else { 2 })
        .map(|_| Change::new(&world))
        .collect();
    let (mut last, given_up) = (Change::new(&world), Change::new(&world));

    faults.arm(fault, at, forever);
    for change in &mut changes {
        let _ = change.make(&store).await;
        // Readers may fail, but never tell anything else than what is.
        let _ = change.check(&store).await;
    }
    if let Ok(mut work) = store.global(Access::Write).await {
        let _ = work.zones().create(&given_up.zone).await;
    }
    let fired = faults.disarm();

    let context = format!("{fault:?} at {at}, forever {forever}");
    let mended = last.make(&store).await;
    assert!(mended.is_ok(), "{context}: not well again: {mended:?}");
    changes.push(last);
    let ready = store.ping().await;
    assert!(ready.is_ok(), "{context}: not ready again: {ready:?}");

    // As seen by the store itself, by somebody else, after a crash, and after a restart.
    let crashed = directory.path().join("crashed.db");
    for suffix in ["", "-wal"] {
        std::fs::copy(
            format!("{}{suffix}", path.display()),
            format!("{}{suffix}", crashed.display()),
        )
        .unwrap();
    }
    let other = open(&path).await.unwrap();
    seen(&store, &changes, &given_up).await;
    seen(&other, &changes, &given_up).await;
    seen(&open(&crashed).await.unwrap(), &changes, &given_up).await;
    other.close().await.unwrap();
    store.close().await.unwrap();
    seen(&open(&path).await.unwrap(), &changes, &given_up).await;
    assert_eq!(integrity(&path).await, "ok", "{context}");
    fired > 0
}

/// A store of evidence whose disk fails at call `at`; whether it did.
async fn ingest(
    (template, evidence): &(PathBuf, Evidence),
    faults: &FailingDisk,
    fault: Fault,
    at: u64,
    forever: bool,
) -> bool {
    let directory = directory();
    let path = directory.path().join("caracal.db");
    std::fs::copy(template, &path).unwrap();
    let store = open(&path).await.unwrap();
    let mut evidence = evidence.clone();
    faults.arm(fault, at, forever);
    for _ in 0..2 {
        let _ = evidence.send(&store).await;
        let _ = evidence.check(&store).await;
    }
    let fired = faults.disarm();
    evidence.check(&store).await.unwrap();
    let taken = evidence.send(&store).await;
    assert!(taken.is_ok(), "{fault:?} at {at}, forever {forever}: {taken:?}");
    evidence.check(&store).await.unwrap();
    store.close().await.unwrap();
    evidence.check(&open(&path).await.unwrap()).await.unwrap();
    assert_eq!(
        integrity(&path).await,
        "ok",
        "{fault:?} at {at}, forever {forever}"
    );
    fired > 0
}

/// A store of evidence whose power is cut at call `at`; whether it was.
async fn cut((template, evidence): &(PathBuf, Evidence), faults: &FailingDisk, disk: &Disk, at: u64) -> bool {
    let directory = directory();
    // Its own directory is on the disk, too.
    let home = directory.path().join("home.db");
    std::fs::create_dir(&home).unwrap();
    let path = home.join("caracal.db");
    std::fs::copy(template, &path).unwrap();
    Disk::sync(&home);
    let store = open(&path).await.unwrap();
    let mut evidence = evidence.clone();
    faults.arm(Fault::Gone, at, true);
    let _ = evidence.send(&store).await;
    let fired = faults.disarm();

    let mut random = at;
    for (image, some) in [("nothing", false), ("some", true)] {
        let to = directory.path().join(image);
        disk.after_cut(&home, &to, &mut || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            some && random >> 63 == 1
        });
        let left = to.join("caracal.db");
        let context = format!("cut at {at}, {image} of what was not synced is there");
        let again = open(&left).await.unwrap();
        evidence.check(&again).await.unwrap();
        let mut resent = evidence.clone();
        let taken = resent.send(&again).await;
        assert!(taken.is_ok(), "{context}: {taken:?}");
        resent.check(&again).await.unwrap();
        again.close().await.unwrap();
        assert_eq!(integrity(&left).await, "ok", "{context}");
    }
    fired > 0
}

async fn seen(store: &SqliteStore, changes: &[Change], given_up: &Change) {
    for change in changes {
        change.check(store).await.unwrap();
    }
    let mut work = store.global(Access::Read).await.unwrap();
    assert!(
        work.zones().get(&given_up.zone.id).await.unwrap().is_none(),
        "a unit of work that was given up is visible"
    );
}

/// SQLite's own verdict about the file.
async fn integrity(path: &Path) -> String {
    use sea_orm::ConnectionTrait as _;
    let db = sea_orm::Database::connect(format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    let row = db.query_one_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Sqlite,
        "PRAGMA integrity_check",
    ));
    let verdict = row.await.unwrap().unwrap().try_get_by_index(0).unwrap();
    db.close().await.unwrap();
    verdict
}

/// A migrated file to copy from.
async fn template(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("template.db");
    let store = SqliteStore::open(&path, Some(key()), World::for_tests().now())
        .await
        .unwrap();
    store.close().await.unwrap();
    path
}

/// As [`template`], with the first of some evidence.
async fn begun(directory: &TempDir) -> (PathBuf, Evidence) {
    let path = template(directory).await;
    let mut evidence = Evidence::new(&World::for_tests());
    let store = open(&path).await.unwrap();
    evidence.begin(&store).await.unwrap();
    store.close().await.unwrap();
    (path, evidence)
}

#[test]
fn an_acknowledged_change_outlives_a_disk_that_fails_at_any_call() {
    faults::again(
        &[
            "--ignored",
            "--exact",
            "below::every_call_fails_once_and_for_good",
        ],
        1,
    );
}

#[test]
fn evidence_is_taken_once_and_whole_on_a_disk_that_fails_at_any_call() {
    faults::again(
        &[
            "--ignored",
            "--exact",
            "below::every_call_of_ingest_fails_once_and_for_good",
        ],
        1,
    );
}

#[test]
fn acknowledged_evidence_outlives_a_power_cut_at_any_call() {
    faults::again(
        &[
            "--ignored",
            "--exact",
            "below::the_power_is_cut_at_every_call_of_ingest",
        ],
        1,
    );
}

#[test]
fn the_whole_suite_holds_on_a_store_whose_disk_failed_before() {
    faults::again(&["--ignored", "mended::"], 100);
}

mod below {
    use super::*;

    #[tokio::test]
    #[ignore = "run below the failing disk by the test beside it"]
    async fn every_call_fails_once_and_for_good() {
        let Some(faults) = FailingDisk::here() else {
            return;
        };
        let home = directory();
        let template = template(&home).await;
        for fault in Fault::OF_DISKS {
            for forever in [false, true] {
                let mut at = 1;
                while life(&template, &faults, fault, at, forever).await {
                    at += 1;
                }
                assert!(at > 3, "{fault:?} met only {} calls", at - 1);
                println!("{fault:?}, forever {forever}: {} calls", at - 1);
            }
        }
    }

    #[tokio::test]
    #[ignore = "run below the failing disk by the test beside it"]
    async fn every_call_of_ingest_fails_once_and_for_good() {
        let Some(faults) = FailingDisk::here() else {
            return;
        };
        let home = directory();
        let begun = begun(&home).await;
        for fault in Fault::OF_DISKS {
            for forever in [false, true] {
                let mut at = 1;
                while ingest(&begun, &faults, fault, at, forever).await {
                    at += 1;
                }
                assert!(at > 3, "{fault:?} met only {} calls", at - 1);
                println!("{fault:?}, forever {forever}: {} calls", at - 1);
            }
        }
    }

    #[tokio::test]
    #[ignore = "run below the failing disk by the test beside it"]
    async fn the_power_is_cut_at_every_call_of_ingest() {
        let (Some(faults), Some(disk)) = (FailingDisk::here(), Disk::here()) else {
            return;
        };
        let home = directory();
        let begun = begun(&home).await;
        let mut at = 1;
        while cut(&begun, &faults, &disk, at).await {
            at += 1;
        }
        assert!(at > 20, "only {} calls", at - 1);
        println!("power cut at {} calls", at - 1);
    }
}

/// A store that has met every fault, each with two failing changes.
async fn shaken() -> Backend {
    let home = directory();
    let path = home.path().join("caracal.db");
    let store = SqliteStore::open(&path, None, World::for_tests().now())
        .await
        .unwrap();
    if let Some(faults) = FailingDisk::here() {
        let world = World::for_tests();
        for fault in Fault::OF_DISKS {
            faults.arm(fault, 1, true);
            for _ in 0..2 {
                // Nothing of it may remain: the suite begins with an empty store.
                let work = store.global(Access::Write).await;
                if let Ok(mut work) = work
                    && work.zones().create(&Given::new(&world).zone()).await.is_ok()
                    && fault != Fault::ReadError
                {
                    let told = work.commit().await;
                    assert!(told.is_err(), "{fault:?}: an acknowledgement of a full disk");
                }
            }
            faults.disarm();
        }
    }
    let open = move || {
        let path = path.clone();
        async move {
            let store = SqliteStore::open(&path, None, World::for_tests().now()).await;
            Arc::new(store.unwrap()) as Arc<dyn Store>
        }
    };
    Backend::new(Arc::new(store), home).with_reopen(open)
}

caracal_storage::conformance!(
    #[ignore = "run below the failing disk by the test beside it"]
    mended,
    crate::shaken()
);
