//! What listings are narrowed to by column, and what nobody learns from a count.

use std::fmt::Write as _;

use caracal_api::ApiConfig;
use caracal_testkit::parts::Backends;
use http::Method;
use serde_json::{Value, json};

use crate::{
    stack::{Stack, grants as document},
    subjects,
};

/// `member` of each row, in the order of the words.
fn told(listing: &Value, member: &str) -> Vec<String> {
    let items = listing["items"].as_array().unwrap().iter();
    let mut told: Vec<String> = items
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect();
    told.sort();
    told
}

/// Each query lists the rows whose `member` is one of these, and counts no others.
async fn narrows(stack: &Stack, path: &str, member: &str, cases: &[(&str, &[&str])]) {
    for (query, expected) in cases {
        let listed = stack
            .get(&format!("{path}?include_total=true&{query}"))
            .await
            .expect(200);
        assert_eq!(told(&listed, member), *expected, "{path}?{query}");
        let total = json!({ "count": expected.len(), "exact": true });
        assert_eq!(listed["total"], total, "{path}?{query}");
        let page = stack
            .get(&format!("{path}?include_total=true&limit=1&{query}"))
            .await
            .expect(200);
        assert_eq!(page["total"], total, "{path}?{query}");
    }
}

async fn columns(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let zone = subjects::fixture(&stack).await;
    let open = json!({ "name": "Open", "slug": "open-one", "dcr_enabled": true });
    stack.post("/v1/zones", open).await.expect(201);
    let cold = stack.zone("Cold").await;
    stack.post(&format!("{cold}/freeze"), json!({})).await.expect(200);
    narrows(
        &stack,
        "/v1/zones",
        "name",
        &[
            ("", &["Cold", "Open", "acme"]),
            ("slug=open-one", &["Open"]),
            ("slug=Open-one", &[]),
            ("frozen=true", &["Cold"]),
            ("frozen=false", &["Open", "acme"]),
            ("dcr_enabled=true", &["Open"]),
            ("dcr_enabled=false&search=AC", &["acme"]),
        ],
    )
    .await;

    let policies = format!("{zone}/policies");
    for name in ["read", "write"] {
        let body = json!({ "name": name, "content": document("a") });
        stack.post(&policies, body).await.expect(201);
    }
    let body = json!({ "name": "old", "content": document("a") });
    let old = stack.post(&policies, body).await.expect(201).text("id");
    stack.delete(&format!("{policies}/{old}")).await.expect(204);
    let maker = stack.get(&policies).await.expect(200)["items"][0]["created_by"]
        .as_str()
        .unwrap()
        .to_owned();
    narrows(
        &stack,
        &policies,
        "name",
        &[
            ("", &["read", "write"]),
            ("status=archived", &["old"]),
            ("name=read", &["read"]),
            ("name=rea", &[]),
            (&format!("created_by={maker}"), &["read", "write"]),
            ("created_by=somebody", &[]),
        ],
    )
    .await;

    let delegations = format!("{zone}/delegations");
    let live = stack.get(&delegations).await.expect(200)["items"][0].clone();
    let id = live["id"].as_str().unwrap();
    let of = |member: &str| format!("{member}={}", live[member].as_str().unwrap());
    narrows(
        &stack,
        &delegations,
        "id",
        &[
            (&of("issuer_application_id"), &[id]),
            (&of("receiver_application_id"), &[id]),
            (&of("source_session_id"), &[id]),
            (&of("target_session_id"), &[id]),
            ("source_session_id=ses-nobody", &[]),
            ("resource_id=nothing", &[]),
        ],
    )
    .await;

    let id = zone.strip_prefix("/v1/zones/").unwrap();
    stack.token("zone", Some(id), "read").await;
    stack.token("global", None, "approve").await;
    let tokens = stack.get("/v1/admin-tokens?capability=approve").await.expect(200);
    let approver = tokens["items"][0]["id"].as_str().unwrap();
    stack
        .delete(&format!("/v1/admin-tokens/{approver}"))
        .await
        .expect(204);
    narrows(
        &stack,
        "/v1/admin-tokens",
        "name",
        &[
            ("scope=zone", &["zone-read"]),
            ("capability=approve&status=revoked", &["global-approve"]),
            (&format!("zone_id={id}"), &["zone-read"]),
            ("status=revoked", &["global-approve"]),
            ("status=active&scope=zone", &["zone-read"]),
            ("status=revoked&scope=zone", &[]),
            ("created_by=nobody", &[]),
        ],
    )
    .await;
    for (path, query, field) in [
        ("/v1/zones", "frozen=maybe", "frozen"),
        ("/v1/zones", "slug=", "slug"),
        ("/v1/admin-tokens", "capability=all", "capability"),
        ("/v1/admin-tokens", "status=gone", "status"),
        (policies.as_str(), "status=deleted", "status"),
        (delegations.as_str(), "resource_id=%20", "resource_id"),
    ] {
        let refused = stack.get(&format!("{path}?{query}")).await;
        let issue = &refused["details"]["issues"][0];
        assert_eq!(issue["path"], json!([field]), "{path}?{query}: {refused}");
        assert_eq!(refused.refused(400), "invalid_query", "{path}?{query}");
    }
}

