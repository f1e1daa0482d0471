//! How long events are kept, and holds.

use std::time::Duration;

use caracal_api::ApiConfig;
use caracal_core::ZoneId;
use caracal_storage::Access;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{Stack, masked};

fn zone_id(zone: &str) -> ZoneId {
    ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap()
}

async fn put(stack: &Stack, path: &str, days: Value) -> caracal_testkit::client::Answer {
    let body = json!({ "retention_days": days });
    let token = stack.token("global", None, "write").await;
    stack
        .call(Some(&token), &[], Method::PUT, path, Some(&body))
        .await
}

#[tokio::test]
async fn retention_is_said_up_to_the_limit_of_the_deployment() {
    let stack = Stack::with(ApiConfig {
        event_retention: Some(Duration::from_hours(24 * 365)),
        ..ApiConfig::default()
    })
    .await;
    let zone = stack.zone("acme").await;
    let own = format!("{zone}/audit-retention");
    let all = "/v1/audit-retention";
    let nobody = json!({"retention_days": 365, "max_days": 365, "updated_by": null, "updated_at": null});
    for path in [all, own.as_str()] {
        assert_eq!(stack.get(path).await.expect(200), nobody, "{path}");
    }
    let said = put(&stack, all, json!(200)).await.expect(200);
    assert_eq!(
        (&said["retention_days"], &said["max_days"]),
        (&json!(200), &json!(365))
    );
    assert!(said["updated_by"].as_str().unwrap().starts_with("admin:"));
    assert_eq!(
        stack.get(&own).await.expect(200)["retention_days"],
        200,
        "of all zones"
    );
    put(&stack, &own, json!(90)).await.expect(200);
    assert_eq!(stack.get(&own).await.expect(200)["retention_days"], 90);
    assert_eq!(stack.get(all).await.expect(200)["retention_days"], 200);
    for path in [all, own.as_str()] {
        let refused = put(&stack, path, json!(366)).await;
        assert_eq!(refused["max_days"], 365);
        assert_eq!(refused.refused(400), "retention_above_limit");
        for wrong in [json!(0), json!(-1), json!("x"), json!(null), json!(1.5)] {
            assert_eq!(
                put(&stack, path, wrong.clone()).await.refused(400),
                "invalid_body",
                "{wrong}"
            );
        }
    }
    stack.delete(&own).await.expect(204);
    assert_eq!(stack.get(&own).await.expect(200)["retention_days"], 200);
    let told = stack.admin_audit(&zone).await;
    assert!(told.iter().any(|row| row["path"] == own.as_str()), "{told:?}");
    // Whoever has one zone says nothing of all.
    let id = zone_id(&zone);
    let token = stack.token("zone", Some(id.as_str()), "write").await;
    let body = json!({ "retention_days": 1 });
    let refused = stack.call(Some(&token), &[], Method::PUT, all, Some(&body)).await;
    assert_eq!(refused.refused(403), "admin_token_zone_mismatch");
}

#[tokio::test]
async fn a_hold_is_placed_with_a_reason_listed_and_lifted_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/audit-holds");
    let made = stack
        .post(&path, json!({ "subject_id": "ada", "reason": "case 7" }))
        .await
        .expect(201);
    assert_eq!(
        masked(made.clone(), &["id", "placed_by", "placed_at"]),
        json!({
            "id": "[id]", "subject_id": "ada", "reason": "case 7", "placed_by": "[placed_by]", "placed_at": "[placed_at]",
        })
    );
    stack.post(&path, json!({ "reason": "case 8" })).await.expect(201);
    let listed = stack.get(&path).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    for item in listed["items"].as_array().unwrap() {
        assert_eq!(item["subject_id"].is_null(), item["reason"] == "case 8", "{item}");
    }
    let first = stack
        .get(&format!("{path}?limit=1&include_total=true"))
        .await
        .expect(200);
    assert_eq!(first["total"], json!({ "count": 2, "exact": true }));
    let rest = format!("{path}?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = stack.get(&rest).await.expect(200);
    assert_eq!(rest["next_cursor"], Value::Null);
    assert_ne!(first["items"][0]["id"], rest["items"][0]["id"]);
    let mut work = stack
        .parts
        .store
        .zone(&zone_id(&zone), Access::Read)
        .await
        .unwrap();
    assert_eq!(
        work.retention().holds().await.unwrap().len(),
        2,
        "the Audit role sees them"
    );
    drop(work);
    for wrong in [
        json!({}),
        json!({ "reason": "" }),
        json!({ "reason": "x", "subject_id": null }),
        json!({ "reason": "x", "subject_id": "" }),
        json!({ "reason": "x", "until": "tomorrow" }),
    ] {
        assert_eq!(
            stack.post(&path, wrong.clone()).await.refused(400),
            "invalid_body",
            "{wrong}"
        );
    }
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    // Whoever changes the zone places holds and lifts none.
    let writer = stack.token("zone", Some(zone_id(&zone).as_str()), "write").await;
    let refused = stack.call(Some(&writer), &[], Method::DELETE, &one, None).await;
    assert_eq!(refused.refused(403), "admin_token_zone_mismatch");
    assert_eq!(
        stack.get(&path).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    stack.delete(&one).await.expect(204);
    assert_eq!(stack.delete(&one).await.refused(404), "audit_hold_not_found");
    assert_eq!(
        stack.get(&path).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Both leave administrative evidence, with the reason.
    let told = stack.admin_audit(&zone).await;
    let of = |method: &str, status: u16| -> Vec<&Value> {
        let there = |row: &&Value| {
            row["path"].as_str().unwrap().contains("audit-holds")
                && row["method"] == method
                && row["status_code"] == status
        };
        told.iter()
            .filter(there)
            .map(|row| &row["payload_json"])
            .collect()
    };
    let placed = of("POST", 201);
    assert_eq!(
        (&placed[1]["reason"], &placed[1]["subject_id"]),
        (&json!("case 7"), &json!("ada"))
    );
    let lifted = of("DELETE", 204)[0];
    assert_eq!(lifted["hold_id"], made["id"]);
    assert_eq!(
        (&lifted["reason"], &lifted["subject_id"], &lifted["placed_by"]),
        (&json!("case 7"), &json!("ada"), &made["placed_by"])
    );
    assert_eq!(of("DELETE", 403).len(), 1, "a refusal leaves evidence too");
}
