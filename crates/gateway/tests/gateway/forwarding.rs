//! What the upstream gets, and what comes back.

use axum::body::Body;
use caracal_service::{
    Refusal,
    exchange::{AuthLocation, AuthMode},
};
use caracal_wire::ErrorCode;
use serde_json::json;

use crate::stage::{Options, RESOURCE, Stage, directive, upstream_answer};

#[tokio::test]
async fn paths_queries_and_bodies_arrive_byte_for_byte() {
    let stage = Stage::new().await;
    for target in [
        "/",
        "/a%2Fb/",
        "/100%25",
        "//a//b/",
        "/a%20b?z=1&a=%2F&z=2&flag&sig=a%2Bb%3D",
        "/a;v=1/b?x=1;y=2",
        "/%C3%A9",
    ] {
        let answer = stage.get(target).await;
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(stage.upstream.received().last().unwrap().target, target);
    }
    let seen: Vec<String> = stage
        .decision
        .seen
        .lock()
        .iter()
        .map(|request| request.operation.path().to_owned())
        .collect();
    assert_eq!(
        seen,
        ["/", "/a%2Fb/", "/100%25", "//a//b/", "/a b", "/a;v=1/b", "/é"]
    );
}

#[tokio::test]
async fn the_sts_is_asked_about_exactly_this_call() {
    let stage = Stage::new().await;
    let token = stage.mandate();
    let request = stage
        .request(&token, "/x?q=1")
        .method("PATCH")
        .header("x-request-id", "req-7")
        .body(Body::empty())
        .unwrap();
    assert_eq!(stage.send(request).await.header("x-request-id"), Some("req-7"));
    let seen = stage.decision.seen.lock();
    let asked = seen.first().unwrap();
    assert_eq!(
        (
            asked.operation.http_method(),
            asked.operation.path(),
            asked.resource.as_str()
        ),
        ("PATCH", "/x", RESOURCE)
    );
    assert_eq!(
        (&*asked.request_id, asked.mandate.expose()),
        ("req-7", token.as_str())
    );
    assert_eq!(
        (&asked.zone_id, asked.application_id.as_str()),
        (&stage.zone, "app-1")
    );
}

