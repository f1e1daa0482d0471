//! Frames while the key that signs them is changed.

use caracal_core::audit::AuditEvent;
use caracal_crypto::{HmacKey, HmacKeyId, HmacRing, audit_frame};
use caracal_events::{Fields, Topic};
use caracal_storage::{Access, LogId};
use http::Method;
use serde_json::json;

use crate::ledger::{Backends, Ledger, TOKEN, parts};

fn old() -> HmacKey {
    HmacKey::from_bytes(b"the key that signed before")
}

/// A frame that `key` signed and that says so, or says what it is told to say.
fn frame(event: &AuditEvent, key: &HmacKey, says: Option<&str>) -> Fields {
    let data = serde_json::to_string(event).unwrap();
    let sig = audit_frame::sign(key, data.as_bytes());
    let frame = Fields::new()
        .with("id", event.id.clone())
        .with("data", data)
        .with("sig", sig);
    match says {
        Some(kid) => frame.with("kid", kid),
        None => frame,
    }
}

#[tokio::test]
async fn a_frame_of_a_dropped_key_is_put_aside_once_with_its_name_and_joins_when_the_key_comes_back() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    let id = HmacKeyId::of(&old()).to_string();
    let frames = vec![
        frame(&ledger.event(&zone, "named"), &old(), Some(&id)),
        frame(&ledger.event(&zone, "unnamed"), &old(), None),
        frame(
            &ledger.event(&zone, "current"),
            ledger.parts.audit_key.current(),
            None,
        ),
    ];
    ledger.append_frames(frames).await;
    assert_eq!(ledger.requests(&zone).await, ["current"]);
    let mut reasons = ledger.reasons().await;
    reasons.sort();
    assert_eq!(
        reasons,
        [String::from("hmac_verify_failed"), format!("unknown_key:{id}")]
    );

    // Without the key it stays where it is; with it, it joins.
    let replay = "/api/audit/dlq/replay";
    let answer = ledger.ask(Method::POST, replay, Some(TOKEN)).await;
    assert_eq!(
        answer.expect(200),
        json!({"scanned": 2, "replayed": 0, "skipped": 2})
    );
    let with_old = ledger.client_with(HmacRing::new(ledger.parts.audit_key.current().clone(), [old()]));
    let call = with_old
        .call(Method::POST, replay)
        .header("authorization", &format!("Bearer {TOKEN}"));
    let answer = call.send().await;
    assert_eq!(
        answer.expect(200),
        json!({"scanned": 2, "replayed": 1, "skipped": 1})
    );
    assert_eq!(ledger.requests(&zone).await, ["current", "named"]);
}

#[tokio::test]
async fn a_previous_key_verifies_whatever_name_a_frame_gives_and_a_forged_name_verifies_nothing() {
    let ledger = Ledger::with_keys(parts(Backends::Embedded), [old()]).await;
    let zone = ledger.zone();
    let current = ledger.parts.audit_key.current().clone();
    let (new_id, old_id) = (
        HmacKeyId::of(&current).to_string(),
        HmacKeyId::of(&old()).to_string(),
    );
    let names = [
        None,
        Some(old_id.as_str()),
        Some(&new_id),
        Some("0123456789abcdef"),
        Some("not an id"),
        Some(""),
    ];
    let mut frames = Vec::new();
    for name in names {
        for key in [&old(), &current] {
            frames.push(frame(&ledger.event(&zone, "good"), key, name));
        }
        let forged = frame(
            &ledger.event(&zone, "forged"),
            &HmacKey::from_bytes(b"nobody's key"),
            name,
        );
        frames.push(forged);
    }
    ledger.append_frames(frames).await;
    assert_eq!(ledger.requests(&zone).await, ["good"; 12]);
    let mut reasons = ledger.reasons().await;
    reasons.sort();
    let mut expected = vec![String::from("hmac_verify_failed"); 5];
    expected.push(String::from("unknown_key:0123456789abcdef"));
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn what_is_handed_over_within_the_process_joins_unsigned_under_the_key_of_its_producer() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let (zone, key) = (ledger.zone(), ledger.parts.audit_key.current_id());
    let unsigned = |request: &str| {
        let event = ledger.event(&zone, request);
        Fields::new()
            .with("id", event.id.clone())
            .with("data", serde_json::to_string(&event).unwrap())
    };
    let (bus, nonsense) = (ledger.deps.bus.clone(), Fields::new().with("data", "{\"id\":7}"));
    assert!(bus.is_in_process());
    bus.hand_over(vec![unsigned("vouched"), nonsense], key)
        .await
        .unwrap();
    // A key that the ledger does not have vouches for nothing, and nobody for what was only appended.
    let stranger = HmacKeyId::of(&old());
    bus.hand_over(vec![unsigned("stranger")], stranger).await.unwrap();
    ledger.append_frames(vec![unsigned("nobody")]).await;
    assert_eq!(ledger.requests(&zone).await, ["vouched"]);
    let mut reasons = ledger.reasons().await;
    reasons.sort();
    assert_eq!((reasons.len(), &*reasons[0]), (3, "hmac_verify_failed"));
    assert!(reasons[1].starts_with("json_parse_error:"), "{reasons:?}");
    assert_eq!(reasons[2], format!("unknown_key:{stranger}"));
    let log = LogId::Ledger(zone);
    let mut work = ledger.deps.store.log(&log, Access::Read).await.unwrap();
    let entries = work.log().entries(0, 2).await.unwrap();
    assert_eq!(entries[0].producer_key, key.to_string());
    // What is put aside leaves the process: signed where its key is known, and only there.
    let letters = bus.dead_letters(Topic::AuditEvents, None, 10).await.unwrap();
    let signed: Vec<bool> = letters
        .iter()
        .map(|letter| {
            let (data, sig) = (
                letter.fields.get("src_data").unwrap(),
                letter.fields.get("src_sig"),
            );
            let current = ledger.parts.audit_key.current();
            sig.is_some_and(|sig| audit_frame::verify(current, data.as_bytes(), sig))
        })
        .collect();
    assert_eq!(signed, [true, false, false]);
}
