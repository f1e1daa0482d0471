//! From the bus into the ledger: forged, broken and repeated frames first.

use std::time::Duration;

use axum::http::StatusCode;
use caracal_audit::{IngestHealth, KeptHead, verify_log, verify_zone};
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, HmacRing, audit_frame};
use caracal_events::Fields;
use caracal_storage::LogId;
use caracal_wire::health::NotReady;
use http::Method;
use serde_json::{Value, json};

use crate::{fixture::Fixture, ledger::TOKEN};

impl Fixture {
    fn event(&self, request: &str) -> AuditEvent {
        self.ledger.event(&self.zone, request)
    }

    fn frame(&self, event: &AuditEvent) -> Fields {
        self.ledger.frame(event)
    }

    async fn append_frames(&self, frames: Vec<Fields>) {
        self.ledger.append_frames(frames).await;
    }

    async fn entries(&self) -> usize {
        self.ledger.requests(&self.zone).await.len()
    }
}

#[tokio::test]
async fn forged_and_broken_frames_are_put_aside_with_a_reason_and_stop_nobody() {
    let fixture = Fixture::unsigned().await;
    let good = fixture.event("good");
    let mut forged = fixture.frame(&fixture.event("forged"));
    forged.insert("sig", "00".repeat(32));
    let mut unsigned = fixture.frame(&fixture.event("unsigned"));
    unsigned.remove("sig");
    let mut edited = fixture.frame(&fixture.event("edited"));
    let text = edited.get("data").unwrap().replace("deny", "allow");
    edited.insert("data", text);
    let nonsense = "{\"id\":7}";
    let broken = Fields::new().with("data", nonsense).with(
        "sig",
        audit_frame::sign(fixture.ledger.parts.audit_key.current(), nonsense.as_bytes()),
    );
    fixture
        .append_frames(vec![forged, unsigned, edited, broken, fixture.frame(&good)])
        .await;

    assert_eq!(fixture.entries().await, 1, "only the good one is linked");
    let reasons = fixture.ledger.reasons().await;
    assert_eq!(
        reasons
            .iter()
            .filter(|reason| *reason == "hmac_verify_failed")
            .count(),
        3,
        "{reasons:?}"
    );
    assert_eq!(
        reasons
            .iter()
            .filter(|reason| reason.starts_with("json_parse_error"))
            .count(),
        1,
        "{reasons:?}"
    );
}

#[tokio::test]
async fn an_event_delivered_again_is_linked_once_and_one_with_other_content_never() {
    let fixture = Fixture::unsigned().await;
    let event = fixture.event("one");
    fixture
        .append_frames(vec![fixture.frame(&event), fixture.frame(&event)])
        .await;
    fixture.append_frames(vec![fixture.frame(&event)]).await;
    assert_eq!(fixture.entries().await, 1);

    let mut altered = event.clone();
    altered.decision = String::from("allow");
    fixture.append_frames(vec![fixture.frame(&altered)]).await;
    assert_eq!(fixture.entries().await, 1);
    assert_eq!(fixture.ledger.reasons().await, ["tamper_on_replay"]);
}

#[tokio::test]
async fn the_chain_of_many_batches_holds_and_another_key_does_not_verify_it() {
    let fixture = Fixture::unsigned().await;
    for batch in 0..5 {
        let events: Vec<Fields> = (0..40)
            .map(|n| fixture.frame(&fixture.event(&format!("req-{batch}-{n}"))))
            .collect();
        fixture.append_frames(events).await;
    }
    let report = verify_zone(
        fixture.ledger.deps.store.as_ref(),
        &fixture.zone,
        Some(&fixture.ledger.parts.audit_key),
    )
    .await
    .unwrap();
    assert!(report.holds(), "{report:?}");
    assert_eq!(report.entries, 200);
    // Keys that come after it do, as long as it is kept beside them.
    let next = HmacKey::from_hex(&"22a2b3c4d5e6f709".repeat(4)).unwrap();
    let changed = HmacRing::new(next, [fixture.ledger.parts.audit_key.current().clone()]);
    let report = verify_zone(fixture.ledger.deps.store.as_ref(), &fixture.zone, Some(&changed))
        .await
        .unwrap();
    assert!(report.holds(), "{report:?}");
    let other = HmacRing::from(HmacKey::from_hex(&"22a2b3c4d5e6f708".repeat(4)).unwrap());
    let report = verify_zone(fixture.ledger.deps.store.as_ref(), &fixture.zone, Some(&other))
        .await
        .unwrap();
    // The tree is public; that it ends here is said under the key.
    assert_eq!(report.fault_count, 1);
    assert_eq!(report.faults[0].kind.as_str(), "wrong_head_key");
}

