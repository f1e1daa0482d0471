//! What was decided in a zone of late, counted from its ledger.

use std::time::Duration;

use caracal_api::{Activity, ApiDeps, router};
use caracal_core::{Timestamp, ZoneId, audit::AuditEvent};
use caracal_storage::{Access, LedgerEntry};
use serde_json::{Value, json};

use crate::stack::Stack;

const HOUR: Duration = Duration::from_hours(1);

fn event(stack: &Stack, zone: &ZoneId, kind: &'static str, decision: &str, metadata: &Value) -> AuditEvent {
    AuditEvent::new(&stack.parts.world, zone.clone(), kind, "r", decision).with_metadata(metadata)
}

async fn append(stack: &Stack, zone: &ZoneId, events: &[AuditEvent]) {
    let entries: Vec<LedgerEntry> = events
        .iter()
        .map(|event| LedgerEntry::written(event, None).unwrap())
        .collect();
    let now = stack.parts.world.now();
    let mut work = stack.parts.store.zone(zone, Access::Write).await.unwrap();
    work.ledger().append(&entries, now).await.unwrap();
    work.commit().await.unwrap();
}

async fn mints(stack: &Stack, zone: &ZoneId, count: usize) {
    let metadata = json!({"application_id": "app"});
    let events: Vec<_> = (0..count)
        .map(|_| event(stack, zone, "token_exchange", "allow", &metadata))
        .collect();
    append(stack, zone, &events).await;
}

fn id(zone: &str) -> ZoneId {
    zone.strip_prefix("/v1/zones/").unwrap().parse().unwrap()
}

