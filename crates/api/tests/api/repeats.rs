//! Requests that are sent twice, and changes of what somebody else has changed.

use http::Method;
use serde_json::{Value, json};

use caracal_api::ApiConfig;
use caracal_storage::Access;
use caracal_testkit::{client::Answer, parts::Backends};

use crate::stack::{ADMIN, Stack};

const KEY: &str = "idempotency-key";

async fn post(stack: &Stack, token: &str, path: &str, key: &str, body: &Value) -> Answer {
    stack
        .call(Some(token), &[(KEY, key)], Method::POST, path, Some(body))
        .await
}

fn policy_set(name: &str) -> Value {
    json!({ "name": name })
}

async fn count(stack: &Stack, path: &str) -> usize {
    let listed = stack.get(path).await.expect(200);
    listed["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_request_with_the_same_key_makes_one_object_and_one_answer() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (policy_sets, providers) = (format!("{zone}/policy-sets"), format!("{zone}/providers"));
    for (path, body) in [
        (&policy_sets, policy_set("first")),
        (&providers, json!({ "name": "Plain", "kind": "none" })),
        (
            &format!("{zone}/policies"),
            json!({ "name": "p", "content": crate::stack::grants("a") }),
        ),
    ] {
        let first = post(&stack, ADMIN, path, "k-1", &body).await;
        assert!(first.headers.get("idempotency-replayed").is_none());
        let first = first.expect(201);
        let again = post(&stack, ADMIN, path, "k-1", &body).await;
        assert_eq!(again.headers["idempotency-replayed"], "true", "{path}");
        assert_eq!(again.expect(201), first, "{path}");
        assert_eq!(count(&stack, path).await, 1, "{path}");
    }
    // And one entry in the chain of changes.
    let rows = stack.admin_audit(&zone).await;
    let made = rows
        .iter()
        .filter(|row| row["action"] == format!("POST {policy_sets}"));
    assert_eq!(made.count(), 1);
}

#[tokio::test]
async fn a_repeat_is_answered_while_somebody_else_writes() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/policy-sets");
    let body = policy_set("first");
    let first = post(&stack, ADMIN, &path, "k-1", &body).await.expect(201);
    let id = zone.strip_prefix("/v1/zones/").unwrap().parse().unwrap();
    // The only writer that the database has.
    let writing = stack.parts.store.zone(&id, Access::Write).await.unwrap();
    let again = post(&stack, ADMIN, &path, "k-1", &body).await;
    assert_eq!(again.expect(201), first);
    drop(writing);
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_caller() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/policy-sets");
    post(&stack, ADMIN, &path, "k", &policy_set("a"))
        .await
        .expect(201);
    let other = post(&stack, ADMIN, &path, "k", &policy_set("b")).await;
    assert_eq!(other.refused(409), "idempotency_key_conflict");
    let token = stack.token("global", None, "write").await;
    post(&stack, &token, &path, "k", &policy_set("b"))
        .await
        .expect(201);
    assert_eq!(count(&stack, &path).await, 2);
    let bad = post(&stack, ADMIN, &path, &"k".repeat(256), &policy_set("c")).await;
    assert_eq!(bad.refused(400), "idempotency_key_invalid");
    // A refusal leaves no receipt: what was wrong can be put right under the same key.
    let wrong = post(&stack, ADMIN, &path, "k-2", &json!({ "name": "" })).await;
    assert_eq!(wrong.refused(400), "invalid_body");
    post(&stack, ADMIN, &path, "k-2", &policy_set("c"))
        .await
        .expect(201);
}

#[tokio::test]
async fn of_the_same_requests_at_once_one_makes_the_object_and_all_are_answered_alike() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/policy-sets");
    let body = policy_set("once");
    let (a, b, c) = tokio::join!(
        post(&stack, ADMIN, &path, "k", &body),
        post(&stack, ADMIN, &path, "k", &body),
        post(&stack, ADMIN, &path, "k", &body),
    );
    let a = a.expect(201);
    assert_eq!((b.expect(201), c.expect(201)), (a.clone(), a));
    assert_eq!(count(&stack, &path).await, 1);
}