#[tokio::test]
async fn a_chain_must_contain_the_end_that_was_kept_elsewhere() {
    let fixture = Fixture::unsigned().await;
    let (store, key) = (
        fixture.ledger.deps.store.as_ref(),
        Some(&fixture.ledger.parts.audit_key),
    );
    for request in ["req-1", "req-2"] {
        fixture
            .append_frames(vec![fixture.frame(&fixture.event(request))])
            .await;
    }
    let report = verify_zone(store, &fixture.zone, key).await.unwrap();
    // What the command prints is what it takes.
    let kept: KeptHead = serde_json::from_value(serde_json::to_value(&report).unwrap()).unwrap();
    fixture
        .append_frames(vec![fixture.frame(&fixture.event("req-3"))])
        .await;
    for (entries, head, fault) in [
        // It grew: fine.
        (2, kept.head.clone(), None),
        // It was rewritten, cut, or erased as a whole.
        (2, "00".repeat(32), Some("kept_head_differs")),
        (4, kept.head.clone(), Some("kept_head_missing")),
    ] {
        let kept = KeptHead {
            entries,
            head,
            ..kept.clone()
        };
        let report = verify_log(store, &LogId::Ledger(fixture.zone.clone()), key, Some(&kept))
            .await
            .unwrap();
        assert_eq!(report.faults.first().map(|fault| fault.kind.as_str()), fault);
    }
    let nowhere = ZoneId::generate(&fixture.ledger.deps.world);
    let report = verify_log(store, &LogId::Ledger(nowhere.clone()), key, Some(&kept))
        .await
        .unwrap();
    assert_eq!(report.faults[0].kind.as_str(), "kept_head_missing");
}