#[tokio::test]
async fn the_callers_credential_is_replaced_and_our_headers_are_ours() {
    let stage = Stage::new().await;
    let token = stage.mandate();
    let request = stage
        .request(&token, "/a")
        .header("x-caracal-identity", "spoofed")
        .header("x_caracal_identity", "spoofed")
        .header("x-forwarded-for", "6.6.6.6")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "evil.test")
        .header("forwarded", "for=6.6.6.6")
        .header("x-real-ip", "6.6.6.6")
        .header("baggage", "caracal.session=1,keep=2")
        .header("te", "trailers")
        .header("x-request-id", "not valid!")
        .header("cookie", "a=1")
        .header("accept", "text/plain")
        .body(Body::empty())
        .unwrap();
    let answer = stage.send(request).await;
    let received = stage.upstream.only();
    assert_eq!(received.header("authorization"), Some("Bearer real-credential"));
    assert_eq!(
        received.header("host"),
        Some(stage.upstream.address().to_string().as_str())
    );
    assert_eq!(received.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(received.header("x-forwarded-proto"), Some("http"));
    assert_eq!(
        received.header("x-forwarded-host"),
        Some(stage.address.to_string().as_str())
    );
    assert_eq!(received.header("baggage"), Some("keep=2"));
    assert_eq!(
        (received.header("cookie"), received.header("accept")),
        (None, Some("text/plain"))
    );
    assert_eq!(received.header("x-request-id"), answer.header("x-request-id"));
    assert_ne!(received.header("x-request-id"), Some("not valid!"));
    assert!(received.header("traceparent").unwrap().starts_with("00-"));
    for name in [
        "x-caracal-resource",
        "x-caracal-identity",
        "x_caracal_identity",
        "forwarded",
        "x-real-ip",
    ] {
        assert!(received.header(name).is_none(), "{name}");
    }
    // Asked for anew, by us of our neighbour.
    assert_eq!(
        (received.header("te"), received.header("connection")),
        (Some("trailers"), Some("te"))
    );
    stage.get("/b").await;
    let unasked = stage.upstream.received().pop().unwrap();
    assert_eq!((unasked.header("te"), unasked.header("connection")), (None, None));
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_about_the_caller() {
    let mut options = Options::default();
    options.config.trust_proxy = true;
    let stage = Stage::with(options).await;
    for (given, expected) in [
        ("203.0.113.9, 10.0.0.1", "203.0.113.9"),
        ("not-an-address", "127.0.0.1"),
    ] {
        let request = stage
            .request(&stage.mandate(), "/a")
            .header("x-forwarded-for", given)
            .header("x-forwarded-proto", "https")
            .body(Body::empty())
            .unwrap();
        assert_eq!(stage.send(request).await.status, 200);
        let received = stage.upstream.received().pop().unwrap();
        assert_eq!(received.header("x-forwarded-for"), Some(expected));
        assert_eq!(received.header("x-forwarded-proto"), Some("https"));
    }
}

#[tokio::test]
async fn credentials_go_where_the_directive_says() {
    let stage = Stage::new().await;
    let url = format!("http://{}", stage.upstream.address());
    let mut query = directive(&url);
    (query.auth_mode, query.auth_location) = (AuthMode::ProviderApikey, Some(AuthLocation::Query));
    (query.auth_header, query.auth_scheme, query.query_param_name) = (None, None, Some("api_key".into()));
    *stage.decision.directive.lock() = query;
    assert_eq!(stage.get("/a?b=1&api_key=mine&%61pi_key=mine").await.status, 200);
    assert_eq!(
        stage.upstream.received().pop().unwrap().target,
        "/a?b=1&api_key=real-credential"
    );

    let mut header = directive(&url);
    (header.auth_mode, header.auth_header, header.auth_scheme) =
        (AuthMode::ProviderApikey, Some("X-Api-Key".into()), None);
    header.forward_caracal_identity = true;
    *stage.decision.directive.lock() = header;
    let request = stage
        .request(&stage.mandate(), "/a")
        .header("x-api-key", "mine")
        .body(Body::empty())
        .unwrap();
    assert_eq!(stage.send(request).await.status, 200);
    let received = stage.upstream.received().pop().unwrap();
    assert_eq!(
        (received.header("x-api-key"), received.header("authorization")),
        (Some("real-credential"), None)
    );
    assert_eq!(received.header("x-caracal-identity"), Some("resource-mandate"));

    let mut mandate = directive(&url);
    (mandate.auth_mode, mandate.provider_token) = (AuthMode::CaracalJwt, None);
    *stage.decision.directive.lock() = mandate;
    assert_eq!(stage.get("/a").await.status, 200);
    assert_eq!(
        stage.upstream.received().pop().unwrap().header("authorization"),
        Some("Bearer resource-mandate")
    );

    let mut none = directive(&url);
    (none.auth_mode, none.provider_token, none.auth_header) = (AuthMode::None, None, None);
    *stage.decision.directive.lock() = none;
    assert_eq!(stage.get("/a").await.status, 200);
    assert_eq!(
        stage.upstream.received().pop().unwrap().header("authorization"),
        None
    );
}

#[tokio::test]
async fn a_length_stays_a_length_and_a_stream_a_stream() {
    let stage = Stage::new().await;
    let request = stage
        .request(&stage.mandate(), "/a")
        .method("PUT")
        .body(Body::from("hello"))
        .unwrap();
    let answer = stage.send(request).await;
    assert_eq!(
        (&answer.body[..], answer.header("content-length")),
        (&b"hello"[..], Some("5"))
    );
    let received = stage.upstream.received().pop().unwrap();
    assert_eq!(
        (
            received.header("content-length"),
            received.header("transfer-encoding")
        ),
        (Some("5"), None)
    );

    let chunks = futures_util::stream::iter(["hel", "lo"].map(Ok::<_, std::convert::Infallible>));
    let request = stage
        .request(&stage.mandate(), "/a")
        .method("PUT")
        .body(Body::from_stream(chunks))
        .unwrap();
    assert_eq!(&stage.send(request).await.body[..], b"hello");
    let received = stage.upstream.received().pop().unwrap();
    assert_eq!(
        (
            received.header("content-length"),
            received.header("transfer-encoding")
        ),
        (None, Some("chunked"))
    );
}

#[tokio::test]
async fn answers_come_back_without_what_is_not_the_callers() {
    let stage = Stage::new().await;
    let sent = [
        ("server", "apache/1.0"),
        ("x-powered-by", "php"),
        ("x-aspnet-version", "1"),
        ("refresh", "0;url=http://evil.test"),
        ("location", "http://evil.test/x"),
        ("content-location", "//evil.test/x"),
        ("x-caracal-identity", "spoofed"),
        ("x-caracal-token-expires-in", "999999"),
        ("x-request-id", "theirs"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-kept", "1"),
    ];
    stage.upstream.always(upstream_answer(302, &sent));
    let answer = stage.get("/a").await;
    assert_eq!(answer.status, 302, "redirects are the caller's to follow");
    for name in [
        "server",
        "x-powered-by",
        "x-aspnet-version",
        "refresh",
        "location",
        "content-location",
        "x-caracal-identity",
        "x-hop",
    ] {
        assert!(answer.header(name).is_none(), "{name}");
    }
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 0);
    assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1);
    assert_ne!(answer.header("x-request-id"), Some("theirs"));
    assert_eq!(answer.header("x-caracal-token-expires-in"), Some("300"));
    assert_eq!(answer.header("trailer"), Some("x-caracal-revoked"));
    assert_eq!(answer.header("x-kept"), Some("1"));

    stage
        .upstream
        .always(upstream_answer(302, &[("location", "/next?x=1")]));
    assert_eq!(stage.get("/a").await.header("location"), Some("/next?x=1"));
    for status in [404, 500, 204] {
        stage.upstream.always(upstream_answer(status, &[]));
        assert_eq!(stage.get("/a").await.status, status);
    }
}

