//! Trying out providers and upstreams: what is found at each step, what is refused, what is noted. The way to a real OAuth
//! server is among the end-to-end tests.

use std::time::Duration;

use caracal_testkit::upstream::{Answer, Upstream};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack};

fn service(endpoint: &str) -> Value {
    json!({"name": "crm", "kind": "oauth2_client_credentials", "config_json": {
        "token_endpoint": endpoint, "client_id": "c", "client_secret": "s-canary"}})
}

/// Each step with what became of it.
fn outcomes(check: &Value) -> Vec<String> {
    let steps = check["steps"].as_array().unwrap();
    for step in steps {
        assert_eq!(step["fix"].is_string(), step["outcome"] == "failed", "{step}");
        assert!(step["found"].as_str().unwrap().len() > 4, "{step}");
    }
    let line = |step: &Value| {
        format!(
            "{} {}",
            step["step"].as_str().unwrap(),
            step["outcome"].as_str().unwrap()
        )
    };
    steps.iter().map(line).collect()
}

#[tokio::test]
async fn a_provider_that_may_not_be_called_says_at_which_step_and_keeps_its_secret() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    for (endpoint, status, failed) in [
        ("https://127.0.0.1/token", "config_error", "address"),
        ("https://10.0.0.1/token", "config_error", "address"),
        ("https://169.254.169.254/token", "config_error", "address"),
        ("https://nothing.invalid/token", "unreachable", "resolve"),
    ] {
        let mut body = service(endpoint);
        body["name"] = json!(endpoint);
        let provider = stack.provider(&zone, body.clone()).await;
        let path = format!("{zone}/providers/{provider}");
        let told = stack.post(&format!("{path}/test"), json!({})).await.expect(200);
        assert_eq!(told["status"], status, "{endpoint}: {}", told.text);
        let steps = outcomes(&told);
        assert_eq!(steps.len(), 6, "{steps:?}");
        assert!(
            steps.contains(&format!("{failed} failed")),
            "{endpoint}: {steps:?}"
        );
        assert_eq!(steps.last().unwrap(), "answer not_tried");
        assert!(
            !told.text.contains("s-canary") && !told.text.contains("private"),
            "{}",
            told.text
        );
        // Since when is noted once, and forgotten with other settings.
        let seen = stack.get(&path).await.expect(200);
        assert_eq!(seen["connectivity_failed_at"], told["checked_at"]);
        stack.parts.world.manual_clock().advance(Duration::from_secs(5));
        stack.post(&format!("{path}/test"), json!({})).await.expect(200);
        let again = stack.get(&path).await.expect(200);
        assert_eq!(again["connectivity_failed_at"], seen["connectivity_failed_at"]);
        let config = json!({"config_json": body["config_json"]});
        let changed = stack.patch(&path, config).await.expect(200);
        assert_eq!(changed["connectivity_failed_at"], Value::Null);
        body["check"] = json!(true);
        body["name"] = json!("another");
        let refused = stack.post(&format!("{zone}/providers"), body).await.expect(422);
        assert_eq!(refused["error"], "provider_check_failed");
        assert_eq!(refused["details"]["check"]["status"], status);
        // Ten a minute.
        stack.parts.world.manual_clock().advance(Duration::from_mins(2));
    }
    let listed = stack.get(&format!("{zone}/providers")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
    let rows = stack.admin_audit(&zone).await;
    let tried = rows
        .iter()
        .filter(|row| row["payload_json"]["check_status"].is_string());
    assert_eq!(tried.count(), 8);
}

#[tokio::test]
async fn what_has_no_token_endpoint_is_not_tried() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let key = json!({"auth_location": "header", "header_name": "X-Key", "api_key": "k-canary"});
    let basic = json!({"username": "u", "password": "p-canary"});
    for (kind, config) in [
        ("none", json!({})),
        ("caracal_mandate", json!({})),
        ("api_key", key),
        ("bearer_token", json!({"bearer_token": "b-canary"})),
        ("http_basic", basic),
    ] {
        let mut body = json!({"name": kind, "kind": kind, "config_json": config});
        let provider = stack.provider(&zone, body.clone()).await;
        let refused = stack
            .post(&format!("{zone}/providers/{provider}/test"), json!({}))
            .await;
        assert_eq!(refused.refused(400), "provider_check_unsupported", "{kind}");
        body["check"] = json!(true);
        let refused = stack.post(&format!("{zone}/providers"), body).await;
        assert_eq!(refused.refused(400), "provider_check_unsupported", "{kind}");
        stack.parts.world.manual_clock().advance(Duration::from_mins(2));
    }
    let nothing = stack
        .post(&format!("{zone}/providers/none/test"), json!({}))
        .await;
    assert_eq!(nothing.refused(404), "provider_not_found");
}

