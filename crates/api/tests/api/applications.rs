//! Applications and their secrets.

use caracal_core::ApplicationId;
use caracal_storage::Access;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{Stack, masked};

/// What the application's secret is stored as.
async fn stored_hash(stack: &Stack, zone: &str, id: &str) -> String {
    let zone = caracal_core::ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let mut work = stack.parts.store.zone(&zone, Access::Read).await.unwrap();
    let application = work
        .applications()
        .get(&ApplicationId::parse(id).unwrap())
        .await
        .unwrap()
        .unwrap();
    application.client_secret_hash.unwrap()
}

#[tokio::test]
async fn an_application_is_made_with_a_secret_that_is_shown_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let body = json!({ "name": " crm ", "registration_method": "managed", "traits": ["team:sales"] });
    let made = stack
        .post(&format!("{zone}/applications"), body)
        .await
        .expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "zone_id", "created_by", "client_secret"]), @r#"
    {
      "archived_at": null,
      "client_secret": "[client_secret]",
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "created_via_operator": false,
      "expires_at": null,
      "id": "[id]",
      "name": "crm",
      "registration_method": "managed",
      "traits": [
        "team:sales"
      ],
      "updated_at": null,
      "updated_by": null,
      "updated_via_operator": false,
      "zone_id": "[zone_id]"
    }
    "#);
    let secret = made["client_secret"].as_str().unwrap();
    let id = made["id"].as_str().unwrap();
    assert!(secret.starts_with("cs_") && secret.len() == 46);
    assert!(
        stack
            .parts
            .hasher
            .verify(&stored_hash(&stack, &zone, id).await, secret)
            .unwrap()
    );

    let path = format!("{zone}/applications/{id}");
    let mut read = made.body.clone();
    read.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(stack.get(&path).await.expect(200), read);
    assert_eq!(
        stack.get(&format!("{zone}/applications")).await.expect(200)["items"],
        json!([read])
    );
    stack.delete(&path).await.expect(204);
    assert_eq!(stack.get(&path).await.refused(404), "application_not_found");
    // Stopped again; what never was there is not found.
    stack.delete(&path).await.expect(204);
    let never = format!("{zone}/applications/never-there");
    assert_eq!(stack.delete(&never).await.refused(404), "application_not_found");
    let archived = stack
        .get(&format!("{zone}/applications?status=archived"))
        .await
        .expect(200);
    assert_eq!(archived["items"][0]["archived_at"], "2026-05-21T12:00:00.000Z");
}

#[tokio::test]
async fn refusals_of_a_creation_say_why() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/applications");
    stack.application(&zone, "crm").await;
    let with = |extra: Value| {
        let mut body = json!({ "name": "x", "registration_method": "managed" });
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        body
    };
    for (body, status, code) in [
        (with(json!({ "name": "CRM" })), 409, "application_name_taken"),
        (
            with(json!({ "registration_method": "dcr" })),
            400,
            "invalid_application",
        ),
        (json!({ "name": "x" }), 400, "invalid_application"),
        (
            with(json!({ "client_secret": "mine" })),
            400,
            "invalid_application",
        ),
        (with(json!({ "traits": ["control:nope"] })), 403, "trait_invalid"),
        (with(json!({ "traits": ["a", "a"] })), 403, "trait_duplicate"),
    ] {
        assert_eq!(
            stack.post(&path, body.clone()).await.refused(status),
            code,
            "{body}"
        );
    }
    let reply = stack
        .post("/v1/zones/nowhere/applications", with(json!({})))
        .await;
    assert_eq!(reply.refused(404), "zone_not_found");

    let token = stack
        .token("zone", zone.strip_prefix("/v1/zones/"), "write")
        .await;
    let body = with(json!({ "traits": ["control:invoke"] }));
    let reply = stack
        .call(Some(&token), &[], Method::POST, &path, Some(&body))
        .await;
    assert_eq!(reply.refused(403), "trait_forbidden");
    let body = with(json!({ "name": "caracal.sys/x" }));
    let reply = stack
        .call(Some(&token), &[], Method::POST, &path, Some(&body))
        .await;
    assert_eq!(reply.refused(409), "reserved_namespace");
    // Traits may reach beyond the zone, so a zone token does not see them.
    let listed = stack
        .call(Some(&token), &[], Method::GET, &path, None)
        .await
        .expect(200);
    assert!(listed["items"][0].get("traits").is_none());
}