#[tokio::test]
async fn the_stss_refusal_passes_whole() {
    let stage = Stage::new().await;
    let hold = Refusal::of(ErrorCode::InteractionRequired)
        .describe("approval required")
        .with("approval_id", "apr-1")
        .with("state", "pending")
        .authenticate("Bearer error=\"interaction_required\"");
    *stage.decision.refusal.lock() = Some(hold);
    let answer = stage.get("/a").await;
    assert_eq!(
        answer.refusal(),
        (401, "interaction_required".into(), "approval required".into())
    );
    assert_eq!(
        (&answer.json()["approval_id"], &answer.json()["state"]),
        (&json!("apr-1"), &json!("pending"))
    );
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer error=\"interaction_required\"")
    );
    assert_eq!(answer.json()["requestId"].as_str(), answer.header("x-request-id"));
    assert_eq!(stage.upstream.requests(), 0);
}

#[tokio::test]
async fn three_paths_are_ours_for_reading_and_all_else_is_the_upstreams() {
    let stage = Stage::new().await;
    for path in ["/health", "/ready", "/metrics"] {
        let answer = stage
            .send(
                http::Request::get(format!("http://{}{path}", stage.address))
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("x-request-id").is_some());
    }
    assert_eq!(stage.upstream.requests(), 0);
    for (method, path) in [
        ("POST", "/health"),
        ("DELETE", "/metrics"),
        ("GET", "/health/"),
        ("GET", "/healthz"),
        ("GET", "/metrics.json"),
    ] {
        let request = stage
            .request(&stage.mandate(), path)
            .method(method)
            .body(Body::empty())
            .unwrap();
        let answer = stage.send(request).await;
        assert_eq!(answer.status, 200, "{method} {path}");
        assert!(answer.header("allow").is_none(), "{method} {path}");
        let received = stage.upstream.received().pop().unwrap();
        assert_eq!((received.method.as_str(), received.target.path()), (method, path));
    }
}

#[tokio::test]
async fn heads_are_answered_without_a_body_and_with_its_length() {
    let stage = Stage::new().await;
    stage.upstream.always(upstream_answer(200, &[("x-kept", "1")]));
    let request = stage
        .request(&stage.mandate(), "/a")
        .method("HEAD")
        .body(Body::empty())
        .unwrap();
    let answer = stage.send(request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.len(), answer.header("x-kept")),
        (200, 0, Some("1"))
    );
}
