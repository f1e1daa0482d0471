//! `If-Match` on whatever changes something: out of the declarations of the routes.

use caracal_api::{ApiConfig, ApiDeps, Reach, table};
use caracal_service::front::Route;
use caracal_testkit::parts::Backends;
use http::Method;
use serde_json::{Value, json};

use crate::{
    authorization::filled,
    grants,
    sent_twice::two_sets,
    stack::{ADMIN, Stack, grants as document},
};

/// Something of its own that a route with versions changes: the path of the request and a body that it takes. A route that
/// this does not know fails the test.
pub(crate) async fn subject_of(stack: &Stack, route: &Route<ApiDeps>) -> (String, Option<Value>) {
    let zone = stack.zone("acme").await;
    let made = async |path: &str, body: Value| {
        let path = format!("{zone}/{path}");
        let id = stack.post(&path, body).await.expect(201).text("id");
        format!("{path}/{id}")
    };
    let renamed = Some(json!({"name": "another"}));
    let body = if route.method == Method::DELETE {
        None
    } else {
        renamed.clone()
    };
    let noun = route.name.rsplit_once('.').unwrap().0;
    match (noun, route.name) {
        ("zones", _) => (zone, body),
        ("zone_state", _) => {
            let path = format!("{zone}/state");
            let state = stack.get(&path).await.expect(200).body;
            (path, Some(state))
        }
        ("applications", _) => {
            let (id, _) = stack.application(&zone, "planner").await;
            (format!("{zone}/applications/{id}"), body)
        }
        ("workloads", _) => (made("workloads", json!({"name": "worker"})).await, body),
        ("providers", _) => {
            let provider = stack
                .provider(&zone, json!({"name": "none", "kind": "none"}))
                .await;
            (format!("{zone}/providers/{provider}"), body)
        }
        ("resources", _) => {
            let id = grants::resource(stack, &zone).await;
            (format!("{zone}/resources/{id}"), body)
        }
        ("grants", _) => {
            let resource = grants::resource(stack, &zone).await;
            let (application, _) = stack.application(&zone, "planner").await;
            (
                made("grants", grants::grant(&application, &resource, "ada")).await,
                None,
            )
        }
        ("subject_issuers", _) => {
            let issuer = json!({"issuer": "https://idp.example", "jwks_url": "https://idp.example/keys", "audience": "a"});
            let audience = body.map(|_| json!({"audience": "another"}));
            (made("subject-issuers", issuer).await, audience)
        }
        ("notification_sinks", _) => {
            let sink = json!({"name": "sink", "url": "https://sink.example"});
            (made("notification-sinks", sink).await, body)
        }
        ("policies" | "policy_sets", _) => {
            let (set, version, policy) = stack.policy_set(&zone, "main", &document("a")).await;
            let (policy, set) = (
                format!("{zone}/policies/{policy}"),
                format!("{zone}/policy-sets/{set}"),
            );
            match route.name {
                "policies.add_version" => (
                    format!("{policy}/versions"),
                    Some(json!({"content": document("b")})),
                ),
                "policies.archive" => (policy, None),
                "policy_sets.activate" => (format!("{set}/activate"), Some(json!({"version_id": version}))),
                "policy_sets.add_version" => {
                    let read = stack.get(&format!("{set}/versions/{version}")).await.expect(200);
                    (
                        format!("{set}/versions"),
                        Some(json!({"manifest": read["manifest_json"]})),
                    )
                }
                "policy_sets.archive" => (set, None),
                other => panic!("{other} is not known here"),
            }
        }
        ("policy_canary" | "policy_shadow", _) => {
            let of_version = two_sets(stack, &zone).await;
            if noun == "policy_shadow" {
                stack
                    .post(&format!("{of_version}/shadow"), json!({}))
                    .await
                    .expect(201);
                return (format!("{zone}/policy-shadow"), None);
            }
            let begin = format!("{of_version}/canary");
            stack.post(&begin, json!({"share_percent": 10})).await.expect(201);
            match route.name {
                "policy_canary.activate" => (format!("{zone}/policy-canary/activate"), Some(json!({}))),
                "policy_canary.update" => (
                    format!("{zone}/policy-canary"),
                    Some(json!({"share_percent": 20})),
                ),
                "policy_canary.end" => (format!("{zone}/policy-canary"), None),
                other => panic!("{other} is not known here"),
            }
        }
        ("audit_retention", name) => {
            let days = body.map(|_| json!({"retention_days": 30}));
            let of_zone = name.ends_with("_of_zone");
            let path = if of_zone {
                format!("{zone}/audit-retention")
            } else {
                String::from("/v1/audit-retention")
            };
            if name == "audit_retention.clear_of_zone" {
                let (days, put) = (json!({"retention_days": 30}), Method::PUT);
                stack
                    .call(Some(ADMIN), &[], put, &path, Some(&days))
                    .await
                    .expect(200);
            }
            (path, days)
        }
        ("accounts", name) => {
            let email = format!("{}@example.com", name.replace('.', "-"));
            let account = json!({"email": email, "name": "Ada", "role": "viewer"});
            let made = stack.post("/v1/accounts", account).await.expect(201);
            let path = format!("/v1/accounts/{}", made["account"]["id"].as_str().unwrap());
            match name {
                "accounts.forget_identity" => (format!("{path}/identity"), None),
                _ => (path, body),
            }
        }
        (_, other) => panic!("{other} is not known here"),
    }
}