#[tokio::test]
async fn rotation_replaces_the_secret_at_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (id, old) = stack.application(&zone, "crm").await;
    let path = format!("{zone}/applications/{id}");
    let rotated = stack
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await
        .expect(200);
    let new = rotated["client_secret"].as_str().unwrap();
    let stored = stored_hash(&stack, &zone, &id).await;
    assert!(
        stack.parts.hasher.verify(&stored, new).unwrap()
            && !stack.parts.hasher.verify(&stored, &old).unwrap()
    );
    assert_eq!(rotated["updated_at"], "2026-05-21T12:00:00.000Z");
    let revealed = stack.get(&format!("{path}/client-secret")).await.expect(200);
    assert_eq!(revealed, json!({ "client_secret": new }));
    let reply = stack
        .post(&format!("{zone}/applications/nobody/rotate-secret"), json!({}))
        .await;
    assert_eq!(reply.refused(404), "application_not_found");
}

#[tokio::test]
async fn a_chosen_secret_is_hashed_slowly_and_never_echoed() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (id, _) = stack.application(&zone, "crm").await;
    let path = format!("{zone}/applications/{id}");
    let chosen = "a secret that somebody chose, 1234";
    let patched = stack
        .patch(&path, json!({ "client_secret": chosen, "name": "crm2" }))
        .await
        .expect(200);
    assert_eq!(
        (patched.get("client_secret"), &patched["name"]),
        (None, &json!("crm2"))
    );
    let stored = stored_hash(&stack, &zone, &id).await;
    assert!(stored.starts_with("argon2id$") && stack.parts.hasher.verify(&stored, chosen).unwrap());
    let revealed = stack.get(&format!("{path}/client-secret")).await.expect(200);
    assert_eq!(revealed["client_secret"], chosen);

    for (body, code) in [
        (json!({}), "no_fields"),
        (json!({ "client_secret": "short" }), "invalid_application"),
        (json!({ "client_secret": null }), "invalid_application"),
        (
            json!({ "expires_at": "2030-01-01T00:00:00Z" }),
            "invalid_application",
        ),
    ] {
        assert_eq!(
            stack.patch(&path, body.clone()).await.refused(400),
            code,
            "{body}"
        );
    }
    let reply = stack
        .patch(&format!("{zone}/applications/nobody"), json!({ "name": "x" }))
        .await;
    assert_eq!(reply.refused(404), "application_not_found");
}

#[tokio::test]
async fn revealing_a_secret_leaves_evidence_first() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (id, secret) = stack.application(&zone, "crm").await;
    let path = format!("{zone}/applications/{id}/client-secret");
    let read = stack.token("global", None, "read").await;
    let reply = stack.call(Some(&read), &[], Method::GET, &path, None).await;
    assert_eq!(reply.refused(403), "admin_token_read_only");
    assert!(stack.parts.events().await.is_empty());

    let reply = stack
        .call(
            Some(crate::stack::ADMIN),
            &[("x-request-id", "reveal-1")],
            Method::GET,
            &path,
            None,
        )
        .await;
    assert_eq!(reply.expect(200), json!({ "client_secret": secret }));
    let mut events = stack.parts.events().await;
    for _ in 0..100 {
        if !events.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        events = stack.parts.events().await;
    }
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.event_type.as_str(), event.request_id.as_str()),
        ("credential_revealed", "reveal-1")
    );
    let metadata = event.metadata_json.as_ref().unwrap().get();
    assert!(metadata.contains(&id) && !metadata.contains(&secret));
    assert_eq!(event.diagnostics_json.as_ref().unwrap().get(), "[]");

    stack
        .patch(&zone, json!({ "dcr_enabled": true }))
        .await
        .expect(200);
    let dcr = stack
        .post(&format!("{zone}/applications/dcr"), json!({ "name": "bot" }))
        .await
        .expect(201);
    let path = format!(
        "{zone}/applications/{}/client-secret",
        dcr["id"].as_str().unwrap()
    );
    assert_eq!(stack.get(&path).await.refused(404), "application_not_found");
}

#[tokio::test]
async fn short_lived_applications_are_limited_per_second() {
    let config = caracal_api::ApiConfig {
        dcr_limit_per_second: 1,
        max_live_dcr: 1,
        ..Default::default()
    };
    let stack = Stack::with(config).await;
    let zone = stack.zone("acme").await;
    stack
        .patch(&zone, json!({ "dcr_enabled": true }))
        .await
        .expect(200);
    let path = format!("{zone}/applications/dcr");
    stack.post(&path, json!({ "name": "bot" })).await.expect(201);
    let reply = stack.post(&path, json!({ "name": "bot" })).await;
    assert_eq!(reply.refused(429), "dcr_rate_limit_exceeded");
    stack
        .parts
        .world
        .manual_clock()
        .advance(std::time::Duration::from_secs(2));
    assert_eq!(
        stack.post(&path, json!({ "name": "bot" })).await.refused(429),
        "dcr_limit_exceeded"
    );
}
