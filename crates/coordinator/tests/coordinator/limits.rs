//! Limits, and what is said when one is reached.

use std::{net::SocketAddr, time::Duration};

use axum::body::Body;
use caracal_coordinator::{Capacity, CoordinatorConfig};
use caracal_core::entity::AccountRole;
use caracal_service::server::PeerAddr;
use caracal_testkit::client::Answer;
use http::Request;
use serde_json::json;

use crate::stack::{OPERATOR, Stack};

fn config() -> CoordinatorConfig {
    CoordinatorConfig::default()
}

#[tokio::test]
async fn a_full_zone_says_so() {
    let stack = Stack::with(CoordinatorConfig {
        capacity: Capacity {
            max_sessions_per_zone: 2,
            ..Capacity::default()
        },
        ..config()
    })
    .await;
    let (app, other) = (stack.app().await, stack.app().await);
    let id = stack.task(&app).await;
    stack.task(&other).await;
    let answer = stack.start(&app, json!({})).await;
    assert_eq!(answer.outcome(), (429, "session_zone_limit_exceeded"));
    assert_eq!(answer.body["details"]["limit"], 2);
    assert!(answer.headers.contains_key("retry-after"));
    stack
        .delete(&format!("/agents/{id}"), &app.token)
        .await
        .expect(204);
    stack.task(&app).await;
}

#[tokio::test]
async fn a_full_application_leaves_room_for_others() {
    let stack = Stack::with(CoordinatorConfig {
        capacity: Capacity {
            max_sessions_per_application: 1,
            ..Capacity::default()
        },
        ..config()
    })
    .await;
    let (app, other) = (stack.app().await, stack.app().await);
    stack.task(&app).await;
    let answer = stack.start(&app, json!({})).await;
    assert_eq!(answer.outcome(), (429, "session_limit_exceeded"));
    assert!(answer.headers.contains_key("retry-after"));
    stack.task(&other).await;
}

#[tokio::test]
async fn a_parent_has_a_bounded_number_of_live_children() {
    let stack = Stack::with(CoordinatorConfig {
        capacity: Capacity {
            max_children: 2,
            ..Capacity::default()
        },
        ..config()
    })
    .await;
    let app = stack.app().await;
    let parent = stack.task(&app).await;
    let child = stack
        .child(&app, &parent, json!({}))
        .await
        .expect(201)
        .text("agent_session_id");
    stack.child(&app, &parent, json!({})).await.expect(201);
    let answer = stack.child(&app, &parent, json!({})).await;
    assert_eq!(answer.outcome(), (429, "session_children_limit_exceeded"));
    assert!(answer.headers.contains_key("retry-after"));
    stack
        .delete(&format!("/agents/{child}"), &app.token)
        .await
        .expect(204);
    stack.child(&app, &parent, json!({})).await.expect(201);
}

#[tokio::test]
async fn requests_are_counted_by_who_sends_them() {
    let stack = Stack::with(CoordinatorConfig {
        requests_per_minute: 3,
        ..config()
    })
    .await;
    let (app, other) = (stack.app().await, stack.app().await);
    for _ in 0..3 {
        stack.get("/agents", &app.token).await.expect(200);
    }
    let answer = stack.get("/agents", &app.token).await;
    assert_eq!(answer.outcome(), (429, "rate_limited"));
    assert!(answer.headers.contains_key("retry-after"));
    stack.get("/agents", &other.token).await.expect(200);
    stack.get("/agents", OPERATOR).await.expect(200);
}

/// Lists sessions with `token`, always from the same address.
async fn list_from_one_address(stack: &Stack, token: &str) -> Answer {
    let peer = PeerAddr(SocketAddr::from(([192, 0, 2, 1], 4711)));
    let request = Request::builder()
        .uri(format!("/zones/{}/agents", stack.zone))
        .header("authorization", format!("Bearer {token}"))
        .extension(peer);
    stack.exchange(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn refused_credentials_are_counted_by_address_and_do_not_lock_out_good_ones() {
    let stack = Stack::with(CoordinatorConfig {
        unauthenticated_per_minute: 2,
        ..config()
    })
    .await;
    let app = stack.app().await;
    for _ in 0..2 {
        assert_eq!(
            list_from_one_address(&stack, "noise").await.outcome(),
            (401, "invalid_token")
        );
    }
    let answer = list_from_one_address(&stack, "noise").await;
    assert_eq!(answer.outcome(), (429, "rate_limited"));
    assert!(answer.headers.contains_key("retry-after"));
    list_from_one_address(&stack, &app.token).await.expect(200);
}

#[tokio::test]
async fn whoever_guesses_at_sessions_waits_and_nobody_who_is_signed_in_does() {
    let stack = Stack::with(CoordinatorConfig {
        unauthenticated_per_minute: 2,
        ..config()
    })
    .await;
    let auditor = stack.parts.sign_in(AccountRole::Auditor, None).await;
    for guess in 0..3 {
        list_from_one_address(&stack, &format!("ccs_{guess}")).await;
    }
    let guess = list_from_one_address(&stack, "ccs_3").await;
    assert_eq!(guess.outcome(), (429, "rate_limited"));
    // All browsers come from the one address of the web role.
    list_from_one_address(&stack, &auditor).await.expect(200);
    // Guesses of a moment cost one look at who is signed in.
    let before = stack.deps.store.statements();
    for guess in 4..40 {
        list_from_one_address(&stack, &format!("ccs_{guess}")).await;
    }
    assert_eq!(stack.deps.store.statements(), before);
    // Whoever has signed out is nobody, as soon as that is known.
    stack.advance(Duration::from_mins(10)).await;
    let ended = list_from_one_address(&stack, &auditor).await;
    assert!(matches!(ended.outcome().0, 401 | 429), "{}", ended.text);
}

#[tokio::test]
async fn a_flood_of_mandates_of_unknown_zones_costs_no_query_and_locks_nobody_out() {
    let stack = Stack::with(CoordinatorConfig {
        unauthenticated_per_minute: 2,
        ..config()
    })
    .await;
    let app = stack.app().await;
    stack.get("/agents", &app.token).await.expect(200);
    let forged = |number: u32| {
        stack.sign(&caracal_core::claims::MandateClaims {
            zone_id: format!("nowhere-{number}").parse().unwrap(),
            ..stack.claims(&app.record)
        })
    };
    for number in 0..3 {
        list_from_one_address(&stack, &forged(number)).await;
    }
    let before = stack.deps.store.statements();
    for number in 3..40 {
        assert_eq!(
            list_from_one_address(&stack, &forged(number)).await.outcome(),
            (429, "rate_limited")
        );
    }
    assert_eq!(
        stack.deps.store.statements(),
        before,
        "unknown zones made queries"
    );
    list_from_one_address(&stack, &app.token).await.expect(200);
    list_from_one_address(&stack, OPERATOR).await.expect(200);
}

#[tokio::test]
async fn refusals_of_a_proved_caller_are_limited_before_they_are_written_down() {
    let stack = Stack::with(CoordinatorConfig {
        requests_per_minute: 3,
        ..config()
    })
    .await;
    let app = stack.app().await;
    let token = stack.sign(&caracal_core::claims::MandateClaims {
        scope: None,
        ..stack.claims(&app.record)
    });
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(stack.post("/agents", &token, json!({})).await.outcome().0);
    }
    assert_eq!(statuses, [403, 403, 403, 429, 429, 429, 429, 429]);
    assert_eq!(stack.parts.new_events().await.len(), 3);
}
