//! Calls to the address of a resource, and what somebody learns who knows no more than one.

use axum::body::Body;
use caracal_core::{
    ScopeSet,
    claims::MandateClaims,
    entity::{OperationEnforcement, Resource},
};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use http::Request;
use serde_json::{Value, json};

use crate::{
    client::Answer,
    stage::{ISSUER, Stage, upstream_answer},
};

/// A stage with a resource at an address, its path, and what was stored.
async fn at_address(operations: &[(&str, &str)]) -> (Stage, String, Resource) {
    let stage = Stage::new().await;
    let path = format!("/r/{}/tools", stage.zone);
    let identifier = format!("http://{}{path}", stage.address);
    let stored = stage
        .declare_as(&identifier, OperationEnforcement::Enforced, operations)
        .await;
    (stage, path, stored)
}

const OPERATIONS: [(&str, &str); 2] = [("GET", "/items"), ("POST", "/items")];

fn bare(stage: &Stage, method: &str, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", stage.address))
}

async fn send(stage: &Stage, request: http::request::Builder) -> Answer {
    stage.send(request.body(Body::empty()).unwrap()).await
}

async fn stranger(stage: &Stage, path: &str) -> Answer {
    send(stage, bare(stage, "GET", path)).await
}

async fn bearing(stage: &Stage, token: &str, path: &str) -> Answer {
    let request = bare(stage, "GET", path).header("authorization", format!("Bearer {token}"));
    send(stage, request).await
}

fn described_at(path: &str) -> String {
    format!("/.well-known/oauth-protected-resource{path}")
}

fn reason(answer: &Answer) -> String {
    answer.json()["reason"].as_str().unwrap_or_default().to_owned()
}

fn untouched(stage: &Stage) {
    assert_eq!(stage.decision.seen.lock().len(), 0, "the sts was asked");
    assert_eq!(stage.upstream.requests(), 0, "the upstream was reached");
}

