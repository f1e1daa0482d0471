//! A call that a person has to approve is read when the STS asks for it, and not before; what was read goes on as it came.

use axum::body::Body;
use caracal_core::{CallBody, entity::OperationEnforcement};
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, sts::DenialReason};
use http::{Request, header};
use serde_json::json;

use crate::{
    client::Answer,
    stage::{Options, Stage},
};

const ID: &str = "01890a5d-ac96-474b-8cce-b302099a8057";

/// A Gateway before an STS that wants to know what a call carries.
async fn stage() -> Stage {
    let mut options = Options::default();
    options.config.max_request_bytes = 1 << 20;
    let stage = Stage::with(options).await;
    let declared = [
        ("POST", "/refunds"),
        ("GET", "/tickets"),
        ("MCP", "tools/call:pay"),
    ];
    stage.declare(OperationEnforcement::Enforced, &declared).await;
    stage.decision.reads();
    stage
}

fn post(stage: &Stage, path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    stage
        .request(&stage.mandate(), path)
        .method("POST")
        .header(header::CONTENT_TYPE, kind)
        .body(body.into())
        .unwrap()
}

fn refused(answer: &Answer) -> (u16, String) {
    let reason = answer.json()["reason"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), reason)
}

#[tokio::test]
async fn a_call_is_read_once_it_is_asked_for_and_goes_on_as_it_came() {
    let stage = stage().await;
    let body = r#"{ "amount" : 5.0, "to":"\u00e9" }"#;
    let mut request = post(&stage, "/refunds?dry=%30", "application/json", body);
    request
        .headers_mut()
        .insert("x-caracal-approval", ID.parse().unwrap());
    let answer = stage.send(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let received = stage.upstream.only();
    assert_eq!(received.body, body);
    assert_eq!(received.header("x-caracal-approval"), None);
    let seen = stage.decision.seen.lock();
    let [first, second] = seen.as_slice() else {
        panic!("asked {} times", seen.len());
    };
    assert!(first.content.is_none(), "nothing is read that nobody asked for");
    let content = second.content.as_ref().unwrap();
    assert_eq!(content.query.as_deref(), Some("dry=%30"));
    assert_eq!(content.body, CallBody::Json(json!({"amount": 5.0, "to": "é"})));
    for asked in [first, second] {
        assert_eq!(asked.approval.as_ref().map(AsRef::as_ref), Some(ID));
    }
}

#[tokio::test]
async fn a_call_that_nobody_has_to_approve_is_asked_about_once_and_not_read() {
    let stage = stage().await;
    stage.decision.reads_no_more();
    let long = "x".repeat(40 * 1024);
    let answer = stage.send(post(&stage, "/refunds", "text/plain", long)).await;
    assert_eq!(answer.status, 200);
    let seen = stage.decision.seen.lock();
    assert!(seen.len() == 1 && seen[0].content.is_none());
}

#[tokio::test]
async fn what_a_person_could_read_otherwise_than_the_upstream_is_refused() {
    let stage = stage().await;
    let message = |arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"pay","arguments":{arguments}}}}}"#
        )
    };
    let long = format!("\"{}\"", "x".repeat(16 * 1024));
    let json = "application/json";
    for (path, kind, body, reason) in [
        (
            "/refunds",
            json,
            String::from(r#"{"amount":1,"amount":1000}"#),
            "operation_unreadable",
        ),
        (
            "/refunds",
            json,
            String::from(r#"{"amount":1,"AMOUNT":1000}"#),
            "operation_unreadable",
        ),
        (
            "/refunds",
            json,
            String::from(r#"{"amount":9007199254740993}"#),
            "operation_unreadable",
        ),
        ("/refunds", json, String::from("[1,"), "operation_unreadable"),
        ("/refunds", json, long.clone(), "operation_too_large"),
        (
            "/refunds",
            "application/octet-stream",
            long,
            "operation_too_large",
        ),
        ("/", json, message(r#"{"amount":1e400}"#), "operation_unreadable"),
        (
            "/",
            json,
            message(r#"{"amount":0.30000000000000000001}"#),
            "operation_unreadable",
        ),
        (
            "/",
            json,
            message(r#"{"amount":1,"Amount":2}"#),
            "operation_unreadable",
        ),
        ("/", json, format!("[{}]", message("{}")), "operation_batch"),
    ] {
        let answer = stage.send(post(&stage, path, kind, body.clone())).await;
        let status = if reason == "operation_too_large" { 413 } else { 400 };
        assert_eq!(refused(&answer), (status, reason.to_owned()), "{body}");
    }
    // In pieces, without a length, it is counted.
    let pieces = vec![Ok::<_, std::convert::Infallible>("x".repeat(1024)); 17];
    let endless = Body::from_stream(futures_util::stream::iter(pieces));
    let answer = stage.send(post(&stage, "/refunds", "text/plain", endless)).await;
    assert_eq!(refused(&answer), (413, String::from("operation_too_large")));
    let mut coded = post(&stage, "/refunds", json, "{}");
    coded
        .headers_mut()
        .insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    assert_eq!(refused(&stage.send(coded).await).1, "operation_unreadable");
    assert_eq!(stage.upstream.received().len(), 0);
}

#[tokio::test]
async fn an_approval_is_named_once_or_not_at_all() {
    let stage = stage().await;
    for values in [&["no id!"][..], &[""], &[ID, ID]] {
        let mut request = post(&stage, "/refunds", "application/json", "{}");
        for value in values {
            request
                .headers_mut()
                .append("x-caracal-approval", value.parse().unwrap());
        }
        let answer = stage.send(request).await;
        assert_eq!(
            refused(&answer),
            (400, String::from("approval_header")),
            "{values:?}"
        );
    }
    assert_eq!(stage.decision.seen.lock().len(), 0);
}

#[tokio::test]
async fn a_hold_comes_back_whole_and_an_sts_that_asks_twice_is_not_asked_for_ever() {
    let stage = stage().await;
    stage.decision.reads_no_more();
    let hold = Refusal::of(ErrorCode::InteractionRequired)
        .reason(DenialReason::ApprovalRequired)
        .with("approval_id", ID)
        .with("approval_wait_url", "https://sts.example/approvals/1?wait=25")
        .authenticate("Bearer error=\"interaction_required\"");
    *stage.decision.refusal.lock() = Some(hold);
    let answer = stage
        .send(post(&stage, "/refunds", "application/json", "{}"))
        .await;
    assert_eq!(refused(&answer), (401, String::from("approval_required")));
    assert_eq!(answer.json()["approval_id"], ID);
    assert_eq!(
        answer.json()["approval_wait_url"],
        "https://sts.example/approvals/1?wait=25"
    );
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer error=\"interaction_required\"")
    );

    stage.decision.seen.lock().clear();
    *stage.decision.refusal.lock() =
        Some(Refusal::of(ErrorCode::AccessDenied).reason(DenialReason::CallNotRead));
    let answer = stage
        .send(post(&stage, "/refunds", "application/json", "{}"))
        .await;
    assert_eq!(refused(&answer), (403, String::from("call_not_read")));
    assert_eq!(stage.decision.seen.lock().len(), 2);
}
