//! Calls whose end nobody recorded.

use std::time::Duration;

use caracal_api::ApiConfig;
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_storage::{Access, LedgerEntry};
use serde_json::{Value, json};

use crate::stack::Stack;

const AFTER: Duration = Duration::from_mins(5);

/// Appends an event that happens now.
async fn record(
    stack: &Stack,
    zone: &str,
    request: &str,
    event_type: &str,
    decision: &str,
    metadata: &Value,
) {
    let id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let world = &stack.parts.world;
    let event = AuditEvent::new(world, id.clone(), event_type, request, decision).with_metadata(metadata);
    let entry = LedgerEntry::written(&event, None).unwrap();
    let mut work = stack.parts.store.zone(&id, Access::Write).await.unwrap();
    work.ledger().append(&[entry], world.now()).await.unwrap();
    work.commit().await.unwrap();
}

/// What the STS records of a call.
fn call(jti: &str) -> Value {
    json!({ "mandate_use": "resource", "method": "GET", "path": "/", "jti": jti })
}

/// Outcomes told of a request's events, oldest first.
fn outcomes(rows: &Value) -> Vec<Option<&str>> {
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| row["outcome"].as_str()).collect()
}

#[tokio::test]
async fn an_allowed_call_without_an_outcome_is_shown_as_unknown_once_it_must_have_ended() {
    let stack = Stack::with(ApiConfig {
        outcome_unknown_after: AFTER,
        ..ApiConfig::default()
    })
    .await;
    let zone = stack.zone("acme").await;
    let clock = stack.parts.world.manual_clock();
    let exchange = "token_exchange";
    let ended = "gateway_resource_request";
    record(&stack, &zone, "lost", exchange, "allow", &call("m-1")).await;
    record(&stack, &zone, "refused", exchange, "deny", &call("m-2")).await;
    let mint = json!({ "mandate_use": "gateway", "jti": "m-3" });
    record(&stack, &zone, "minted", exchange, "allow", &mint).await;
    record(&stack, &zone, "whole", exchange, "allow", &call("m-4")).await;
    record(&stack, &zone, "whole", ended, "allow", &json!({ "jti": "m-4" })).await;
    clock.advance(Duration::from_millis(1));
    // Two calls of one request id: one is not the other's end, and nor is a replay of its mandate.
    record(&stack, &zone, "twice", exchange, "allow", &call("m-5")).await;
    clock.advance(Duration::from_millis(1));
    record(&stack, &zone, "twice", exchange, "allow", &call("m-6")).await;
    clock.advance(Duration::from_millis(1));
    record(&stack, &zone, "twice", ended, "allow", &json!({ "jti": "m-6" })).await;
    clock.advance(Duration::from_millis(1));
    let replay = json!({ "jti": "m-5", "reason": "token_replay" });
    record(&stack, &zone, "twice", "replay_detected", "deny", &replay).await;
    // The same call in another zone did end.
    let other = stack.zone("other").await;
    record(&stack, &other, "lost", ended, "allow", &json!({ "jti": "m-1" })).await;

    let path = |request: &str| format!("{zone}/audit/by-request/{request}");
    let of = async |request: &str| stack.get(&path(request)).await.expect(200).body;
    assert_eq!(outcomes(&of("lost").await), [None], "it may still run");
    clock.advance(AFTER);
    assert_eq!(outcomes(&of("lost").await), [Some("unknown")]);
    assert_eq!(outcomes(&of("refused").await), [None]);
    assert_eq!(outcomes(&of("minted").await), [None]);
    assert_eq!(outcomes(&of("whole").await), [None, None]);
    assert_eq!(outcomes(&of("twice").await), [Some("unknown"), None, None, None]);

    let explained = stack.get(&format!("{}/explain", path("lost"))).await.expect(200);
    assert_eq!(explained["outcome"], "unknown");
    assert_eq!(explained["final_decision"], "allow");
    assert_eq!(outcomes(&explained["events"]), [Some("unknown")]);
    let explained = stack.get(&format!("{}/explain", path("whole"))).await.expect(200);
    assert_eq!(explained["outcome"], Value::Null);

    // The search sees the ends that its filter leaves out.
    let search = format!("{zone}/audit?event_type=token_exchange&fields=request_id,outcome");
    let found = stack.get(&search).await.expect(200);
    let unknown: Vec<&str> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["outcome"] == "unknown")
        .filter_map(|row| row["request_id"].as_str())
        .collect();
    assert_eq!(unknown, ["twice", "lost"]);
    let csv = stack.get(&format!("{search}&format=csv")).await;
    assert!(
        csv.text.lines().any(|line| line == "lost,unknown"),
        "{}",
        csv.text
    );

    // An outcome that comes late is believed.
    record(&stack, &zone, "lost", ended, "allow", &json!({ "jti": "m-1" })).await;
    assert_eq!(outcomes(&of("lost").await), [None, None]);
}
