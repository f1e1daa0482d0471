//! What people agreed to let applications do: written down, found, held against policy, taken back.

use caracal_api::ApiConfig;
use caracal_events::Topic;
use caracal_testkit::parts::Backends;
use http::Method;
use serde_json::{Value, json};

use crate::{
    access,
    control::{Control, told},
    stack::{ADMIN, Stack, masked},
    subjects::{fixture, pairs, statuses},
};

/// A resource of the zone that declares `crm:read` and `crm:write`.
pub(crate) async fn resource(stack: &Stack, zone: &str) -> String {
    let key = json!({"name": "key", "kind": "api_key", "config_json": {
        "auth_location": "header", "header_name": "X-Key", "api_key": "a-key-of-the-upstream"}});
    let provider = stack.provider(zone, key).await;
    let body = json!({
        "name": "crm", "identifier": "resource://crm", "upstream_url": "https://upstream.example",
        "scopes": ["crm:read", "crm:write"], "credential_provider_id": provider,
    });
    let made = stack.post(&format!("{zone}/resources"), body).await;
    made.expect(201).text("id")
}

pub(crate) fn grant(application: &str, resource: &str, user: &str) -> Value {
    json!({
        "application_id": application, "user_id": user, "resource_id": resource,
        "scopes": ["crm:write", "crm:read", "crm:read"],
    })
}

async fn application(stack: &Stack, zone: &str, name: &str) -> String {
    let page = stack.get(&format!("{zone}/applications")).await.expect(200);
    let mut items = page["items"].as_array().unwrap().iter();
    let found = items.find(|row| row["name"] == name).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_grant_is_written_down_found_and_ends_with_what_it_is_of() {
    for backends in [Backends::Embedded, Backends::Production] {
        let stack = Stack::over(backends, ApiConfig::default()).await;
        let zone = stack.zone("acme").await;
        let (planner, _) = stack.application(&zone, "planner").await;
        let (other, _) = stack.application(&zone, "other").await;
        let crm = resource(&stack, &zone).await;
        let all = format!("{zone}/grants");
        let made = stack.post(&all, grant(&planner, &crm, "ada")).await.expect(201);
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(
                masked(made.clone(), &["id", "zone_id", "created_by", "application_id", "resource_id", "provider_id"]), @r#"
            {
              "application_id": "[application_id]",
              "application_name": "planner",
              "created_at": "2026-05-21T12:00:00.000Z",
              "created_by": "[created_by]",
              "created_via_operator": false,
              "id": "[id]",
              "provider_id": "[provider_id]",
              "provider_kind": "api_key",
              "provider_name": "key",
              "resource_id": "[resource_id]",
              "resource_name": "crm",
              "scopes": [
                "crm:read",
                "crm:write"
              ],
              "status": "active",
              "updated_at": "2026-05-21T12:00:00.000Z",
              "updated_by": null,
              "updated_via_operator": false,
              "user_id": "ada",
              "zone_id": "[zone_id]"
            }
            "#);
        }
        let path = format!("{all}/{}", made.text("id"));
        assert_eq!(stack.get(&path).await.expect(200), made.body);
        stack.post(&all, grant(&other, &crm, "bob")).await.expect(201);
        let provider = made.text("provider_id");
        for (query, found) in [
            (String::new(), 2),
            (format!("application_id={planner}"), 1),
            (String::from("user_id=ada"), 1),
            (String::from("subject_id=ada"), 1),
            (String::from("user_id=ada&subject_id=bob"), 1),
            (format!("resource_id={crm}"), 2),
            (format!("provider_id={provider}"), 2),
            (String::from("provider_id=elsewhere"), 0),
            (String::from("scopes=crm:write,crm:read"), 2),
            (String::from("scopes=crm:write,crm:delete"), 0),
            (String::from("status=active"), 2),
            (String::from("status=expired"), 0),
        ] {
            let page = stack.get(&format!("{all}?{query}")).await.expect(200);
            assert_eq!(page["items"].as_array().unwrap().len(), found, "{query}");
        }
        // Page by page, each once.
        let first = stack.get(&format!("{all}?limit=1")).await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = stack
            .get(&format!("{all}?limit=1&cursor={cursor}"))
            .await
            .expect(200);
        assert_eq!(second["next_cursor"], Value::Null);
        assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);

        stack
            .delete(&format!("{zone}/applications/{planner}"))
            .await
            .expect(204);
        assert_eq!(stack.get(&path).await.expect(200)["status"], "expired");
        stack.delete(&format!("{zone}/resources/{crm}")).await.expect(204);
        let page = stack.get(&format!("{all}?status=active")).await.expect(200);
        assert_eq!(page["items"], json!([]));
        let again = stack.post(&all, grant(&other, &crm, "ada")).await;
        assert_eq!(again.refused(404), "resource_not_found");
    }
}

