//! How fast both backends are. Ignored by default: it measures, it does not judge. Run with
//! `cargo test --release -p caracal-storage-sql --test bench -- --ignored --nocapture --test-threads 1`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use caracal_core::{World, audit::AuditEvent};
use caracal_crypto::HmacKey;
use caracal_storage::{Access, LedgerEntry, Lock, Store, conformance::given::Given};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::database;

const BATCHES: u32 = 100;
const BATCH: u32 = 500;
const SESSIONS: u32 = 10_000;
const STARTS: u32 = 200;

fn per_second(count: u32, took: Duration) -> f64 {
    f64::from(count) / took.as_secs_f64()
}

fn batches(given: &Given) -> Vec<Vec<LedgerEntry>> {
    let metadata = serde_json::json!({
        "resource": "https://api.example.com/v1", "requested_scopes": ["a:read", "b:write"],
        "session_id": given.world.uuid_v7().to_string(), "agent_session_id": given.world.uuid_v7().to_string(),
        "application_id": given.world.uuid_v7().to_string(), "agent_labels": ["planner", "prod"],
        "subject_kind": "application",
    });
    let entry = |n| {
        given.world.manual_clock().advance(Duration::from_micros(25));
        let request = format!("req-{n}");
        let event = AuditEvent::new(
            &given.world,
            given.zone_id.clone(),
            "token_exchange",
            &request,
            "allow",
        );
        LedgerEntry::written(&event.with_metadata(&metadata), Some("ab".repeat(32))).unwrap()
    };
    (0..BATCHES).map(|_| (0..BATCH).map(entry).collect()).collect()
}

async fn ledger(name: &str, store: &dyn Store, given: &Given) {
    let batches = batches(given);
    let start = Instant::now();
    for batch in &batches {
        let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
        work.ledger().append(batch, given.world.now()).await.unwrap();
        work.commit().await.unwrap();
    }
    println!(
        "{name}: ledger append {:.0} rows/s",
        per_second(BATCHES * BATCH, start.elapsed())
    );
    let mut work = store.zone(&given.zone_id, Access::Read).await.unwrap();
    let start = Instant::now();
    let rows = work.ledger().range(0, 10_000).await.unwrap();
    println!(
        "{name}: ledger range {:.0} rows/s",
        per_second(u32::try_from(rows.len()).unwrap(), start.elapsed())
    );
}

/// Starts of sessions beside many that live already, one transaction each.
async fn sessions(name: &str, store: &dyn Store, given: &Given) {
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&given.zone()).await.unwrap();
    work.commit().await.unwrap();
    let application = given.application();
    let record = given.authority_record(&application);
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.applications().create(&application).await.unwrap();
    work.authority_records().create(&record).await.unwrap();
    for _ in 0..SESSIONS {
        work.sessions()
            .create(&given.session(&application, &record))
            .await
            .unwrap();
    }
    work.commit().await.unwrap();
    let (before, start) = (store.statements(), Instant::now());
    for _ in 0..STARTS {
        let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
        work.lock(Lock::Sessions).await.unwrap();
        assert!(
            work.sessions()
                .count_slots(None, given.world.now())
                .await
                .unwrap()
                >= u64::from(SESSIONS)
        );
        work.sessions()
            .create(&given.session(&application, &record))
            .await
            .unwrap();
        work.outbox().append(&[given.outbox_message()]).await.unwrap();
        work.commit().await.unwrap();
    }
    let took = start.elapsed();
    let statements = (store.statements() - before) / u64::from(STARTS);
    println!(
        "{name}: session start {:.0}/s, {statements} statements each",
        per_second(STARTS, took)
    );
    let mut work = store.zone(&given.zone_id, Access::Read).await.unwrap();
    let start = Instant::now();
    for _ in 0..STARTS {
        work.sessions()
            .count_slots(None, given.world.now())
            .await
            .unwrap();
    }
    println!("{name}: count of places {:?}", start.elapsed() / STARTS);
}

#[tokio::test]
#[ignore = "a measurement"]
async fn sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::for_tests();
    let key = HmacKey::from_bytes(&[7; 32]);
    let store = SqliteStore::open(&directory.path().join("caracal.db"), Some(key), world.now())
        .await
        .unwrap();
    let given = Given::new(&world);
    sessions("sqlite", &store, &given).await;
    ledger("sqlite", &store, &given).await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn postgres() {
    let database = database::Database::migrated().await;
    let store = database::connect(&database.owner_url()).await;
    let given = Given::new(&World::for_tests());
    sessions("postgres", &store, &given).await;
    ledger("postgres", &store, &given).await;
}
