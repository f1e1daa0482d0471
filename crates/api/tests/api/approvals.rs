//! The inbox of requests that wait for a person.

use std::time::Duration;

use caracal_core::{
    ApplicationId, HeldCall, Shown, ZoneId,
    entity::{Approval, ApproverClass},
};
use caracal_storage::conformance::given::Given;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack, masked};

/// A request of an application of the zone, opened as the STS does.
pub(crate) async fn waiting(stack: &Stack, zone: &str, change: impl FnOnce(&mut Approval)) -> String {
    let zone = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let mut given = Given::new(&stack.parts.world);
    given.zone_id = zone.clone();
    let mut approval = given.approval(&given.application());
    approval.principal_id = String::from("app-1");
    approval.application_id = Some(ApplicationId::parse("app-1").unwrap());
    change(&mut approval);
    stack.open(&zone, &approval).await
}

#[tokio::test]
async fn what_waits_is_listed_counted_and_decided_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let first = waiting(&stack, &zone, |_| {}).await;
    let other = waiting(&stack, &zone, |approval| {
        approval.principal_id = String::from("app-2");
    })
    .await;
    let all = format!("{zone}/approvals");
    let listed = stack.get(&format!("{all}?principal=app-1")).await.expect(200);
    let shown = listed["items"][0].clone();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    insta::assert_json_snapshot!(masked(shown.clone(), &["id", "zone_id", "binding"]), @r#"
    {
      "application_id": "app-1",
      "approval_type": "human_approval",
      "approvals_given": 0,
      "approvals_required": 1,
      "approver_class": "operator",
      "approver_subject_id": null,
      "binding": "[binding]",
      "call": null,
      "consumed_at": null,
      "consumed_authority_record_id": null,
      "created_at": "2026-05-21T12:00:00.000Z",
      "decision_reason": null,
      "expires_at": "2026-05-21T13:00:00.000Z",
      "id": "[id]",
      "metadata_json": {
        "requested_scopes": [
          "weather:write"
        ],
        "resources": [
          "resource://weather"
        ]
      },
      "principal_federated": false,
      "principal_id": "app-1",
      "prior_approved": 0,
      "prior_rejected": 0,
      "privacy_mode": "identified",
      "rejected_at": null,
      "satisfied_at": null,
      "session_id": "",
      "state": "pending",
      "subject_anchor": null,
      "tier": "critical,high",
      "withdrawn_at": null,
      "zone_id": "[zone_id]"
    }
    "#);
    assert_eq!(stack.get(&format!("{all}/{first}")).await.expect(200), shown);

    let approve = stack
        .token("zone", Some(zone.strip_prefix("/v1/zones/").unwrap()), "approve")
        .await;
    let decide = async |token: &str, id: &str, verb: &str, body: Value| {
        let path = format!("{all}/{id}/{verb}");
        stack
            .call(Some(token), &[], Method::POST, &path, Some(&body))
            .await
    };
    for body in [
        json!({"reason": 1}),
        json!({"reason": "x".repeat(501)}),
        json!({"reason": "a\u{0}"}),
        json!("yes"),
    ] {
        let refused = decide(&approve, &first, "approve", body.clone()).await;
        assert_eq!(refused.refused(400), "invalid_body", "{body}");
    }
    let decided = decide(&approve, &first, "approve", json!({"reason": "looks right"}))
        .await
        .expect(200);
    assert_eq!(
        (&decided["state"], &decided["id"]),
        (&json!("approved"), &json!(first))
    );
    let by = decided["approver_subject_id"].as_str().unwrap();
    assert!(by.starts_with("admin:"), "{by}");
    let again = decide(&approve, &first, "reject", json!({})).await;
    assert_eq!(again.body["state"], "approved");
    assert_eq!(again.refused(409), "approval_not_decidable");
    // The deployment's own token may as well.
    let rejected = decide(ADMIN, &other, "reject", json!({})).await.expect(200);
    assert_eq!(rejected["state"], "rejected");
    assert!(rejected["rejected_at"].is_string() && rejected["satisfied_at"].is_null());
    let counts = stack.get(&format!("{all}/counts")).await.expect(200);
    let expected = json!({"pending": 0, "approved": 1, "rejected": 1, "expired": 0, "consumed": 0});
    assert_eq!(counts, expected);
    let listed = stack.get(&format!("{all}?state=rejected")).await.expect(200);
    assert_eq!(listed["items"][0]["id"], json!(other));

    let rows = stack.admin_audit(&zone).await;
    let row = rows
        .iter()
        .find(|row| row["entity_type"] == "approvals" && row["status_code"] == 200);
    assert!(row.is_some(), "{rows:?}");
    stack.parts.wait_in_sync().await;
    let events = stack.parts.events().await;
    let told: Vec<_> = events
        .iter()
        .filter(|event| event.event_type.as_str() == "step_up_decided")
        .map(|event| {
            let about: Value = serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
            (
                event.decision.clone(),
                about["challenge_id"].clone(),
                about["approver_plane"].clone(),
            )
        })
        .collect();
    let operator = json!("operator");
    assert_eq!(
        told,
        [
            (String::from("approved"), json!(first), operator.clone()),
            (String::from("rejected"), json!(other), operator),
        ]
    );
}

