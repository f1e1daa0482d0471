//! A version decided beside the one in force.

use std::time::Duration;

use caracal_core::ZoneId;
use caracal_storage::{Access, LedgerEntry};
use http::Method;
use serde_json::{Value, json};

use crate::stack::{Stack, grants};

/// A difference as the STS records it.
fn differs(zone: &str, n: usize, at: &str, version: &str, change: &str) -> String {
    json!({
        "id": format!("0190-{n:012}"), "zone_id": zone, "event_type": "policy_shadowed", "request_id": format!("req-{n}"),
        "decision": "shadow", "evaluation_status": "complete", "occurred_at": at,
        "metadata_json": {"application_id": "a", "resource": "resource://crm", "scopes": ["crm:read"], "change": change,
            "allowed": change == "newly_allowed", "enforced": change == "newly_denied", "carried_out": n.is_multiple_of(2),
            "policy_set_id": "s", "policy_set_version_id": version, "manifest_sha": "00ff"},
    })
    .to_string()
}

#[tokio::test]
async fn one_version_is_tried_at_a_time_until_its_end() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    let begin = format!("{zone}/policy-sets/{set}/versions/{version}/shadow");
    let shadow = format!("{zone}/policy-shadow");
    assert_eq!(stack.get(&shadow).await.refused(404), "policy_shadow_not_found");
    assert_eq!(
        stack.delete(&shadow).await.refused(404),
        "policy_shadow_not_found"
    );
    for (path, body, status, code) in [
        (
            begin.as_str(),
            json!({"expires_in_hours": 0}),
            400,
            "invalid_body",
        ),
        (&begin, json!({"expires_in_hours": 721}), 400, "invalid_body"),
        (&begin, json!({"expires_in_hours": null}), 400, "invalid_body"),
        (
            &format!("{zone}/policy-sets/{set}/versions/gone/shadow"),
            json!({}),
            404,
            "version_not_found",
        ),
    ] {
        assert_eq!(
            stack.post(path, &body).await.refused(status),
            code,
            "{path} {body}"
        );
    }
    // Another zone's version is none of this one.
    let elsewhere = stack.zone("other").await;
    let foreign = format!("{elsewhere}/policy-sets/{set}/versions/{version}/shadow");
    assert_eq!(
        stack.post(&foreign, json!({})).await.refused(404),
        "version_not_found"
    );

    let begun = stack
        .post(&begin, json!({"expires_in_hours": 2}))
        .await
        .expect(201);
    assert_eq!(
        (&begun["version_id"], &begun["running"]),
        (&json!(version), &json!(true))
    );
    assert_eq!(stack.post(&begin, json!({})).await.refused(409), "conflict");
    let told = stack.get(&shadow).await.expect(200);
    assert_eq!((&told["groups"], &told["complete"]), (&json!([]), &json!(true)));
    // Once it is over, another may begin.
    stack.parts.world.manual_clock().advance(Duration::from_hours(2));
    assert_eq!(stack.get(&shadow).await.expect(200)["running"], false);
    stack.post(&begin, json!({})).await.expect(201);
    stack.delete(&shadow).await.expect(204);
    assert_eq!(stack.get(&shadow).await.refused(404), "policy_shadow_not_found");
    let rows = stack.admin_audit(&zone).await;
    let noted = rows.iter().find(|row| row["action"] == format!("POST {begin}"));
    assert!(
        noted.is_some_and(|row| row.to_string().contains(&version)),
        "{rows:?}"
    );
}

#[tokio::test]
async fn what_it_would_change_is_told_by_application_resource_and_scope() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    stack
        .post(
            &format!("{zone}/policy-sets/{set}/versions/{version}/shadow"),
            json!({}),
        )
        .await
        .expect(201);
    let id = zone.strip_prefix("/v1/zones/").unwrap();
    let zone_id = ZoneId::parse(id).unwrap();
    let world = &stack.parts.world;
    let mut entries = Vec::new();
    for n in 0..1_201 {
        world.manual_clock().advance(Duration::from_micros(150));
        let at = world.now().to_rfc3339_micros();
        // One of an earlier shadow, and one that says something else, count for nothing.
        let (of, change) = match n {
            0 => ("earlier", "newly_denied"),
            1 => (version.as_str(), "other"),
            n if n % 3 == 0 => (version.as_str(), "newly_allowed"),
            _ => (version.as_str(), "newly_denied"),
        };
        entries.push(LedgerEntry::read(&differs(id, n, &at, of, change), String::new()).unwrap());
    }
    let mut work = stack.parts.store.zone(&zone_id, Access::Write).await.unwrap();
    for some in entries.chunks(400) {
        work.ledger().append(some, world.now()).await.unwrap();
    }
    work.commit().await.unwrap();
    let told = stack.get(&format!("{zone}/policy-shadow")).await.expect(200);
    let count = |name: &str| told[name].as_u64().unwrap();
    assert_eq!(
        (count("newly_allowed"), count("newly_denied")),
        (400, 799),
        "{}",
        told.text
    );
    let groups = told["groups"].as_array().unwrap();
    let group = |group: &Value| {
        let member = |name: &str| group[name].clone();
        ["change", "application_id", "resource", "decisions", "request_id"].map(member)
    };
    assert_eq!(
        groups.iter().map(group).collect::<Vec<_>>(),
        [
            [
                json!("newly_denied"),
                json!("a"),
                json!("resource://crm"),
                json!(799),
                json!("req-1199")
            ],
            [
                json!("newly_allowed"),
                json!("a"),
                json!("resource://crm"),
                json!(400),
                json!("req-1200")
            ],
        ]
    );
    assert_eq!(told["complete"], true);
    // It explains no request: this one was allowed, whatever the candidate would have said.
    let at = world.now().to_rfc3339_micros();
    let allowed = json!({"id": "0191-1", "zone_id": id, "event_type": "token_exchange", "request_id": "req-1199",
        "decision": "allow", "evaluation_status": "complete", "occurred_at": at});
    let mut work = stack.parts.store.zone(&zone_id, Access::Write).await.unwrap();
    let entry = LedgerEntry::read(&allowed.to_string(), String::new()).unwrap();
    work.ledger().append(&[entry], world.now()).await.unwrap();
    work.commit().await.unwrap();
    let explained = stack
        .get(&format!("{zone}/audit/by-request/req-1199/explain"))
        .await
        .expect(200);
    assert_eq!(
        (&explained["final_decision"], &explained["denied"]),
        (&json!("allow"), &json!([]))
    );
    assert_eq!(explained["events"].as_array().unwrap().len(), 2);
    // A token that reads may read it, and not end it.
    let token = stack.token("zone", Some(id), "read").await;
    let path = format!("{zone}/policy-shadow");
    stack
        .call(Some(&token), &[], Method::GET, &path, None)
        .await
        .expect(200);
    let refused = stack.call(Some(&token), &[], Method::DELETE, &path, None).await;
    assert_eq!(refused.refused(403), "admin_token_read_only");
}
