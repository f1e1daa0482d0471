//! What an MCP server lists is shown as far as the mandate that asked may use it.

use axum::body::Body;
use bytes::Bytes;
use caracal_core::entity::OperationEnforcement;
use caracal_testkit::upstream::Answer as Upstream;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;

use crate::stage::Stage;

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const LISTED: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"search"},{"name":"delete"},{"name":"new"}],"nextCursor":"x"}}"#;
const SHOWN: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"search"}],"nextCursor":"x"}}"#;

async fn stage() -> Stage {
    let stage = Stage::new().await;
    let declared = [
        ("MCP", "tools/list"),
        ("MCP", "resources/list"),
        ("MCP", "resources/read:{uri}"),
        ("MCP", "tools/call:search"),
        ("MCP", "tools/call:delete"),
    ];
    stage.declare(OperationEnforcement::Enforced, &declared).await;
    stage
}

/// A message with a mandate for searching, and for nothing else that can be called.
fn ask(stage: &Stage, message: &'static str) -> Request<Body> {
    let mut claims = stage.claims();
    claims.scope = Some(String::from("tools/list resources/list tools/call:search"));
    stage
        .request(&stage.sign(claims), "/")
        .method("POST")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Body::from(message))
        .unwrap()
}

fn json(status: u16, body: &'static str) -> Upstream {
    Upstream::fixed(StatusCode::from_u16(status).unwrap(), body)
        .with_header("content-type", "application/json")
}

#[tokio::test]
async fn a_tool_that_the_mandate_may_not_call_is_not_listed() {
    let stage = stage().await;
    stage
        .upstream
        .next(json(200, LISTED).with_header("etag", "\"of another body\""));
    let answer = stage.send(ask(&stage, LIST)).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (200, SHOWN.as_bytes())
    );
    assert_eq!(
        (answer.header("content-type"), answer.header("etag")),
        (Some("application/json"), None)
    );
    assert_eq!(stage.upstream.only().header("accept-encoding"), Some("identity"));
    assert_eq!(stage.events(1).await.remove(0).evaluation_status, "executed");

    let resources = r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#;
    stage.upstream.next(json(
        200,
        r#"{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"file:///a"}]}}"#,
    ));
    let answer = stage.send(ask(&stage, resources)).await;
    assert_eq!(answer.json()["result"]["resources"], serde_json::json!([]));
}

#[tokio::test]
async fn events_pass_one_by_one_with_their_listing_cut_down() {
    let stage = stage().await;
    let live = stage.streams("text/event-stream");
    let mut response = stage.open(ask(&stage, LIST)).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let progress =
        "event: message\nid: 1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n";
    assert!(live.send(progress).await);
    let frame = response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), progress, "before anything else comes");
    let (half, rest) = LISTED.split_at(40);
    assert!(live.send(Bytes::from(format!("id: 2\ndata: {half}"))).await);
    assert!(live.send(Bytes::from(format!("{rest}\r\n\r\n"))).await);
    let frame = response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), format!("id: 2\ndata: {SHOWN}\n\n"));
    stage.revocations.mark(["ses-1"]);
    assert!(
        response.body_mut().frame().await.unwrap().is_err(),
        "still governed"
    );
}

#[tokio::test]
async fn a_listing_that_clients_could_read_differently_does_not_come() {
    let stage = stage().await;
    for answer in [
        json(200, LISTED).with_header("content-encoding", "gzip"),
        Upstream::fixed(StatusCode::OK, LISTED).with_header("content-type", "text/plain"),
    ] {
        stage.upstream.next(answer);
        let answer = stage.send(ask(&stage, LIST)).await;
        assert_eq!(answer.json()["reason"], "upstream_response_invalid");
    }
    stage.upstream.next(json(
        200,
        r#"{"result":{"tools":[],"tools":[{"name":"delete"}]}}"#,
    ));
    let answer = stage.send(ask(&stage, LIST)).await;
    assert_eq!(answer.json()["reason"], "upstream_response_invalid");
    let live = stage.streams("text/event-stream");
    let response = stage.open(ask(&stage, LIST)).await;
    assert!(live.send("data: {\"result\":{\"tools\":{}}}\n\n").await);
    assert!(
        response.into_body().collect().await.is_err(),
        "never a complete one"
    );
    // What is no listing is not read.
    for (status, body) in [(404, "gone"), (202, "")] {
        stage.upstream.next(json(status, body));
        let answer = stage.send(ask(&stage, LIST)).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body[..]),
            (status, body.as_bytes())
        );
    }
}