#[tokio::test]
async fn calls_latency_and_denials_are_told_by_slot_application_and_reason() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let other = stack.zone("other").await;
    let (application, _) = stack.application(&zone, "crm").await;
    let called = json!({"application_id": application, "latency_ms": 40, "upstream_status": 200});
    let denied = json!({"application_id": application, "reason": "scope_not_granted"});
    let of_zone = id(&zone);
    append(
        &stack,
        &of_zone,
        &[
            event(&stack, &of_zone, "token_exchange", "allow", &called),
            event(&stack, &of_zone, "gateway_resource_request", "allow", &called),
            event(&stack, &of_zone, "token_exchange", "deny", &denied),
            event(
                &stack,
                &of_zone,
                "token_exchange",
                "deny",
                &json!({"client_id": "gone"}),
            ),
        ],
    )
    .await;
    let told = stack.get(&format!("{zone}/activity?hours=1")).await.expect(200);
    assert_eq!(
        (&told["complete"], &told["slot_seconds"]),
        (&json!(true), &json!(300))
    );
    let slots = told["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 13, "an hour, and the slot that has begun");
    let last = slots.last().unwrap();
    assert_eq!(last["at"], "2026-05-21T12:00:00.000Z");
    assert_eq!(
        (&last["allowed"], &last["denied"], &last["calls"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert!(
        last["p95_ms"]
            .as_u64()
            .is_some_and(|took| (40..44).contains(&took))
    );
    assert!(
        slots[..12]
            .iter()
            .all(|slot| slot["allowed"] == 0 && slot["p50_ms"].is_null())
    );
    assert_eq!(told["total"]["denied"], 2);
    assert_eq!(
        told["applications"],
        json!([
            {"application_id": application, "name": "crm", "mandates": 1, "calls": 1, "denied": 1},
            {"application_id": "gone", "name": null, "mandates": 0, "calls": 0, "denied": 1},
        ])
    );
    assert_eq!(
        told["reasons"],
        json!([
            {"reason": "policy_denied", "denied": 1},
            {"reason": "scope_not_granted", "denied": 1},
        ])
    );
    let overview = stack.get(&format!("{zone}/overview")).await.expect(200);
    assert_eq!(
        overview["decisions_24h"],
        json!({"allowed": 2, "denied": 2, "complete": true})
    );
    let elsewhere = stack.get(&format!("{other}/activity")).await.expect(200);
    assert_eq!(
        (&elsewhere["total"]["allowed"], &elsewhere["applications"]),
        (&json!(0), &json!([]))
    );
    for hours in ["0", "25", "-1", "x"] {
        let refused = stack.get(&format!("{zone}/activity?hours={hours}")).await;
        assert_eq!(refused.refused(400), "invalid_query", "{hours}");
    }
}

#[tokio::test]
async fn what_is_older_than_a_day_is_forgotten_while_others_come() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let of_zone = id(&zone);
    let allowed = async || {
        let told = stack.get(&format!("{zone}/activity")).await.expect(200);
        assert_eq!(told["complete"], true);
        told["total"]["allowed"].as_u64().unwrap()
    };
    let clock = stack.parts.world.manual_clock();
    mints(&stack, &of_zone, 3).await;
    assert_eq!(allowed().await, 3);
    clock.advance(12 * HOUR);
    mints(&stack, &of_zone, 2).await;
    assert_eq!(
        allowed().await,
        5,
        "only what is new was read, and what was read stays"
    );
    clock.advance(13 * HOUR);
    assert_eq!(allowed().await, 2);
    // What a spool kept for a while counts when it happened.
    let late = AuditEvent {
        occurred_at: stack.parts.world.now().minus(20 * HOUR),
        ..event(&stack, &of_zone, "token_exchange", "deny", &json!({}))
    };
    let too_late = AuditEvent {
        occurred_at: stack.parts.world.now().minus(30 * HOUR),
        ..event(&stack, &of_zone, "token_exchange", "deny", &json!({}))
    };
    append(&stack, &of_zone, &[late.clone(), too_late]).await;
    let told = stack.get(&format!("{zone}/activity")).await.expect(200);
    let slots = told["slots"].as_array().unwrap();
    let with: Vec<_> = slots.iter().filter(|slot| slot["denied"] == 1).collect();
    assert_eq!((told["total"]["denied"].as_u64(), with.len()), (Some(1), 1));
    let at: Timestamp = serde_json::from_value(with[0]["at"].clone()).unwrap();
    assert!(at <= late.occurred_at && late.occurred_at < at.plus(HOUR / 2));
}

#[tokio::test]
async fn a_large_zone_is_counted_part_by_part_newest_first_until_the_day_is_whole() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let of_zone = id(&zone);
    let deps = ApiDeps {
        activity: Activity::new(100),
        ..stack.deps.clone()
    };
    let client = stack.parts.client("api", router(deps));
    let ask = async || {
        let path = format!("{zone}/activity");
        let call = client.call(http::Method::GET, &path);
        let token = format!("Bearer {}", crate::stack::ADMIN);
        let told = call.header("authorization", &token).send().await.expect(200);
        (
            told["total"]["allowed"].as_u64().unwrap(),
            told["complete"].as_bool().unwrap(),
        )
    };
    let clock = stack.parts.world.manual_clock();
    mints(&stack, &of_zone, 150).await;
    clock.advance(25 * HOUR);
    for _ in 0..10 {
        mints(&stack, &of_zone, 35).await;
        clock.advance(HOUR);
    }
    let mut asked = vec![ask().await];
    assert_eq!(asked[0], (100, false), "the newest, of which there are more");
    while asked.last().is_some_and(|(_, complete)| !complete) {
        asked.push(ask().await);
        assert!(asked.len() < 20, "{asked:?}");
    }
    assert_eq!(
        asked.last(),
        Some(&(350, true)),
        "those of the day before are not"
    );
    assert!(asked.windows(2).all(|two| two[0].0 <= two[1].0), "{asked:?}");
    mints(&stack, &of_zone, 7).await;
    assert_eq!(ask().await, (357, true));
    // Who has not looked for long begins at the end, and says so.
    mints(&stack, &of_zone, 101).await;
    let (allowed, complete) = ask().await;
    assert!(allowed <= 200 && !complete, "{allowed}");
    let mut last = (allowed, complete);
    while !last.1 {
        last = ask().await;
    }
    assert_eq!(last.0, 458);
}

#[tokio::test]
async fn many_who_ask_at_once_count_nothing_twice() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    mints(&stack, &id(&zone), 40).await;
    let path = format!("{zone}/activity");
    let asking = (0..16).map(|_| stack.get(&path));
    for told in futures_util::future::join_all(asking).await {
        assert_eq!(told.expect(200)["total"]["allowed"], 40);
    }
}
