//! No secret appears anywhere but where it is handed over.

use caracal_api::{Capability, table};
use http::Method;
use serde_json::json;

use crate::stack::{ADMIN, Stack};

#[tokio::test]
async fn secrets_appear_in_no_read_and_in_no_audit_row() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (application, generated) = stack.application(&zone, "crm").await;
    let chosen = "wagtail-of-a-chosen-secret-0123456789";
    let patch = json!({ "client_secret": chosen });
    stack
        .patch(&format!("{zone}/applications/{application}"), patch)
        .await
        .expect(200);
    let made = stack
        .post(&format!("{zone}/workloads"), json!({ "name": "nightly" }))
        .await
        .expect(201);
    let (workload, launched) = (made.text("id"), made.text("secret"));
    let mut provider = String::new();
    for (kind, config) in [
        (
            "api_key",
            json!({ "api_key": "wagtail-api-key", "header_name": "X-Key" }),
        ),
        ("bearer_token", json!({ "bearer_token": "wagtail-bearer" })),
        (
            "http_basic",
            json!({ "username": "u", "password": "wagtail-password" }),
        ),
    ] {
        let body = json!({ "name": kind, "kind": kind, "config_json": config });
        provider = stack.provider(&zone, body).await;
    }
    // Refused bodies carry secrets too.
    let body = json!({ "name": "x", "kind": "bearer_token", "config_json": { "bearer_token": "wagtail-refused\n" } });
    let refused = stack.post(&format!("{zone}/providers"), body).await;
    assert!(!refused.text.contains("wagtail"), "{}", refused.text);
    let token = stack
        .token("zone", zone.strip_prefix("/v1/zones/"), "write")
        .await;

    let mut read = 0;
    for route in table() {
        if route.method != Method::GET || route.needs.capability == Capability::Reveal {
            continue;
        }
        for id in [application.as_str(), provider.as_str(), workload.as_str()] {
            let path = route
                .path
                .replace("{zoneId}", zone.strip_prefix("/v1/zones/").unwrap())
                .replace("{id}", id)
                .replace("{versionId}", "v")
                .replace("{requestId}", "r");
            for path in [path.clone(), format!("{path}?format=csv")] {
                let reply = stack.call(Some(ADMIN), &[], Method::GET, &path, None).await;
                for secret in [
                    "wagtail",
                    generated.as_str(),
                    launched.as_str(),
                    chosen,
                    token.as_str(),
                    "argon2id$",
                    "hmac-sha256$",
                ] {
                    assert!(!reply.text.contains(secret), "{path}: {}", reply.text);
                }
                read += 1;
            }
        }
    }
    assert!(read > 80);
    // Nor do events carry any of it.
    for event in stack.parts.events().await {
        let text = serde_json::to_string(&event).unwrap();
        assert!(!text.contains("wagtail") && !text.contains(&generated), "{text}");
    }
}
