//! What is recorded, and what is not.

use axum::body::Body;
use caracal_core::audit::AuditEvent;
use caracal_service::egress::EgressPolicy;
use serde_json::Value;

use crate::stage::{Options, RESOURCE, Stage, directive};

pub(crate) fn metadata(event: &AuditEvent) -> Value {
    serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap()
}

#[tokio::test]
async fn a_call_leaves_one_outcome_without_path_or_secrets() {
    let stage = Stage::new().await;
    let token = stage.mandate();
    let request = stage
        .request(&token, "/secret-path?secret-query=1")
        .header("x-request-id", "req-1")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .method("POST")
        .body(Body::from("secret-body"))
        .unwrap();
    assert_eq!(stage.send(request).await.status, 200);
    let events = stage.events(1).await;
    let event = &events[0];
    assert_eq!(event.zone_id, stage.zone);
    assert_eq!(
        (event.event_type.as_str(), event.decision.as_str()),
        ("gateway_resource_request", "allow")
    );
    assert_eq!(
        (event.evaluation_status.as_str(), event.request_id.as_str()),
        ("executed", "req-1")
    );
    let data = metadata(event);
    for (name, value) in [
        ("application_id", "app-1"),
        ("resource", RESOURCE),
        ("method", "POST"),
        ("subject_kind", "application"),
        ("auth_mode", "provider_oauth"),
        ("provider_id", "prov-1"),
        ("result_class", "success"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("sid", "rec-1"),
        ("jti", "jti-0"),
        ("agent_session_id", "ses-1"),
    ] {
        assert_eq!(data[name], value, "{name}");
    }
    assert_eq!(data["upstream_host"], stage.upstream.address().to_string());
    assert_eq!(
        (data["gateway_status"].as_u64(), data["upstream_status"].as_u64()),
        (Some(200), Some(200))
    );
    assert_eq!(data["response_bytes"], "secret-body".len());
    assert_eq!(
        data["subject_fingerprint"],
        caracal_crypto::mandate::fingerprint(&token)
    );
    assert!(data["latency_ms"].is_u64() && data.get("error_kind").is_none());
    let whole = serde_json::to_string(event).unwrap();
    for secret in ["secret-", "real-credential", token.as_str()] {
        assert!(!whole.contains(secret), "{secret}");
    }
    assert!(stage.no_more_events().await);
}

#[tokio::test]
async fn every_refusal_of_a_known_mandate_leaves_one_event() {
    let stage = Stage::new().await;
    let token = stage.mandate();
    let send = async |request: http::request::Builder| {
        stage
            .send(request.body(Body::empty()).unwrap())
            .await
            .status
            .as_u16()
    };
    assert_eq!(send(stage.request(&token, "/%2e%2e/a")).await, 400);
    assert_eq!(
        send(stage.request(&token, "/a").header("x-caracal-client-id", "x")).await,
        400
    );
    let mut claims = stage.claims();
    claims.mandate_use = caracal_core::claims::MandateUse::Session;
    assert_eq!(send(stage.request(&stage.sign(claims), "/a")).await, 401);
    stage.revocations.mark(["ses-1"]);
    assert_eq!(send(stage.request(&token, "/a")).await, 401);
    let events = stage.events(4).await;
    let reasons: Vec<&str> = events
        .iter()
        .map(|event| event.evaluation_status.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "path_traversal",
            "client_id_header",
            "wrong_use",
            "session_revoked"
        ]
    );
    for event in &events {
        assert_eq!(
            (event.event_type.as_str(), event.decision.as_str()),
            ("gateway_request_denied", "deny")
        );
        let data = metadata(event);
        assert_eq!(data["reason"], event.evaluation_status);
        assert_eq!(data["request_id"], event.request_id);
        assert_eq!(
            (&data["resource"], &data["client_id"]),
            (&RESOURCE.into(), &"app-1".into())
        );
        assert!(data["jti"].as_str().unwrap().starts_with("jti-"));
    }
}

#[tokio::test]
async fn noise_of_strangers_stays_out_of_the_ledger() {
    let stage = Stage::new().await;
    let good = stage.mandate();
    // In the middle of the signature: its last character may be an `A` already.
    let (head, tail) = good.split_at(good.len() - 20);
    let other = if tail.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{head}{other}{}", &tail[1..]);
    for request in [
        http::Request::builder().uri(format!("http://{}/a", stage.address)),
        stage.request("nonsense", "/a"),
        stage.request(&forged, "/a"),
        stage.request(&forged, "/a/../b"),
        stage.request(&forged, "/a").header("x-caracal-client-id", "x"),
    ] {
        let status = stage
            .send(request.body(Body::empty()).unwrap())
            .await
            .status
            .as_u16();
        assert!(status == 401 || status == 400);
    }
    assert!(stage.no_more_events().await);
}

