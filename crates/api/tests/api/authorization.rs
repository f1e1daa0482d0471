//! Who may call what: every route of the table, as nobody, with too little, and from elsewhere.

use std::time::Duration;

use axum::body::Body;
use caracal_api::{ApiConfig, ApiDeps, Capability, Reach, seed_bootstrap, table};
use caracal_core::Secret;
use caracal_crypto::tokens::ConsoleToken;
use caracal_service::front::Route;
use http::{Method, Request};
use serde_json::{Value, json};

use caracal_testkit::client::Answer;

use crate::stack::{ADMIN, Stack};

/// The path with its parameters filled in; a parameter this walk does not know fails it.
pub(crate) fn filled(route: &Route<ApiDeps>, zone: &str) -> String {
    let path = route
        .path
        .replace("{zoneId}", zone)
        .replace("{id}", "an-id")
        .replace("{versionId}", "a-version")
        .replace("{deliveryId}", "a-delivery")
        .replace("{requestId}", "a-request");
    assert!(
        !path.contains('{'),
        "the walk does not know a parameter of {path}"
    );
    path
}

/// The routes for administrators and whoever is nobody yet; commands, which no admin token runs, have their own cases.
fn administered() -> impl Iterator<Item = Route<ApiDeps>> {
    let table = table().into_iter();
    table.filter(|route| route.needs.reach != Reach::Control)
}

async fn walk(stack: &Stack, token: Option<&str>, route: &Route<ApiDeps>, zone: &str) -> Answer {
    let body = (route.method != Method::GET).then(|| json!({}));
    stack
        .call(
            token,
            &[],
            route.method.clone(),
            &filled(route, zone),
            body.as_ref(),
        )
        .await
}

fn zone_id(path: &str) -> &str {
    path.strip_prefix("/v1/zones/").unwrap()
}

#[tokio::test]
async fn nobody_reaches_any_route() {
    let stack = Stack::with(ApiConfig {
        auth_fail_limit_per_min: 0,
        ..ApiConfig::default()
    })
    .await;
    let zone = stack.zone("acme").await;
    assert!(table().len() > 45);
    for route in administered().filter(|route| route.needs.reach != Reach::Open) {
        for token in [None, Some("cat_unknown"), Some("")] {
            let reply = walk(&stack, token, &route, zone_id(&zone)).await;
            assert_eq!(reply.headers.get("www-authenticate").unwrap(), "Bearer");
            assert_eq!(
                reply.refused(401),
                "invalid_admin_token",
                "{} {}",
                route.method,
                route.path
            );
        }
    }
    // Nobody's requests leave no trace in the zone's chain.
    let rows = stack.admin_audit(&zone).await;
    assert!(rows.iter().all(|row| row["status_code"] != 401), "{rows:?}");
}

#[tokio::test]
async fn every_route_of_the_table_is_served() {
    let stack = Stack::start().await;
    for route in administered() {
        let reply = walk(&stack, Some(ADMIN), &route, "no-such-zone").await;
        assert!(reply.status != 405, "{} {}", route.method, route.path);
        assert!(
            !reply.text.contains("route_not_found"),
            "{} {}",
            route.method,
            route.path
        );
        assert!(
            reply.status.as_u16() < 500,
            "{} {}: {}",
            route.method,
            route.path,
            reply.text
        );
    }
    for missing in ["/v1/zones/z/grants/g/scopes", "/v1/operator/status"] {
        assert_eq!(
            stack.get(missing).await.refused(404),
            "route_not_found",
            "{missing}"
        );
    }
}

