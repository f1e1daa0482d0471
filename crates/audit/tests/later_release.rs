//! Evidence of a newer replica reaches the ledger of an older Audit role, whatever is new in it.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{sync::Arc, time::Duration};

use caracal_audit::{AuditDeps, IngestHealth, verify_zone};
use caracal_core::{World, ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, audit_frame, system_world};
use caracal_events::{Bus, EmbeddedBus, Fields, RedisBus, RedisOptions, StreamSigner, Topic};
use caracal_storage::{Access, Store};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::redis::Redis;
use serde_json::json;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_mins(1);

async fn arrives(bus: Arc<dyn Bus>, world: World) {
    let directory = tempfile::tempdir().unwrap();
    let key = HmacKey::from_hex(&"11a2b3c4d5e6f708".repeat(4)).unwrap();
    let path = directory.path().join("ledger.db");
    let store = SqliteStore::open(&path, Some(key.clone()), world.now())
        .await
        .unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let zone = ZoneId::generate(&world);
    let stop = CancellationToken::new();
    let task = tokio::spawn(caracal_audit::run(
        AuditDeps {
            world: world.clone(),
            store: store.clone(),
            bus: bus.clone(),
            audit_key: Some(key.clone()),
            admin_token: None,
            consumer: String::from("test"),
            health: Arc::new(IngestHealth::default()),
        },
        stop.clone(),
    ));
    let event = AuditEvent::new(&world, zone.clone(), "gizmo_forked", "later", "deferred");
    let mut later = serde_json::to_value(&event).unwrap();
    later["member_of_a_later_release"] = json!({"nested": [1, {"deeper": null}]});
    later["evaluation_status"] = json!("quantum");
    let data = later.to_string();
    let frame = Fields::new()
        .with("id", event.id.clone())
        .with("sig", audit_frame::sign(&key, data.as_bytes()))
        .with("data", data)
        .with("hash_version", "9")
        .with("field_of_a_later_release", "x");
    let append = tokio::time::timeout(LIMIT, bus.append(Topic::AuditEvents, vec![frame]));
    append.await.unwrap().unwrap();
    let stored = async {
        loop {
            let mut work = store.zone(&zone, Access::Read).await.unwrap();
            if work.ledger().head().await.unwrap().chain_seq == 1 {
                return;
            }
            drop(work);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, stored)
        .await
        .expect("it joins the ledger");
    let report = verify_zone(store.as_ref(), &zone, Some(&key)).await.unwrap();
    assert!(report.holds(), "{report:?}");
    assert!(
        bus.dead_letters(Topic::AuditEvents, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn evidence_of_a_later_release_joins_the_ledger_from_the_embedded_bus() {
    let world = system_world();
    let bus = EmbeddedBus::in_memory(world.clone(), StreamSigner::without_key(false));
    arrives(Arc::new(bus), world).await;
}

#[tokio::test]
async fn evidence_of_a_later_release_joins_the_ledger_from_redis() {
    let (server, world) = (Redis::start(), system_world());
    let signer = StreamSigner::without_key(false);
    let bus = RedisBus::open(world.clone(), signer, RedisOptions::new(&server.url())).unwrap();
    arrives(Arc::new(bus), world).await;
}
