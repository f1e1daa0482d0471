//! `Idempotency-Key` on every request that makes or changes something: out of the declarations of the routes.

use caracal_api::{ApiConfig, ApiDeps, Capability, Reach, table};
use caracal_service::front::Route;
use caracal_testkit::{client::Answer, parts::Backends};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    approvals, connections,
    evidence::{Made, rows, under_way},
    grants,
    stack::{ADMIN, Stack, grants as document, masked},
    subjects,
};

const KEY: &str = "idempotency-key";

/// Routes that carry out a try and make nothing; each asked again tries again.
const TRIES: [&str; 2] = ["resources.test", "providers.test"];

/// Whether a route stops something. Asked again it stops again, whatever key it is asked with.
pub(crate) fn stops(route: &Route<ApiDeps>) -> bool {
    route.needs.capability == Capability::Stop || route.name == "accounts.end_sessions"
}

/// What is asked of a route: the path, a body that it takes and one that asks for something else, where it reads one.
struct Asked {
    path: String,
    body: Value,
    other: Option<Value>,
}

fn of_body(path: String, body: Value, member: &str, value: Value) -> Asked {
    let mut other = body.clone();
    other[member] = value;
    Asked {
        path,
        body,
        other: Some(other),
    }
}

fn bare(path: String) -> Asked {
    Asked {
        path,
        body: json!({}),
        other: None,
    }
}

/// A set of policies with a version in force, and another set whose version may be.
pub(crate) async fn two_sets(stack: &Stack, zone: &str) -> String {
    let (set, version, _) = stack.policy_set(zone, "main", &document("a")).await;
    let activate = format!("{zone}/policy-sets/{set}/activate");
    stack
        .post(&activate, json!({"version_id": version}))
        .await
        .expect(202);
    let (set, version, _) = stack.policy_set(zone, "next", &document("b")).await;
    format!("{zone}/policy-sets/{set}/versions/{version}")
}

