//! Who may enter.

use std::time::Duration;

use axum::body::Body;
use caracal_core::{
    ApplicationId, AuthorityRecordId, KeyId, ZoneId,
    claims::{MandateClaims, MandateUse},
    entity::AccountRole,
};
use caracal_crypto::{SigningKey, mandate};
use caracal_storage::Access;
use http::{Method, Request};
use serde_json::json;

use crate::stack::{App, ISSUER, OPERATOR, Stack, start_body};

/// Every route as `(method, path below the zone)`, with ids filled in.
fn every_route() -> Vec<(Method, String, bool)> {
    caracal_coordinator::table()
        .into_iter()
        .map(|route| {
            let path = route
                .path
                .strip_prefix("/zones/{zone}")
                .unwrap()
                .replace("{id}", "x")
                .replace("{session}", "y");
            (route.method.parse().unwrap(), path, route.operator)
        })
        .collect()
}

#[tokio::test]
async fn nobody_enters_any_route_without_a_token() {
    let stack = Stack::new().await;
    assert_eq!(every_route().len(), 18);
    for (method, path, _) in every_route() {
        let answer = stack.call(method.clone(), &path, "", None).await;
        assert_eq!(answer.outcome(), (401, "missing_token"), "{method} {path}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        let id = answer.text("request_id");
        assert_eq!(answer.text("requestId"), id);
        assert_eq!(answer.headers["x-request-id"], id.as_str());
    }
}

#[tokio::test]
async fn no_route_accepts_a_token_of_the_wrong_kind() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let good = stack.claims(&app.record);
    let stranger = SigningKey::generate(&stack.world, KeyId::generate(&stack.world)).unwrap();
    let forged = SigningKey::generate(&stack.world, stack.key.id().clone()).unwrap();
    let past = stack.world.now().minus(Duration::from_secs(61)).unix_seconds();
    let future = stack.world.now().plus(Duration::from_secs(62)).unix_seconds();
    let with = |change: &dyn Fn(&mut MandateClaims)| {
        let mut claims = good.clone();
        change(&mut claims);
        stack.sign(&claims)
    };
    let invalid = [
        ("noise", String::from("noise")),
        ("three segments of noise", String::from("a.b.c")),
        ("another key", mandate::sign(&good, &stranger).unwrap()),
        (
            "another key under our kid",
            mandate::sign(&good, &forged).unwrap(),
        ),
        (
            "another issuer",
            with(&|claims| claims.iss = "https://other.example".into()),
        ),
        (
            "another audience",
            with(&|claims| claims.aud = vec!["https://api.example".into()]),
        ),
        ("expired", with(&|claims| claims.exp = past)),
        ("issued ahead", with(&|claims| claims.iat = future)),
        (
            "for a resource",
            with(&|claims| claims.mandate_use = MandateUse::Resource),
        ),
        (
            "for the gateway",
            with(&|claims| claims.mandate_use = MandateUse::Gateway),
        ),
        (
            "unknown zone",
            with(&|claims| claims.zone_id = ZoneId::parse("nowhere").unwrap()),
        ),
        ("cut short", stack.sign(&good)[..40].to_owned()),
    ];
    for (method, path, _) in every_route() {
        for (what, token) in &invalid {
            let answer = stack.call(method.clone(), &path, token, None).await;
            assert_eq!(
                answer.outcome(),
                (401, "invalid_token"),
                "{what} on {method} {path}"
            );
        }
    }
    let long = format!("Bearer {}", "a".repeat(4097));
    let answer = stack
        .send(Method::GET, "/agents", "", &[("authorization", &long)], None)
        .await;
    assert_eq!(answer.outcome(), (401, "missing_token"));
}

#[tokio::test]
async fn a_token_is_good_for_a_minute_past_its_end_since_clocks_disagree() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let exp = stack.world.now().minus(Duration::from_secs(59)).unix_seconds();
    let token = stack.sign(&MandateClaims {
        exp,
        ..stack.claims(&app.record)
    });
    stack.get("/agents", &token).await.expect(200);
}

#[tokio::test]
async fn a_bearer_that_was_proved_speaks_neither_for_others_nor_past_its_end() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let ending = stack.sign(&MandateClaims {
        exp: stack.world.now().unix_seconds(),
        ..stack.claims(&app.record)
    });
    for token in [&app.token, &app.token, &ending] {
        stack.get("/agents", token).await.expect(200);
    }
    let forged = SigningKey::generate(&stack.world, stack.key.id().clone()).unwrap();
    let forged = mandate::sign(&stack.claims(&app.record), &forged).unwrap();
    let (_, proved) = app.token.rsplit_once('.').unwrap();
    let (other, _) = ending.rsplit_once('.').unwrap();
    let spliced = format!("{other}.{proved}");
    stack.advance(Duration::from_secs(62)).await;
    for token in [&forged, &spliced, &ending] {
        assert_eq!(
            stack.get("/agents", token).await.outcome(),
            (401, "invalid_token")
        );
    }
}