#[tokio::test]
async fn columns_narrow_listings_on_sqlite() {
    columns(Backends::Embedded).await;
}

#[tokio::test]
async fn columns_narrow_listings_on_postgres() {
    columns(Backends::Postgres).await;
}

#[tokio::test]
async fn a_count_tells_nobody_of_what_they_may_not_see() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let control = json!({ "identifier": "caracal-control", "scopes": ["control:app:read"] });
    stack
        .post(&format!("{zone}/resources"), control)
        .await
        .expect(201);
    let id = zone.strip_prefix("/v1/zones/").unwrap();
    let token = stack.token("zone", Some(id), "read").await;
    for (query, count) in [("", 0), ("search=control&", 0), ("status=archived&", 0)] {
        let path = format!("{zone}/resources?{query}include_total=true");
        let listed = stack
            .call(Some(&token), &[], Method::GET, &path, None)
            .await
            .expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), count, "{path}");
        assert_eq!(listed["total"]["count"], count, "{path}");
    }
    let all = stack
        .get(&format!("{zone}/resources?include_total=true"))
        .await
        .expect(200);
    assert_eq!(all["total"]["count"], 1);
}

/// `count` different letters of four bytes each, in no order that could be packed.
fn wide(count: u32, seed: u32) -> String {
    let letter = |n: u32| char::from_u32(0x2_0000 + (n + seed).wrapping_mul(2_654_435_761) % 0xa000).unwrap();
    (0..count).map(letter).collect()
}

#[tokio::test]
async fn the_longest_texts_fit_into_what_is_searched() {
    let stack = Stack::over(Backends::Postgres, ApiConfig::default()).await;
    let zone = stack.zone("acme").await;
    let provider = stack
        .provider(&zone, json!({ "name": "None", "kind": "none" }))
        .await;
    let path = format!("{zone}/resources");
    let body = |name: String, identifier: String| {
        json!({
            "name": name, "identifier": identifier, "upstream_url": "https://upstream.example", "scopes": ["a"],
            "credential_provider_id": provider,
        })
    };
    let longest = body(wide(200, 0), format!("x:{}", wide(199, 300)));
    let made = stack.post(&path, &longest).await.expect(201);
    let refused = stack
        .post(&path, body(wide(200, 0), format!("x:{}", wide(200, 600))))
        .await;
    assert_eq!(refused.refused(400), "invalid_resource_identifier");
    // The name is the identifier where there is none.
    let mut unnamed = body(String::new(), format!("y:{}", wide(199, 900)));
    unnamed.as_object_mut().unwrap().remove("name");
    stack.post(&path, unnamed).await.expect(201);
    let text: String = wide(200, 0).chars().skip(190).collect();
    let mut escaped = String::new();
    for byte in text.bytes() {
        write!(escaped, "%{byte:02X}").unwrap();
    }
    for sort in ["created_at", "-name"] {
        let found = stack
            .get(&format!("{path}?search={escaped}&sort={sort}"))
            .await
            .expect(200);
        assert_eq!(told(&found, "id"), [made["id"].as_str().unwrap()], "{sort}");
    }
    let application = json!({ "name": wide(200, 0), "registration_method": "managed" });
    stack
        .post(&format!("{zone}/applications"), application)
        .await
        .expect(201);
}
