//! What a call asks for is read where the resource has it read, and what was read goes on as it came.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use caracal_core::{Operation, entity::OperationEnforcement};
use http::{Request, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};

use crate::{
    client::{Answer, read_all},
    stage::{Options, Stage},
};

const SEARCH: &str =
    r#"{"jsonrpc":"2.0","id":1, "method":"tools/call","params":{"name":"search","arguments":{"q":"é"}}}"#;
const DECLARED: [(&str, &str); 4] = [
    ("MCP", "tools/call:search"),
    ("MCP", "tools/list"),
    ("GET", "/"),
    ("POST", "/upload"),
];

async fn mcp() -> Stage {
    let mut options = Options::default();
    options.config.max_request_bytes = 1 << 20;
    let stage = Stage::with(options).await;
    stage.declare(OperationEnforcement::Enforced, &DECLARED).await;
    stage
}

fn post(stage: &Stage, token: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    stage
        .request(token, path)
        .method("POST")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap()
}

/// The body in two pieces without an announced length, then trailers.
fn in_pieces(text: &'static str) -> Body {
    let (first, second) = text.split_at(20);
    let trailers = [("x-sum".parse().unwrap(), "7".parse().unwrap())]
        .into_iter()
        .collect();
    let frames = [
        Frame::data(Bytes::from(first)),
        Frame::data(Bytes::from(second)),
        Frame::trailers(trailers),
    ];
    let frames = frames.map(Ok::<_, std::convert::Infallible>);
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

fn asked(stage: &Stage) -> Vec<Operation> {
    let seen = stage.decision.seen.lock();
    seen.iter().map(|request| (*request.operation).clone()).collect()
}

fn http(method: &str, path: &str) -> Operation {
    Operation::Http {
        method: method.into(),
        path: path.into(),
    }
}

async fn metadata(stage: &Stage) -> Value {
    let event = stage.events(1).await.remove(0);
    serde_json::from_str(event.metadata_json.unwrap().get()).unwrap()
}

fn refused(answer: &Answer) -> (u16, String) {
    let reason = answer.json()["reason"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), reason)
}

#[tokio::test]
async fn a_message_to_an_mcp_server_is_decided_by_its_tool_and_goes_on_as_it_came() {
    let stage = mcp().await;
    let answer = stage.send(post(&stage, &stage.mandate(), "/", SEARCH)).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (200, SEARCH.as_bytes())
    );
    let received = stage.upstream.only();
    assert_eq!(received.body, SEARCH);
    assert_eq!(
        received.header("content-length"),
        Some(SEARCH.len().to_string().as_str())
    );
    assert_eq!(received.header("transfer-encoding"), None);
    let call = String::from("tools/call:search");
    assert_eq!(asked(&stage), [Operation::Mcp { call }]);
    let event = metadata(&stage).await;
    assert_eq!(
        (&event["method"], &event["protocol"], &event["call"]),
        (&"POST".into(), &"mcp".into(), &"tools/call:search".into())
    );
}

#[tokio::test]
async fn a_message_without_a_length_keeps_its_framing_and_its_trailers() {
    let stage = mcp().await;
    let mut request = post(&stage, &stage.mandate(), "/", in_pieces(SEARCH));
    request
        .headers_mut()
        .insert(header::TRAILER, "x-sum".parse().unwrap());
    assert_eq!(stage.send(request).await.status, 200);
    let received = stage.upstream.only();
    assert_eq!(received.body, SEARCH);
    assert_eq!(received.header("transfer-encoding"), Some("chunked"));
    assert_eq!(received.trailers["x-sum"], "7");
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_before_it_costs_a_mandate_and_is_recorded() {
    let stage = mcp().await;
    let token = stage.mandate();
    let long = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"x":"{}"}}}}"#,
        "a".repeat(65_536)
    );
    for (body, status, reason) in [
        (
            r#"[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]"#,
            400,
            "operation_batch",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#,
            400,
            "operation_unreadable",
        ),
        ("", 400, "operation_unreadable"),
        (long.as_str(), 413, "operation_too_large"),
    ] {
        let answer = stage.send(post(&stage, &token, "/", body.to_owned())).await;
        assert_eq!(refused(&answer), (status, reason.to_owned()), "{:?}", answer.body);
        assert_eq!(metadata(&stage).await["reason"], reason);
    }
    let mut differs = post(&stage, &token, "/", SEARCH);
    differs
        .headers_mut()
        .insert("mcp-name", "delete".parse().unwrap());
    assert_eq!(
        refused(&stage.send(differs).await),
        (400, "operation_header_differs".into())
    );
    let mut coded = post(&stage, &token, "/", SEARCH);
    coded
        .headers_mut()
        .insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    assert_eq!(
        refused(&stage.send(coded).await),
        (400, "operation_unreadable".into())
    );
    let endless = futures_util::stream::repeat_with(|| {
        Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from_static(&[b' '; 4096])))
    });
    let endless = Body::new(StreamBody::new(futures_util::StreamExt::take(endless, 64)));
    let answer = stage.send(post(&stage, &token, "/", endless)).await;
    assert_eq!(
        refused(&answer),
        (413, "operation_too_large".into()),
        "the answer is not lost"
    );
    assert!(asked(&stage).is_empty() && stage.upstream.received().is_empty());
    assert_eq!(
        stage.send(post(&stage, &token, "/", SEARCH)).await.status,
        200,
        "unspent"
    );
}

