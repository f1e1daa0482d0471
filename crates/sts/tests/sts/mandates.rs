//! What is minted, how long it lasts, and whose keys it hangs on.

use std::time::Duration;

use axum::http::StatusCode;
use caracal_core::claims::{MandateUse, SubjectType};
use caracal_storage::Access;
use serde_json::Value;

use crate::scene::{LIFECYCLE, Scene};

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
    let claims = scene.claims(&answer.text("access_token")).await;
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
    scene.parts.pass(Duration::from_secs(1700)).await;
    let (_, claims) = scene.mandate().await;
    assert_eq!(claims.expires_at(), scene.delegation.expires_at);
}

#[tokio::test]
async fn a_lifecycle_token_is_a_record_and_runs_sessions_only() {
    let scene = Scene::new().await;
    let answer = scene.mint(&LIFECYCLE).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let claims = scene.claims(&answer.text("access_token")).await;
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
    scene.parts.pass(Duration::from_secs(601)).await;
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
