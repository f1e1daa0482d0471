//! Every text that a caller may choose, on every route: bounded, printable, and refused by name.

use caracal_api::table;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack, grants};

/// What no field takes: a NUL that PostgreSQL cannot store, an escape sequence, a text that shows another.
const BAD: [&str; 3] = ["a\u{0}b", "a\u{1b}[31mb", "a\u{202e}b"];

/// A request that is right, and the places of its texts.
struct Form {
    method: Method,
    path: String,
    body: Value,
    texts: &'static [&'static str],
}

async fn forms(stack: &Stack) -> Vec<Form> {
    let zone = stack.zone("acme").await;
    let provider = stack
        .provider(&zone, json!({ "name": "None", "kind": "none" }))
        .await;
    let resource = json!({
        "name": "CRM", "identifier": "resource://crm", "upstream_url": "https://crm.example.com/api",
        "scopes": ["crm:read"], "credential_provider_id": provider,
        "operations": [{ "method": "GET", "path": "/contacts", "scope": "crm:read" }],
    });
    let application = json!({ "name": "planner", "registration_method": "managed", "traits": ["team:blue"] });
    let made = |path: &str, body: Value| {
        let path = format!("{zone}/{path}");
        async move {
            format!(
                "{path}/{}",
                stack.post(&path, body).await.expect(201)["id"].as_str().unwrap()
            )
        }
    };
    let one_resource = made("resources", resource.clone()).await;
    let one_application = made("applications", application.clone()).await;
    let one_provider = format!("{zone}/providers/{provider}");
    let key = json!({ "name": "Key", "identifier": "provider://key", "kind": "api_key",
        "config_json": { "auth_location": "header", "header_name": "X-Key", "auth_scheme": "Token", "api_key": "k" } });
    let form = |method: Method, path: &str, body: Value, texts: &'static [&'static str]| Form {
        method,
        path: path.to_owned(),
        body,
        texts,
    };
    let below = |name: &str| format!("{zone}/{name}");
    vec![
        form(
            Method::POST,
            "/v1/zones",
            json!({ "name": "n", "slug": "s" }),
            &["/name", "/slug"],
        ),
        form(
            Method::PATCH,
            &zone,
            json!({ "name": "n", "slug": "s" }),
            &["/name", "/slug"],
        ),
        form(
            Method::POST,
            &below("applications"),
            application,
            &["/name", "/traits/0"],
        ),
        form(
            Method::PATCH,
            &one_application,
            json!({ "name": "n", "traits": ["team:blue"], "client_secret": "s".repeat(32) }),
            &["/name", "/traits/0", "/client_secret"],
        ),
        form(
            Method::POST,
            &below("providers"),
            key,
            &[
                "/name",
                "/identifier",
                "/kind",
                "/config_json/header_name",
                "/config_json/auth_scheme",
                "/config_json/auth_location",
                "/config_json/api_key",
            ],
        ),
        form(
            Method::PATCH,
            &one_provider,
            json!({ "name": "n", "identifier": "provider://n" }),
            &["/name", "/identifier"],
        ),
        form(
            Method::POST,
            &below("resources"),
            resource.clone(),
            &[
                "/name",
                "/identifier",
                "/upstream_url",
                "/scopes/0",
                "/credential_provider_id",
                "/operations/0/method",
                "/operations/0/path",
                "/operations/0/scope",
            ],
        ),
        form(
            Method::PATCH,
            &one_resource,
            json!({ "name": "n", "identifier": "resource://n", "upstream_url": "https://n.example.com",
                "scopes": ["crm:read"] }),
            &["/name", "/identifier", "/upstream_url", "/scopes/0"],
        ),
        form(
            Method::POST,
            &below("policies"),
            json!({ "name": "n", "description": "d", "content": grants("app") }),
            &["/name", "/description"],
        ),
        form(
            Method::POST,
            &below("policy-sets"),
            json!({ "name": "n", "description": "d" }),
            &["/name", "/description"],
        ),
        form(
            Method::POST,
            &below("subjects/revoke"),
            json!({ "subject_id": "s", "reason": "r" }),
            &["/subject_id", "/reason"],
        ),
        form(
            Method::POST,
            "/v1/admin-tokens",
            json!({ "name": "n", "scope": "global", "capability": "read" }),
            &["/name"],
        ),
    ]
}

