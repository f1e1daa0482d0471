//! The application's own mints, refusals first.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::time::Duration;

use axum::http::StatusCode;
use caracal_core::claims::{MandateUse, SubjectType};
use caracal_storage::Access;
use serde_json::Value;
use support::{LIFECYCLE, Scene};

#[tokio::test]
async fn malformed_requests_are_400_and_name_the_field() {
    let scene = Scene::new().await;
    for (changes, field) in [
        (vec![("grant_type", "client_credentials")], "grant_type"),
        (vec![("resource", "")], "resource"),
        (vec![("ttl_seconds", "soon")], "ttl_seconds"),
        (vec![("ttl_seconds", "-5")], "ttl_seconds"),
        (vec![("ttl_seconds", "3601")], "ttl_seconds"),
        (vec![("application_id", "")], "application_id"),
        (vec![("agent_session_id", "a b")], "agent_session_id"),
        (vec![("actor_token", "x")], "actor_token"),
        (vec![("subject_token", "x")], "subject_token_type"),
    ] {
        let answer = scene.mint(&changes).await;
        assert_eq!(answer.refusal(), "400 invalid_token", "{changes:?}");
        let text = answer.body["error_description"].as_str().unwrap();
        assert!(text.contains(field), "{changes:?}: {text}");
        assert!(answer.body["requestId"].is_string());
    }
}

#[tokio::test]
async fn transport_rules_hold_before_anything_is_parsed() {
    let scene = Scene::new().await;
    let json = axum::http::Request::post("/oauth/2/token")
        .header("content-type", "application/json")
        .body(axum::body::Body::from("{}"))
        .unwrap();
    assert_eq!(scene.request(json).await.refusal(), "415 invalid_token");
    let query = axum::http::Request::post("/oauth/2/token?grant_type=x")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(scene.request(query).await.refusal(), "400 invalid_token");
    let large = scene.send("a".repeat(70_000), &[]).await;
    assert_eq!(large.refusal(), "413 payload_too_large");
}

