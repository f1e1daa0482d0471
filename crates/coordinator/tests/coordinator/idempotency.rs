//! Requests sent twice happen once.

use std::time::Duration;

use caracal_coordinator::CoordinatorConfig;
use http::{HeaderValue, Method, Request};
use serde_json::{Value, json};

use caracal_testkit::client::Answer;

use crate::stack::{App, Stack, start_body};

async fn keyed(stack: &Stack, token: &str, key: &str, body: Value) -> Answer {
    stack
        .send(
            Method::POST,
            "/agents",
            token,
            &[("idempotency-key", key)],
            Some(body),
        )
        .await
}

async fn sessions(stack: &Stack, app: &App) -> usize {
    stack.get("/agents", &app.token).await.expect(200).body["items"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_even_with_a_new_mandate() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let body = start_body(
        &app,
        json!({"labels": ["a"], "metadata": {"z": 1, "a": [1.5, null]}}),
    );
    let first = keyed(&stack, &app.token, "job-1", body.clone()).await.expect(201);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let (_, renewed) = stack.login(&app.application).await;
    for token in [&app.token, &renewed] {
        let again = keyed(&stack, token, "job-1", body.clone()).await.expect(201);
        assert_eq!(again.body, first.body);
        assert_eq!(again.headers["idempotency-replayed"], "true");
    }
    assert_eq!(sessions(&stack, &app).await, 1);
    let events = stack.parts.new_events().await;
    assert_eq!(events.len(), 3);
    assert!(
        events[1]
            .metadata_json
            .as_ref()
            .unwrap()
            .get()
            .contains(r#""replayed":true"#)
    );
}

#[tokio::test]
async fn the_same_key_for_something_else_is_a_conflict() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    keyed(&stack, &app.token, "job-1", start_body(&app, json!({})))
        .await
        .expect(201);
    for extra in [
        json!({"labels": ["x"]}),
        json!({"ttl_seconds": 60}),
        json!({"metadata": {"a": 1}}),
        json!({"parent_authority": "none"}),
        json!({"lifecycle": "service"}),
        json!({"subject_session_id": app.record.id}),
    ] {
        let answer = keyed(&stack, &app.token, "job-1", start_body(&app, extra.clone())).await;
        assert_eq!(answer.outcome(), (409, "idempotency_key_conflict"), "{extra}");
        assert!(answer.body["message"].is_string());
    }
    let spelled_out = json!({"lifecycle": "task", "ttl_seconds": 3600, "labels": [], "metadata": {}});
    keyed(&stack, &app.token, "job-1", start_body(&app, spelled_out))
        .await
        .expect(201);
    assert_eq!(sessions(&stack, &app).await, 1);
}

#[tokio::test]
async fn keys_belong_to_their_application() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    keyed(&stack, &app.token, "job-1", start_body(&app, json!({})))
        .await
        .expect(201);
    let answer = keyed(
        &stack,
        &other.token,
        "job-1",
        start_body(&other, json!({"labels": ["x"]})),
    )
    .await
    .expect(201);
    assert!(!answer.headers.contains_key("idempotency-replayed"));
}

#[tokio::test]
async fn malformed_keys_are_refused() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    for key in ["", "\u{7f}".repeat(2).as_str(), "a\tb", &"x".repeat(256)] {
        let Ok(value) = HeaderValue::from_bytes(key.as_bytes()) else {
            continue;
        };
        let request = Request::builder()
            .method("POST")
            .uri(format!("/zones/{}/agents", stack.zone))
            .header("authorization", format!("Bearer {}", app.token))
            .header("content-type", "application/json")
            .header("idempotency-key", value);
        let body = start_body(&app, json!({})).to_string();
        let answer = stack.exchange(request.body(body.into()).unwrap()).await;
        assert_eq!(answer.outcome(), (400, "idempotency_key_invalid"), "{key:?}");
        assert!(answer.body["message"].is_string() && answer.body["request_id"].is_string());
    }
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let answer = stack
        .send(
            Method::POST,
            "/agents",
            &app.token,
            &two,
            Some(start_body(&app, json!({}))),
        )
        .await;
    assert_eq!(answer.outcome(), (400, "idempotency_key_multiple"));
    assert_eq!(sessions(&stack, &app).await, 0);
}

