//! Recorded decisions made again, over a ledger of many blocks.

use std::time::{Duration, Instant};

use caracal_api::ApiConfig;
use caracal_core::ZoneId;
use caracal_storage::{Access, LedgerEntry};
use caracal_testkit::parts::Backends;
use serde_json::{Value, json};

use crate::stack::{Stack, grants};

/// A mint of a reader as the STS records it, of the request `n`. Ids are in the order of time, as those that roles make.
fn mint(zone: &str, n: usize, at: &str, scope: &str) -> String {
    // Twenty calls of a session.
    let session = n / 20;
    json!({
        "id": format!("0191-{n:012}-0"), "zone_id": zone, "event_type": "token_exchange",
        "request_id": format!("req-{n}"), "decision": "allow", "manifest_sha": "00ff", "evaluation_status": "complete",
        "determining_policies_json": [{"policy": "caracal-crm-mint"}], "diagnostics_json": [],
        "metadata_json": {"application_id": "a", "resource": "resource://crm", "requested_scopes": [scope],
            "agent_session_id": format!("ses-{session}"), "agent_labels": ["reader"], "jti": format!("jti-{n}")},
        "record": {"v": 1,
            "input": {"principal": {"type": "Application", "id": "a", "agent_session_id": format!("ses-{session}"),
                    "labels": ["reader"]},
                "resource": "resource://crm", "action": "TokenExchange", "requested_scopes": [scope],
                "delegation": {"id": format!("del-{session}"), "scopes": ["crm:read", "crm:write"]}},
            "decision": {"effect": "allow", "rule": "caracal-crm-mint", "policies": ["v"]}},
        "occurred_at": at,
    })
    .to_string()
}

/// A zone whose ledger has so many decisions, every tenth about writing, and as many outcomes of calls as half of them.
async fn worked(stack: &Stack, decisions: usize) -> String {
    let zone = stack.zone("acme").await;
    let id = zone.strip_prefix("/v1/zones/").unwrap().to_owned();
    let zone_id = ZoneId::parse(&id).unwrap();
    let world = &stack.parts.world;
    let mut left = 0..decisions;
    while !left.is_empty() {
        let some = left.start..decisions.min(left.start + 500);
        left.start = some.end;
        let mut entries = Vec::new();
        for n in some {
            world.manual_clock().advance(Duration::from_micros(150));
            let at = world.now().to_rfc3339_micros();
            let scope = if n % 10 == 0 { "crm:write" } else { "crm:read" };
            entries.push(LedgerEntry::read(&mint(&id, n, &at, scope), String::new()).unwrap());
            if n % 2 == 0 {
                let outcome = json!({"id": format!("0191-{n:012}-1"), "zone_id": id, "occurred_at": at,
                    "event_type": "gateway_resource_request", "request_id": format!("req-{n}"), "decision": "allow"});
                entries.push(LedgerEntry::read(&outcome.to_string(), String::new()).unwrap());
            }
        }
        let mut work = stack.parts.store.zone(&zone_id, Access::Write).await.unwrap();
        work.ledger().append(&entries, world.now()).await.unwrap();
        work.commit().await.unwrap();
    }
    world.manual_clock().advance(Duration::from_secs(1));
    zone
}

