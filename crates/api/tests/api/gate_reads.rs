//! What a gate other than policy read, told with the refusal.

use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_storage::{Access, LedgerEntry};
use serde_json::{Value, json, value::to_raw_value};

use crate::{evidence::Made, stack::Stack};

/// Puts a refusal into the ledger, and tells what is read of it.
async fn read(stack: &Stack, made: &Made, reason: &str, metadata: &Value) -> Vec<(String, String, Value)> {
    let zone = ZoneId::parse(&made.zone).unwrap();
    let world = &stack.parts.world;
    let request = format!("req-{}", world.uuid_v7());
    let event = AuditEvent::new(world, zone.clone(), "token_exchange", &request, "deny");
    let mut event = event.with_metadata(metadata);
    event.diagnostics_json = Some(to_raw_value(&json!([{ "reason": reason }])).unwrap());
    let mut work = stack.parts.store.zone(&zone, Access::Write).await.unwrap();
    let entry = LedgerEntry::written(&event, None).unwrap();
    work.ledger().append(&[entry], world.now()).await.unwrap();
    work.commit().await.unwrap();
    let path = format!("/v1/zones/{}/audit/by-request/{request}/explain", made.zone);
    let explained = stack.get(&path).await.expect(200);
    let read = explained["denied"][0]["read"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    read.into_iter()
        .map(|read| {
            let text = |name: &str| read[name].as_str().unwrap_or_default().to_owned();
            (text("data"), text("name"), read["value"].clone())
        })
        .collect()
}

#[tokio::test]
async fn a_gate_names_the_object_that_it_read_as_it_stands_now() {
    let stack = Stack::start().await;
    let made = Made::of(&stack).await;
    let crm = "resource://crm";
    let names = |found: &[(String, String, Value)]| -> Vec<String> {
        found
            .iter()
            .map(|(data, name, _)| format!("{data} {name}"))
            .collect()
    };

    let paused = json!({"agent_session_id": made.paused, "resource": crm});
    let found = read(&stack, &made, "session_inactive", &paused).await;
    assert_eq!(
        (&*found[0].0, &found[0].2["status"]),
        ("session", &json!("suspended"))
    );
    assert_eq!(
        (&*found[1].0, &found[1].2["status"]),
        ("authority_record", &json!("active"))
    );

    let held = json!({
        "agent_session_id": made.paused, "delegation_edge_id": made.delegation, "requested_scopes": ["crm:read"],
    });
    let found = read(&stack, &made, "delegation_inactive", &held).await;
    assert_eq!(
        names(&found)[..2],
        [
            String::from("request scopes"),
            format!("delegation {}", made.delegation)
        ]
    );
    assert_eq!(found[1].2["status"], "active");

    let found = read(&stack, &made, "zone_frozen", &json!({})).await;
    assert_eq!(
        found,
        [(String::from("zone"), String::from("frozen_at"), Value::Null)]
    );

    let found = read(
        &stack,
        &made,
        "resource_not_found",
        &json!({"resource": "resource://none"}),
    )
    .await;
    assert_eq!(
        found,
        [(
            String::from("resource"),
            String::from("resource://none"),
            Value::Null
        )]
    );

    let asked = json!({"resource": crm, "requested_scopes": ["crm:write"]});
    let found = read(&stack, &made, "scope_mismatch", &asked).await;
    assert_eq!(names(&found), ["request scopes", "resource scopes"]);
    assert_eq!(
        (&found[0].2, &found[1].2),
        (&json!(["crm:write"]), &json!(["crm:read"]))
    );

    let called = json!({"resource": crm, "method": "PUT", "path": "/tickets"});
    let found = read(&stack, &made, "operation_not_permitted", &called).await;
    let expected = [
        "request operation",
        "resource operations",
        "resource operation_enforcement",
    ];
    assert_eq!(names(&found), expected);
    assert_eq!((&found[0].2["method"], &found[1].2), (&json!("PUT"), &json!([])));

    let found = read(
        &stack,
        &made,
        "approval_invalid",
        &json!({"challenge_id": made.approval}),
    )
    .await;
    assert_eq!(names(&found), [format!("approval {}", made.approval)]);
    assert_eq!(found[0].2["approvals_given"], 0);

    let found = read(&stack, &made, "provider_unavailable", &json!({"resource": crm})).await;
    assert_eq!(names(&found), [format!("provider {}", made.provider)]);
    assert!(!found[0].2.to_string().contains("a-key-of-the-upstream"));

    let found = read(&stack, &made, "token_replay", &json!({"jti": "once"})).await;
    assert_eq!(
        found,
        [(String::from("mandate"), String::from("jti"), json!("once"))]
    );

    // Another zone's objects are none of this one's, and what is about nothing that is kept says nothing.
    let other = Made::of(&stack).await;
    let found = read(
        &stack,
        &made,
        "session_inactive",
        &json!({"agent_session_id": other.session}),
    )
    .await;
    assert_eq!(
        found,
        [(String::from("session"), other.session.clone(), Value::Null)]
    );
    assert!(
        read(&stack, &made, "sts_unavailable", &json!({}))
            .await
            .is_empty()
    );
}
