//! Admin tokens.

use caracal_api::ApiConfig;
use caracal_testkit::{client::Answer, parts::Backends};
use http::Method;
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack, masked};

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
      "expires_at": null,
      "id": "[id]",
      "last_used_at": null,
      "name": "ci",
      "reveals": true,
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
async fn a_token_ends_when_it_was_said_to_and_makes_none_that_outlives_it() {
    for backends in [Backends::Embedded, Backends::Production] {
        let stack = Stack::over(backends, ApiConfig::default()).await;
        let make = async |token: &str, expires_at: Option<&str>| {
            let mut body = json!({ "name": "ci", "scope": "global" });
            if let Some(at) = expires_at {
                body["expires_at"] = json!(at);
            }
            stack
                .call(Some(token), &[], Method::POST, "/v1/admin-tokens", Some(&body))
                .await
        };
        for wrong in ["2026-05-21T12:00:00Z", "2020-01-01T00:00:00Z", "tomorrow", ""] {
            let refused = make(ADMIN, Some(wrong)).await;
            assert!(refused.text.contains("expires_at"), "{}", refused.text);
            assert_eq!(refused.refused(400), "invalid_admin_token_request", "{wrong}");
        }
        let end = "2026-05-21T12:10:00.000Z";
        let made = make(ADMIN, Some(end)).await.expect(201);
        assert_eq!(made["expires_at"], end);
        let token = made.text("token");
        let caller = stack
            .call(Some(&token), &[], Method::GET, "/v1/caller", None)
            .await;
        assert_eq!(caller.expect(200)["expires_at"], end);
        // What it makes ends with it at the latest.
        let heir = make(&token, None).await.expect(201);
        assert_eq!(heir["expires_at"], end);
        let sooner = make(&token, Some("2026-05-21T12:05:00Z")).await.expect(201);
        let later = make(&token, Some("2026-05-21T12:10:00.000001Z")).await;
        assert!(later.text.contains("expires_at"), "{}", later.text);
        assert_eq!(later.refused(400), "invalid_admin_token_request");

        let passed = async |seconds: u64| {
            stack.parts.pass(std::time::Duration::from_secs(seconds)).await;
        };
        let status = async |token: &str| {
            let asked = stack.call(Some(token), &[], Method::GET, "/v1/zones", None);
            asked.await.status.as_u16()
        };
        passed(300).await;
        assert_eq!(
            (status(&token).await, status(&sooner.text("token")).await),
            (200, 401)
        );
        passed(299).await;
        assert_eq!(status(&token).await, 200);
        passed(1).await;
        assert_eq!(
            (status(&token).await, status(&heir.text("token")).await),
            (401, 401)
        );
        let listed = async |status: &str| {
            let page = stack
                .get(&format!("/v1/admin-tokens?status={status}"))
                .await
                .expect(200);
            let items = page["items"].as_array().unwrap().iter();
            items
                .map(|item| item["id"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let id = made.text("id");
        assert!(listed("expired").await.contains(&id));
        assert!(!listed("active").await.contains(&id) && !listed("revoked").await.contains(&id));
        // It can be revoked all the same.
        stack.delete(&format!("/v1/admin-tokens/{id}")).await.expect(204);
        assert!(listed("revoked").await.contains(&id) && !listed("expired").await.contains(&id));
    }
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

/// Makes a token as the holder of `by`.
async fn made_by(stack: &Stack, by: &str, body: &Value) -> Answer {
    stack
        .call(Some(by), &[], Method::POST, "/v1/admin-tokens", Some(body))
        .await
}

async fn only_who_may_sees_live_credentials(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let zone = stack.zone("acme").await;
    let (id, secret) = stack.application(&zone, "planner").await;
    let path = format!("{zone}/applications/{id}/client-secret");
    let reveal = async |token: &str| stack.call(Some(token), &[], Method::GET, &path, None).await;
    let token = async |capability: &str, reveals: Option<bool>| {
        let mut body = json!({ "name": "t", "scope": "global", "capability": capability });
        if let Some(reveals) = reveals {
            body["reveals"] = json!(reveals);
        }
        made_by(&stack, ADMIN, &body).await
    };
    // As the published clients' tokens are made.
    let writes = token("write", None).await.expect(201).text("token");
    assert_eq!(reveal(&writes).await.expect(200).text("client_secret"), secret);
    let narrow = token("write", Some(false)).await.expect(201);
    assert_eq!(narrow["reveals"], false);
    let narrow = narrow.text("token");
    assert_eq!(reveal(&narrow).await.refused(403), "reveal_capability_required");
    let change = json!({ "name": "other" });
    let of_application = format!("{zone}/applications/{id}");
    let changed = stack.call(Some(&narrow), &[], Method::PATCH, &of_application, Some(&change));
    changed.await.expect(200);
    // One that reveals need not change anything.
    let looks = token("read", Some(true)).await.expect(201).text("token");
    assert_eq!(reveal(&looks).await.expect(200).text("client_secret"), secret);
    let changed = stack.call(Some(&looks), &[], Method::PATCH, &of_application, Some(&change));
    assert_eq!(changed.await.refused(403), "admin_token_read_only");
    let read = token("read", None).await.expect(201).text("token");
    assert_eq!(reveal(&read).await.refused(403), "admin_token_read_only");
    let both = token("approve", Some(true)).await;
    assert_eq!(both.refused(400), "invalid_admin_token_request");
    // Nobody makes a token that may what they may not, said or unsaid.
    let wide = json!({ "name": "t", "scope": "global", "reveals": true });
    assert_eq!(
        made_by(&stack, &narrow, &wide).await.refused(403),
        "reveal_capability_required"
    );
    let unsaid = json!({ "name": "t", "scope": "global" });
    let unsaid = made_by(&stack, &narrow, &unsaid).await.expect(201);
    assert_eq!(unsaid["reveals"], false);
    let unsaid = unsaid.text("token");
    assert_eq!(reveal(&unsaid).await.refused(403), "reveal_capability_required");
    let caller = stack
        .call(Some(&narrow), &[], Method::GET, "/v1/caller", None)
        .await;
    assert_eq!(caller.expect(200)["reveals"], false);
    // Each that was shown is written down in its zone, and what a token of the deployment was refused is not.
    let rows = stack.admin_audit(&zone).await;
    let shown = rows.iter().filter(|row| row["path"] == json!(path));
    assert_eq!(shown.count(), 2);
}

#[tokio::test]
async fn only_whoever_may_sees_live_credentials() {
    only_who_may_sees_live_credentials(Backends::Embedded).await;
}

#[tokio::test]
async fn only_whoever_may_sees_live_credentials_over_postgresql() {
    only_who_may_sees_live_credentials(Backends::Production).await;
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
