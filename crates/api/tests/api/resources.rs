//! Resources.

use std::sync::Arc;

use caracal_core::{ResourceId, ZoneId, entity::Resource};
use caracal_storage::Access;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{Stack, masked};

async fn with_provider(stack: &Stack) -> (String, String) {
    let zone = stack.zone("acme").await;
    let provider = stack
        .provider(&zone, json!({ "name": "None", "kind": "none" }))
        .await;
    (zone, provider)
}

fn crm(provider: &str) -> Value {
    json!({
        "name": "CRM",
        "upstream_url": "https://crm.example.com/api",
        "scopes": ["crm:write", "crm:read"],
        "credential_provider_id": provider,
        "operations": [{ "method": "get", "path": "/contacts", "scope": "crm:read" }],
    })
}

#[tokio::test]
async fn resources_applications_and_providers_are_found_by_a_part_of_their_name() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let provider = json!({"name": "Night Mandates", "kind": "caracal_mandate"});
    let provider = stack.provider(&zone, provider).await;
    stack.application(&zone, "Night planner").await;
    stack.application(&zone, "day planner").await;
    for identifier in ["resource://night-shift", "resource://day-shift"] {
        let body = json!({
            "identifier": identifier, "upstream_url": "https://upstream.example", "scopes": ["a"],
            "credential_provider_id": provider,
        });
        stack.post(&format!("{zone}/resources"), body).await.expect(201);
    }
    for (path, found) in [
        ("resources?search=NIGHT", 1),
        ("resources?search=shift", 2),
        ("resources?search=shift&limit=1", 1),
        ("resources?search=shift&status=archived", 0),
        ("resources?search=%25", 0),
        ("applications?search=planner", 2),
        ("applications?search=night", 1),
        ("providers?search=night-m", 1),
        ("providers?search=mandates", 1),
    ] {
        let page = stack.get(&format!("{zone}/{path}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{path}");
    }
    for path in ["resources?search=", "applications?search=a%0Ab"] {
        let refused = stack.get(&format!("{zone}/{path}")).await;
        assert_eq!(refused.refused(400), "invalid_query", "{path}");
    }
}

#[tokio::test]
async fn a_resource_is_made_read_changed_and_archived() {
    let stack = Stack::start().await;
    let (zone, provider) = with_provider(&stack).await;
    let path = format!("{zone}/resources");
    let made = stack.post(&path, crm(&provider)).await.expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "zone_id", "created_by", "credential_provider_id"]), @r#"
    {
      "archived_at": null,
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "created_via_operator": false,
      "credential_provider_id": "[credential_provider_id]",
      "id": "[id]",
      "identifier": "resource://crm",
      "name": "CRM",
      "operation_enforcement": "enforced",
      "operations": [
        {
          "method": "GET",
          "path": "/contacts",
          "scope": "crm:read"
        }
      ],
      "scopes": [
        "crm:read",
        "crm:write"
      ],
      "updated_at": "2026-05-21T12:00:00.000Z",
      "updated_by": null,
      "updated_via_operator": false,
      "upstream_url": "https://crm.example.com/api",
      "zone_id": "[zone_id]"
    }
    "#);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&one).await.expect(200), made);
    assert_eq!(stack.get(&path).await.expect(200)["items"], json!([made]));
    let body = json!({ "operation_enforcement": "transport_uniform", "operations": [], "unknown": 1 });
    let patched = stack.patch(&one, body).await.expect(200);
    assert_eq!(patched["operation_enforcement"], "transport_uniform");
    assert_eq!(patched["operations"], json!([]));

    // The name of a live or archived resource is not given out again by itself, but may be asked for.
    assert_eq!(
        stack.post(&path, crm(&provider)).await.expect(201)["identifier"],
        "resource://crm-2"
    );
    stack.delete(&one).await.expect(204);
    assert_eq!(stack.delete(&one).await.refused(404), "resource_not_found");
    assert_eq!(stack.get(&one).await.refused(404), "resource_not_found");
    let mut body = crm(&provider);
    body["identifier"] = json!("resource://crm");
    stack.post(&path, body.clone()).await.expect(201);
    assert_eq!(
        stack.post(&path, body).await.refused(409),
        "resource_identifier_conflict"
    );
}

