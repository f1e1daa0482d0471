//! Answers of upstreams that are not what HTTP says, and headers that would have somebody act past the decision.

use std::time::Duration;

use axum::body::Body;
use caracal_gateway::GatewayConfig;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::stage::{Options, Stage, directive, upstream_answer};

/// Lets every call be answered with these bytes.
async fn answering(stage: &Stage, answer: String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    *stage.decision.directive.lock() = directive(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = socket.read(&mut head).await;
            let _ = socket.write_all(answer.as_bytes()).await;
            let _ = socket.shutdown().await;
        }
    });
}

async fn reason(stage: &Stage, answer: String) -> (u16, String) {
    answering(stage, answer).await;
    let answer = stage.get("/a").await;
    if answer.status != 200 {
        answer.refusal();
    }
    (
        answer.status.as_u16(),
        answer.json()["reason"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn an_answer_in_a_transfer_coding_that_we_do_not_know_is_502() {
    let stage = Stage::new().await;
    for codings in [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{codings}\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(
            reason(&stage, answer).await,
            (502, "upstream_response_invalid".into()),
            "{codings}"
        );
    }
    let events = stage.events(7).await;
    assert!(
        events
            .iter()
            .all(|event| event.evaluation_status == "upstream_error")
    );
    let good = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert_eq!(reason(&stage, good.into()).await.0, 200);
}

#[tokio::test]
async fn an_answer_with_too_large_a_head_is_502_with_its_own_reason() {
    let stage = Stage::new().await;
    let fields = "X-Field: 1\r\n".repeat(101);
    let many = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
    let large = format!(
        "HTTP/1.1 200 OK\r\nX-Large: {}\r\nContent-Length: 0\r\n\r\n",
        "a".repeat(70 * 1024)
    );
    for answer in [many, large] {
        assert_eq!(
            reason(&stage, answer).await,
            (502, "upstream_head_too_large".into())
        );
    }
    assert_eq!(
        reason(&stage, "SSH-2.0-OpenSSH_9.6\r\n".into()).await,
        (502, "upstream_response_invalid".into())
    );
}

#[tokio::test]
async fn an_answer_whose_body_breaks_before_its_first_piece_is_502_and_after_it_breaks_off() {
    let patient = GatewayConfig {
        first_piece_wait: Duration::from_mins(1),
        ..GatewayConfig::default()
    };
    let stage = Stage::with(Options {
        config: patient,
        ..Options::default()
    })
    .await;
    let chunked = |body: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let whole = |body: &str| format!("HTTP/1.1 200 OK\r\n{body}");
    let broken = [
        chunked("zz\r\nabc\r\n0\r\n\r\n"),
        chunked("-1\r\nabc\r\n0\r\n\r\n"),
        chunked("\r\n"),
        chunked("fffffffffffffffff\r\nabc"),
        chunked(""),
        whole("Content-Length: 3\r\n\r\n"),
    ];
    for answer in &broken {
        assert_eq!(
            reason(&stage, answer.clone()).await,
            (502, "upstream_body_invalid".into()),
            "{answer:?}"
        );
    }
    let events = stage.events(broken.len()).await;
    for event in &events {
        assert_eq!(event.evaluation_status, "upstream_error");
        let about: Value = serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
        assert_eq!(
            (&about["error_kind"], &about["gateway_status"]),
            (&"upstream_body_invalid".into(), &502.into()),
            "{about}"
        );
    }
    // What began is never taken for whole.
    answering(&stage, chunked("3\r\nabc\r\nzz\r\n")).await;
    let request = stage.request(&stage.mandate(), "/a");
    let mut response = stage.open(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    let piece = response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(piece.into_data().unwrap(), "abc");
    assert!(response.body_mut().frame().await.unwrap().is_err());
    for (good, body) in [
        (chunked("3\r\nabc\r\n0\r\n\r\n"), "abc"),
        (chunked("0\r\n\r\n"), ""),
        (whole("Content-Length: 3\r\n\r\nabc"), "abc"),
        (whole("Content-Length: 0\r\n\r\n"), ""),
        (whole("\r\nabc"), "abc"),
    ] {
        answering(&stage, good.clone()).await;
        let answer = stage.get("/a").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body[..]),
            (200, body.as_bytes()),
            "{good:?}"
        );
    }
}

#[tokio::test]
async fn a_get_with_a_chunked_body_reaches_the_upstream_with_it() {
    let stage = Stage::new().await;
    for method in ["GET", "OPTIONS", "DELETE"] {
        let chunks = futures_util::stream::iter(["hel", "lo"].map(Ok::<_, std::convert::Infallible>));
        let request = stage
            .request(&stage.mandate(), "/a")
            .method(method)
            // The client of this test would leave it out as well.
            .header("transfer-encoding", "chunked")
            .body(Body::from_stream(chunks))
            .unwrap();
        assert_eq!(&stage.send(request).await.body[..], b"hello", "{method}");
        let received = stage.upstream.received().pop().unwrap();
        assert_eq!(received.body, "hello", "{method}");
    }
}

#[tokio::test]
async fn a_location_under_the_base_path_is_right_for_the_caller() {
    let stage = Stage::new().await;
    *stage.decision.directive.lock() = directive(&format!("http://{}/v1", stage.upstream.address()));
    for (sent, seen) in [("/v1/items/5", Some("/items/5")), ("/login", None)] {
        stage.upstream.always(upstream_answer(200, &[("location", sent)]));
        assert_eq!(stage.get("/items").await.header("location"), seen, "{sent}");
    }
    assert_eq!(stage.upstream.received()[0].target, "/v1/items");
}

#[tokio::test]
async fn a_header_that_overrides_the_method_is_refused_in_every_spelling() {
    let stage = Stage::new().await;
    for name in [
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-HTTP-Method",
        "x_http_method_override",
        "X-HTTP_Method-Override",
    ] {
        let request = stage
            .request(&stage.mandate(), "/a")
            .method("POST")
            .header(name, "DELETE")
            .body(Body::empty())
            .unwrap();
        let answer = stage.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["reason"].as_str()),
            (400, Some("method_override")),
            "{name}"
        );
    }
    assert_eq!(stage.upstream.requests(), 0);
}

