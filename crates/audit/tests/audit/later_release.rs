//! Evidence of a newer replica reaches the ledger of an older Audit role, whatever is new in it.

use std::time::Duration;

use caracal_audit::verify_zone;
use caracal_core::audit::AuditEvent;
use caracal_crypto::{audit_frame, system_world};
use caracal_events::Fields;
use caracal_testkit::parts::PartsOptions;
use serde_json::json;

use crate::ledger::{Backends, Ledger, parts};

const LIMIT: Duration = Duration::from_mins(1);

async fn arrives(backends: Backends) {
    let ledger = Ledger::with(PartsOptions {
        world: system_world(),
        ..parts(backends)
    })
    .await;
    let (zone, key) = (ledger.zone(), ledger.parts.audit_key.current());
    let event = AuditEvent::new(
        &ledger.deps.world,
        zone.clone(),
        "gizmo_forked",
        "later",
        "deferred",
    );
    let mut later = serde_json::to_value(&event).unwrap();
    later["member_of_a_later_release"] = json!({"nested": [1, {"deeper": null}]});
    later["evaluation_status"] = json!("quantum");
    let data = later.to_string();
    let frame = Fields::new()
        .with("id", event.id.clone())
        .with("sig", audit_frame::sign(key, data.as_bytes()))
        .with("data", data)
        .with("hash_version", "9")
        .with("field_of_a_later_release", "x");
    let append = tokio::time::timeout(LIMIT, ledger.append_frames(vec![frame]));
    append.await.unwrap();
    let stored = async {
        while ledger.requests(&zone).await != ["later"] {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, stored)
        .await
        .expect("it joins the ledger");
    let report = verify_zone(ledger.deps.store.as_ref(), &zone, Some(&ledger.parts.audit_key)).await;
    assert!(report.unwrap().holds());
    assert_eq!(ledger.reasons().await, [""; 0]);
}

#[tokio::test]
async fn evidence_of_a_later_release_joins_the_ledger_over_no_server() {
    arrives(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_of_a_later_release_joins_the_ledger_over_postgresql_and_redis() {
    arrives(Backends::Production).await;
}
