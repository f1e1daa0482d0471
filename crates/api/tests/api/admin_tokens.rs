//! Admin tokens.

use http::Method;
use serde_json::json;

use crate::stack::{Stack, masked};

#[tokio::test]
async fn a_token_is_shown_once_works_and_ends_with_its_revocation() {
    let stack = Stack::start().await;
    let body = json!({ "name": "ci", "scope": "global" });
    let made = stack.post("/v1/admin-tokens", body).await.expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "token", "created_by"]), @r#"
    {
      "capability": "write",
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "id": "[id]",
      "last_used_at": null,
      "name": "ci",
      "revoked_at": null,
      "scope": "global",
      "token": "[token]",
      "zone_id": null
    }
    "#);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("cat_") && token.len() == 47);
    stack
        .call(Some(token), &[], Method::GET, "/v1/zones", None)
        .await
        .expect(200);
    let listed = stack.get("/v1/admin-tokens").await;
    assert!(!listed.text.contains(token));
    let listed = listed.expect(200);
    let row = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == made["id"])
        .unwrap()
        .clone();
    assert_eq!(row["last_used_at"], "2026-05-21T12:00:00.000Z");

    let path = format!("/v1/admin-tokens/{}", made["id"].as_str().unwrap());
    stack.delete(&path).await.expect(204);
    let reply = stack.call(Some(token), &[], Method::GET, "/v1/zones", None).await;
    assert_eq!(reply.refused(401), "invalid_admin_token");
    assert_eq!(stack.delete(&path).await.refused(404), "admin_token_not_found");
}

#[tokio::test]
async fn a_token_never_makes_one_that_may_approve() {
    let stack = Stack::start().await;
    let write = stack.token("global", None, "write").await;
    let body = json!({ "name": "a", "scope": "global", "capability": "approve" });
    let reply = stack
        .call(Some(&write), &[], Method::POST, "/v1/admin-tokens", Some(&body))
        .await;
    assert_eq!(reply.refused(403), "approve_capability_required");
    let body = json!({ "name": "a", "scope": "global", "capability": "read" });
    stack
        .call(Some(&write), &[], Method::POST, "/v1/admin-tokens", Some(&body))
        .await
        .expect(201);
}

#[tokio::test]
async fn refusals_of_a_creation_say_why() {
    let stack = Stack::start().await;
    for (body, status, code) in [
        (json!({ "scope": "global" }), 400, "invalid_admin_token_request"),
        (
            json!({ "name": "", "scope": "global" }),
            400,
            "invalid_admin_token_request",
        ),
        (
            json!({ "name": "a", "scope": "planet" }),
            400,
            "invalid_admin_token_request",
        ),
        (
            json!({ "name": "a", "scope": "global", "capability": "root" }),
            400,
            "invalid_admin_token_request",
        ),
        (
            json!({ "name": "a", "scope": "global", "expires": 1 }),
            400,
            "invalid_admin_token_request",
        ),
        (json!({ "name": "a", "scope": "zone" }), 400, "zone_id_required"),
        (
            json!({ "name": "a", "scope": "global", "zone_id": "z" }),
            400,
            "zone_id_not_allowed_for_global",
        ),
        (
            json!({ "name": "a", "scope": "zone", "zone_id": "nowhere" }),
            404,
            "zone_not_found",
        ),
    ] {
        assert_eq!(
            stack.post("/v1/admin-tokens", body.clone()).await.refused(status),
            code,
            "{body}"
        );
    }
    let listed = stack.get("/v1/admin-tokens").await.expect(200);
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        4,
        "the bootstrap token and the console's"
    );
}

#[tokio::test]
async fn every_caller_is_told_who_it_is_and_nobody_else() {
    let stack = Stack::start().await;
    let path = stack.zone("acme").await;
    let zone = path.trim_start_matches("/v1/zones/");
    for (token, scope, of, capability) in [
        (stack.token("global", None, "read").await, "global", None, "read"),
        (
            stack.token("zone", Some(zone), "write").await,
            "zone",
            Some(zone),
            "write",
        ),
    ] {
        let told = stack
            .call(Some(&token), &[], Method::GET, "/v1/caller", None)
            .await;
        assert!(!told.text.contains(&token));
        let told = told.expect(200);
        let expected = json!({ "scope": scope, "zone_id": of, "capability": capability, "account": null });
        for (member, value) in expected.as_object().unwrap() {
            assert_eq!(&told[member], value, "{member}");
        }
    }
    let refused = stack.call(None, &[], Method::GET, "/v1/caller", None).await;
    assert_eq!(refused.refused(401), "invalid_admin_token");
}