#[tokio::test]
async fn refusals_of_a_creation_name_the_field() {
    let stack = Stack::start().await;
    let (zone, provider) = with_provider(&stack).await;
    let path = format!("{zone}/resources");
    let with = |name: &str, value: Value| {
        let mut body = crm(&provider);
        body[name] = value;
        body
    };
    for (body, status, code) in [
        (with("scopes", json!([])), 400, "invalid_resource"),
        (with("scopes", json!(["a b"])), 400, "invalid_resource"),
        (with("upstream_url", json!("ftp://x")), 400, "invalid_resource"),
        (with("upstream_url", Value::Null), 400, "upstream_url_required"),
        (
            with("credential_provider_id", Value::Null),
            400,
            "credential_provider_required",
        ),
        (
            with("credential_provider_id", json!("nobody")),
            404,
            "provider_not_found",
        ),
        (
            with("identifier", json!("crm")),
            400,
            "invalid_resource_identifier",
        ),
        (
            with("identifier", json!("provider://x")),
            400,
            "invalid_resource_identifier",
        ),
        (
            with(
                "operations",
                json!([{ "method": "GET", "path": "x", "scope": "crm:read" }]),
            ),
            400,
            "operation_path_must_be_absolute",
        ),
        (
            with(
                "operations",
                json!([{ "method": "GET", "path": "/x", "scope": "no" }]),
            ),
            400,
            "operation_scope_not_in_resource_scopes",
        ),
        (
            with(
                "operations",
                json!([{ "method": "FETCH", "path": "/x", "scope": "crm:read" }]),
            ),
            400,
            "operation_method_unknown",
        ),
        (
            with(
                "operations",
                json!([{ "method": "GET", "path": "/x/:id", "scope": "crm:read" }]),
            ),
            400,
            "operation_path_invalid",
        ),
        (
            with("operation_enforcement", json!("maybe")),
            400,
            "invalid_resource",
        ),
    ] {
        let reply = stack.post(&path, body.clone()).await;
        if status == 400 {
            assert!(
                reply.body["details"]["issues"][0]["path"].is_array(),
                "{}",
                reply.text
            );
        }
        assert_eq!(reply.refused(status), code, "{body}");
    }
    let token = stack.token("global", None, "write").await;
    let body = with("identifier", json!("Caracal-Sys://x"));
    let reply = stack
        .call(Some(&token), &[], Method::POST, &path, Some(&body))
        .await;
    assert_eq!(reply.refused(409), "reserved_namespace");
}

#[tokio::test]
async fn a_patch_is_checked_against_the_merged_resource() {
    let stack = Stack::start().await;
    let (zone, provider) = with_provider(&stack).await;
    let made = stack
        .post(&format!("{zone}/resources"), crm(&provider))
        .await
        .expect(201);
    let one = format!("{zone}/resources/{}", made["id"].as_str().unwrap());
    for (body, status, code) in [
        (json!({}), 400, "no_fields"),
        (
            json!({ "scopes": ["crm:write"] }),
            400,
            "operation_scope_not_in_resource_scopes",
        ),
        (json!({ "upstream_url": null }), 400, "upstream_url_required"),
        (
            json!({ "credential_provider_id": null }),
            400,
            "credential_provider_required",
        ),
        (
            json!({ "credential_provider_id": "nobody" }),
            404,
            "provider_not_found",
        ),
        (
            json!({ "identifier": "nope" }),
            400,
            "invalid_resource_identifier",
        ),
        (json!({ "name": null }), 400, "invalid_resource"),
    ] {
        assert_eq!(
            stack.patch(&one, body.clone()).await.refused(status),
            code,
            "{body}"
        );
    }
    assert_eq!(stack.get(&one).await.expect(200), made);
    let reply = stack
        .patch(&format!("{zone}/resources/nobody"), json!({ "name": "x" }))
        .await;
    assert_eq!(reply.refused(404), "resource_not_found");
}

#[tokio::test]
async fn the_platforms_own_resource_is_hidden_from_zone_tokens_and_cannot_be_deleted() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/resources");
    let body = json!({ "identifier": "caracal-control", "scopes": ["control:audit:read"] });
    let token = stack
        .token("zone", zone.strip_prefix("/v1/zones/"), "write")
        .await;
    let reply = stack
        .call(Some(&token), &[], Method::POST, &path, Some(&body))
        .await;
    assert_eq!(reply.refused(409), "protected_resource");
    let made = stack.post(&path, body).await.expect(201);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let listed = stack
        .call(Some(&token), &[], Method::GET, &path, None)
        .await
        .expect(200);
    assert_eq!(listed["items"], json!([]));
    for method in [Method::GET, Method::DELETE] {
        let reply = stack.call(Some(&token), &[], method, &one, None).await;
        assert_eq!(reply.refused(404), "resource_not_found");
    }
    assert_eq!(stack.delete(&one).await.refused(409), "protected_resource");
}