#[tokio::test]
async fn tokens_that_read_or_approve_change_and_reveal_nothing() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let read = stack.token("global", None, "read").await;
    let approve = stack.token("global", None, "approve").await;
    let write = stack.token("global", None, "write").await;
    for route in administered() {
        let reading = walk(&stack, Some(&read), &route, zone_id(&zone)).await;
        let approving = walk(&stack, Some(&approve), &route, zone_id(&zone)).await;
        let what = format!("{} {}", route.method, route.path);
        match route.needs.capability {
            _ if route.needs.reach == Reach::Own => {
                assert_eq!(reading.refused(403), "account_session_required", "{what}");
                assert_eq!(approving.refused(403), "account_session_required", "{what}");
            }
            Capability::Read | Capability::ReadEvidence => {
                assert!(reading.status != 403 && approving.status != 403, "{what}");
            }
            Capability::Write | Capability::Stop | Capability::Release | Capability::Reveal => {
                assert_eq!(reading.refused(403), "admin_token_read_only", "{what}");
                assert_eq!(approving.refused(403), "admin_token_approve_only", "{what}");
            }
            Capability::Decide => {
                assert_eq!(reading.refused(403), "admin_token_read_only", "{what}");
                assert_eq!(approving.refused(404), "approval_not_found", "{what}");
                let writing = walk(&stack, Some(&write), &route, zone_id(&zone)).await;
                assert_eq!(writing.refused(403), "approve_capability_required", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_zone_token_reaches_its_own_zone_only() {
    let stack = Stack::start().await;
    let (own, other) = (stack.zone("own").await, stack.zone("other").await);
    let write = stack.token("zone", Some(zone_id(&own)), "write").await;
    let approve = stack.token("zone", Some(zone_id(&own)), "approve").await;
    for route in administered() {
        let token = match route.needs.capability {
            Capability::Decide => &approve,
            _ => &write,
        };
        let what = format!("{} {}", route.method, route.path);
        match route.needs.reach {
            Reach::Zone => {
                let reply = walk(&stack, Some(token), &route, zone_id(&other)).await;
                assert_eq!(reply.refused(403), "admin_token_zone_mismatch", "{what}");
                // A path that decodes to the own zone is the own zone; one that does not, is not.
                let path = filled(&route, "%6Fther%2F..");
                let reply = stack
                    .call(Some(token), &[], route.method.clone(), &path, Some(&json!({})))
                    .await;
                assert_eq!(reply.refused(400), "invalid_params", "{what}");
            }
            Reach::Deployment { .. } => {
                let reply = walk(&stack, Some(token), &route, "").await;
                assert_eq!(reply.refused(403), "admin_token_zone_mismatch", "{what}");
            }
            Reach::Own => {
                let reply = walk(&stack, Some(token), &route, "").await;
                assert_eq!(reply.refused(403), "account_session_required", "{what}");
            }
            Reach::Control => unreachable!("it is left out"),
            Reach::Home => {
                let named = [("x-caracal-zone-scope", zone_id(&other))];
                let reply = stack
                    .call(
                        Some(token),
                        &named,
                        route.method.clone(),
                        route.path,
                        Some(&json!({})),
                    )
                    .await;
                assert_eq!(reply.refused(403), "admin_token_zone_mismatch", "{what}");
            }
            Reach::Stateless | Reach::Open => {
                assert!(
                    walk(&stack, Some(token), &route, "").await.status != 403,
                    "{what}"
                );
            }
        }
    }
    // The own zone is reachable, and the refusals are recorded there rather than in the zone they named.
    stack
        .call(
            Some(&write),
            &[],
            Method::GET,
            &format!("{own}/applications"),
            None,
        )
        .await
        .expect(200);
    let refused = |rows: Vec<Value>| rows.into_iter().filter(|row| row["status_code"] == 403).count();
    assert!(refused(stack.admin_audit(&own).await) > 30);
    assert_eq!(refused(stack.admin_audit(&other).await), 0);
}

#[tokio::test]
async fn a_console_token_needs_an_account_and_reaches_the_zones_it_made() {
    let stack = Stack::start().await;
    let foreign = stack.zone("foreign").await;
    let (write, alice) = stack.console(ConsoleToken::Write, "alice");
    let (read, bob) = stack.console(ConsoleToken::ReadOnly, "bob");
    let as_alice = [("x-caracal-account", alice.as_str())];
    let as_bob = [("x-caracal-account", bob.as_str())];

    for headers in [&[][..], &[("x-caracal-account", "v1.YWxpY2U.9999999999.AAAA")]] {
        let reply = stack
            .call(Some(&write), headers, Method::GET, "/v1/zones", None)
            .await;
        assert_eq!(reply.refused(401), "invalid_account_assertion");
    }
    let body = json!({ "name": "Alice's" });
    let made = stack
        .call(Some(&write), &as_alice, Method::POST, "/v1/zones", Some(&body))
        .await
        .expect(201);
    assert_eq!(made["created_by"], "alice");
    let own = format!("/v1/zones/{}", made["id"].as_str().unwrap());
    stack
        .call(Some(&write), &as_alice, Method::GET, &own, None)
        .await
        .expect(200);

    // Neither another account nor the maker of nothing sees more, not even whether a zone exists.
    for (path, headers, token) in [
        (own.as_str(), &as_bob, &read),
        (foreign.as_str(), &as_alice, &write),
        ("/v1/zones/no-such-zone", &as_alice, &write),
    ] {
        let reply = stack.call(Some(token), headers, Method::GET, path, None).await;
        assert_eq!(reply.refused(403), "zone_forbidden", "{path}");
    }
    let seen = stack
        .call(Some(&read), &as_bob, Method::GET, "/v1/zones", None)
        .await
        .expect(200);
    assert_eq!(seen, json!({ "items": [], "next_cursor": null }));
    let seen = stack
        .call(Some(&write), &as_alice, Method::GET, "/v1/zones", None)
        .await
        .expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    let reply = stack
        .call(Some(&write), &as_alice, Method::GET, "/v1/admin-tokens", None)
        .await;
    assert_eq!(reply.refused(403), "account_scope_required");

    // An account cannot pose as a token and own what that token made, and an assertion ends.
    let (write, poser) = stack.console(ConsoleToken::Write, "admin:x");
    let reply = stack
        .call(
            Some(&write),
            &[("x-caracal-account", &poser)],
            Method::GET,
            "/v1/zones",
            None,
        )
        .await;
    assert_eq!(reply.refused(401), "invalid_account_assertion");
    stack.parts.world.manual_clock().advance(Duration::from_secs(61));
    let reply = stack
        .call(Some(&write), &as_alice, Method::GET, "/v1/zones", None)
        .await;
    assert_eq!(reply.refused(401), "invalid_account_assertion");
}

#[tokio::test]
async fn zones_of_the_platform_are_read_only_for_everybody_else() {
    let stack = Stack::start().await;
    let body = json!({ "name": "caracal.sys/system", "slug": "caracal-sys-internal" });
    let token = stack.token("global", None, "write").await;
    let reply = stack
        .call(Some(&token), &[], Method::POST, "/v1/zones", Some(&body))
        .await;
    assert_eq!(reply.refused(409), "reserved_namespace");
    let zone = stack.post("/v1/zones", body).await.expect(201);
    let zone = format!("/v1/zones/{}", zone["id"].as_str().unwrap());
    let body = json!({ "name": "x", "registration_method": "managed" });
    let reply = stack
        .call(
            Some(&token),
            &[],
            Method::POST,
            &format!("{zone}/applications"),
            Some(&body),
        )
        .await;
    assert_eq!(reply.refused(403), "system_zone_read_only");
    stack
        .call(Some(&token), &[], Method::GET, &zone, None)
        .await
        .expect(200);
    let listed = stack.get("/v1/zones").await.expect(200);
    assert_eq!(listed["items"], json!([]), "the platform's zones are not listed");
}

#[tokio::test]
async fn refused_logins_are_limited_by_address_and_never_lock_out_a_valid_token() {
    let stack = Stack::with(ApiConfig {
        auth_fail_limit_per_min: 2,
        ..ApiConfig::default()
    })
    .await;
    for _ in 0..2 {
        let reply = stack
            .call(Some("cat_wrong"), &[], Method::GET, "/v1/zones", None)
            .await;
        assert_eq!(reply.refused(401), "invalid_admin_token");
    }
    let reply = stack
        .call(Some("cat_wrong"), &[], Method::GET, "/v1/zones", None)
        .await;
    assert!(reply.headers.get("retry-after").is_some());
    assert_eq!(reply.refused(429), "rate_limited");
    stack.get("/v1/zones").await.expect(200);
}

#[tokio::test]
async fn a_flood_of_unknown_tokens_costs_no_query_and_locks_nobody_out() {
    let stack = Stack::with(ApiConfig {
        auth_fail_limit_per_min: 2,
        ..ApiConfig::default()
    })
    .await;
    let zones = async |token: &str| stack.call(Some(token), &[], Method::GET, "/v1/zones", None).await;
    for number in 0..4 {
        zones(&format!("cat_wrong_{number}")).await;
    }
    let store = &stack.parts.store;
    let before = store.statements();
    for number in 4..60 {
        let reply = zones(&format!("cat_wrong_{number}")).await;
        assert_eq!(reply.refused(429), "rate_limited");
    }
    // The relay makes a few of its own.
    assert!(store.statements() - before < 56, "unknown tokens made queries");

    // None of these was ever used from this address, or at all.
    zones(ADMIN).await.expect(200);
    let made = stack.token("global", None, "read").await;
    stack.parts.world.manual_clock().advance(Duration::from_secs(1));
    zones(&made).await.expect(200);
    // A revoked one is no better than a guess, at once.
    let listed = stack.get("/v1/admin-tokens").await.expect(200);
    let mut items = listed["items"].as_array().unwrap().iter();
    let id = items.find(|item| item["name"] == "global-read").unwrap()["id"]
        .as_str()
        .unwrap();
    stack.delete(&format!("/v1/admin-tokens/{id}")).await.expect(204);
    assert!(zones(&made).await.status.is_client_error());

    stack.parts.world.manual_clock().advance(Duration::from_mins(1));
    assert_eq!(zones("cat_wrong").await.refused(401), "invalid_admin_token");
}

#[tokio::test]
async fn a_caller_past_its_limit_costs_no_query_until_it_may_come_again() {
    let stack = Stack::with(ApiConfig {
        rate_limit_per_min: 2,
        ..ApiConfig::default()
    })
    .await;
    let reader = stack.token("global", None, "read").await;
    let zones = async || {
        stack
            .call(Some(&reader), &[], Method::GET, "/v1/zones", None)
            .await
    };
    for status in [200, 200, 429] {
        assert_eq!(zones().await.status, status);
    }
    let before = stack.parts.store.statements();
    for _ in 0..20 {
        assert_eq!(zones().await.refused(429), "rate_limited");
    }
    assert!(stack.parts.store.statements() - before < 20);
    stack.parts.world.manual_clock().advance(Duration::from_mins(1));
    zones().await.expect(200);
}

#[tokio::test]
async fn requests_are_limited_by_principal_with_a_time_to_retry() {
    let stack = Stack::with(ApiConfig {
        rate_limit_per_min: 3,
        ..ApiConfig::default()
    })
    .await;
    let other = stack.token("global", None, "read").await;
    stack.get("/v1/zones").await.expect(200);
    stack.get("/v1/zones").await.expect(200);
    let reply = stack.get("/v1/zones").await;
    assert!(reply.headers.get("retry-after").is_some());
    assert_eq!(reply.refused(429), "rate_limited");
    stack
        .call(Some(&other), &[], Method::GET, "/v1/zones", None)
        .await
        .expect(200);
}

#[tokio::test]
async fn refusals_are_limited_before_they_are_written_down() {
    let stack = Stack::with(ApiConfig {
        rate_limit_per_min: 3,
        ..ApiConfig::default()
    })
    .await;
    let reader = stack.token("global", None, "read").await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let reply = stack
            .call(
                Some(&reader),
                &[],
                Method::POST,
                "/v1/zones",
                Some(&serde_json::json!({"name": "x"})),
            )
            .await;
        statuses.push(reply.status.as_u16());
    }
    assert_eq!(statuses, [403, 403, 403, 429, 429, 429, 429, 429]);
}

#[tokio::test]
async fn a_rotated_admin_token_ends_the_old_one_and_its_console_tokens() {
    let stack = Stack::start().await;
    let (console, alice) = stack.console(ConsoleToken::ReadOnly, "alice");
    let rotated = caracal_api::ApiDeps {
        admin_token: Some(Secret::new("another-admin-token")),
        ..stack.deps.clone()
    };
    seed_bootstrap(&rotated).await.unwrap();
    assert_eq!(stack.get("/v1/zones").await.refused(401), "invalid_admin_token");
    let headers = [("x-caracal-account", alice.as_str())];
    let reply = stack
        .call(Some(&console), &headers, Method::GET, "/v1/zones", None)
        .await;
    assert_eq!(reply.refused(401), "invalid_admin_token");
    stack
        .call(Some("another-admin-token"), &[], Method::GET, "/v1/zones", None)
        .await
        .expect(200);

    // Rotating back works, and seeding twice changes nothing.
    seed_bootstrap(&stack.deps).await.unwrap();
    seed_bootstrap(&stack.deps).await.unwrap();
    stack.get("/v1/zones").await.expect(200);
    let none = caracal_api::ApiDeps {
        admin_token: None,
        ..stack.deps.clone()
    };
    seed_bootstrap(&none).await.unwrap();
    assert_eq!(stack.get("/v1/zones").await.refused(401), "invalid_admin_token");
}

#[tokio::test]
async fn bodies_are_bounded_json_and_read_only_for_the_admitted() {
    let stack = Stack::start().await;
    let request = |token: &str, content_type: &str, body: String| {
        Request::post("/v1/zones")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", content_type)
            .body(Body::from(body))
            .unwrap()
    };
    let large = "x".repeat(2 * 1024 * 1024);
    let reply = stack
        .send(request(ADMIN, "application/json", large.clone()))
        .await;
    assert_eq!(reply.refused(413), "payload_too_large");
    assert_eq!(
        stack
            .send(request("cat_x", "application/json", large))
            .await
            .refused(401),
        "invalid_admin_token"
    );
    let reply = stack.send(request(ADMIN, "text/plain", String::from("{}"))).await;
    assert_eq!(reply.refused(415), "unsupported_media_type");
    let reply = stack
        .send(request(ADMIN, "application/json", String::from("{\"name\":")))
        .await;
    assert_eq!(reply.refused(400), "invalid_zone");
    let two = Request::get("/v1/zones")
        .header("authorization", format!("Bearer {ADMIN}"))
        .header("authorization", "Bearer other")
        .body(Body::empty())
        .unwrap();
    assert_eq!(stack.send(two).await.refused(401), "invalid_admin_token");
}