/// A request of its own for each route that takes keys; one that this does not know fails the test.
async fn request_of(stack: &Stack, route: &Route<ApiDeps>) -> Asked {
    // With sessions, a delegation, and people.
    let zone = subjects::fixture(stack).await;
    let at = |path: &str| format!("{zone}/{path}");
    let name = json!({"name": "made"});
    let another = json!("another");
    let email = format!("{}@example.com", route.name.replace(['.', '_'], "-"));
    let account = json!({"email": email, "name": "Ada", "role": "viewer"});
    let member = async || {
        let made = stack.post("/v1/accounts", &account).await.expect(201);
        format!("/v1/accounts/{}", made["account"]["id"].as_str().unwrap())
    };
    let sink = json!({"name": "sink", "url": "https://sink.example"});
    let connecting = async || {
        let provider = stack.provider(&zone, connections::settings(&json!({}))).await;
        json!({"provider_id": provider, "subject_id": "alice"})
    };
    match route.name {
        "zones.create" => of_body(String::from("/v1/zones"), name, "name", another),
        "zones.thaw" => bare(at("thaw")),
        "applications.create" => {
            let body = json!({"name": "made", "registration_method": "managed"});
            of_body(at("applications"), body, "name", another)
        }
        "applications.register" => {
            stack.patch(&zone, json!({"dcr_enabled": true})).await.expect(200);
            of_body(at("applications/dcr"), name, "name", another)
        }
        "applications.rotate_secret" => {
            let (id, _) = stack.application(&zone, "planner").await;
            bare(at(&format!("applications/{id}/rotate-secret")))
        }
        "workloads.create" => of_body(at("workloads"), name, "name", another),
        "workloads.rotate_secret" => {
            let id = stack.post(&at("workloads"), name).await.expect(201).text("id");
            bare(at(&format!("workloads/{id}/rotate-secret")))
        }
        "resources.create" => {
            let key = json!({"name": "none", "kind": "none"});
            let provider = stack.provider(&zone, key).await;
            let body = json!({
                "name": "crm", "identifier": "resource://crm", "upstream_url": "https://upstream.example",
                "scopes": ["crm:read"], "credential_provider_id": provider,
            });
            of_body(at("resources"), body, "name", another)
        }
        "providers.create" => of_body(
            at("providers"),
            json!({"name": "none", "kind": "none"}),
            "name",
            another,
        ),
        "grants.create" => {
            let resource = grants::resource(stack, &zone).await;
            let (application, _) = stack.application(&zone, "planner").await;
            of_body(
                at("grants"),
                grants::grant(&application, &resource, "ada"),
                "user_id",
                another,
            )
        }
        "subjects.unblock" => {
            let body = json!({"subject_id": "ada", "block": true});
            stack.post(&at("subjects/revoke"), body).await.expect(200);
            of_body(
                at("subjects/unblock"),
                json!({"subject_id": "ada"}),
                "subject_id",
                another,
            )
        }
        "provider_connections.create" => {
            let mut body = connecting().await;
            body["access_token"] = json!("at-canary");
            of_body(at("provider-connections"), body, "subject_id", another)
        }
        "provider_connections.authorize" => {
            let path = at("provider-connections/oauth/authorize");
            of_body(path, connecting().await, "subject_id", another)
        }
        "policies.create" => {
            let body = json!({"name": "made", "content": document("a")});
            of_body(at("policies"), body, "name", another)
        }
        "policies.add_version" => {
            let (_, _, policy) = stack.policy_set(&zone, "main", &document("a")).await;
            let body = json!({"content": document("b")});
            of_body(
                at(&format!("policies/{policy}/versions")),
                body,
                "content",
                json!(document("c")),
            )
        }
        "policy_sets.create" => of_body(at("policy-sets"), name, "name", another),
        "policy_sets.add_version" => {
            let (set, version, _) = stack.policy_set(&zone, "main", &document("a")).await;
            let read = stack
                .get(&at(&format!("policy-sets/{set}/versions/{version}")))
                .await;
            let body = json!({"manifest": read.expect(200)["manifest_json"]});
            of_body(
                at(&format!("policy-sets/{set}/versions")),
                body,
                "manifest",
                json!([]),
            )
        }
        "policy_sets.activate" => {
            let (set, version, _) = stack.policy_set(&zone, "main", &document("a")).await;
            let body = json!({"version_id": version});
            of_body(
                at(&format!("policy-sets/{set}/activate")),
                body,
                "version_id",
                another,
            )
        }
        "policy_shadow.begin" => {
            let of_version = two_sets(stack, &zone).await;
            of_body(
                format!("{of_version}/shadow"),
                json!({}),
                "expires_in_hours",
                json!(2),
            )
        }
        "policy_canary.begin" => {
            let of_version = two_sets(stack, &zone).await;
            let body = json!({"share_percent": 10});
            of_body(format!("{of_version}/canary"), body, "share_percent", json!(20))
        }
        "policy_canary.activate" => {
            let begin = format!("{}/canary", two_sets(stack, &zone).await);
            stack.post(&begin, json!({"share_percent": 10})).await.expect(201);
            bare(at("policy-canary/activate"))
        }
        "sessions.resume" => {
            stack
                .post(&at("sessions/ses-user/suspend"), json!({}))
                .await
                .expect(200);
            bare(at("sessions/ses-user/resume"))
        }
        "subject_issuers.create" => {
            let body = json!({"issuer": "https://idp.example", "jwks_url": "https://idp.example/keys", "audience": "a"});
            of_body(at("subject-issuers"), body, "audience", another)
        }
        "approvals.approve" | "approvals.reject" | "approvals.withdraw" => {
            let id = approvals::waiting(stack, &zone, |_| {}).await;
            let decided = at(&format!("approvals/{id}"));
            if route.name == "approvals.withdraw" {
                stack
                    .post(&format!("{decided}/approve"), json!({}))
                    .await
                    .expect(200);
            }
            let verb = route.name.rsplit_once('.').unwrap().1;
            of_body(
                format!("{decided}/{verb}"),
                json!({"reason": "seen"}),
                "reason",
                another,
            )
        }
        "notification_sinks.create" => of_body(at("notification-sinks"), sink, "name", another),
        "notification_sinks.rotate_secret" | "notification_sinks.test" => {
            let id = stack
                .post(&at("notification-sinks"), sink)
                .await
                .expect(201)
                .text("id");
            let verb = if route.name.ends_with("test") {
                "test"
            } else {
                "rotate-secret"
            };
            bare(at(&format!("notification-sinks/{id}/{verb}")))
        }
        "notification_sinks.redeliver" => {
            let id = stack
                .post(&at("notification-sinks"), sink)
                .await
                .expect(201)
                .text("id");
            let of_sink = at(&format!("notification-sinks/{id}"));
            let test = stack.post(&format!("{of_sink}/test"), json!({})).await;
            let delivery = test.expect(202).text("id");
            bare(format!("{of_sink}/deliveries/{delivery}/redeliver"))
        }
        "audit_holds.place" => of_body(at("audit-holds"), json!({"reason": "a case"}), "reason", another),
        "admin_tokens.create" => {
            let body = json!({"name": "made", "scope": "global", "capability": "read"});
            of_body(String::from("/v1/admin-tokens"), body, "name", another)
        }
        "accounts.create" => of_body(String::from("/v1/accounts"), account, "name", another),
        "accounts.link" => bare(format!("{}/link", member().await)),
        "console.make_setup_link" => bare(String::from("/v1/console/setup-links")),
        other => panic!("{other} is not known here"),
    }
}