#[tokio::test]
async fn what_is_wrong_with_a_text_is_told_by_the_name_of_its_field() {
    let stack = Stack::start().await;
    let endless = "x".repeat(900_000);
    for form in forms(&stack).await {
        for place in form.texts {
            for bad in BAD.into_iter().chain([endless.as_str()]) {
                // A secret is shown to nobody, so it may look like anything.
                if bad.contains('\u{202e}')
                    && (place.ends_with("api_key") || place.ends_with("client_secret"))
                {
                    continue;
                }
                let mut body = form.body.clone();
                *body.pointer_mut(place).unwrap() = json!(bad);
                let reply = stack
                    .call(Some(ADMIN), &[], form.method.clone(), &form.path, Some(&body))
                    .await;
                let what = format!("{} {} {place}", form.method, form.path);
                assert!(
                    reply.status.is_client_error(),
                    "{what}: {} {}",
                    reply.status,
                    reply.text
                );
                assert!(
                    reply.text.len() < 2_000,
                    "{what} quotes {} bytes",
                    reply.text.len()
                );
                // The last segment of the place, or the list or object around it.
                let named = place.split('/').any(|part| {
                    !part.is_empty() && part.parse::<usize>().is_err() && reply.text.contains(part)
                });
                assert!(named, "{what} is not named: {}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn an_upstream_is_kept_as_it_was_sent_or_refused() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let provider = stack
        .provider(&zone, json!({ "name": "None", "kind": "none" }))
        .await;
    for upstream in [
        "https://crm.example.com/\n",
        "https://crm.exa\tmple.com",
        " https://crm.example.com",
        "https://crm.example.com/a b",
        "https://crm.example.com/\u{a0}",
        "https://crm.example.com\\@127.1/",
        "https://crm.example.com/a/../b",
    ] {
        let body = json!({ "name": "CRM", "upstream_url": upstream, "scopes": ["a"],
            "credential_provider_id": provider, "operation_enforcement": "transport_uniform" });
        let reply = stack.post(&format!("{zone}/resources"), body).await.expect(400);
        assert_eq!(
            reply["details"]["issues"][0]["path"],
            json!(["upstream_url"]),
            "{upstream:?}: {reply}"
        );
    }
}

#[tokio::test]
async fn a_description_may_have_lines_and_is_kept_as_sent() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let text = "First line.\n\n\tIndented: grün.";
    let made = stack
        .post(
            &format!("{zone}/policy-sets"),
            json!({ "name": "n", "description": text }),
        )
        .await
        .expect(201);
    assert_eq!(made["description"], text);
}

#[tokio::test]
async fn no_filter_of_any_listing_takes_a_nul() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let names = [
        "label",
        "subject_id",
        "request_id",
        "application_id",
        "session_id",
        "authority_record_id",
        "actor_id",
        "entity_type",
        "entity_id",
        "parent_session_id",
        "status",
        "lifecycle",
        "cursor",
        "limit",
        "since",
        "until",
        "format",
        "event_type",
        "decision",
        "fields",
    ];
    for route in table().into_iter().filter(|route| route.method == Method::GET) {
        let path = route
            .path
            .replace("/v1/zones/{zoneId}", &zone)
            .replace("{id}", "x")
            .replace("{versionId}", "x");
        let path = path.replace("{requestId}", "x");
        for name in names {
            let reply = stack
                .call(
                    Some(ADMIN),
                    &[],
                    Method::GET,
                    &format!("{path}?{name}=a%00b"),
                    None,
                )
                .await;
            assert!(!reply.status.is_server_error(), "{path} {name}: {}", reply.text);
            if route.path.ends_with("/{zoneId}/sessions") && matches!(name, "label" | "subject_id") {
                assert_eq!(reply.refused(400), "invalid_query", "{path} {name}");
            }
        }
    }
}
