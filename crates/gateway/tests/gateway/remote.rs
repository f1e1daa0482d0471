//! The exchange over the wire, with an STS that is a page of answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use caracal_core::{Operation, Secret, World};
use caracal_crypto::{HmacKey, request_signature};
use caracal_events::shortlived::MemoryShortLived;
use caracal_gateway::{RemoteExchange, RemoteOptions};
use caracal_service::{
    egress::{Egress, EgressPolicy},
    exchange::{AuthMode, Exchange as _, ExchangeRequest},
};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde_json::json;
use tokio::net::TcpListener;

use crate::stage::{RESOURCE, Stage};

/// Status, headers and body.
type Canned = (u16, Vec<(&'static str, String)>, String);

#[derive(Debug, Default)]
struct Sts {
    asked: AtomicUsize,
    answer: Mutex<Canned>,
    seen: Mutex<Option<(HeaderMap, String)>>,
    stuck: Mutex<bool>,
}

struct Wire {
    world: World,
    sts: Arc<Sts>,
    exchange: RemoteExchange,
    request: ExchangeRequest,
}

const KEY: [u8; 32] = [9; 32];

impl Wire {
    async fn new() -> Self {
        let world = World::for_tests();
        let sts = Arc::new(Sts::default());
        let shared = sts.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(move |request: Request| answer(shared.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let options = RemoteOptions {
            url: format!("http://{address}/base/"),
            key: Some(HmacKey::from_bytes(&KEY)),
            timeout: Duration::from_millis(500),
            replay: Arc::new(MemoryShortLived::in_memory(world.clone())),
        };
        let exchange =
            RemoteExchange::new(world.clone(), &Egress::new(EgressPolicy::provisioned()), options).unwrap();
        let claims = Arc::new(Stage::new().await.claims());
        let request = ExchangeRequest {
            traceparent: None,
            zone_id: claims.zone_id.clone(),
            application_id: claims.client_id.clone(),
            mandate: Secret::new("the.man.date"),
            claims,
            proved_key: Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".into()),
            resource: RESOURCE.into(),
            operation: Arc::new(Operation::Http {
                method: "GET".into(),
                path: "/a b&c=d".into(),
            }),
            arguments: None,
            approval: None,
            content: None,
            request_id: "req-1".into(),
        };
        Self {
            world,
            sts,
            exchange,
            request,
        }
    }

    fn answers(&self, status: u16, headers: &[(&'static str, &str)], body: impl std::fmt::Display) {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        *self.sts.answer.lock() = (status, headers, body.to_string());
    }

    fn asked(&self) -> usize {
        self.sts.asked.load(Ordering::SeqCst)
    }

    async fn refusal(&self) -> (u16, String, String) {
        let refusal = self.exchange.exchange(self.request.clone()).await.unwrap_err();
        (
            refusal.status.as_u16(),
            refusal.code.to_string(),
            refusal.description.unwrap_or_default().into_owned(),
        )
    }
}

async fn answer(sts: Arc<Sts>, request: Request) -> Response {
    if request.uri().path() == "/base/health" {
        return Response::new(Body::empty());
    }
    // While it is left alone it is asked now and then whether it is ready; these tests end that time by the clock.
    if request.uri().path() == "/base/ready" {
        return Response::builder().status(503).body(Body::empty()).unwrap();
    }
    assert_eq!(request.uri(), "/base/oauth/2/token");
    sts.asked.fetch_add(1, Ordering::SeqCst);
    let headers = request.headers().clone();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    *sts.seen.lock() = Some((headers, String::from_utf8(body.to_vec()).unwrap()));
    if *sts.stuck.lock() {
        std::future::pending::<()>().await;
    }
    let (status, headers, body) = sts.answer.lock().clone();
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn granted(url: &str) -> serde_json::Value {
    json!({
        "access_token": "resource-mandate", "token_type": "Bearer", "expires_in": 900,
        "upstreams": {RESOURCE: {
            "url": url, "auth_mode": "provider_oauth", "auth_header": "Authorization", "auth_scheme": "Bearer",
            "provider_token": "t", "allowed_token_hosts": ["u.test"], "provider_id": "p", "later_member": 1,
        }},
    })
}

#[tokio::test]
async fn the_question_is_signed_and_the_grant_is_read() {
    let wire = Wire::new().await;
    wire.answers(
        200,
        &[("content-type", "application/json; charset=utf-8")],
        granted("http://u.test"),
    );
    let grant = wire.exchange.exchange(wire.request.clone()).await.unwrap();
    assert_eq!(grant.directive.auth_mode, AuthMode::ProviderOauth);
    assert_eq!(grant.directive.provider_token.unwrap().expose(), "t");
    assert_eq!(grant.mandate.unwrap().expose(), "resource-mandate");

    let (headers, body) = wire.sts.seen.lock().clone().unwrap();
    let text = |name: &str| headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(
        (text("user-agent"), text("x-request-id"), text("accept")),
        ("caracal-gateway", "req-1", "application/json")
    );
    let signed = request_signature::SignedHeaders {
        timestamp: text(request_signature::TIMESTAMP_HEADER),
        nonce: text(request_signature::NONCE_HEADER),
        signature: text(request_signature::SIGNATURE_HEADER),
    };
    let keys = HmacKey::from_bytes(&KEY).into();
    let held = request_signature::verify(
        &keys,
        signed,
        "POST",
        "/base/oauth/2/token",
        body.as_bytes(),
        wire.world.now(),
    );
    assert_eq!(held, Ok(()));
    let form: std::collections::HashMap<String, String> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(
        (form["request_path"].as_str(), form["request_method"].as_str()),
        ("/a b&c=d", "GET")
    );
    assert_eq!(
        (form["subject_token"].as_str(), form["resource"].as_str()),
        ("the.man.date", RESOURCE)
    );
    assert_eq!(
        (
            form["gateway_request_id"].as_str(),
            form["application_id"].as_str()
        ),
        ("req-1", "app-1")
    );
    assert_eq!(form["request_key"], "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    assert_eq!(
        form["subject_token_type"],
        "urn:ietf:params:oauth:token-type:access_token"
    );
    assert_eq!(wire.exchange.check().await, Ok(()));
}

#[tokio::test]
async fn every_other_reply_denies() {
    let wire = Wire::new().await;
    let invalid = (
        502,
        "sts_unavailable".to_owned(),
        "sts response invalid".to_owned(),
    );
    let no_upstream = (
        403,
        "access_denied".to_owned(),
        "resource upstream not configured".to_owned(),
    );
    let good = granted("http://u.test").to_string();
    wire.answers(200, &[("content-type", "text/html")], &good);
    assert_eq!(wire.refusal().await, invalid);
    wire.answers(200, &[], &good);
    assert_eq!(wire.refusal().await, invalid);
    // An answer between failures keeps the circuit closed.
    wire.answers(200, &[JSON], granted(""));
    assert_eq!(wire.refusal().await, no_upstream);
    wire.answers(200, &[JSON], json!({"access_token": "x", "upstreams": {}}));
    assert_eq!(wire.refusal().await, no_upstream);
    for body in [&good[..40], "", "[]", r#"{"access_token":""}"#] {
        wire.answers(200, &[JSON], body);
        assert_eq!(wire.refusal().await, invalid, "{body}");
        wire.answers(403, &[JSON], json!({"error": "access_denied"}));
        assert_eq!(wire.refusal().await.0, 403);
    }
    let large = format!(r#"{{"access_token":"x","pad":"{}"}}"#, "a".repeat(256 * 1024));
    wire.answers(200, &[JSON], large);
    assert_eq!(wire.refusal().await, invalid);
    wire.answers(302, &[("location", "http://127.0.0.1/")], "");
    assert_eq!(
        wire.refusal().await,
        (502, "sts_unavailable".into(), "Bad Gateway".into())
    );
}

#[tokio::test]
async fn a_refusal_passes_whole_but_for_the_request_id() {
    let wire = Wire::new().await;
    let body = json!({
        "error": "interaction_required", "error_description": "approval required", "requestId": "theirs",
        "approval_id": "apr-1", "tier": "team", "details": {"a": 1},
    });
    wire.answers(
        401,
        &[
            JSON,
            ("www-authenticate", "Bearer error=\"x\""),
            ("retry-after", "7"),
        ],
        body,
    );
    let refusal = wire.exchange.exchange(wire.request.clone()).await.unwrap_err();
    assert_eq!(
        (refusal.status, refusal.code.as_str()),
        (StatusCode::UNAUTHORIZED, "interaction_required")
    );
    assert_eq!(refusal.authenticate.as_deref(), Some("Bearer error=\"x\""));
    assert_eq!(refusal.retry_after, Some(7));
    let rendered = serde_json::to_value(refusal.body("ours")).unwrap();
    assert_eq!(
        (&rendered["approval_id"], &rendered["requestId"]),
        (&json!("apr-1"), &json!("ours"))
    );
    wire.answers(503, &[("content-type", "text/plain")], "upstream connect error");
    assert_eq!(
        wire.refusal().await,
        (503, "sts_unavailable".into(), "Service Unavailable".into())
    );
}

#[tokio::test]
async fn a_code_of_a_later_release_is_told_as_what_its_status_says() {
    let wire = Wire::new().await;
    for (status, code) in [
        (403, "access_denied"),
        (409, "access_denied"),
        (500, "internal_error"),
    ] {
        let body = json!({"error": "of_a_later_release", "error_description": "text", "details": {"a": 1}});
        wire.answers(status, &[JSON], body);
        let refusal = wire.exchange.exchange(wire.request.clone()).await.unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.code.as_str()), (status, code));
        assert_eq!(refusal.details(), Some(&json!({"a": 1})));
    }
}

#[tokio::test]
async fn an_sts_that_does_not_answer_is_left_alone_for_a_while() {
    let wire = Wire::new().await;
    *wire.sts.stuck.lock() = true;
    for _ in 0..3 {
        assert_eq!(
            wire.refusal().await,
            (503, "sts_unavailable".into(), "sts timeout".into())
        );
        // Each attempt was one question.
    }
    assert_eq!(wire.asked(), 3);
    assert!(wire.exchange.available().is_err());
    assert_eq!(
        wire.refusal().await,
        (503, "sts_unavailable".into(), "sts unavailable".into())
    );
    assert_eq!(wire.asked(), 3, "nobody asks while the circuit is open");

    wire.world.manual_clock().advance(Duration::from_secs(10));
    assert!(wire.exchange.available().is_ok());
    let questions = (0..8).map(|_| wire.refusal());
    futures_util::future::join_all(questions).await;
    assert_eq!(wire.asked(), 4, "one probe alone");

    *wire.sts.stuck.lock() = false;
    wire.answers(200, &[JSON], granted("http://u.test"));
    wire.world.manual_clock().advance(Duration::from_secs(10));
    assert!(wire.exchange.exchange(wire.request.clone()).await.is_ok());
    assert!(wire.exchange.available().is_ok());
}

#[tokio::test]
async fn an_sts_that_is_not_there_is_unavailable() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let mut wire = Wire::new().await;
    let options = RemoteOptions {
        url: format!("http://{closed}"),
        key: None,
        timeout: Duration::from_secs(2),
        replay: Arc::new(MemoryShortLived::in_memory(wire.world.clone())),
    };
    wire.exchange = RemoteExchange::new(
        wire.world.clone(),
        &Egress::new(EgressPolicy::provisioned()),
        options,
    )
    .unwrap();
    assert_eq!(
        wire.refusal().await,
        (503, "sts_unavailable".into(), "sts unavailable".into())
    );
    assert_eq!(
        wire.exchange.check().await,
        Err(caracal_wire::health::NotReady::StsUnreachable)
    );
}