#[tokio::test]
async fn scope_zone_and_everything_the_mandate_stands_on_are_checked() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let other_zone = stack.given_zone().await;
    let good = stack.claims(&app.record);

    for scope in [
        None,
        Some("agent"),
        Some("agent:lifecycle2"),
        Some("coordinator.admin"),
    ] {
        let token = stack.sign(&MandateClaims {
            scope: scope.map(str::to_owned),
            ..good.clone()
        });
        let answer = stack.get("/agents", &token).await;
        assert_eq!(answer.outcome(), (403, "missing_scope"), "{scope:?}");
    }

    let request = Request::builder()
        .uri(format!("/zones/{other_zone}/agents"))
        .header("authorization", format!("Bearer {}", app.token));
    let answer = stack.exchange(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.outcome(), (403, "zone_mismatch"));

    let unknown_record = MandateClaims {
        sid: AuthorityRecordId::generate(&stack.world),
        ..good.clone()
    };
    let unknown_app = MandateClaims {
        client_id: ApplicationId::generate(&stack.world),
        ..good.clone()
    };
    let stranger = stack.app().await;
    let anothers_record = MandateClaims {
        sid: stranger.record.id.clone(),
        ..good.clone()
    };
    for claims in [unknown_record, unknown_app, anothers_record] {
        let answer = stack.get("/agents", &stack.sign(&claims)).await;
        assert_eq!(answer.outcome(), (401, "identity_revoked"));
    }
}

#[tokio::test]
async fn an_ended_record_or_application_no_longer_enters() {
    let stack = Stack::new().await;
    let (revoked, rooted, archived) = (stack.app().await, stack.app().await, stack.app().await);
    for app in [&revoked, &rooted, &archived] {
        stack.get("/agents", &app.token).await.expect(200);
    }
    stack.deps.revocations.mark([revoked.record.id.as_str()]);
    let claims = MandateClaims {
        root_sid: revoked.record.id.clone(),
        ..stack.claims(&rooted.record)
    };
    let mut work = stack.write().await;
    work.applications()
        .archive(&archived.id, stack.world.now())
        .await
        .unwrap();
    work.commit().await.unwrap();
    stack.deps.zones.reload(&stack.zone).await.unwrap();
    for token in [&revoked.token, &stack.sign(&claims), &archived.token] {
        assert_eq!(
            stack.get("/agents", token).await.outcome(),
            (401, "identity_revoked")
        );
    }
}

#[tokio::test]
async fn a_record_past_its_end_no_longer_enters() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    stack.advance(Duration::from_secs(3601)).await;
    let token = stack.sign(&stack.claims(&app.record));
    assert_eq!(
        stack.get("/agents", &token).await.outcome(),
        (401, "identity_revoked")
    );
}

#[tokio::test]
async fn without_a_recent_picture_of_what_ended_nobody_enters() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    stack.world.manual_clock().advance(Duration::from_secs(71));
    let answer = stack
        .post("/agents", &app.token, start_body(&app, json!({})))
        .await;
    // Reading storage again may win the race; what may not happen is an entry on a stale picture.
    if answer.status != 201 {
        assert_eq!(answer.outcome(), (503, "revocation_state_unavailable"));
        assert!(answer.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn the_operator_token_opens_its_routes_and_no_others() {
    let stack = Stack::new().await;
    for (method, path, operator) in every_route() {
        let answer = stack.call(method.clone(), &path, OPERATOR, None).await;
        let entered = answer.status != 401;
        assert_eq!(entered, operator, "{method} {path}: {}", answer.body);
    }
    for almost in [
        "operator-token-of-the-test",
        "operator-token-of-the-tests2",
        "Operator-token-of-the-tests",
    ] {
        assert_eq!(
            stack.get("/agents", almost).await.outcome(),
            (401, "invalid_token")
        );
    }
}

#[tokio::test]
async fn credentials_are_judged_before_the_body_is_read() {
    let stack = Stack::new().await;
    let request = Request::builder()
        .method("POST")
        .uri(format!("/zones/{}/agents", stack.zone))
        .header("content-type", "application/json");
    let huge = Body::from(vec![b'x'; 4 << 20]);
    let answer = stack.exchange(request.body(huge).unwrap()).await;
    assert_eq!(answer.outcome(), (401, "missing_token"));

    let app = stack.app().await;
    for (body, kind, outcome) in [
        (
            vec![b'x'; 300 * 1024],
            "application/json",
            (413, "payload_too_large"),
        ),
        (b"{".to_vec(), "application/json", (400, "invalid_body")),
        (b"{}".to_vec(), "text/plain", (415, "unsupported_media_type")),
    ] {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/zones/{}/agents", stack.zone))
            .header("authorization", format!("Bearer {}", app.token))
            .header("content-type", kind);
        assert_eq!(
            stack
                .exchange(request.body(Body::from(body)).unwrap())
                .await
                .outcome(),
            outcome
        );
    }
}

#[tokio::test]
async fn a_malformed_id_in_the_path_is_named_and_unknown_routes_are_404() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    assert_eq!(
        stack.get("/agents/a%2Fb", &app.token).await.outcome(),
        (400, "invalid_params")
    );
    assert_eq!(
        stack.get("/agents/a%20b", OPERATOR).await.outcome(),
        (400, "invalid_params")
    );
    for path in ["/invocations", "/agent-services", "/agents/x/unknown"] {
        assert_eq!(
            stack.get(path, &app.token).await.outcome(),
            (404, "route_not_found"),
            "{path}"
        );
    }
    assert_eq!(
        stack
            .call(Method::PUT, "/agents", &app.token, None)
            .await
            .outcome(),
        (405, "method_not_allowed")
    );
}

#[tokio::test]
async fn a_proved_caller_turned_away_leaves_evidence_and_noise_does_not() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    stack.post("/agents", "noise", json!({})).await.expect(401);
    let token = stack.sign(&MandateClaims {
        scope: None,
        ..stack.claims(&app.record)
    });
    stack
        .post("/agents", &token, start_body(&app, json!({})))
        .await
        .expect(403);
    let events = stack.parts.new_events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].event_type.as_str(), events[0].decision.as_str()),
        ("session_start", "deny")
    );
    assert_eq!(
        events[0].diagnostics_json.as_ref().unwrap().get(),
        r#"[{"reason":"missing_scope"}]"#
    );
    assert!(!events[0].metadata_json.as_ref().unwrap().get().contains(ISSUER));
}