#[tokio::test]
async fn a_zone_holds_a_bounded_number_of_resources() {
    let stack = Stack::with(caracal_api::ApiConfig {
        max_resources_per_zone: 1,
        ..Default::default()
    })
    .await;
    let (zone, provider) = with_provider(&stack).await;
    stack
        .post(&format!("{zone}/resources"), crm(&provider))
        .await
        .expect(201);
    let reply = stack.post(&format!("{zone}/resources"), crm(&provider)).await;
    assert_eq!(reply.refused(409), "resource_quota_exceeded");
}

#[tokio::test]
async fn a_resource_says_how_long_its_upstream_may_be_silent_and_whether_cookies_pass() {
    let stack = Stack::start().await;
    let (zone, provider) = with_provider(&stack).await;
    let path = format!("{zone}/resources");
    for bad in [
        json!(0),
        json!(3_601),
        json!(-1),
        json!(1.5),
        json!("60"),
        json!(u64::MAX),
    ] {
        let mut body = crm(&provider);
        body["upstream_timeout_seconds"] = bad.clone();
        let answer = stack.post(&path, body).await.expect(400).to_string();
        assert!(answer.contains("upstream_timeout_seconds"), "{bad}: {answer}");
    }
    let mut body = crm(&provider);
    body["cookies"] = json!("yes");
    assert!(
        stack
            .post(&path, body)
            .await
            .expect(400)
            .to_string()
            .contains("cookies")
    );

    let mut body = crm(&provider);
    body["upstream_timeout_seconds"] = json!(600);
    body["cookies"] = json!(true);
    let made = stack.post(&path, body).await.expect(201);
    assert_eq!(
        (&made["upstream_timeout_seconds"], &made["cookies"]),
        (&json!(600), &json!(true))
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    stack
        .patch(&one, json!({ "upstream_timeout_seconds": 3_601 }))
        .await
        .expect(400);
    // What a client that knows neither sends leaves both alone.
    let renamed = stack.patch(&one, json!({ "name": "Other" })).await.expect(200);
    assert_eq!(
        (&renamed["upstream_timeout_seconds"], &renamed["cookies"]),
        (&json!(600), &json!(true))
    );
    let cleared = stack
        .patch(
            &one,
            json!({ "upstream_timeout_seconds": null, "cookies": false }),
        )
        .await
        .expect(200);
    assert_eq!(
        (cleared.get("upstream_timeout_seconds"), cleared.get("cookies")),
        (None, None)
    );
}

#[tokio::test]
async fn the_resource_after_1500_others_costs_what_the_first_did() {
    let stack = Stack::start().await;
    let (zone, provider) = with_provider(&stack).await;
    let path = format!("{zone}/resources");
    let id = ZoneId::parse(zone.rsplit('/').next().unwrap()).unwrap();
    let store = &stack.parts.store;
    let mut made = 0;
    // Statements of a creation, its part in the picture of the zone included. What the relay does meanwhile is counted
    // with them as far as it falls into it, so one of several says little: the fewest and the most.
    let mut cost = async || {
        let (mut fewest, mut most) = (u64::MAX, 0);
        for _ in 0..5 {
            made += 1;
            let mut body = crm(&provider);
            body["name"] = json!(format!("made {made}"));
            let before = store.statements();
            stack.post(&path, body).await.expect(201);
            let statements = store.statements() - before;
            (fewest, most) = (fewest.min(statements), most.max(statements));
        }
        (fewest, most)
    };
    stack.parts.zones.zone(&id).await.unwrap();
    cost().await;
    let (_, first) = cost().await;
    let mut work = store.zone(&id, Access::Read).await.unwrap();
    let template = work.resources().find("resource://made-1").await.unwrap().unwrap();
    drop(work);
    let row = |n: u32| Resource {
        id: ResourceId::generate(&stack.parts.world),
        identifier: format!("resource://bulk-{n}"),
        ..template.clone()
    };
    let mut work = store.zone(&id, Access::Write).await.unwrap();
    for n in 0..1_500 {
        work.resources().create(&row(n)).await.unwrap();
    }
    work.commit().await.unwrap();
    let before = stack.parts.zones.reload(&id).await.unwrap();
    let (last, _) = cost().await;
    assert!(last <= first, "{last} statements, {first} at first");
    // And what others are is not built anew, but shared.
    let after = stack.parts.zones.zone(&id).await.unwrap();
    assert!(after.resource("resource://made-15").is_some());
    for n in 0..1_500 {
        let name = format!("resource://bulk-{n}");
        assert!(
            Arc::ptr_eq(before.resource(&name).unwrap(), after.resource(&name).unwrap()),
            "{name}"
        );
    }
}