#[tokio::test]
async fn what_cannot_be_granted_is_refused_by_name() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let elsewhere = stack.zone("other").await;
    let (planner, _) = stack.application(&zone, "planner").await;
    let (stranger, _) = stack.application(&elsewhere, "stranger").await;
    let crm = resource(&stack, &zone).await;
    let all = format!("{zone}/grants");
    let control = json!({"identifier": "caracal-control", "scopes": ["control:app:read"]});
    let control = stack
        .post(&format!("{zone}/resources"), control)
        .await
        .expect(201)
        .text("id");
    let with = |changes: Value| {
        let mut body = grant(&planner, &crm, "ada");
        let members = changes.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        body
    };
    for (changes, status, code, field) in [
        (json!({"scopes": []}), 400, "invalid_body", "scopes"),
        (json!({"scopes": ["a b"]}), 400, "invalid_body", "scopes.0"),
        (json!({"scopes": vec!["a"; 65]}), 400, "invalid_body", "scopes"),
        (json!({"scopes": "crm:read"}), 400, "invalid_body", "scopes"),
        (json!({"user_id": ""}), 400, "invalid_body", "user_id"),
        (json!({"user_id": "a\nb"}), 400, "invalid_body", "user_id"),
        (
            json!({"user_id": "a".repeat(513)}),
            400,
            "invalid_body",
            "user_id",
        ),
        (
            json!({"application_id": "../x"}),
            400,
            "invalid_body",
            "application_id",
        ),
        (
            json!({"application_id": "nobody"}),
            404,
            "application_not_found",
            "",
        ),
        (
            json!({"application_id": stranger}),
            404,
            "application_not_found",
            "",
        ),
        (json!({"resource_id": "nothing"}), 404, "resource_not_found", ""),
        (
            json!({"resource_id": control}),
            403,
            "control_resource_not_grantable",
            "",
        ),
        (
            json!({"scopes": ["crm:delete"]}),
            403,
            "grant_scopes_exceed_resource",
            "scopes",
        ),
    ] {
        let refused = stack.post(&all, with(changes.clone())).await.expect(status);
        assert_eq!(refused["error"], code, "{changes}");
        if !field.is_empty() {
            let issue = &refused["details"]["issues"][0];
            let path: Vec<&str> = issue["path"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            assert_eq!(path.join("."), field, "{changes}: {}", refused.text);
        }
    }
    for query in [
        "status=gone",
        "scopes=a,,b",
        "scopes=a%20b",
        "user_id=",
        "limit=0",
        "cursor=x",
    ] {
        let refused = stack.get(&format!("{all}?{query}")).await;
        assert!(refused.status == 400, "{query}: {}", refused.text);
    }
    let other = stack.post(&format!("{elsewhere}/grants"), with(json!({}))).await;
    assert_eq!(other.refused(404), "application_not_found");
    assert_eq!(stack.get(&all).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn a_grant_that_is_taken_back_ends_what_its_application_holds_for_its_person() {
    for backends in [Backends::Embedded, Backends::Production] {
        let stack = Stack::over(backends, ApiConfig::default()).await;
        let zone = fixture(&stack).await;
        let crm = application(&stack, &zone, "crm").await;
        let helper = application(&stack, &zone, "helper").await;
        let place = resource(&stack, &zone).await;
        let all = format!("{zone}/grants");
        let of_helper = stack.post(&all, grant(&helper, &place, "ada")).await.expect(201);
        let of_crm = stack.post(&all, grant(&crm, &place, "ada")).await.expect(201);
        // The person has nothing at the other application: nothing ends.
        let other = format!("{all}/{}", of_helper.text("id"));
        stack.delete(&other).await.expect(204);
        assert_eq!(stack.get(&other).await.expect(200)["status"], "revoked");
        for kept in ["rec-user", "ses-user", "rec-helper", "rec-other"] {
            assert!(!stack.parts.revocations.is_revoked(kept), "{kept}");
        }
        let path = format!("{all}/{}", of_crm.text("id"));
        let revoking = stack.delete(&path);
        let (answer, events) = stack.parts.published(Topic::SessionsRevoke, revoking).await;
        answer.expect(204);
        for gone in ["rec-user", "ses-user", "ses-child", "del-1"] {
            assert!(stack.parts.revocations.is_revoked(gone), "{gone}");
        }
        for kept in ["rec-helper", "rec-other", "ses-other"] {
            assert!(!stack.parts.revocations.is_revoked(kept), "{kept}");
        }
        let records = events.iter().filter(|event| event.contains_key("session_id"));
        for event in records {
            assert_eq!(event["reason"], "grant_revoked");
            assert_eq!(event["grant_id"], of_crm.text("id"));
        }
        let records = stack.get(&format!("{zone}/authority-records")).await.expect(200);
        assert_eq!(
            statuses(&records, "authority_record_id"),
            pairs(&[
                ("rec-helper", "active"),
                ("rec-other", "active"),
                ("rec-user", "revoked")
            ])
        );
        // Again is no failure, and finds nothing more.
        stack.delete(&path).await.expect(204);
        let gone = stack.get(&path).await.expect(200);
        assert_eq!(gone["status"], "revoked");
        let rows = stack.admin_audit(&zone).await;
        let ended = |row: &&Value| row["entity_type"] == "grants" && row["method"] == "DELETE";
        let mut counts: Vec<u64> = rows
            .iter()
            .filter(ended)
            .filter_map(|row| row["payload_json"]["terminated_sessions"].as_u64())
            .collect();
        counts.sort_unstable();
        assert_eq!(counts, [0, 0, 2]);
    }
}

#[tokio::test]
async fn a_grant_is_held_against_the_policy_in_force() {
    let place = access::in_force().await;
    let (stack, zone) = (&place.stack, &place.zone);
    let resources = stack.get(&format!("{zone}/resources")).await.expect(200);
    let crm = resources["items"][0]["id"].as_str().unwrap();
    let body = json!({
        "application_id": place.application, "user_id": "ada", "resource_id": crm,
        "scopes": ["crm:read", "crm:write", "crm:spare"],
    });
    let all = format!("{zone}/grants");
    let id = stack.post(&all, body).await.expect(201).text("id");
    let told = stack.get(&format!("{all}/{id}/access")).await.expect(200);
    let scopes: Vec<Value> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            json!([
                item["scope"],
                item["allowed"],
                item["approval_tiers"],
                item["reason"]
            ])
        })
        .collect();
    assert_eq!(
        scopes,
        [
            json!(["crm:read", true, [], null]),
            json!(["crm:spare", false, [], "role_scope_mismatch"]),
            json!(["crm:write", true, ["high"], null]),
        ]
    );
    assert_eq!(told["policy"]["policy_set_version_id"], place.version);
    let nothing = stack.get(&format!("{all}/none/access")).await;
    assert_eq!(nothing.refused(404), "grant_not_found");
}