async fn send(stack: &Stack, path: &str, key: &str, body: &Value) -> Answer {
    stack
        .call(Some(ADMIN), &[(KEY, key)], Method::POST, path, Some(body))
        .await
}

async fn twice(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let mut kept = 0;
    for route in table().iter().filter(|route| route.idempotent) {
        let Asked { path, body, other } = request_of(&stack, route).await;
        let key = route.name;
        let before = rows(&stack).await;
        let first = send(&stack, &path, key, &body).await;
        assert!(first.status.is_success(), "{}: {first}", route.name);
        assert!(
            first.headers.get("idempotency-replayed").is_none(),
            "{}",
            route.name
        );
        let after = rows(&stack).await;
        assert_eq!(after - before, 1, "{}", route.name);
        let again = send(&stack, &path, key, &body).await;
        let replayed = again.headers.get("idempotency-replayed");
        assert!(
            replayed.is_some_and(|replayed| replayed == "true"),
            "{}: {again}",
            route.name
        );
        assert_eq!(
            (again.status, &again.text),
            (first.status, &first.text),
            "{}",
            route.name
        );
        assert_eq!(rows(&stack).await, after, "{} happened again", route.name);
        if let Some(other) = other {
            let conflict = send(&stack, &path, key, &other).await;
            assert_eq!(
                conflict.refused(409),
                "idempotency_key_conflict",
                "{}",
                route.name
            );
        }
        kept += 1;
    }
    assert!(kept > 30, "{kept}");
}

#[tokio::test]
async fn every_request_sent_twice_with_one_key_happens_once_and_is_answered_alike() {
    twice(Backends::Embedded).await;
}

#[tokio::test]
async fn every_request_sent_twice_with_one_key_happens_once_and_is_answered_alike_over_postgresql() {
    twice(Backends::Production).await;
}

#[tokio::test]
async fn every_post_that_makes_or_changes_something_takes_a_key() {
    for route in table() {
        let of_zones = matches!(route.needs.reach, Reach::Zone | Reach::Deployment { .. });
        let changes = route.method == Method::POST && of_zones && route.needs.changes;
        let changes = changes && route.needs.capability != Capability::Reveal;
        assert_eq!(
            route.idempotent,
            changes && !TRIES.contains(&route.name) && !stops(&route),
            "{}",
            route.name
        );
    }
}

