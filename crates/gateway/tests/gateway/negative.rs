//! What is refused before anything leaves: status, code, reason, and an upstream that never heard of it. Every case
//! runs with and without this process's own memory of what it signed.

use axum::body::Body;
use caracal_core::{
    SessionId,
    claims::{MandateClaims, MandateUse},
};
use http::Request;

use crate::stage::{Options, RESOURCE, Stage};

/// What is wrong with a mandate.
type Change = Box<dyn Fn(&mut MandateClaims)>;

/// What the answer must say.
type Expected = (u16, &'static str, &'static str, &'static str);

async fn refused(stage: &Stage, name: &str, request: Request<Body>, expected: Expected) {
    let answer = stage.send(request).await;
    let (status, code, description, reason) = expected;
    assert_eq!(
        answer.refusal(),
        (status, code.into(), description.into()),
        "{name}"
    );
    assert_eq!(answer.json()["reason"], reason, "{name}");
    assert_eq!(
        answer.json()["requestId"].as_str(),
        answer.header("x-request-id"),
        "{name}"
    );
    assert_eq!(
        answer.header("www-authenticate").is_some(),
        status == 401,
        "{name}: a 401 carries a challenge"
    );
    if status == 503 {
        assert!(answer.header("retry-after").is_some(), "{name}");
    }
    assert_eq!(stage.upstream.requests(), 0, "{name}: the upstream was reached");
    assert_eq!(stage.decision.seen.lock().len(), 0, "{name}: the sts was asked");
}

async fn both() -> [Stage; 2] {
    [
        Stage::with(Options {
            issued: false,
            ..Options::default()
        })
        .await,
        Stage::with(Options {
            issued: true,
            ..Options::default()
        })
        .await,
    ]
}

fn bare(stage: &Stage, path: &str) -> http::request::Builder {
    Request::builder().uri(format!("http://{}{path}", stage.address))
}

fn empty(builder: http::request::Builder) -> Request<Body> {
    builder.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_stale_revocation_state_denies_everything() {
    for issued in [false, true] {
        let stage = Stage::with(Options {
            issued,
            fresh: false,
            ..Options::default()
        })
        .await;
        let expected = (
            503,
            "sts_unavailable",
            "revocation state unavailable",
            "revocation_stale",
        );
        let token = stage.mandate();
        refused(
            &stage,
            "never loaded",
            empty(stage.request(&token, "/a")),
            expected,
        )
        .await;
        refused(&stage, "even nothing", empty(bare(&stage, "/a")), expected).await;
        stage.revocations.reload(stage.store.as_ref()).await.unwrap();
        assert_eq!(
            stage.send(empty(stage.request(&token, "/a"))).await.status,
            200,
            "nothing was spent"
        );
    }
    let stage = Stage::new().await;
    stage
        .world
        .manual_clock()
        .advance(std::time::Duration::from_secs(71));
    let token = stage.mandate();
    let expected = (
        503,
        "sts_unavailable",
        "revocation state unavailable",
        "revocation_stale",
    );
    refused(&stage, "aged", empty(stage.request(&token, "/a")), expected).await;
}

#[tokio::test]
async fn bearers_that_are_none_are_refused_before_any_key_is_read() {
    for stage in both().await {
        let missing = (401, "invalid_token", "missing bearer token", "missing_bearer");
        let with = |value: &str| {
            bare(&stage, "/a")
                .header("x-caracal-resource", RESOURCE)
                .header("authorization", value.to_owned())
        };
        refused(
            &stage,
            "none",
            empty(bare(&stage, "/a").header("x-caracal-resource", RESOURCE)),
            missing,
        )
        .await;
        for value in ["", "Bearer", "Bearer ", "Basic dXNlcjpwdw==", "bearer\t"] {
            refused(&stage, value, empty(with(value)), missing).await;
        }
        let two = stage
            .request(&stage.mandate(), "/a")
            .header("authorization", format!("Bearer {}", stage.mandate()));
        refused(&stage, "two credentials", empty(two), missing).await;

        let large = with(&format!("Bearer {}", "a".repeat(4097)));
        refused(
            &stage,
            "4097 bytes",
            empty(large),
            (401, "invalid_token", "bearer token too large", "bearer_too_large"),
        )
        .await;

        let malformed = (401, "invalid_token", "malformed bearer token", "bearer_malformed");
        let good = stage.mandate();
        let payload = good.split('.').nth(1).unwrap();
        for value in [
            "x".repeat(4096),
            "a.b".into(),
            "a.b.c.d".into(),
            "..".into(),
            "a.!!!.c".into(),
            format!("{}.{payload}", good.split('.').next().unwrap()),
            format!("{good}.x"),
            stage.forge(&stage.header(), "[]"),
            stage.forge(&stage.header(), "{}"),
            stage.forge(&stage.header(), r#"{"exp":"1979364800"}"#),
            stage.forge(&stage.header(), r#"{"exp":1.5}"#),
            stage.forge(&stage.header(), r#"{"exp":0}"#),
            stage.forge(&stage.header(), r#"{"exp":null}"#),
        ] {
            refused(&stage, &value, empty(with(&format!("Bearer {value}"))), malformed).await;
        }
    }
}

#[tokio::test]
async fn a_mandate_about_to_end_is_refused_unspent() {
    let expected = (
        401,
        "credential_expired_not_renewable",
        "credential expiring within pre-flight window",
        "credential_expiring",
    );
    for stage in both().await {
        for left in [34, 0, -1, -100_000] {
            let mut claims = stage.claims();
            claims.exp = stage.now() + left;
            let token = stage.sign(claims);
            refused(
                &stage,
                &left.to_string(),
                empty(stage.request(&token, "/a")),
                expected,
            )
            .await;
        }
        let mut claims = stage.claims();
        claims.exp = stage.now() + 35;
        let token = stage.sign(claims);
        assert_eq!(stage.send(empty(stage.request(&token, "/a"))).await.status, 200);
    }
}

#[tokio::test]
async fn routing_mistakes_are_told_before_the_mandate_is_spent() {
    for stage in both().await {
        let token = stage.mandate();
        let client = (
            400,
            "invalid_token",
            "client identity derives from the bearer token",
            "client_id_header",
        );
        refused(
            &stage,
            "client id",
            empty(stage.request(&token, "/a").header("x-caracal-client-id", "app-1")),
            client,
        )
        .await;
        refused(
            &stage,
            "empty client id",
            empty(stage.request(&token, "/a").header("X-Caracal-Client-ID", "")),
            client,
        )
        .await;

        let missing = (
            400,
            "invalid_token",
            "missing routing headers",
            "missing_resource",
        );
        let without = bare(&stage, "/a").header("authorization", format!("Bearer {token}"));
        refused(&stage, "no resource", empty(without), missing).await;
        for blank in ["", "  "] {
            let blank = bare(&stage, "/a")
                .header("authorization", format!("Bearer {token}"))
                .header("x-caracal-resource", blank);
            refused(&stage, "blank resource", empty(blank), missing).await;
        }
        let two = stage
            .request(&token, "/a")
            .header("x-caracal-resource", "resource://other");
        refused(
            &stage,
            "two resources",
            empty(two),
            (
                400,
                "invalid_request",
                "the request can be read in more than one way",
                "ambiguous_request",
            ),
        )
        .await;

        for (path, reason) in [
            ("/a/../b", ""),
            ("/%2e%2e/b", ""),
            ("/a%255c..%255cb", ""),
            ("/%252e%252e/b", ""),
            ("/a/..;/b", ""),
            ("/%00", ""),
        ] {
            let expected = (
                400,
                "invalid_token",
                "path traversal not permitted",
                "path_traversal",
            );
            refused(
                &stage,
                &format!("{path}{reason}"),
                empty(stage.request(&token, path)),
                expected,
            )
            .await;
        }
        let too_large = (
            413,
            "payload_too_large",
            "request body too large",
            "payload_too_large",
        );
        let body = Body::from(vec![b'x'; 64 * 1024 + 1]);
        refused(
            &stage,
            "announced",
            stage.request(&token, "/a").method("POST").body(body).unwrap(),
            too_large,
        )
        .await;
        for method in ["TRACE", "TRACK"] {
            let expected = (405, "method_not_allowed", "", "method_not_allowed");
            refused(
                &stage,
                method,
                empty(stage.request(&token, "/a").method(method)),
                expected,
            )
            .await;
        }
        let traced = stage
            .send(empty(stage.request(&token, "/a").method("TRACE")))
            .await;
        let allowed = traced.header("allow").expect("RFC 9110 §15.5.6");
        assert!(allowed.contains("GET") && !allowed.contains("TRACE"), "{allowed}");
        // After all of it the mandate is still good, and then it is not.
        assert_eq!(stage.send(empty(stage.request(&token, "/a"))).await.status, 200);
    }
}

#[tokio::test]
async fn tokens_without_a_usable_zone_or_client_are_refused() {
    for stage in both().await {
        let payload = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut claims = serde_json::to_value(stage.claims()).unwrap();
            change(&mut claims);
            stage.forge(&stage.header(), &claims.to_string())
        };
        for zone in ["", "../zone", "a b", "x\ny"] {
            let token = payload(&|claims| claims["zone_id"] = zone.into());
            refused(
                &stage,
                zone,
                empty(stage.request(&token, "/a")),
                (401, "invalid_token", "missing token zone", "missing_zone"),
            )
            .await;
        }
        let token = payload(&|claims| drop(claims.as_object_mut().unwrap().remove("zone_id")));
        refused(
            &stage,
            "no zone",
            empty(stage.request(&token, "/a")),
            (401, "invalid_token", "missing token zone", "missing_zone"),
        )
        .await;
        for client in ["", "a/b"] {
            let token = payload(&|claims| claims["client_id"] = client.into());
            refused(
                &stage,
                client,
                empty(stage.request(&token, "/a")),
                (401, "invalid_token", "missing token client", "missing_client"),
            )
            .await;
        }
    }
}

#[tokio::test]
async fn really_signed_mandates_for_elsewhere_are_refused() {
    for stage in both().await {
        let cases: Vec<(&str, Change)> = vec![
            (
                "wrong_issuer",
                Box::new(|claims| claims.iss = "https://sts.test/".into()),
            ),
            (
                "wrong_issuer",
                Box::new(|claims| claims.iss = "https://STS.test".into()),
            ),
            (
                "wrong_audience",
                Box::new(|claims| claims.aud = vec![RESOURCE.into()]),
            ),
            (
                "wrong_audience",
                Box::new(|claims| claims.aud = vec!["https://sts.test.evil.test".into()]),
            ),
            (
                "wrong_use",
                Box::new(|claims| claims.mandate_use = MandateUse::Session),
            ),
            (
                "wrong_use",
                Box::new(|claims| claims.mandate_use = MandateUse::Resource),
            ),
            (
                "not_yet_valid",
                Box::new(|claims| claims.nbf = Some(claims.iat + 61)),
            ),
            ("issued_in_future", Box::new(|claims| claims.iat += 61)),
        ];
        for (reason, change) in cases {
            let mut claims = stage.claims();
            change(&mut claims);
            let token = stage.sign(claims);
            refused(
                &stage,
                reason,
                empty(stage.request(&token, "/a")),
                (401, "invalid_token", "mandate not valid here", reason),
            )
            .await;
        }
    }
}

#[tokio::test]
async fn anything_the_mandate_hangs_on_can_end_it() {
    let expected = (401, "invalid_token", "session revoked", "session_revoked");
    for anchor in ["rec-1", "rec-0", "ses-1", "del-1"] {
        for stage in both().await {
            let token = stage.mandate();
            stage.revocations.mark([anchor]);
            refused(&stage, anchor, empty(stage.request(&token, "/a")), expected).await;
        }
    }
    for stage in both().await {
        let token = stage.mandate();
        let session = SessionId::parse("ses-1").unwrap();
        stage.revocations.set_suspended(&session, true);
        refused(&stage, "suspended", empty(stage.request(&token, "/a")), expected).await;
        stage.revocations.set_suspended(&session, false);
        assert_eq!(
            stage.send(empty(stage.request(&token, "/a"))).await.status,
            200,
            "resumed, and never spent"
        );
    }
}

#[tokio::test]
async fn an_open_circuit_refuses_without_spending_the_mandate() {
    for stage in both().await {
        let token = stage.mandate();
        stage
            .decision
            .available
            .store(false, std::sync::atomic::Ordering::SeqCst);
        let expected = (503, "sts_unavailable", "sts unavailable", "sts_circuit_open");
        refused(&stage, "open", empty(stage.request(&token, "/a")), expected).await;
        stage
            .decision
            .available
            .store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(stage.send(empty(stage.request(&token, "/a"))).await.status, 200);
    }
}

#[tokio::test]
async fn a_zone_or_key_that_ended_ends_what_this_process_signed_itself() {
    let stage = Stage::with(Options {
        issued: true,
        ..Options::default()
    })
    .await;
    let expected = (
        401,
        "invalid_token",
        "bearer signature invalid",
        "signature_invalid",
    );
    // Signed here, remembered here, by a key that the zone does not publish.
    let stranger = crate::stage::new_key(&stage.world);
    let claims = stage.claims();
    let token = caracal_crypto::mandate::sign(&claims, &stranger).unwrap();
    stage.remember(&token, claims);
    refused(
        &stage,
        "unpublished key",
        empty(stage.request(&token, "/a")),
        expected,
    )
    .await;
    // Signed and remembered for a zone that does not exist.
    let mut claims = stage.claims();
    claims.zone_id = "no-such-zone".parse().unwrap();
    let token = stage.sign(claims);
    refused(
        &stage,
        "unknown zone",
        empty(stage.request(&token, "/a")),
        expected,
    )
    .await;
}