#[tokio::test]
async fn an_issuer_is_asked_where_one_may_go_and_is_written_as_it_is() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/providers/discovery");
    for issuer in [
        "",
        "id.example.com",
        "http://id.example.com",
        "https://id.example.com?x=y",
        "https://id.example.com#x",
        "https://a:b@id.example.com",
        "https://127.1",
        "https://id.example.com/../x",
    ] {
        let refused = stack.post(&path, json!({ "issuer": issuer })).await;
        let code = refused.refused(400);
        assert!(
            ["invalid_issuer", "invalid_body"].contains(&code.as_str()),
            "{issuer}: {code}"
        );
    }
    for (issuer, failed) in [
        ("https://127.0.0.1", "address failed"),
        ("https://nothing.invalid/tenant", "resolve failed"),
    ] {
        let refused = stack.post(&path, json!({ "issuer": issuer })).await.expect(422);
        assert_eq!(refused["error"], "provider_discovery_failed");
        let steps = outcomes(&refused["details"]);
        assert!(steps.contains(&String::from(failed)), "{issuer}: {steps:?}");
    }
    for _ in 0..8 {
        let refused = stack.post(&path, json!({"issuer": "https://127.0.0.1"})).await;
        assert_eq!(refused.refused(422), "provider_discovery_failed");
    }
    let limited = stack
        .post(&path, json!({"issuer": "https://127.0.0.1"}))
        .await
        .expect(429);
    assert_eq!(limited["error"], "provider_discovery_rate_limited");
    assert!(limited.headers.contains_key("retry-after"));
    // Another zone has its own.
    let other = stack.zone("other").await;
    let refused = stack
        .post(
            &format!("{other}/providers/discovery"),
            json!({"issuer": "https://127.0.0.1"}),
        )
        .await;
    assert_eq!(refused.refused(422), "provider_discovery_failed");
    let gone = stack
        .post(
            "/v1/zones/nowhere/providers/discovery",
            json!({"issuer": "https://127.0.0.1"}),
        )
        .await;
    assert_eq!(gone.refused(404), "zone_not_found");
}

async fn guarded(stack: &Stack, zone: &str, upstream: &str) -> Value {
    let provider = stack
        .provider(zone, json!({"name": "mandates", "kind": "caracal_mandate"}))
        .await;
    json!({
        "name": "crm", "identifier": "resource://crm", "upstream_url": upstream, "scopes": ["crm:read"],
        "credential_provider_id": provider,
    })
}

#[tokio::test]
async fn an_upstream_is_sent_a_mandate_that_nobody_issued_and_should_refuse_it() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let upstream = Upstream::start().await;
    let all = format!("{zone}/resources");
    let mut body = guarded(&stack, &zone, &upstream.url()).await;
    body["check"] = json!(true);
    for (answer, status) in [
        (200, "unverified"),
        (404, "endpoint_error"),
        (302, "endpoint_error"),
    ] {
        upstream.always(Answer::fixed(StatusCode::from_u16(answer).unwrap(), ""));
        let refused = stack.post(&all, body.clone()).await.expect(422);
        assert_eq!(refused["error"], "resource_check_failed", "{answer}");
        assert_eq!(refused["details"]["check"]["status"], status);
    }
    assert_eq!(stack.get(&all).await.expect(200)["items"], json!([]));
    upstream.always(Answer::fixed(StatusCode::UNAUTHORIZED, ""));
    let made = stack.post(&all, body).await.expect(201);
    let path = format!("{all}/{}/test", made.text("id"));
    let told = stack.post(&path, json!({})).await.expect(200);
    assert_eq!(told["status"], "guarded");
    assert!(
        outcomes(&told).iter().all(|step| step.ends_with("passed")),
        "{}",
        told.text
    );

    // What it was sent is a mandate that is right in everything but the key.
    let sent = upstream.received().pop().unwrap();
    assert_eq!(sent.method, Method::HEAD);
    let token = sent
        .header("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    let read = caracal_crypto::mandate::Unverified::parse(token).unwrap();
    let kid = &read.header().unwrap().kid;
    assert!(format!("{kid:?}").contains("caracal-verify-probe-"), "{kid:?}");
    let claims = read.unverified_claims().unwrap();
    assert_eq!(&*claims.aud[0], "resource://crm");
    assert_eq!(claims.exp - claims.iat, 60);
    assert!(!told.text.contains(token));

    drop(upstream);
    let told = stack.post(&path, json!({})).await.expect(200);
    assert_eq!(told["status"], "unreachable");
    assert!(outcomes(&told).contains(&String::from("connect failed")));
}

#[tokio::test]
async fn only_what_is_called_with_mandates_is_verified_and_not_too_often() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let upstream = Upstream::start().await;
    upstream.always(Answer::fixed(StatusCode::FORBIDDEN, ""));
    let key = json!({"name": "key", "kind": "bearer_token", "config_json": {"bearer_token": "b-canary"}});
    let provider = stack.provider(&zone, key).await;
    let all = format!("{zone}/resources");
    let mut body = json!({
        "name": "plain", "identifier": "resource://plain", "upstream_url": upstream.url(), "scopes": ["a"],
        "credential_provider_id": provider,
    });
    let plain = stack.post(&all, body.clone()).await.expect(201).text("id");
    let refused = stack.post(&format!("{all}/{plain}/test"), json!({})).await;
    assert_eq!(refused.refused(400), "resource_verification_unsupported");
    body["check"] = json!(true);
    body["identifier"] = json!("resource://other");
    let refused = stack.post(&all, body).await;
    assert_eq!(refused.refused(400), "resource_verification_unsupported");
    upstream.assert_untouched();

    let body = guarded(&stack, &zone, &upstream.url()).await;
    let made = stack.post(&all, body).await.expect(201).text("id");
    let path = format!("{all}/{made}/test");
    for _ in 0..10 {
        stack.post(&path, json!({})).await.expect(200);
    }
    let limited = stack.post(&path, json!({})).await;
    assert_eq!(limited.refused(429), "resource_test_rate_limited");
    assert_eq!(upstream.requests(), 10);
    // Whoever only reads tries nothing out.
    let read = stack.token("global", None, "read").await;
    let refused = stack
        .call(Some(&read), &[], Method::POST, &path, Some(&json!({})))
        .await;
    assert_eq!(refused.refused(403), "admin_token_read_only");
    let other = stack.zone("other").await;
    let foreign = format!("{other}/resources/{made}/test");
    let refused = stack
        .call(Some(ADMIN), &[], Method::POST, &foreign, Some(&json!({})))
        .await;
    assert_eq!(refused.refused(404), "resource_not_found");
}