#[tokio::test]
async fn what_somebody_else_changed_is_not_overwritten_unseen() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let provider = stack
        .provider(&zone, json!({ "name": "Plain", "kind": "none" }))
        .await;
    let (application, _) = stack.application(&zone, "planner").await;
    for path in [
        format!("{zone}/providers/{provider}"),
        format!("{zone}/applications/{application}"),
        zone.clone(),
    ] {
        let seen = stack.get(&path).await.headers["etag"]
            .to_str()
            .unwrap()
            .to_owned();
        let change = async |tag: &str, name: &str| {
            let body = json!({ "name": name });
            stack
                .call(
                    Some(ADMIN),
                    &[("if-match", tag)],
                    Method::PATCH,
                    &path,
                    Some(&body),
                )
                .await
        };
        let (one, two) = tokio::join!(change(&seen, "one"), change(&seen, "two"));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{} {}", one.text, two.text);
        let (good, bad) = if one.status == 200 { (one, two) } else { (two, one) };
        assert_eq!(bad.refused(412), "precondition_failed");
        // The answer of a change says how to go on.
        let next = good.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(stack.get(&path).await.headers["etag"], next.as_str());
        change(&next, "three").await.expect(200);
        change("*", "four").await.expect(200);
        // Who does not ask is not refused.
        stack.patch(&path, json!({ "name": "five" })).await.expect(200);
    }
}

#[tokio::test]
async fn a_zone_that_somebody_changed_is_not_archived_unseen() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let archive = async |tag: &str| {
        stack
            .call(Some(ADMIN), &[("if-match", tag)], Method::DELETE, &zone, None)
            .await
    };
    let seen = stack.get(&zone).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    // What is in the zone is no part of it.
    stack.application(&zone, "planner").await;
    assert_eq!(stack.get(&zone).await.headers["etag"], seen.as_str());
    stack.patch(&zone, json!({ "name": "other" })).await.expect(200);
    assert_eq!(archive(&seen).await.refused(412), "precondition_failed");
    let seen = stack.get(&zone).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    archive(&seen).await.expect(204);
    assert_eq!(stack.get(&zone).await.refused(404), "zone_not_found");
}

#[tokio::test]
async fn a_zone_is_made_once_for_a_key_of_a_caller() {
    make_once(Backends::Embedded).await;
}

#[tokio::test]
async fn a_zone_is_made_once_for_a_key_of_a_caller_over_postgresql() {
    make_once(Backends::Production).await;
}

async fn make_once(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let body = json!({ "name": "acme" });
    let make = async |token: &str, body: &Value| post(&stack, token, "/v1/zones", "k", body).await;
    let (a, b, c) = tokio::join!(make(ADMIN, &body), make(ADMIN, &body), make(ADMIN, &body));
    let a = a.expect(201);
    assert_eq!((b.expect(201), c.expect(201)), (a.clone(), a.clone()));
    assert_eq!(make(ADMIN, &body).await.headers["idempotency-replayed"], "true");
    assert_eq!(count(&stack, "/v1/zones").await, 1);
    let other = json!({ "name": "another" });
    assert_eq!(make(ADMIN, &other).await.refused(409), "idempotency_key_conflict");
    // Another caller's key is another key, whatever it reads.
    let token = stack.token("global", None, "write").await;
    let made = make(&token, &body).await.expect(201);
    assert_ne!(made["id"], a["id"]);
    assert_eq!(count(&stack, "/v1/zones").await, 2);
    // Even long after, a key makes no second zone.
    stack
        .parts
        .world
        .manual_clock()
        .advance(std::time::Duration::from_hours(25));
    let late = make(ADMIN, &body).await;
    assert!(late.headers.get("retry-after").is_none(), "waiting does not help");
    assert_eq!(late.refused(409), "idempotency_key_conflict");
    assert_eq!(count(&stack, "/v1/zones").await, 2);
}

#[tokio::test]
async fn the_key_of_a_zone_that_was_archived_makes_no_second_one() {
    archive_and_make_again(Backends::Embedded).await;
}

#[tokio::test]
async fn the_key_of_a_zone_that_was_archived_makes_no_second_one_over_postgresql() {
    archive_and_make_again(Backends::Production).await;
}

async fn archive_and_make_again(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let body = json!({ "name": "acme" });
    let make = async || post(&stack, ADMIN, "/v1/zones", "k", &body).await;
    let made = make().await.expect(201);
    let zone = format!("/v1/zones/{}", made["id"].as_str().unwrap());
    stack.delete(&zone).await.expect(204);
    // As long as it is remembered, the same request has the same answer.
    let again = make().await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect(201), made);
    stack
        .parts
        .world
        .manual_clock()
        .advance(std::time::Duration::from_hours(25));
    assert_eq!(make().await.refused(409), "idempotency_key_conflict");
    assert_eq!(count(&stack, "/v1/zones").await, 0);
    // With another key, or with none, it is another zone.
    post(&stack, ADMIN, "/v1/zones", "k-2", &body).await.expect(201);
    stack.post("/v1/zones", &body).await.expect(201);
    assert_eq!(count(&stack, "/v1/zones").await, 2);
}
