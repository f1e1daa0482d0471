//! How fast the ledger takes events. Ignored by default: it measures, it does not judge.

use caracal_core::{World, ZoneId, audit::AuditEvent};
use caracal_crypto::HmacKey;
use caracal_storage::{Access, LedgerEntry, Store};
use caracal_storage_sql::SqliteStore;
use std::time::Instant;

#[tokio::test]
#[ignore = "a measurement"]
async fn ledger_rows_per_second_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::for_tests();
    let key = HmacKey::from_bytes(&[7; 32]);
    let store = SqliteStore::open(&dir.path().join("caracal.db"), Some(key), world.now())
        .await
        .unwrap();
    let zone = ZoneId::generate(&world);
    let metadata = serde_json::json!({"resource": "https://api.example.com/v1", "requested_scopes": ["a:read", "b:write"],
        "session_id": "0195f3a0-0000-7000-8000-000000000000", "agent_session_id": "0195f3a0-0000-7000-8000-000000000001",
        "application_id": "0195f3a0-0000-7000-8000-000000000002", "agent_labels": ["planner", "prod"], "subject_kind": "application"});
    let batches: Vec<Vec<LedgerEntry>> = (0..100)
        .map(|_| {
            (0..500)
                .map(|n| {
                    world.manual_clock().advance(std::time::Duration::from_micros(25));
                    LedgerEntry {
                        event: AuditEvent::new(
                            &world,
                            zone.clone(),
                            "token_exchange",
                            &format!("req-{n}"),
                            "allow",
                        )
                        .with_metadata(&metadata),
                        signature: Some("ab".repeat(32)),
                    }
                })
                .collect()
        })
        .collect();
    let start = Instant::now();
    for batch in &batches {
        let mut work = store.zone(&zone, Access::Write).await.unwrap();
        work.ledger().append(batch, world.now()).await.unwrap();
        work.commit().await.unwrap();
    }
    let took = start.elapsed();
    println!("{:.0} rows/s", f64::from(50_000) / took.as_secs_f64());
    let mut work = store.zone(&zone, Access::Read).await.unwrap();
    assert_eq!(work.ledger().head().await.unwrap().chain_seq, 50_000);
    let start = Instant::now();
    let rows = work.ledger().range(0, 10_000).await.unwrap();
    println!(
        "range: {:.0} rows/s",
        f64::from(u32::try_from(rows.len()).unwrap()) / start.elapsed().as_secs_f64()
    );
}