#[tokio::test]
async fn a_stranger_learns_of_no_resource_that_was_given_no_address() {
    let stage = Stage::new().await;
    stage.declare(OperationEnforcement::Enforced, &OPERATIONS).await;
    let zone = stage.zone.clone();
    let mut answers = Vec::new();
    for path in [
        format!("/r/{zone}/pipernet"),
        format!("/r/{zone}/tools"),
        String::from("/r/no-such-zone/tools"),
        String::from("/r/no%2Fzone/tools/more"),
    ] {
        let told = stranger(&stage, &described_at(&path)).await;
        assert_eq!(told.status, 404, "{path}");
        let mut body = told.json();
        for id in ["requestId", "request_id"] {
            body[id] = Value::Null;
        }
        answers.push(body);
        let asked = stranger(&stage, &path).await;
        assert_eq!(asked.status, 401);
        assert_eq!(asked.header("www-authenticate"), Some("Bearer"), "{path}");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    untouched(&stage);
}

#[tokio::test]
async fn a_call_that_names_no_resource_in_any_way_is_refused_before_it_costs_a_mandate() {
    let (stage, path, _) = at_address(&OPERATIONS).await;
    let token = stage.mandate();
    for path in [
        String::from("/items"),
        format!("/r/{}/other/items", stage.zone),
        path.replace("tools", "t%6fols"),
        [&path, "//..%2f"].concat(),
    ] {
        let answer = bearing(&stage, &token, &path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(
            ["missing_resource", "path_traversal"].contains(&&*reason(&answer)),
            "{path}"
        );
    }
    untouched(&stage);
    assert_eq!(
        bearing(&stage, &token, &[&path, "/items"].concat()).await.status,
        200
    );
}

#[tokio::test]
async fn a_header_and_an_address_that_name_two_resources_are_no_call() {
    let (stage, path, stored) = at_address(&OPERATIONS).await;
    let token = stage.mandate();
    let call = |resource: &str| {
        let request = bare(&stage, "GET", &[&path, "/items"].concat());
        request
            .header("authorization", format!("Bearer {token}"))
            .header("x-caracal-resource", resource)
    };
    for other in ["resource://pipernet", "tools", "http://elsewhere.test/r/x/tools"] {
        let answer = send(&stage, call(other)).await;
        assert_eq!(
            (answer.status.as_u16(), reason(&answer)),
            (400, String::from("ambiguous_request")),
            "{other}"
        );
    }
    untouched(&stage);
    assert_eq!(
        send(&stage, call(stored.id.as_str())).await.status,
        200,
        "its row"
    );
    let again = bare(&stage, "GET", &[&path, "/items"].concat())
        .header("authorization", format!("Bearer {}", stage.mandate()))
        .header("x-caracal-resource", &stored.identifier);
    assert_eq!(send(&stage, again).await.status, 200, "its identifier");
    for received in stage.upstream.received() {
        assert_eq!(received.target.path(), "/items");
    }
}

#[tokio::test]
async fn a_mandate_of_another_zone_is_none_at_an_address() {
    let (stage, path, _) = at_address(&OPERATIONS).await;
    let (zone, key) = stage.another_zone().await;
    let claims = MandateClaims {
        zone_id: zone,
        ..stage.claims()
    };
    let token = caracal_crypto::mandate::sign(&claims, &key).unwrap();
    let answer = bearing(&stage, &token, &path).await;
    assert_eq!(
        (answer.status.as_u16(), reason(&answer)),
        (401, String::from("wrong_zone"))
    );
    untouched(&stage);
}

#[tokio::test]
async fn the_resource_at_an_address_gets_what_is_below_it() {
    let (stage, path, stored) = at_address(&OPERATIONS).await;
    for (below, target) in [
        ("", "/"),
        ("/", "/"),
        ("?a=1", "/?a=1"),
        ("/items?b=%2F", "/items?b=%2F"),
        ("/a%2Fb//c", "/a%2Fb//c"),
    ] {
        let answer = bearing(&stage, &stage.mandate(), &[&path, below].concat()).await;
        assert_eq!(answer.status, 200, "{below}");
        let received = stage.upstream.received().pop().unwrap();
        assert_eq!(received.target.to_string(), target, "{below}");
        assert!(
            received
                .header("authorization")
                .is_some_and(|value| value.contains("real-credential"))
        );
        let asked = stage.decision.seen.lock().pop().unwrap();
        assert_eq!(asked.resource, stored.identifier);
        assert_eq!(asked.operation.path(), target.split('?').next().unwrap());
    }
}

#[tokio::test]
async fn a_path_that_is_no_address_belongs_to_the_upstream_of_the_resource_named() {
    let (stage, path, _) = at_address(&OPERATIONS).await;
    for path in [
        path.replace("tools", "rust"),
        String::from("/r/rust/comments"),
        described_at("/r/rust/comments"),
        described_at(&path),
    ] {
        assert_eq!(stage.get(&path).await.status, 200, "{path}");
        assert_eq!(stage.upstream.received().pop().unwrap().target.path(), path);
    }
}

#[tokio::test]
async fn an_answer_leads_on_below_the_address() {
    let (stage, path, _) = at_address(&OPERATIONS).await;
    stage
        .upstream
        .next(upstream_answer(201, &[("location", "/items/7?x=1")]));
    let answer = bearing(&stage, &stage.mandate(), &[&path, "/items"].concat()).await;
    assert_eq!(
        answer.header("location"),
        Some([&path, "/items/7?x=1"].concat().as_str())
    );
    stage
        .upstream
        .next(upstream_answer(201, &[("location", "/items/7")]));
    assert_eq!(stage.get("/items").await.header("location"), Some("/items/7"));
}

#[tokio::test]
async fn pages_of_other_origins_read_metadata_and_nothing_of_an_upstream() {
    let (stage, path, _) = at_address(&OPERATIONS).await;
    let metadata = described_at(&path);
    let asks = |path: &str| {
        bare(&stage, "OPTIONS", path)
            .header("origin", "https://page.example.com")
            .header("access-control-request-method", "GET")
    };
    let asked = send(&stage, asks(&metadata)).await;
    assert_eq!(asked.status, 204);
    assert_eq!(asked.header("access-control-allow-methods"), Some("GET"));
    for told in [
        asked,
        stranger(&stage, &metadata).await,
        stranger(&stage, &described_at("/r/no-such-zone/tools")).await,
    ] {
        assert_eq!(told.header("access-control-allow-origin"), Some("*"));
        assert_eq!(told.header("access-control-allow-credentials"), None);
    }
    let call = send(&stage, asks(&path)).await;
    assert_eq!(call.status, 401, "a call of an upstream, without a mandate");
    assert_eq!(call.header("access-control-allow-origin"), None);
    untouched(&stage);
}

#[tokio::test]
async fn metadata_says_who_issues_tokens_and_which_scopes_there_are() {
    let (stage, path, stored) = at_address(&OPERATIONS).await;
    let told = stranger(&stage, &described_at(&path)).await;
    assert_eq!(told.status, 200);
    assert_eq!(told.header("content-type"), Some("application/json"));
    assert_eq!(told.header("cache-control"), Some("no-store"));
    assert_eq!(told.header("x-content-type-options"), Some("nosniff"));
    let scopes: &ScopeSet = &stored.scopes;
    assert_eq!(
        told.json(),
        json!({
            "resource": stored.identifier,
            "authorization_servers": [ISSUER],
            "scopes_supported": scopes,
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "Ed25519"],
        })
    );
    assert_eq!(
        send(&stage, bare(&stage, "HEAD", &described_at(&path)))
            .await
            .status,
        200
    );
    assert_eq!(
        send(&stage, bare(&stage, "POST", &described_at(&path)))
            .await
            .status,
        401
    );
    untouched(&stage);
}

#[tokio::test]
async fn whoever_lacks_a_mandate_is_told_where_to_learn_how_to_get_one() {
    let (stage, path, stored) = at_address(&OPERATIONS).await;
    let metadata = format!(
        "resource_metadata=\"http://{}{}\"",
        stage.address,
        described_at(&path)
    );
    let items = [&path, "/items"].concat();
    let told = stranger(&stage, &items).await;
    assert_eq!(told.status, 401);
    let expected = format!("Bearer {metadata}, scope=\"/items\"");
    assert_eq!(told.header("www-authenticate"), Some(expected.as_str()));
    let told = stranger(&stage, &[&path, "/undeclared"].concat()).await;
    let expected = format!("Bearer {metadata}");
    assert_eq!(told.header("www-authenticate"), Some(expected.as_str()));

    // Used up: the reason stays, and so does the way on.
    let token = stage.mandate();
    assert_eq!(bearing(&stage, &token, &items).await.status, 200);
    let again = bearing(&stage, &token, &items).await;
    assert_eq!(reason(&again), "token_replay");
    let challenge = again.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""),
        "{challenge}"
    );
    assert!(
        challenge.ends_with(&format!("{metadata}, scope=\"/items\"")),
        "{challenge}"
    );
    // Who names the resource knows it.
    let named = bare(&stage, "GET", "/items").header("x-caracal-resource", &stored.identifier);
    assert_eq!(
        send(&stage, named).await.header("www-authenticate"),
        Some("Bearer")
    );
}