#[tokio::test]
async fn a_key_of_a_zone_is_none_of_another() {
    let stack = Stack::start().await;
    // Whoever thaws two zones with one key means both.
    for name in ["one", "two"] {
        let zone = stack.zone(name).await;
        stack.post(&format!("{zone}/freeze"), json!({})).await.expect(200);
        let thawed = send(&stack, &format!("{zone}/thaw"), "k", &json!({})).await;
        thawed.expect(200);
        assert!(
            stack.get(&zone).await.expect(200)["frozen_at"].is_null(),
            "{name}"
        );
        let held = json!({"reason": name});
        send(&stack, &format!("{zone}/audit-holds"), "k", &held)
            .await
            .expect(201);
    }
}

#[tokio::test]
async fn an_answer_with_a_secret_is_repeated_to_whoever_got_it_and_kept_sealed() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/applications");
    let body = json!({"name": "planner", "registration_method": "managed"});
    let made = send(&stack, &path, "k", &body).await.expect(201);
    let secret = made.text("client_secret");
    // Another caller's key is another key: it makes, or is refused, what its own request does.
    let writer = stack.token("global", None, "write").await;
    let headers = [(KEY, "k")];
    let other = stack
        .call(Some(&writer), &headers, Method::POST, &path, Some(&body))
        .await;
    assert_eq!(other.refused(409), "application_name_taken");
    let id = zone.strip_prefix("/v1/zones/").unwrap().parse().unwrap();
    let mut work = stack
        .parts
        .store
        .zone(&id, caracal_storage::Access::Write)
        .await
        .unwrap();
    let scope = stack.get("/v1/caller").await.expect(200).text("token_id");
    let receipts = work.receipts();
    let now = stack.parts.world.now();
    let count = receipts
        .count("applications.create", &format!("actor:{scope}"), now)
        .await;
    assert_eq!(count.unwrap(), 1);
    drop(work);
    // After a day the key is free again, and the name is taken.
    let clock = stack.parts.world.manual_clock();
    clock.advance(std::time::Duration::from_hours(23));
    assert_eq!(
        send(&stack, &path, "k", &body)
            .await
            .expect(201)
            .text("client_secret"),
        secret
    );
    clock.advance(std::time::Duration::from_hours(2));
    let late = send(&stack, &path, "k", &body).await;
    assert_eq!(late.refused(409), "application_name_taken");
}

#[tokio::test]
async fn what_takes_no_key_leaves_the_same_when_it_is_sent_twice() {
    let stack = Stack::start().await;
    let methods = [Method::PATCH, Method::PUT, Method::DELETE];
    let mut sent = 0;
    for route in table().iter().filter(|route| methods.contains(&route.method)) {
        if !matches!(route.needs.reach, Reach::Zone | Reach::Deployment { .. }) {
            continue;
        }
        let made = Made::of(&stack).await;
        let path = under_way(&stack, route, &made).await;
        let body = made.body(route.name);
        let send = async || {
            let headers = [(KEY, "k")];
            stack
                .call(Some(ADMIN), &headers, route.method.clone(), &path, body.as_ref())
                .await
        };
        let first = send().await;
        assert!(first.status.is_success(), "{}: {first}", route.name);
        let read = stack.get(&path).await;
        let again = send().await;
        assert!(
            again.headers.get("idempotency-replayed").is_none(),
            "{}",
            route.name
        );
        // What is gone is not there to be deleted.
        let gone = route.method == Method::DELETE && again.status == StatusCode::NOT_FOUND;
        assert!(gone || again.status == first.status, "{}: {again}", route.name);
        let anew = ["updated_at", "version", "requestId", "request_id"];
        let masked = |answer: Answer| masked(answer.body, &anew);
        assert_eq!(masked(stack.get(&path).await), masked(read), "{}", route.name);
        sent += 1;
    }
    assert!(sent > 25, "{sent}");
}
