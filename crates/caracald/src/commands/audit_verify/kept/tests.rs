use std::{fs, time::Duration};

use caracal_core::audit::AuditEvent;
use caracal_crypto::system_world;
use caracal_ledger::{chain::Chain, log_keys::LogKeys};
use caracal_storage::{Access, LedgerEntry};
use caracal_storage_sql::SqliteStore;

use super::*;

#[tokio::test]
async fn an_interrupted_comparison_goes_on_from_where_it_was_kept_last() {
    let (directory, world) = (tempfile::tempdir().unwrap(), system_world());
    let zone = ZoneId::generate(&world);
    let store = SqliteStore::open(&directory.path().join("caracal.db"), None, world.now())
        .await
        .unwrap();
    let entries: Vec<_> = (0..2_100)
        .map(|_| {
            let event = AuditEvent::new(&world, zone.clone(), "token_exchange", "r", "allow");
            LedgerEntry::written(&event, None).unwrap()
        })
        .collect();
    let mut work = store.zone(&zone, Access::Write).await.unwrap();
    work.ledger().append(&entries, world.now()).await.unwrap();
    work.commit().await.unwrap();
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