#[tokio::test]
async fn a_client_of_mcp_is_told_the_scopes_that_it_needs_to_connect() {
    let operations = [
        ("MCP", "initialize"),
        ("MCP", "tools/list"),
        ("MCP", "tools/call:delete"),
        ("DELETE", "/"),
    ];
    let (stage, path, _) = at_address(&operations).await;
    let told = send(&stage, bare(&stage, "POST", &path)).await;
    let challenge = told.header("www-authenticate").unwrap();
    assert!(
        challenge.ends_with(", scope=\"/ initialize tools/list\""),
        "{challenge}"
    );
}

#[tokio::test]
async fn a_call_that_lacks_a_scope_is_told_which() {
    let (stage, path, _) = at_address(&OPERATIONS).await;
    let refuse = |details: Value| {
        let refusal = Refusal::of(ErrorCode::OperationNotPermitted).with_details(&details);
        *stage.decision.refusal.lock() = Some(refusal);
    };
    refuse(json!({ "method": "GET", "path": "/items", "scope": "items:read" }));
    let answer = bearing(&stage, &stage.mandate(), &[&path, "/items"].concat()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["error"].as_str()),
        (403, Some("operation_not_permitted"))
    );
    let expected = format!(
        "Bearer error=\"insufficient_scope\", resource_metadata=\"http://{}{}\", scope=\"/items items:read\"",
        stage.address,
        described_at(&path)
    );
    assert_eq!(answer.header("www-authenticate"), Some(expected.as_str()));
    // No scope would help, and none is made up of what cannot stand in a challenge.
    for scope in [Value::Null, json!("a\"b"), json!("a b"), json!("")] {
        refuse(json!({ "method": "GET", "path": "/items", "scope": scope }));
        let answer = bearing(&stage, &stage.mandate(), &[&path, "/items"].concat()).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.header("www-authenticate"), None, "{scope}");
    }
    assert_eq!(stage.upstream.requests(), 0);
}