#[tokio::test]
async fn headers_by_which_a_proxy_tells_another_path_end_here() {
    let stage = Stage::new().await;
    let request = stage
        .request(&stage.mandate(), "/a")
        .header("x-original-url", "/admin")
        .header("x-rewrite-url", "/admin")
        .header("x_rewrite_url", "/admin")
        .body(Body::empty())
        .unwrap();
    assert_eq!(stage.send(request).await.status, 200);
    for name in ["x-original-url", "x-rewrite-url", "x_rewrite_url"] {
        assert!(stage.upstream.only().header(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn orders_of_an_upstream_to_proxies_end_here_and_cookies_pass_only_where_the_resource_says_so() {
    let stage = Stage::new().await;
    stage.upstream.always(upstream_answer(
        200,
        &[
            ("x-accel-redirect", "/internal/secret"),
            ("x-accel-buffering", "no"),
            ("x-sendfile", "/etc/passwd"),
            ("alt-svc", "h2=\"elsewhere.test:443\""),
            ("clear-site-data", "\"*\""),
            ("strict-transport-security", "max-age=0"),
            ("x-reproxy-url", "http://evil.test"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ],
    ));
    for cookies in [false, true] {
        stage.decision.directive.lock().cookies = cookies;
        let request = stage
            .request(&stage.mandate(), "/a")
            .header("cookie", "session=1")
            .body(Body::empty())
            .unwrap();
        let answer = stage.send(request).await;
        for name in [
            "x-accel-redirect",
            "x-accel-buffering",
            "x-sendfile",
            "alt-svc",
            "clear-site-data",
            "strict-transport-security",
            "x-reproxy-url",
        ] {
            assert!(answer.header(name).is_none(), "{name}");
        }
        let set = answer.headers.get_all("set-cookie").iter().count();
        let received = stage.upstream.received().pop().unwrap();
        let expected = if cookies {
            (2, Some("session=1"))
        } else {
            (0, None)
        };
        assert_eq!((set, received.header("cookie")), expected);
    }
}

#[tokio::test]
async fn a_resource_may_take_longer_to_answer_than_the_gateway_waits_for_others() {
    let mut options = Options::default();
    options.config.upstream_timeout = Duration::from_millis(50);
    options.config.stream_idle_timeout = Duration::from_millis(50);
    let stage = Stage::with(options).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    *stage.decision.directive.lock() = directive(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _ = socket.read(&mut head).await;
                tokio::time::sleep(Duration::from_millis(400)).await;
                let _ = socket
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
                    .await;
                tokio::time::sleep(Duration::from_millis(400)).await;
                let _ = socket.write_all(b"b").await;
            });
        }
    });
    let answer = stage.get("/a").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["reason"].as_str()),
        (504, Some("upstream_timeout"))
    );
    stage.decision.directive.lock().timeout_seconds = Some(600);
    let answer = stage.get("/a").await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"ab"[..]));
}

#[tokio::test]
async fn a_mandate_of_the_zones_own_key_that_lives_longer_than_any_is_issued_for_is_refused() {
    let stage = Stage::new().await;
    for beyond in [3_600 + 61, 86_400, 10 * 365 * 86_400, 1 << 40] {
        let mut claims = stage.claims();
        claims.exp = stage.now() + beyond;
        let token = stage.sign(claims);
        let answer = stage
            .send(stage.request(&token, "/a").body(Body::empty()).unwrap())
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["reason"].as_str()),
            (401, Some("lifetime_too_long")),
            "{beyond}"
        );
    }
    assert_eq!(stage.upstream.requests(), 0);
    assert_eq!(stage.decision.seen.lock().len(), 0);
}