#[tokio::test]
async fn a_grant_of_another_zone_is_neither_seen_nor_taken_back() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let other = stack.zone("other").await;
    let (planner, _) = stack.application(&zone, "planner").await;
    let crm = resource(&stack, &zone).await;
    let made = stack
        .post(&format!("{zone}/grants"), grant(&planner, &crm, "ada"))
        .await
        .expect(201);
    let path = format!("{other}/grants/{}", made.text("id"));
    assert_eq!(stack.get(&path).await.refused(404), "grant_not_found");
    assert_eq!(stack.delete(&path).await.refused(404), "grant_not_found");
    let page = stack
        .get(&format!("{other}/grants?application_id={planner}"))
        .await
        .expect(200);
    assert_eq!(page["items"], json!([]));
    let seen = stack
        .get(&format!("{zone}/grants/{}", made.text("id")))
        .await
        .expect(200);
    assert_eq!(seen["status"], "active");
}

#[tokio::test]
async fn the_same_grant_with_the_same_key_is_written_down_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (planner, _) = stack.application(&zone, "planner").await;
    let crm = resource(&stack, &zone).await;
    let all = format!("{zone}/grants");
    let body = grant(&planner, &crm, "ada");
    let post = || {
        stack.call(
            Some(ADMIN),
            &[("idempotency-key", "k")],
            Method::POST,
            &all,
            Some(&body),
        )
    };
    let first = post().await.expect(201);
    assert_eq!(post().await.expect(201), first);
    let page = stack.get(&all).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_control_key_writes_grants_down_and_takes_them_back() {
    let control = Control::start().await;
    let (stack, zone) = (&control.stack, &control.zone);
    let (planner, _) = stack.application(zone, "planner").await;
    let crm = resource(stack, zone).await;
    let flags = json!({
        "application-id": planner, "user-id": "ada", "resource-id": crm, "scopes": "crm:read,crm:write",
    });
    let made = control.done("grant", "create", flags.clone()).await;
    let id = json!({"id": made["id"]});
    assert_eq!(control.done("grant", "get", id.clone()).await, made);
    let listed = control.done("grant", "list", json!({"user-id": "ada"})).await;
    assert_eq!(listed["items"], json!([made]));
    let denied = control
        .run_with("control:grant:read", "grant", "revoke", id.clone())
        .await;
    assert_eq!(told(&denied), "403 denied");
    control.done("grant", "revoke", id.clone()).await;
    assert_eq!(control.done("grant", "get", id).await["status"], "revoked");
    let mut missing = flags;
    missing.as_object_mut().unwrap().remove("user-id");
    assert_eq!(control.refused("grant", "create", missing).await, "400 invalid");
    // Nobody grants what only the traits of control keys say.
    let resource = json!({"identifier": "caracal-control", "scopes": ["control:app:read"]});
    let resource = stack
        .post(&format!("{zone}/resources"), resource)
        .await
        .expect(201)
        .text("id");
    let flags = json!({
        "application-id": planner, "user-id": "ada", "resource-id": resource, "scopes": "control:app:read",
    });
    assert_eq!(control.refused("grant", "create", flags).await, "404 not_found");
}