#[tokio::test]
async fn a_message_that_stalls_is_not_waited_for() {
    let mut options = Options::default();
    options.config.stream_idle_timeout = Duration::from_millis(50);
    let stage = Stage::with(options).await;
    stage.declare(OperationEnforcement::Enforced, &DECLARED).await;
    let (_open, mut frames) = mpsc::channel::<Frame<Bytes>>(1);
    let silent = futures_util::stream::poll_fn(move |cx| {
        frames
            .poll_recv(cx)
            .map(|frame| frame.map(Ok::<_, std::convert::Infallible>))
    });
    let body = Body::new(StreamBody::new(silent));
    let answer = stage.send(post(&stage, &stage.mandate(), "/", body)).await;
    assert_eq!(refused(&answer), (408, "request_stalled".into()));
}

#[tokio::test]
async fn only_a_post_to_the_root_is_a_message() {
    let stage = mcp().await;
    // No JSON, and larger than what is looked at: it streams.
    let large = "x".repeat(60_000) + &"y".repeat(5_000);
    for (method, path, body) in [
        ("POST", "/upload", large.as_str()),
        ("GET", "/", ""),
        ("PUT", "/", "no json"),
    ] {
        let request = stage.request(&stage.mandate(), path).method(method);
        let answer = stage
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await;
        assert_eq!(answer.status, 200, "{method} {path}");
    }
    // Not spelled as the root, so not what a message is declared for; the STS refuses what is not declared.
    stage.send(post(&stage, &stage.mandate(), "//", SEARCH)).await;
    assert_eq!(
        asked(&stage),
        [
            http("POST", "/upload"),
            http("GET", "/"),
            http("PUT", "/"),
            http("POST", "//")
        ]
    );
}

#[tokio::test]
async fn nobody_without_authority_has_a_body_read() {
    let stage = mcp().await;
    let mut claims = stage.claims();
    claims.exp = stage.now() + 1;
    let short = stage.sign(claims);
    let answer = stage.send(post(&stage, &short, "/", "[]")).await;
    assert_eq!(refused(&answer).1, "credential_expiring");
    stage.revocations.mark(["rec-1"]);
    let answer = stage.send(post(&stage, &stage.mandate(), "/", "[]")).await;
    assert_eq!(refused(&answer).1, "session_revoked");
}

#[tokio::test]
async fn a_mandate_that_ends_while_a_message_is_read_is_not_used() {
    let stage = mcp().await;
    let mut socket = TcpStream::connect(stage.address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\n{}\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        stage.credentials(),
        SEARCH.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    // The go-ahead says that everything about the mandate was checked, and that the message is waited for.
    let mut word = [0; 25];
    socket.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    stage.world.manual_clock().advance(Duration::from_secs(400));
    socket.write_all(SEARCH.as_bytes()).await.unwrap();
    let answer = read_all(&mut socket).await;
    assert!(
        answer.starts_with("HTTP/1.1 401") && answer.contains("\"expired\""),
        "{answer}"
    );
    assert!(asked(&stage).is_empty());
}

#[tokio::test]
async fn a_resource_that_declares_no_messages_has_no_body_read() {
    for (enforcement, operations) in [
        (OperationEnforcement::Enforced, &[("POST", "/")][..]),
        (OperationEnforcement::TransportUniform, &DECLARED[..]),
    ] {
        let stage = Stage::new().await;
        stage.declare(enforcement, operations).await;
        assert_eq!(
            stage
                .send(post(&stage, &stage.mandate(), "/", "[ no json"))
                .await
                .status,
            200
        );
        assert_eq!(asked(&stage), [http("POST", "/")]);
    }
}

#[tokio::test]
async fn a_grpc_call_is_told_from_a_request_by_its_type_where_the_resource_declares_any() {
    let stage = Stage::new().await;
    stage
        .declare(
            OperationEnforcement::Enforced,
            &[("GRPC", "/p.S/M"), ("POST", "/p.S/N")],
        )
        .await;
    for (path, kind) in [
        ("/p.S/M", "application/grpc"),
        ("/p.S/M", "application/json"),
        ("/p.S/N", "application/grpc+proto"),
    ] {
        let mut request = post(&stage, &stage.mandate(), path, "x");
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, kind.parse().unwrap());
        assert_eq!(stage.send(request).await.status, 200);
    }
    let grpc = |path: &str| Operation::Grpc { path: path.into() };
    assert_eq!(
        asked(&stage),
        [grpc("/p.S/M"), http("POST", "/p.S/M"), grpc("/p.S/N")]
    );
    assert_eq!(metadata(&stage).await["protocol"], "grpc");
    let mut twice = post(&stage, &stage.mandate(), "/p.S/M", "x");
    twice
        .headers_mut()
        .append(header::CONTENT_TYPE, "application/grpc".parse().unwrap());
    assert_eq!(
        refused(&stage.send(twice).await),
        (400, "operation_unreadable".into())
    );
}

#[tokio::test]
async fn the_answer_to_a_message_streams_and_is_cut_when_authority_ends() {
    let stage = mcp().await;
    let stream = stage.streams("text/event-stream");
    let mut response = stage.open(post(&stage, &stage.mandate(), "/", SEARCH)).await;
    for text in ["data: 1\n\n", "data: 2\n\n"] {
        assert!(stream.send(text).await);
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), text);
    }
    stage.revocations.mark(["ses-1"]);
    assert!(response.body_mut().frame().await.unwrap().is_err());
    stream.abandoned().await;
}