#[tokio::test]
async fn a_refusal_leaves_no_receipt() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let refused = keyed(
        &stack,
        &app.token,
        "job-1",
        start_body(&app, json!({"parent_id": "ghost"})),
    )
    .await;
    assert_eq!(refused.outcome(), (404, "parent_not_found"));
    keyed(&stack, &app.token, "job-1", start_body(&app, json!({})))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_repeat_after_the_result_ended_is_told_so() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let body = start_body(&app, json!({}));
    let id = keyed(&stack, &app.token, "job-1", body.clone())
        .await
        .expect(201)
        .text("agent_session_id");
    stack
        .patch(&format!("/agents/{id}/suspend"), &app.token)
        .await
        .expect(200);
    keyed(&stack, &app.token, "job-1", body.clone()).await.expect(201);
    stack
        .delete(&format!("/agents/{id}"), &app.token)
        .await
        .expect(204);
    let answer = keyed(&stack, &app.token, "job-1", body).await;
    assert_eq!(answer.outcome(), (409, "idempotency_result_inactive"));
}

#[tokio::test]
async fn thirty_two_at_once_with_one_key_start_one_session() {
    let stack = std::sync::Arc::new(Stack::new().await);
    let app = stack.app().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (stack, app) = (stack.clone(), app.clone());
        calls.spawn(async move { keyed(&stack, &app.token, "job-1", start_body(&app, json!({}))).await });
    }
    let answers = calls.join_all().await;
    let first = answers[0].text("agent_session_id");
    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), answer.text("agent_session_id")),
            (201, first.clone())
        );
    }
    let originals = answers
        .iter()
        .filter(|answer| !answer.headers.contains_key("idempotency-replayed"));
    assert_eq!(originals.count(), 1);
    assert_eq!(sessions(&stack, &app).await, 1);
}

#[tokio::test]
async fn keys_a_client_invented_are_forgotten_sooner() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let day = json!({"ttl_seconds": 86_400});
    let send = |key: &'static str, kind: &'static str| {
        let headers = [("idempotency-key", key), ("idempotency-key-kind", kind)];
        let (stack, app, body) = (&stack, &app, start_body(&app, day.clone()));
        async move {
            let (_, token) = stack.login(&app.application).await;
            stack
                .send(Method::POST, "/agents", &token, &headers, Some(body))
                .await
                .expect(201)
        }
    };
    send("kept", "explicit").await;
    send("brief", "generated").await;
    stack.advance(Duration::from_secs(3601)).await;
    assert!(
        send("kept", "explicit")
            .await
            .headers
            .contains_key("idempotency-replayed")
    );
    assert!(
        !send("brief", "generated")
            .await
            .headers
            .contains_key("idempotency-replayed")
    );
}

#[tokio::test]
async fn receipts_are_bounded_per_application() {
    let stack = Stack::with(CoordinatorConfig {
        max_receipts_per_scope: 2,
        ..CoordinatorConfig::default()
    })
    .await;
    let app = stack.app().await;
    for key in ["a", "b"] {
        keyed(&stack, &app.token, key, start_body(&app, json!({})))
            .await
            .expect(201);
    }
    let answer = keyed(&stack, &app.token, "c", start_body(&app, json!({}))).await;
    assert_eq!(answer.outcome(), (429, "idempotency_receipt_limit_exceeded"));
    assert!(answer.headers.contains_key("retry-after"));
    keyed(&stack, &app.token, "a", start_body(&app, json!({})))
        .await
        .expect(201);
}

#[tokio::test]
async fn delegations_are_repeatable_too() {
    let stack = Stack::new().await;
    let (a, b) = (stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    let body = |scopes: Value| {
        json!({
            "source_session_id": source, "target_session_id": target,
            "issuer_application_id": a.id, "receiver_application_id": b.id,
            "scopes": scopes, "ttl_seconds": 60, "resource_id": stack.resource.identifier,
        })
    };
    let send = |body: Value| {
        let (stack, token) = (&stack, &a.token);
        let headers = [("idempotency-key", "edge-1")];
        async move {
            stack
                .send(Method::POST, "/delegations", token, &headers, Some(body))
                .await
        }
    };
    let first = send(body(json!(["weather:read", "weather:write"])))
        .await
        .expect(201);
    let again = send(body(json!(["weather:write", "weather:read"])))
        .await
        .expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(
        send(body(json!(["weather:read"]))).await.outcome(),
        (409, "idempotency_key_conflict")
    );
    let id = first.text("delegation_edge_id");
    stack
        .patch(&format!("/delegations/{id}/revoke"), &a.token)
        .await
        .expect(200);
    let late = send(body(json!(["weather:read", "weather:write"]))).await;
    assert_eq!(late.outcome(), (409, "idempotency_result_inactive"));
}