#[tokio::test]
async fn wrong_credentials_are_401_whatever_is_wrong() {
    let scene = Scene::new().await;
    for changes in [
        [("client_secret", "cs_wrong")],
        [("client_secret", "")],
        [("application_id", "0199-unknown")],
        [("zone_id", "")],
    ] {
        assert_eq!(
            scene.mint(&changes).await.refusal(),
            "401 access_denied",
            "{changes:?}"
        );
    }
    // Whatever failed before, the right secret still works.
    assert_eq!(scene.mint(&[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn basic_credentials_are_form_decoded_and_given_in_one_place() {
    use base64::Engine as _;
    let scene = Scene::new().await;
    let basic = |id: &str, secret: &str| {
        let encode = |text: &str| {
            text.bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect::<Vec<_>>()
                .concat()
        };
        let pair = format!("{}:{}", encode(id), encode(secret));
        format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair))
    };
    let own = basic(scene.application.id.as_str(), scene.secret.expose());
    let without = scene.mint_form(&[("application_id", ""), ("client_secret", "")]);
    let minted = scene.post(&without, &[("authorization", &own)]).await;
    assert_eq!(minted.status, StatusCode::OK, "{}", minted.body);

    let wrong = basic(scene.application.id.as_str(), "cs_wrong");
    for header in [wrong.as_str(), "Basic !!!", "basic YQ=="] {
        let refused = scene.post(&without, &[("authorization", header)]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{header}");
        assert!(
            refused.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Basic ")
        );
    }
    let twice = scene
        .post(&scene.mint_form(&[]), &[("authorization", &own)])
        .await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST, "{}", twice.body);
    let other = scene.mint_form(&[("application_id", "somebody-else"), ("client_secret", "")]);
    let other = scene.post(&other, &[("authorization", &own)]).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST, "{}", other.body);
}

#[tokio::test]
async fn too_many_failures_from_one_address_are_429_and_do_not_lock_the_application_out() {
    let scene = Scene::new().await;
    let mut last = String::new();
    for _ in 0..=scene.deps.config.auth_fail_limit_per_min {
        last = scene.mint(&[("client_secret", "cs_wrong")]).await.refusal();
    }
    assert_eq!(last, "429 provider_rate_limited");
    assert_eq!(scene.mint(&[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_right_secret_in_the_wrong_zone_learns_where_it_belongs() {
    let scene = Scene::new().await;
    let other = scene.given.zone();
    let other = caracal_core::entity::Zone {
        id: caracal_core::ZoneId::generate(&scene.parts.world),
        slug: String::from("other"),
        ..other
    };
    let mut work = scene.parts.store.global(Access::Write).await.unwrap();
    work.zones().create(&other).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(
        scene.mint(&[("zone_id", other.id.as_str())]).await.refusal(),
        "403 zone_invalid"
    );
    let guess = scene
        .mint(&[("zone_id", other.id.as_str()), ("client_secret", "cs_guess")])
        .await;
    assert_eq!(guess.refusal(), "401 access_denied");
}

#[tokio::test]
async fn a_zone_without_policy_grants_nothing() {
    let scene = Scene::new().await;
    scene
        .store(async |work| {
            let set = work
                .policy_sets()
                .active()
                .await
                .unwrap()
                .unwrap()
                .version
                .policy_set_id;
            assert_eq!(
                work.policy_sets().archive(&set, scene.now()).await.unwrap(),
                Some(true)
            );
        })
        .await;
    let answer = scene.mint(&[]).await;
    assert_eq!(answer.refusal(), "403 access_denied");
    assert_eq!(
        answer.body["error_description"],
        "policy denied (no_active_policy_set)"
    );
    assert_eq!(answer.body["reason"], "no_active_policy_set");
    let event = scene.last_event().await;
    assert_eq!(
        (event.decision.as_str(), event.evaluation_status.as_str()),
        ("deny", "complete")
    );
}

#[tokio::test]
async fn every_kind_of_excess_is_denied_with_its_own_reason() {
    let scene = Scene::new().await;
    for (changes, reason) in [
        (vec![("scope", "tickets:write")], "role_scope_mismatch"),
        (vec![("scope", "tickets:delete")], "scope_mismatch"),
        (vec![("resource", "resource://unknown")], "resource_not_found"),
        (vec![("agent_session_id", "")], "session_required"),
        (
            vec![("delegation_edge_id", ""), ("agent_session_id", "")],
            "no_rule_matched",
        ),
        (
            vec![("delegation_edge_id", "0199-unknown")],
            "delegation_inactive",
        ),
        (vec![("agent_session_id", "0199-unknown")], "session_inactive"),
        (vec![("session_id", "0199-unknown")], "authority_record_inactive"),
    ] {
        let answer = scene.mint(&changes).await;
        assert_eq!(
            answer.refusal(),
            "403 access_denied",
            "{changes:?}: {}",
            answer.body
        );
        assert_eq!(answer.body["reason"], reason, "{changes:?}: {}", answer.body);
        let event = scene.last_event().await;
        assert_eq!(event.decision, "deny", "{changes:?}");
        let metadata: Value = serde_json::from_str(event.metadata_json.unwrap().get()).unwrap();
        assert_eq!(metadata["reason"], reason, "{changes:?}");
        assert_eq!(metadata["application_id"], scene.application.id.as_str());
    }
}

#[tokio::test]
async fn a_scope_outside_the_delegation_is_denied_even_if_the_role_has_it() {
    let scene = Scene::new().await;
    let mut narrow = scene.given.delegation(&scene.source, &scene.target);
    narrow.scopes = caracal_core::ScopeSet::parse("tickets:write");
    narrow.resource_id = Some(scene.resource.id.clone());
    scene
        .store(async |work| {
            work.delegations().create(&narrow).await.unwrap();
        })
        .await;
    let answer = scene.mint(&[("delegation_edge_id", narrow.id.as_str())]).await;
    assert_eq!(
        answer.body["reason"], "delegation_scope_exceeded",
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn confinement_and_restriction_stop_a_mint() {
    let scene = Scene::new().await;
    scene
        .activate(&scene.policy(r#"confinement := [{"label_prefix": "read", "scopes": []}]"#))
        .await;
    assert_eq!(scene.mint(&[]).await.body["reason"], "confinement_violation");
    scene.activate(&scene.policy(r#"restrict := ["incident"]"#)).await;
    let answer = scene.mint(&[]).await;
    assert_eq!(
        answer.body["error_description"],
        "policy denied (restriction_active)"
    );
}

#[tokio::test]
async fn a_tier_that_needs_a_person_is_not_granted() {
    let scene = Scene::new().await;
    let more = concat!(
        "risk := [{\"scope\": \"tickets:read\", \"tier\": \"high\"}]\n",
        "approval_tiers := [{\"tier\": \"high\"}]"
    );
    scene.activate(&scene.policy(more)).await;
    let answer = scene.mint(&[]).await;
    assert_eq!(
        (answer.refusal().as_str(), &answer.body["reason"]),
        ("403 access_denied", &Value::from("approval_required"))
    );
}

#[tokio::test]
async fn ended_authority_mints_nothing() {
    let scene = Scene::new().await;
    assert_eq!(scene.mint(&[]).await.status, StatusCode::OK);
    scene.parts.revocations.mark([scene.delegation.id.as_str()]);
    assert_eq!(scene.mint(&[]).await.body["reason"], "revoked");

    let scene = Scene::new().await;
    scene.parts.revocations.mark([scene.source.id.as_str()]);
    assert_eq!(
        scene.mint(&[]).await.body["reason"],
        "revoked",
        "the session that handed on"
    );

    let scene = Scene::new().await;
    scene.parts.revocations.set_suspended(&scene.target.id, true);
    assert_eq!(
        scene.mint(&[]).await.body["reason"],
        "revoked",
        "a suspended session"
    );

    let scene = Scene::new().await;
    scene.pass(Duration::from_secs(1801)).await;
    assert_eq!(
        scene.mint(&[]).await.body["reason"],
        "delegation_inactive",
        "past the delegation's end"
    );
}

#[tokio::test]
async fn what_an_application_handed_on_ends_with_it_before_anybody_sweeps() {
    let scene = Scene::new().await;
    let end = scene.now().plus(Duration::from_mins(2));
    let mut short = scene.given.application();
    short.expires_at = Some(end);
    let record = scene.given.authority_record(&short);
    let mut source = scene.given.session(&short, &record);
    source.ttl_seconds = Some(3600);
    let handed = caracal_core::entity::Delegation {
        scopes: scene.delegation.scopes.clone(),
        resource_id: scene.delegation.resource_id.clone(),
        constraints: scene.delegation.constraints.clone(),
        expires_at: scene.delegation.expires_at,
        ..scene.given.delegation(&source, &scene.target)
    };
    scene
        .store(async |work| {
            work.applications().create(&short).await.unwrap();
            work.authority_records().create(&record).await.unwrap();
            work.sessions().create(&source).await.unwrap();
            work.delegations().create(&handed).await.unwrap();
        })
        .await;

    let named = [("delegation_edge_id", handed.id.as_str())];
    let minted = scene.mint(&named).await;
    assert_eq!(minted.status, StatusCode::OK, "{}", minted.body);
    let claims = scene.claims(minted.token()).await;
    assert!(claims.expires_at() <= end, "never past the application's end");

    scene.pass(Duration::from_mins(2)).await;
    let refused = scene.mint(&named).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.body["reason"], "delegation_application_inactive");
}

#[tokio::test]
async fn stale_revocation_state_is_unavailable_never_allowed() {
    let scene = Scene::new().await;
    scene.parts.world.manual_clock().advance(Duration::from_secs(71));
    let answer = scene.mint(&[]).await;
    assert_eq!(answer.refusal(), "503 sts_unavailable");
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn another_applications_session_cannot_be_used() {
    let scene = Scene::new().await;
    let (secret, stored) = scene.parts.client_secret();
    let mut other = scene.given.application();
    other.client_secret_hash = Some(stored);
    scene
        .store(async |work| {
            work.applications().create(&other).await.unwrap();
        })
        .await;
    let changes = [
        ("application_id", other.id.as_str()),
        ("client_secret", secret.expose()),
    ];
    assert_eq!(scene.mint(&changes).await.body["reason"], "session_inactive");
}

#[tokio::test]
async fn a_delegated_mint_is_a_single_use_gateway_mandate() {
    let scene = Scene::new().await;
    let answer = scene.mint(&[("ttl_seconds", "300")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 300);
    assert_eq!(
        answer.body["target_resources"][0],
        scene.resource.identifier.as_str()
    );
    let claims = scene.claims(answer.token()).await;
    scene.rules(&[MandateUse::Gateway]).check(&claims).unwrap();
    assert_eq!(claims.sub_type, SubjectType::Application);
    assert_eq!(
        claims.root_sid, scene.record.id,
        "rooted at the record of the session that handed on"
    );
    assert_eq!(claims.delegation_path, std::slice::from_ref(&scene.delegation.id));
    assert_eq!(claims.delegation_chain.len(), 2);
    assert_eq!(claims.hop_count, 1);
    let event = scene.last_event().await;
    let metadata: Value = serde_json::from_str(event.metadata_json.unwrap().get()).unwrap();
    assert_eq!(
        (event.decision.as_str(), &metadata["jti"]),
        ("allow", &Value::from(&*claims.jti))
    );
}

#[tokio::test]
async fn a_mandate_never_outlives_what_it_hangs_on() {
    let scene = Scene::new().await;
    let (_, claims) = scene.mandate().await;
    assert_eq!(claims.exp - claims.iat, 900, "the default");
    scene.pass(Duration::from_secs(1700)).await;
    let (_, claims) = scene.mandate().await;
    assert_eq!(claims.expires_at(), scene.delegation.expires_at);
}

#[tokio::test]
async fn a_lifecycle_token_is_a_record_and_runs_sessions_only() {
    let scene = Scene::new().await;
    let answer = scene.mint(&LIFECYCLE).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let claims = scene.claims(answer.token()).await;
    scene.rules(&[MandateUse::Session]).check(&claims).unwrap();
    assert_eq!(claims.sid, claims.root_sid);
    let mut work = scene
        .parts
        .store
        .zone(&scene.zone.id, Access::Read)
        .await
        .unwrap();
    let record = work.authority_records().get(&claims.sid).await.unwrap().unwrap();
    assert_eq!(record.subject_id, scene.application.id.as_str());
    // Lifecycle authority is never mixed with business scopes.
    let mut mixed = LIFECYCLE;
    mixed[0].1 = "agent:lifecycle tickets:read";
    assert_eq!(scene.mint(&mixed).await.body["reason"], "no_rule_matched");
}

#[tokio::test]
async fn a_partial_grant_says_what_was_refused() {
    let scene = Scene::new().await;
    let mut fields = scene.mint_form(&LIFECYCLE);
    fields.push((String::from("resource"), String::from("resource://unknown")));
    let answer = scene.post(&fields, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.body["target_resources"].as_array().unwrap().len(), 1);
    assert_eq!(answer.body["denied"][0]["resource"], "resource://unknown");
    assert_eq!(answer.body["denied"][0]["reason"], "resource_not_found");
}

#[tokio::test]
async fn a_rotated_key_is_published_before_it_signs_and_the_old_one_keeps_verifying() {
    let scene = Scene::new().await;
    let (token, _) = scene.mandate().await;
    let rotated = caracal_sts::rotate_signing_key(&scene.deps, &scene.zone.id)
        .await
        .unwrap();
    let state = scene.parts.zones.reload(&scene.zone.id).await.unwrap();
    assert!(
        state.verifying_key(rotated.as_str()).is_some(),
        "published at once"
    );
    assert_ne!(
        state.signing_key.as_ref().unwrap().id(),
        &rotated,
        "but not signing yet"
    );
    scene.pass(Duration::from_secs(601)).await;
    let state = scene.parts.zones.reload(&scene.zone.id).await.unwrap();
    assert_eq!(state.signing_key.as_ref().unwrap().id(), &rotated);
    scene.claims(&token).await;
}

/// Lets the application have `count` scopes of 60 bytes; all of them as a `scope` parameter.
async fn with_long_scopes(scene: &Scene, count: usize) -> String {
    let scopes: Vec<String> = (0..count)
        .map(|number| format!("tickets:{number:0>52}"))
        .collect();
    let asked = scopes.join(" ");
    let mut resource = scene.resource.clone();
    resource.scopes = caracal_core::ScopeSet::parse(&asked);
    resource.operations.clear();
    resource.operation_enforcement = caracal_core::entity::OperationEnforcement::TransportUniform;
    let mut wide = scene.given.delegation(&scene.source, &scene.target);
    wide.scopes = resource.scopes.clone();
    wide.resource_id = Some(resource.id.clone());
    wide.constraints = caracal_core::entity::Constraints::default();
    scene
        .store(async |work| {
            assert!(work.resources().update(&resource).await.unwrap());
            work.delegations().create(&wide).await.unwrap();
        })
        .await;
    let grants = serde_json::json!({
        scene.resource.identifier.as_str(): {"application": "app", "roles": {"reader": scopes}}
    });
    let policy = scene.policy("");
    let begin = policy.find("grants := ").unwrap();
    scene
        .activate(&format!("{}grants := {grants}\n", &policy[..begin]))
        .await;
    let answer = scene
        .mint(&[("scope", &asked), ("delegation_edge_id", wide.id.as_str())])
        .await;
    if let Some(token) = answer.body["access_token"].as_str() {
        assert!(token.len() <= caracal_crypto::mandate::MAX_TOKEN_BYTES);
        assert!(caracal_crypto::mandate::Unverified::parse(token).is_ok());
        return String::from("minted");
    }
    assert_eq!(answer.body["limit_bytes"], 4096, "{}", answer.body);
    assert_eq!(answer.body["reason"], "mandate_too_large");
    let text = answer.body["error_description"].as_str().unwrap();
    assert!(text.contains("scope") && text.contains("4096"), "{text}");
    answer.refusal()
}

#[tokio::test]
async fn a_mandate_larger_than_its_readers_take_is_never_minted() {
    assert_eq!(with_long_scopes(&Scene::new().await, 10).await, "minted");
    assert_eq!(
        with_long_scopes(&Scene::new().await, 35).await,
        "400 invalid_token"
    );
}

#[tokio::test]
async fn refused_mints_are_limited_before_they_are_written_down() {
    let mut scene = Scene::new().await;
    let mut config = (*scene.deps.config).clone();
    config.mint_rate_limit_per_min = 3;
    scene.reconfigure(config);
    for (change, refusal) in [
        (("resource", "resource://nowhere"), "403 access_denied"),
        (("agent_session_id", "0199-nobody"), "403 access_denied"),
    ] {
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(scene.mint(&[change]).await.refusal());
        }
        assert_eq!(
            answers,
            [
                refusal,
                refusal,
                refusal,
                "429 provider_rate_limited",
                "429 provider_rate_limited"
            ],
            "{change:?}"
        );
    }
    assert_eq!(scene.parts.events().await.len(), 6);
}