#[tokio::test]
async fn operator_routes_ask_for_the_operators_token() {
    let fixture = Fixture::unsigned().await;
    fixture
        .append_frames(vec![
            fixture.frame(&fixture.event("req-1")),
            fixture.frame(&fixture.event("req-2")),
        ])
        .await;
    let search = format!("/api/audit/search?zone_id={}&request_id=req-2", fixture.zone);
    for token in [None, Some("wrong"), Some("")] {
        for path in [search.as_str(), "/api/audit/dlq", "/api/audit/verify/some-zone"] {
            assert_eq!(
                fixture.ledger.ask(Method::GET, path, token).await.status,
                StatusCode::UNAUTHORIZED,
                "{path}"
            );
        }
    }
    for bad in [
        "zone_id=",
        "zone_id=z&limit=0",
        "zone_id=z&limit=x",
        "zone_id=z&since=yesterday",
        "zone_id=z&cursor=-1",
    ] {
        let path = format!("/api/audit/search?{bad}");
        assert_eq!(
            fixture.ledger.ask(Method::GET, &path, Some(TOKEN)).await.status,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
    // What is no position of a letter never reaches the bus, which would call it an outage.
    for bad in ["", "x", "-1", "1-", "+1", "1-2-3", "99999999999999999999", "%00"] {
        for (method, path) in [(Method::GET, "dlq"), (Method::POST, "dlq/replay")] {
            let path = format!("/api/audit/{path}?after={bad}");
            let refused = fixture.ledger.ask(method, &path, Some(TOKEN)).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
        }
    }
    let found = fixture
        .ledger
        .ask(Method::GET, &search, Some(TOKEN))
        .await
        .expect(200);
    assert_eq!(found["events"].as_array().unwrap().len(), 1);
    assert_eq!(found["events"][0]["event"]["request_id"], "req-2");
    let path = format!("/api/audit/verify/{}", fixture.zone);
    let report = fixture
        .ledger
        .ask(Method::GET, &path, Some(TOKEN))
        .await
        .expect(200);
    assert_eq!(
        (&report["entries"], &report["fault_count"]),
        (&2.into(), &0.into())
    );
}

#[tokio::test]
async fn a_zone_without_any_log_is_not_one_whose_chain_holds() {
    let fixture = Fixture::unsigned().await;
    fixture
        .append_frames(vec![fixture.frame(&fixture.event("req-1"))])
        .await;
    let verify = async |zone: &str| {
        let path = format!("/api/audit/verify/{zone}");
        fixture.ledger.ask(Method::GET, &path, Some(TOKEN)).await
    };
    let unknown = verify("a-zone-that-was-misspelt").await;
    assert_eq!(unknown.refused(404), "zone_not_found");
    assert_eq!(verify(fixture.zone.as_str()).await.expect(200)["fault_count"], 0);
}

#[tokio::test]
async fn ingest_waits_for_nobody_and_says_how_it_goes() {
    let fixture = Fixture::unsigned().await;
    fixture
        .append_frames(vec![fixture.frame(&fixture.event("req-1"))])
        .await;
    assert_eq!(fixture.ledger.deps.health.reason(), None);
    fixture.ledger.stop.cancel();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let fresh = IngestHealth::default();
    assert_eq!(
        fresh.reason(),
        Some(NotReady::ConsumerUnhealthy),
        "until it consumes"
    );
}

#[tokio::test]
async fn a_page_of_large_events_or_letters_ends_by_its_bytes_and_goes_on() {
    let fixture = Fixture::unsigned().await;
    let large = |name: &str| {
        let mut event = fixture.event(name);
        event = event.with_metadata(&serde_json::json!({ "resource": "r".repeat(200_000) }));
        fixture.frame(&event)
    };
    let names: Vec<String> = (0..9).map(|n| format!("req-{n}")).collect();
    fixture
        .append_frames(names.iter().map(|name| large(name)).collect())
        .await;
    // Signed by nobody we know.
    let unsigned = names.iter().map(|name| {
        let mut frame = large(name);
        frame.insert("sig", "00".repeat(32));
        frame
    });
    fixture.append_frames(unsigned.collect()).await;
    let walk = async |path: &str, items: &str, cursor: &str, name: fn(&Value) -> String| {
        let (mut found, mut next, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = fixture
                .ledger
                .ask(Method::GET, &format!("{path}limit=1000{next}"), Some(TOKEN))
                .await;
            assert!(page.text.len() < 1 << 20, "{} bytes", page.text.len());
            let page = page.expect(200);
            found.extend(page[items].as_array().unwrap().iter().map(name));
            pages += 1;
            match page["next_cursor"].as_str().unwrap() {
                "" => break,
                at => next = format!("&{cursor}={at}"),
            }
        }
        assert!(pages > 2, "{path}: {pages} pages");
        found
    };
    let search = format!("/api/audit/search?zone_id={}&", fixture.zone);
    let by_request = |row: &Value| row["event"]["request_id"].as_str().unwrap().to_owned();
    assert_eq!(walk(&search, "events", "cursor", by_request).await, names);
    let by_id = |letter: &Value| letter["id"].as_str().unwrap().to_owned();
    let letters = walk("/api/audit/dlq?", "entries", "after", by_id).await;
    let all = fixture.ledger.reasons().await;
    assert_eq!((letters.len(), all.len()), (9, 9));
}

#[tokio::test]
async fn a_search_that_finds_nothing_costs_no_more_in_a_longer_ledger() {
    let fixture = Fixture::unsigned().await;
    for batch in 0..5 {
        let name = |n| format!("req-{batch}-{n}");
        let events = (0..1_000).map(|n| fixture.frame(&fixture.event(&name(n))));
        fixture.append_frames(events.collect()).await;
    }
    let search = |cursor: &str| {
        let path = format!(
            "/api/audit/search?zone_id={}&request_id=req-4-999&cursor={cursor}",
            fixture.zone
        );
        let fixture = &fixture;
        async move {
            fixture
                .ledger
                .ask(Method::GET, &path, Some(TOKEN))
                .await
                .expect(200)
        }
    };
    let first = search("0").await;
    assert_eq!(
        (&first["events"], &first["next_cursor"]),
        (&json!([]), &json!("4000"))
    );
    let second = search("4000").await;
    assert_eq!(second["events"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_cursor"], "");
}
