use std::{fs, time::Duration};

use caracal_audit::{KeptHeads, verify_evidence};
use caracal_core::audit::AuditEvent;
use caracal_crypto::system_world;
use caracal_ledger::{chain::Chain, log_keys::LogKeys};
use caracal_storage::{Access, LedgerEntry};
use caracal_storage_sql::SqliteStore;

use super::*;

/// A log of so many entries, each in a block of its own: there is a day between two of them.
async fn log_of_blocks(directory: &Path, entries: u32) -> (SqliteStore, ZoneId) {
    let world = system_world();
    let zone = ZoneId::generate(&world);
    let store = SqliteStore::open(&directory.join("caracal.db"), None, world.now())
        .await
        .unwrap();
    let entry = |n: u32| {
        let mut event = AuditEvent::new(&world, zone.clone(), "token_exchange", "r", "allow");
        event.occurred_at = event.occurred_at.minus(Duration::from_hours(24) * n);
        LedgerEntry::written(&event, None).unwrap()
    };
    let entries: Vec<_> = (0..entries).map(entry).collect();
    let mut work = store.zone(&zone, Access::Write).await.unwrap();
    work.ledger().append(&entries, world.now()).await.unwrap();
    work.commit().await.unwrap();
    (store, zone)
}

#[tokio::test]
async fn a_whole_verification_goes_on_where_it_was_killed_and_begins_anew_once_it_ended() {
    let directory = tempfile::tempdir().unwrap();
    let (store, zone) = log_of_blocks(directory.path(), 300).await;
    let log = LogId::Ledger(zone.clone());
    let path = directory.path().join("state");
    let open = || Journal::keeping(Some(&path), Duration::ZERO).unwrap();
    let verify = async |journal: &mut Journal| {
        let kept = KeptHeads::default();
        let report = verify_evidence(&store, Some(&zone), None, &kept, journal).await;
        report.unwrap().unwrap()
    };
    // Killed: nobody says that it came to its end.
    let mut killed = open();
    let report = verify(&mut killed).await;
    assert!(report.holds);
    drop(killed);
    assert!(open().walked(&log).is_some());
    // What was kept of comparisons stays.
    let progress = Progress::default();
    open().done([(&LogId::Deployment, &progress)]).unwrap();
    let mut second = open();
    assert_eq!(verify(&mut second).await, report);
    second.whole_is_done().unwrap();
    assert!(open().walked(&log).is_none());
    assert_eq!(open().earlier(&LogId::Deployment), Some(progress));
    // One that cannot be written is told.
    let mut lost = Journal::keeping(Some(&directory.path().join("missing/state")), Duration::ZERO).unwrap();
    verify(&mut lost).await;
    lost.whole_is_done().unwrap_err();
    // And a file of something else is none.
    fs::write(
        &path,
        "{\"compared\":{},\"whole\":{\"ledger/z\":{\"entries\":3}}}",
    )
    .unwrap();
    let refused = Journal::open(Some(&path)).map(|_| ()).unwrap_err();
    assert!(format!("{refused:#}").contains("--resume"), "{refused:#}");
}

#[tokio::test]
async fn an_interrupted_comparison_goes_on_from_where_it_was_kept_last() {
    let directory = tempfile::tempdir().unwrap();
    let (store, zone) = log_of_blocks(directory.path(), 2_100).await;
    let keys = LogKeys::derive("audit.example", &[1; 32], None).unwrap();
    let path = |name: &str| directory.path().join(name);
    let public: Vec<String> = keys.public().map(NoteKey::encode).collect();
    fs::write(path("trust"), public.join("\n")).unwrap();
    // More than there is, so that the comparison ends early, as when it is killed.
    let signed = keys.sign(&Chain::Ledger(&zone).log(), 9_000, [7; 32], 1).unwrap();
    fs::write(path("checkpoint"), signed.encode()).unwrap();
    let against = Against {
        checkpoint: vec![path("checkpoint")],
        pruned: Vec::new(),
        trust: Some(path("trust")),
        witnesses: 0,
        resume: Some(path("state")),
    };
    let compare = async |every, state: &str| {
        let journal = Journal::keeping(Some(&path(state)), every).unwrap();
        against.compare_with(&store, None, journal).await
    };
    let compared = compare(Duration::from_hours(1), "state").await.unwrap();
    assert!(compared[0].fault.is_some() && !path("state").exists());
    compare(Duration::ZERO, "state").await.unwrap();
    let kept = against.journal().unwrap().earlier(&LogId::Ledger(zone)).unwrap();
    assert_eq!(kept.frontier.size(), 2_100);
    // One that cannot be written is told, and is no verdict.
    compare(Duration::ZERO, "missing/state").await.unwrap_err();
}
