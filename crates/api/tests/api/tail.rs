//! Live tails of administrators: only their zone's, and only as long as they may read it.

use std::time::Duration;

use axum::{body::Body, http::StatusCode};
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_service::tail::{TailLimits, Tails};
use caracal_storage::{Access, LedgerEntry};
use caracal_testkit::sse::{EventReader, ServerSentEvent};
use futures_util::StreamExt as _;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::stack::Stack;

const LIMIT: Duration = Duration::from_mins(1);

async fn append(stack: &Stack, zone: &ZoneId, decision: &str) {
    let world = &stack.parts.world;
    let event = AuditEvent::new(world, zone.clone(), "token_exchange", "r", decision)
        .with_metadata(&json!({"application_id": "app", "session_id": "hidden"}));
    let mut work = stack.parts.store.zone(zone, Access::Write).await.unwrap();
    let entry = LedgerEntry::written(&event, None).unwrap();
    work.ledger().append(&[entry], world.now()).await.unwrap();
    work.commit().await.unwrap();
}

async fn open(router: &axum::Router, base: &str, query: &str, token: &str) -> Response<Body> {
    let request = Request::get(format!("{base}/audit/tail?{query}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = request.body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

/// Events to the end, or up to `count` of them.
async fn events(response: Response<Body>, count: usize) -> Vec<ServerSentEvent> {
    let (mut body, mut reader) = (response.into_body().into_data_stream(), EventReader::default());
    let mut events = Vec::new();
    let read = async {
        while events.len() < count
            && let Some(chunk) = body.next().await
        {
            events.extend(reader.read(&chunk.unwrap()));
        }
    };
    tokio::time::timeout(LIMIT, read).await.expect("the tail goes on");
    events
}

#[tokio::test]
async fn a_zone_token_follows_its_own_zone_until_it_is_revoked() {
    let stack = Stack::start().await;
    let limits = TailLimits {
        poll: Duration::from_millis(20),
        heartbeat: Duration::from_millis(20),
        ..TailLimits::default()
    };
    let deps = caracal_api::ApiDeps {
        tails: Tails::new(limits, CancellationToken::new()),
        ..stack.deps.clone()
    };
    let router = axum::Router::from(caracal_api::router(deps));
    let (own, other) = (stack.zone("own").await, stack.zone("other").await);
    let id = |base: &str| ZoneId::parse(base.rsplit('/').next().unwrap()).unwrap();
    let token = stack.token("zone", Some(id(&own).as_str()), "read").await;
    let refused = open(&router, &other, "", &token).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let refused = open(&router, &own, "event_type=,", &token).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);

    append(&stack, &id(&other), "deny").await;
    for decision in ["deny", "allow", "deny"] {
        append(&stack, &id(&own), decision).await;
    }
    let followed = open(&router, &own, "after=0&decision=deny&application_id=app", &token).await;
    let seen = events(followed, 2).await;
    let ids: Vec<&str> = seen.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["1", "3"]);
    for event in &seen {
        let row: Value = serde_json::from_str(&event.data).unwrap();
        assert_eq!(row["zone_id"], id(&own).as_str());
        assert_eq!(row["metadata_json"]["session_id"], "[redacted]");
    }

    let followed = open(&router, &own, "", &token).await;
    assert_eq!(followed.status(), StatusCode::OK);
    let tokens = stack.get("/v1/admin-tokens").await.expect(200);
    let listed = tokens["items"].as_array().or(tokens.as_array()).unwrap().clone();
    let of_zone = listed
        .iter()
        .find(|one| one["zone_id"] == id(&own).as_str())
        .unwrap();
    let path = format!("/v1/admin-tokens/{}", of_zone["id"].as_str().unwrap());
    let revoked = stack
        .call(Some(crate::stack::ADMIN), &[], Method::DELETE, &path, None)
        .await;
    assert!(revoked.status.is_success());
    let end = events(followed, 10).await.pop().unwrap();
    assert_eq!(end.kind, "end");
    assert_eq!(end.data, r#"{"reason":"invalid_admin_token"}"#);
}

#[tokio::test]
async fn a_zone_with_many_tails_makes_room_for_another_one() {
    let stack = Stack::start().await;
    let limits = TailLimits {
        of_one: 2,
        in_all: 4,
        ..TailLimits::default()
    };
    let deps = caracal_api::ApiDeps {
        tails: Tails::new(limits, CancellationToken::new()),
        ..stack.deps.clone()
    };
    let router = axum::Router::from(caracal_api::router(deps));
    let (crowded, other) = (stack.zone("crowded").await, stack.zone("other").await);
    let token = async |base: &str| {
        let zone = base.rsplit('/').next();
        stack.token("zone", zone, "read").await
    };
    let mut tails = Vec::new();
    for _ in 0..2 {
        let token = token(&crowded).await;
        for _ in 0..2 {
            tails.push(open(&router, &crowded, "", &token).await);
        }
    }
    let more = open(&router, &crowded, "", &token(&crowded).await).await;
    assert_eq!(more.status(), StatusCode::TOO_MANY_REQUESTS);
    let mut others = Vec::new();
    let own = token(&other).await;
    for _ in 0..2 {
        others.push(open(&router, &other, "", &own).await);
        let end = events(tails.pop().unwrap(), 10).await.pop().unwrap();
        assert_eq!(end.data, r#"{"reason":"made_room"}"#);
    }
    // Both have as many now.
    for zone in [&crowded, &other] {
        let refused = open(&router, zone, "", &token(zone).await).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    }
    for tail in tails.iter().chain(&others) {
        assert_eq!(tail.status(), StatusCode::OK);
    }
}