impl Stack {
    /// Another zone, with nothing in it.
    async fn given_zone(&self) -> ZoneId {
        let given = caracal_storage::conformance::given::Given::new(&self.world);
        self.parts.create_zone(&given.zone()).await;
        given.zone_id
    }
}

#[tokio::test]
async fn rows_of_another_zone_do_not_exist_here() {
    let stack = Stack::new().await;
    let app: App = stack.app().await;
    let session = stack.task(&app).await;
    let other = stack.given_zone().await;
    let request = Request::builder()
        .uri(format!("/zones/{other}/agents/{session}"))
        .header("authorization", format!("Bearer {OPERATOR}"));
    let answer = stack.exchange(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.outcome(), (404, "session_not_found"));
}

#[tokio::test]
async fn nobody_operates_a_zone_that_was_archived() {
    let stack = Stack::new().await;
    let zone = stack.given_zone().await;
    let owner = stack.parts.sign_in(AccountRole::Owner, None).await;
    let ask = async |method: Method, path: &str, token: &str| {
        let request = Request::builder()
            .method(method)
            .uri(format!("/zones/{zone}/{path}"))
            .header("authorization", format!("Bearer {token}"));
        stack.exchange(request.body(Body::empty()).unwrap()).await
    };
    for token in [owner.as_str(), OPERATOR] {
        assert_eq!(ask(Method::GET, "agents", token).await.status, 200);
    }
    let mut work = stack.parts.store.global(Access::Write).await.unwrap();
    assert!(work.zones().archive(&zone, stack.world.now()).await.unwrap());
    work.commit().await.unwrap();
    let _ = stack.parts.zones.reload(&zone).await;
    for token in [owner.as_str(), OPERATOR] {
        for (method, path) in [(Method::GET, "agents"), (Method::DELETE, "agents/ses_1")] {
            assert_eq!(ask(method, path, token).await.outcome(), (404, "zone_not_found"));
        }
    }
}

#[tokio::test]
async fn somebody_who_is_signed_in_is_an_operator_as_far_as_their_role_and_zones_go() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let session = stack.task(&app).await;
    let operator = stack.parts.sign_in(AccountRole::Operator, None).await;
    let auditor = stack.parts.sign_in(AccountRole::Auditor, None).await;
    let elsewhere = vec![ZoneId::parse("another-zone").unwrap()];
    let stranger = stack.parts.sign_in(AccountRole::Admin, Some(elsewhere)).await;

    let (path, start) = (format!("/agents/{session}"), start_body(&app, json!({})));
    assert_eq!(stack.get("/agents", &auditor).await.status, 200);
    let ended = stack.delete(&path, &auditor).await;
    assert_eq!(ended.outcome(), (403, "account_role_forbidden"));
    for (method, path) in [(Method::GET, "/agents"), (Method::DELETE, path.as_str())] {
        let refused = stack.call(method, path, &stranger, None).await;
        assert_eq!(refused.outcome(), (403, "zone_forbidden"));
    }
    // Running agents is for agents.
    let started = stack.post("/agents", &operator, start).await;
    assert_eq!(started.outcome(), (403, "account_role_forbidden"));
    let unknown = stack.get("/agents", "ccs_of-nobody").await;
    assert_eq!(unknown.outcome(), (401, "invalid_token"));
    assert_eq!(stack.delete(&path, &operator).await.status, 204);

    // A session ends here when it ends.
    stack.advance(Duration::from_mins(10)).await;
    assert_eq!(
        stack.get("/agents", &operator).await.outcome(),
        (401, "invalid_token")
    );
}