#[tokio::test]
async fn what_is_not_for_an_operator_of_the_zone_is_not_decided() {
    let stack = Stack::start().await;
    let (zone, foreign) = (stack.zone("acme").await, stack.zone("other").await);
    let id = waiting(&stack, &zone, |approval| {
        approval.approver_class = ApproverClass::Subject;
        approval.subject_anchor = Some(String::from("anna"));
        approval.privacy_mode = caracal_core::entity::PrivacyMode::Pseudonymous;
    })
    .await;
    let path = format!("{zone}/approvals/{id}");
    let refused = stack.post(&format!("{path}/approve"), json!({})).await;
    assert_eq!(refused.refused(403), "subject_approval_required");
    assert_eq!(stack.get(&path).await.expect(200)["subject_anchor"], json!(null));
    let elsewhere = format!("{foreign}/approvals/{id}");
    assert_eq!(stack.get(&elsewhere).await.refused(404), "approval_not_found");
    let refused = stack.post(&format!("{elsewhere}/approve"), json!({})).await;
    assert_eq!(refused.refused(404), "approval_not_found");
    stack.parts.world.manual_clock().advance(Duration::from_hours(1));
    let refused = stack.post(&format!("{path}/reject"), json!({})).await;
    assert_eq!(refused.body["state"], "expired");
    assert_eq!(refused.refused(409), "approval_not_decidable");
}

#[tokio::test]
async fn a_call_is_shown_to_whoever_decides_and_a_yes_is_taken_back_until_it_is_used() {
    let stack = Stack::start().await;
    let (zone, foreign) = (stack.zone("acme").await, stack.zone("other").await);
    let held = HeldCall {
        method: String::from("POST"),
        path: String::from("/"),
        protocol: Some(String::from("mcp")),
        call: Some(String::from("tools/call:refund")),
        digest: "ab".repeat(32),
        shown: Shown::Whole,
        query: None,
        media_type: Some(String::from("application/json")),
        arguments: Some(json!({"name": "refund", "arguments": {"amount": 5}})),
        text: None,
        bytes: None,
    };
    let id = waiting(&stack, &zone, |approval| approval.call = Some(held)).await;
    let path = format!("{zone}/approvals/{id}");
    let shown = stack.get(&path).await.expect(200)["call"].clone();
    assert_eq!(
        shown,
        json!({
            "method": "POST", "path": "/", "protocol": "mcp", "call": "tools/call:refund", "digest": "ab".repeat(32),
            "shown": "whole", "media_type": "application/json",
            "arguments": {"name": "refund", "arguments": {"amount": 5}},
        })
    );
    let listed = stack.get(&format!("{zone}/approvals")).await.expect(200);
    assert_eq!(listed["items"][0]["call"], shown);

    let withdraw = format!("{path}/withdraw");
    let early = stack.post(&withdraw, json!({})).await;
    assert_eq!(early.body["state"], "pending");
    assert_eq!(early.refused(409), "approval_not_decidable");
    stack
        .post(&format!("{path}/approve"), json!({}))
        .await
        .expect(200);
    let elsewhere = stack
        .post(&format!("{foreign}/approvals/{id}/withdraw"), json!({}))
        .await;
    assert_eq!(elsewhere.refused(404), "approval_not_found");
    let zone_id = zone.strip_prefix("/v1/zones/").unwrap();
    let reader = stack.token("zone", Some(zone_id), "read").await;
    let body = json!({"reason": "thought again"});
    let denied = stack
        .call(Some(&reader), &[], Method::POST, &withdraw, Some(&body))
        .await;
    assert_eq!(denied.status, 403);
    let taken = stack.post(&withdraw, body).await.expect(200);
    assert_eq!(
        (&taken["state"], &taken["satisfied_at"]),
        (&json!("rejected"), &json!(null))
    );
    let shown = stack.get(&path).await.expect(200);
    assert!(
        shown["withdrawn_at"].is_string() && shown["decision_reason"] == "thought again",
        "{shown:?}"
    );
    let again = stack.post(&withdraw, json!({})).await;
    assert_eq!(again.refused(409), "approval_not_decidable");
}