#[tokio::test]
async fn a_long_window_is_summed_up_whole_in_one_answer_and_in_many() {
    let stack = Stack::start().await;
    let zone = worked(&stack, 3000).await;
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    let path = format!("{zone}/policy-sets/{set}/versions/{version}/replay");
    let whole = stack.post(&path, json!({"samples": 2})).await.expect(200);
    let count = |answer: &Value, name: &str| answer[name].as_u64().unwrap();
    let names = [
        "decisions",
        "unchanged",
        "newly_denied",
        "newly_allowed",
        "other_events",
        "ungrouped",
    ];
    assert_eq!(
        names.map(|name| count(&whole, name)),
        [3000, 2700, 300, 0, 1500, 0]
    );
    assert_eq!(
        whole["groups"],
        json!([{
            "change": "newly_denied", "application_id": "a", "resource": "resource://crm", "scopes": ["crm:write"],
            "reason": "role_scope_mismatch", "decisions": 300, "request_ids": ["req-0", "req-10"],
        }])
    );
    let (mut sum, mut cursor, mut answers) = ([0; 6], None::<String>, 0);
    loop {
        let body = json!({"limit": 1000, "cursor": cursor});
        let body = if cursor.is_some() {
            body
        } else {
            json!({"limit": 1000})
        };
        let part = stack.post(&path, body).await.expect(200);
        for (sum, name) in sum.iter_mut().zip(names) {
            *sum += count(&part, name);
        }
        answers += 1;
        match part["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!((sum, answers), (names.map(|name| count(&whole, name)), 5));

    // Of another zone there is nothing to see, whatever the cursor says.
    let other = stack.zone("other").await;
    let (set, version, _) = stack.policy_set(&other, "main", &grants("a")).await;
    let path = format!("{other}/policy-sets/{set}/versions/{version}/replay");
    assert_eq!(
        stack.post(&path, json!({"cursor": cursor})).await.refused(400),
        "invalid_cursor"
    );
    assert_eq!(
        count(&stack.post(&path, json!({})).await.expect(200), "decisions"),
        0
    );
}

#[tokio::test]
async fn a_policy_is_not_tightened_by_what_cannot_be_read() {
    let stack = Stack::start().await;
    let zone = worked(&stack, 40).await;
    let id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let world = &stack.parts.world;
    let of_later =
        mint(id.as_str(), 41, &world.now().to_rfc3339_micros(), "crm:read").replace(r#""v":1"#, r#""v":9"#);
    let mut work = stack.parts.store.zone(&id, Access::Write).await.unwrap();
    let entries = [LedgerEntry::read(&of_later, String::new()).unwrap()];
    work.ledger().append(&entries, world.now()).await.unwrap();
    work.commit().await.unwrap();
    world.manual_clock().advance(Duration::from_secs(1));
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    let path = format!("{zone}/policy-sets/{set}/versions/{version}");
    let judged = stack
        .post(&format!("{path}/least-privilege"), json!({"hours": 1}))
        .await
        .expect(200);
    assert_eq!(
        (
            &judged["allowed"],
            &judged["denied"],
            &judged["undecidable"],
            &judged["unneeded_count"]
        ),
        (&json!(36), &json!(4), &json!(1), &json!(0))
    );
    assert!(judged["content"].as_str().unwrap().contains("\"crm:read\""));
    let replayed = stack.post(&format!("{path}/replay"), json!({})).await.expect(200);
    assert_eq!(
        replayed["undecidable"],
        json!([{"reason": "record_newer", "decisions": 1}])
    );
}

/// What going through many decisions takes, on both stores. Ignored by default: it measures, it does not judge. `make
/// measure-replay` runs it; `DECISIONS` says how many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
#[expect(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement"
)]
async fn a_replay_of_many_decisions() {
    let decisions = std::env::var("DECISIONS").map_or(20_000, |text| text.parse().unwrap());
    println!(
        "| {decisions} decisions | Store | Recorded in s | Gone through in s | Decisions a second |\n|---|---|---:|---:|---:|"
    );
    for (store, backends) in [("PostgreSQL", Backends::Postgres), ("SQLite", Backends::Embedded)] {
        let stack = Stack::over(backends, ApiConfig::default()).await;
        let begun = Instant::now();
        let zone = worked(&stack, decisions).await;
        let recorded = begun.elapsed().as_secs_f64();
        let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
        let path = format!("{zone}/policy-sets/{set}/versions/{version}");
        for verb in ["replay", "least-privilege"] {
            let begun = Instant::now();
            let (mut body, mut counted) = (json!({}), 0);
            // What takes longer than an answer may goes on where it was.
            loop {
                let answer = stack.post(&format!("{path}/{verb}"), &body).await.expect(200);
                let count = |name: &str| answer[name].as_u64().unwrap_or(0);
                counted += count("decisions") + count("allowed") + count("denied");
                match answer["next_cursor"].as_str() {
                    Some(next) => body = json!({ "cursor": next }),
                    None => break,
                }
            }
            let took = begun.elapsed().as_secs_f64();
            // What would tighten a policy is said of a window in one answer, or of none of it.
            assert!(
                counted == decisions as u64 || verb == "least-privilege",
                "{counted}"
            );
            println!(
                "| {verb}, {counted} of them | {store} | {recorded:.1} | {took:.1} | {:.0} |",
                counted as f64 / took
            );
        }
    }
}
