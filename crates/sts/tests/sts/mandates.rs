//! What is minted, how long it lasts, and whose keys it hangs on.

use std::time::Duration;

use axum::http::StatusCode;
use caracal_core::claims::{MandateUse, SubjectType};
use caracal_storage::Access;
use serde_json::Value;

use crate::fixture::{Fixture, LIFECYCLE};

#[tokio::test]
async fn a_delegated_mint_is_a_single_use_gateway_mandate() {
    let fixture = Fixture::new().await;
    let answer = fixture.mint(&[("ttl_seconds", "300")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 300);
    assert_eq!(
        answer.body["target_resources"][0],
        fixture.resource.identifier.as_str()
    );
    let claims = fixture.claims(&answer.text("access_token")).await;
    fixture.rules(&[MandateUse::Gateway]).check(&claims).unwrap();
    assert_eq!(claims.sub_type, SubjectType::Application);
    assert_eq!(
        claims.root_sid, fixture.record.id,
        "rooted at the record of the session that handed on"
    );
    assert_eq!(
        claims.delegation_path,
        std::slice::from_ref(&fixture.delegation.id)
    );
    assert_eq!(claims.delegation_chain.len(), 2);
    assert_eq!(claims.hop_count, 1);
    let event = fixture.last_event().await;
    let metadata: Value = serde_json::from_str(event.metadata_json.unwrap().get()).unwrap();
    assert_eq!(
        (event.decision.as_str(), &metadata["jti"]),
        ("allow", &Value::from(&*claims.jti))
    );
}

#[tokio::test]
async fn a_mandate_never_outlives_what_it_hangs_on() {
    let fixture = Fixture::new().await;
    let (_, claims) = fixture.mandate().await;
    assert_eq!(claims.exp - claims.iat, 900, "the default");
    fixture.parts.pass(Duration::from_secs(1700)).await;
    let (_, claims) = fixture.mandate().await;
    assert_eq!(claims.expires_at(), fixture.delegation.expires_at);
}

#[tokio::test]
async fn a_lifecycle_token_is_a_record_and_runs_sessions_only() {
    let fixture = Fixture::new().await;
    let answer = fixture.mint(&LIFECYCLE).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let claims = fixture.claims(&answer.text("access_token")).await;
    fixture.rules(&[MandateUse::Session]).check(&claims).unwrap();
    assert_eq!(claims.sid, claims.root_sid);
    let mut work = fixture.work(Access::Read).await;
    let record = work.authority_records().get(&claims.sid).await.unwrap().unwrap();
    assert_eq!(record.subject_id, fixture.application.id.as_str());
    // Lifecycle authority is never mixed with business scopes.
    let mut mixed = LIFECYCLE;
    mixed[0].1 = "agent:lifecycle tickets:read";
    assert_eq!(fixture.mint(&mixed).await.body["reason"], "no_rule_matched");
}

#[tokio::test]
async fn a_partial_grant_says_what_was_refused() {
    let fixture = Fixture::new().await;
    let mut fields = fixture.mint_form(&LIFECYCLE);
    fields.push((String::from("resource"), String::from("resource://unknown")));
    let answer = fixture.post(&fields, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.body["target_resources"].as_array().unwrap().len(), 1);
    assert_eq!(answer.body["denied"][0]["resource"], "resource://unknown");
    assert_eq!(answer.body["denied"][0]["reason"], "resource_not_found");
}

#[tokio::test]
async fn a_rotated_key_is_published_before_it_signs_and_the_old_one_keeps_verifying() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let rotated = caracal_sts::rotate_signing_key(&fixture.deps, &fixture.zone.id)
        .await
        .unwrap();
    let state = fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    assert!(
        state.verifying_key(rotated.as_str()).is_some(),
        "published at once"
    );
    assert_ne!(
        state.signing_key.as_ref().unwrap().id(),
        &rotated,
        "but not signing yet"
    );
    fixture.parts.pass(Duration::from_secs(601)).await;
    let state = fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    assert_eq!(state.signing_key.as_ref().unwrap().id(), &rotated);
    fixture.claims(&token).await;
}

/// Lets the application have `count` scopes of 60 bytes; all of them as a `scope` parameter.
async fn with_long_scopes(fixture: &Fixture, count: usize) -> String {
    let scopes: Vec<String> = (0..count)
        .map(|number| format!("tickets:{number:0>52}"))
        .collect();
    let asked = scopes.join(" ");
    let mut resource = fixture.resource.clone();
    resource.scopes = caracal_core::ScopeSet::parse(&asked);
    resource.operations.clear();
    resource.operation_enforcement = caracal_core::entity::OperationEnforcement::TransportUniform;
    let mut wide = fixture.given.delegation(&fixture.source, &fixture.target);
    wide.scopes = resource.scopes.clone();
    wide.resource_id = Some(resource.id.clone());
    wide.constraints = caracal_core::entity::Constraints::default();
    fixture
        .store(async |work| {
            assert!(work.resources().update(&resource).await.unwrap());
            work.delegations().create(&wide).await.unwrap();
        })
        .await;
    let grants = serde_json::json!({
        fixture.resource.identifier.as_str(): {"application": "app", "roles": {"reader": scopes}}
    });
    let policy = fixture.policy("");
    let begin = policy.find("grants := ").unwrap();
    fixture
        .activate(&format!("{}grants := {grants}\n", &policy[..begin]))
        .await;
    let answer = fixture
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
    assert_eq!(with_long_scopes(&Fixture::new().await, 10).await, "minted");
    assert_eq!(
        with_long_scopes(&Fixture::new().await, 35).await,
        "400 invalid_token"
    );
}