/// Where what a route changes is read: an action on an object is a part of its path.
pub(crate) fn shown<'p>(route: &Route<ApiDeps>, path: &'p str) -> &'p str {
    match route.method {
        Method::POST => path.rsplit_once('/').unwrap().0,
        _ => path,
    }
}

/// What leaves the tag: the state of a zone that is made what it is, and a canary whose rules stay what they were.
const KEEP_TAG: [&str; 3] = ["zone_state.apply", "policy_canary.activate", "policy_canary.end"];

async fn with_tag(
    stack: &Stack,
    route: &Route<ApiDeps>,
    path: &str,
    tag: &str,
    body: Option<&Value>,
) -> caracal_testkit::client::Answer {
    let headers = [("if-match", tag)];
    stack
        .call(Some(ADMIN), &headers, route.method.clone(), path, body)
        .await
}

async fn stale_ones_are_refused(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let versioned: Vec<_> = table().into_iter().filter(|route| route.minds_version).collect();
    assert!(versioned.len() > 25, "{}", versioned.len());
    for route in &versioned {
        let (path, body) = subject_of(&stack, route).await;
        let stale = with_tag(&stack, route, &path, "\"stale\"", body.as_ref()).await;
        assert_eq!(stale.refused(412), "precondition_failed", "{}", route.name);
        // Nothing but the tag was wrong: where it can be read, the one that is there is taken.
        let shown = shown(route, &path);
        let read = stack.get(shown).await;
        let tag = read.headers.get("etag").map_or("*", |tag| tag.to_str().unwrap());
        assert!(read.status != 200 || tag != "*", "{} shows no tag", route.name);
        let done = with_tag(&stack, route, &path, tag, body.as_ref()).await;
        assert!(done.status.is_success(), "{}: {done}", route.name);
        // What changed has another tag than what was read.
        let again = stack.get(shown).await;
        let changed = again
            .headers
            .get("etag")
            .is_none_or(|now| now.to_str().unwrap() != tag);
        assert!(
            changed || KEEP_TAG.contains(&route.name),
            "{} left its tag",
            route.name
        );
    }
}

#[tokio::test]
async fn every_change_of_what_has_a_version_minds_a_stale_one() {
    stale_ones_are_refused(Backends::Embedded).await;
}

#[tokio::test]
async fn every_change_of_what_has_a_version_minds_a_stale_one_over_postgresql() {
    stale_ones_are_refused(Backends::Production).await;
}

/// Updates and deletions of what has no version: it is made once and never changed, or it is a part that nobody reads with a
/// version.
const WITHOUT_VERSION: [&str; 6] = [
    "audit_holds.lift",
    "admin_tokens.revoke",
    "accounts.remove_passkeys",
    "console.remove_passkey",
    "console.end_other_sessions",
    "console.end_session",
];

#[tokio::test]
async fn a_change_of_what_has_no_version_refuses_to_be_held_to_one() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let zone = zone.strip_prefix("/v1/zones/").unwrap();
    for route in table() {
        if route.method == Method::GET || route.minds_version {
            continue;
        }
        if route.method != Method::POST {
            assert!(
                WITHOUT_VERSION.contains(&route.name),
                "{} minds no version",
                route.name
            );
        }
        if matches!(route.needs.reach, Reach::Own | Reach::Control) {
            continue;
        }
        let path = filled(&route, zone);
        let headers = [("if-match", "*"), ("x-caracal-zone-scope", zone)];
        let (method, body) = (route.method.clone(), json!({}));
        let refused = stack
            .call(Some(ADMIN), &headers, method, &path, Some(&body))
            .await;
        assert!(
            refused.text.contains("has no version"),
            "{}: {refused}",
            route.name
        );
        assert_eq!(refused.refused(412), "precondition_failed", "{}", route.name);
    }
}

#[tokio::test]
async fn of_many_deletions_with_one_tag_one_happens_over_postgresql() {
    let stack = Stack::over(Backends::Production, ApiConfig::default()).await;
    let zone = stack.zone("acme").await;
    let provider = stack
        .provider(&zone, json!({"name": "none", "kind": "none"}))
        .await;
    let path = format!("{zone}/providers/{provider}");
    let tag = stack.get(&path).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let renamed = json!({"name": "another"});
    let rival = async |method: Method, body: Option<&Value>| {
        let headers = [("if-match", tag.as_str())];
        stack
            .call(Some(ADMIN), &headers, method, &path, body)
            .await
            .status
            .as_u16()
    };
    let told = tokio::join!(
        rival(Method::PATCH, Some(&renamed)),
        rival(Method::DELETE, None),
        rival(Method::PATCH, Some(&renamed)),
        rival(Method::DELETE, None),
    );
    let told = [told.0, told.1, told.2, told.3];
    let won = told.iter().filter(|status| **status < 300).count();
    assert_eq!(won, 1, "{told:?}");
    assert!(
        told.iter().all(|status| matches!(status, 200 | 204 | 404 | 412)),
        "{told:?}"
    );
}