#[tokio::test]
async fn calls_that_fail_leave_their_outcome_too() {
    let stage = Stage::new().await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    for (url, host, pins, expected) in [
        (
            "http://169.254.169.254/",
            None,
            vec![],
            (
                502,
                "upstream not addressable",
                "egress_denied",
                "upstream_rejected",
                "upstream_not_addressable",
            ),
        ),
        (
            "http://user@u.test/",
            None,
            vec![],
            (
                502,
                "upstream not addressable",
                "egress_denied",
                "upstream_rejected",
                "upstream_not_addressable",
            ),
        ),
        (
            "",
            Some(stage.upstream.address()),
            vec!["other.test"],
            (
                502,
                "provider credential not allowed for upstream host",
                "provider_host_not_allowed",
                "upstream_rejected",
                "provider_host_not_allowed",
            ),
        ),
        (
            "",
            Some(closed),
            vec![],
            (
                502,
                "upstream unreachable",
                "upstream_unreachable",
                "upstream_error",
                "transport_error",
            ),
        ),
    ] {
        let url = host.map_or_else(|| url.to_owned(), |host| format!("http://{host}"));
        let mut changed = directive(&url);
        changed.allowed_token_hosts = pins.into_iter().map(str::to_owned).collect();
        *stage.decision.directive.lock() = changed;
        let answer = stage.get("/a").await;
        let (status, description, reason, evaluation, kind) = expected;
        assert_eq!(
            answer.refusal(),
            (status, "internal_error".into(), description.into()),
            "{url}"
        );
        assert_eq!(answer.json()["reason"], reason, "{url}");
        let events = stage.events(1).await;
        assert_eq!(events[0].evaluation_status, evaluation, "{url}");
        assert_eq!(metadata(&events[0])["error_kind"], kind, "{url}");
        assert_eq!(metadata(&events[0])["gateway_status"], status, "{url}");
    }
    let mut reserved = directive(&format!("http://{}", stage.upstream.address()));
    reserved.auth_header = Some("X-Forwarded-For".into());
    *stage.decision.directive.lock() = reserved;
    assert_eq!(
        stage.get("/a").await.refusal(),
        (
            400,
            "internal_error".into(),
            "upstream request build failed".into()
        )
    );
    assert_eq!(stage.events(1).await[0].evaluation_status, "build_failed");

    *stage.decision.directive.lock() = directive("");
    assert_eq!(
        stage.get("/a").await.refusal(),
        (
            403,
            "access_denied".into(),
            "resource upstream not configured".into()
        )
    );
    assert_eq!(stage.upstream.requests(), 0);
}

#[tokio::test]
async fn a_private_upstream_is_called_under_the_name_that_the_operator_gave_and_no_other() {
    let stage_with = async |named: &[&str]| {
        let hosts = named.iter().map(|host| host.parse().unwrap()).collect();
        let policy = EgressPolicy::named(hosts);
        Stage::with(Options {
            policy,
            ..Options::default()
        })
        .await
    };
    let lead_to = |stage: &Stage, url: &str| *stage.decision.directive.lock() = directive(url);

    let stage = stage_with(&[]).await;
    let port = stage.upstream.address().port();
    for (url, host) in [
        (format!("http://127.0.0.1:{port}"), format!("127.0.0.1:{port}")),
        (format!("http://127.1:{port}"), format!("127.0.0.1:{port}")),
        // By what its name leads to, when it is dialled.
        (format!("http://localhost:{port}"), format!("localhost:{port}")),
        (format!("http://[::1]:{port}"), format!("[::1]:{port}")),
        (
            format!("http://[::ffff:7f00:1]:{port}"),
            format!("[::ffff:127.0.0.1]:{port}"),
        ),
        (
            format!("http://[64:ff9b::127.0.0.1]:{port}"),
            format!("[64:ff9b::7f00:1]:{port}"),
        ),
        (String::from("http://10.0.0.7"), String::from("10.0.0.7:80")),
        (String::from("http://100.64.0.1"), String::from("100.64.0.1:80")),
        (String::from("http://[fd12::1]"), String::from("[fd12::1]:80")),
    ] {
        lead_to(&stage, &url);
        let answer = stage.get("/a").await;
        let refused = (502, "internal_error".into(), "upstream not addressable".into());
        assert_eq!(answer.refusal(), refused, "{url}");
        assert_eq!(answer.json()["reason"], "upstream_private", "{url}");
        let event = &stage.events(1).await[0];
        assert_eq!(event.evaluation_status, "upstream_rejected", "{url}");
        assert_eq!(metadata(event)["error_kind"], "upstream_private", "{url}");
        assert_eq!(metadata(event)["upstream_host"], *host, "{url}");
    }
    assert_eq!(stage.upstream.requests(), 0);

    let stage = stage_with(&["localhost", "[::ffff:127.0.0.1]"]).await;
    let port = stage.upstream.address().port();
    lead_to(&stage, &format!("http://localhost:{port}"));
    assert_eq!(stage.get("/a").await.status, 200);
    lead_to(&stage, &format!("http://127.0.0.1:{port}"));
    assert_eq!(stage.get("/a").await.json()["reason"], "upstream_private");
    assert_eq!(stage.upstream.requests(), 1);
}
