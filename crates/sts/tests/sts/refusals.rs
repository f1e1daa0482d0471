//! The application's own mints that are refused, each for its own reason.

use std::time::Duration;

use axum::http::StatusCode;
use caracal_wire::sts::DenialReason;
use serde_json::{Value, json};

use crate::fixture::Fixture;

#[tokio::test]
async fn a_zone_without_policy_grants_nothing() {
    let fixture = Fixture::new().await;
    fixture
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
                work.policy_sets().archive(&set, fixture.now()).await.unwrap(),
                Some(true)
            );
        })
        .await;
    let answer = fixture.mint(&[]).await;
    assert_eq!(answer.refusal(), "403 access_denied");
    assert_eq!(
        answer.body["error_description"],
        "policy denied (no_active_policy_set)"
    );
    assert_eq!(answer.body["reason"], "no_active_policy_set");
    let event = fixture.last_event().await;
    assert_eq!(
        (event.decision.as_str(), event.evaluation_status.as_str()),
        ("deny", "complete")
    );
}

#[tokio::test]
async fn every_kind_of_excess_is_denied_with_its_own_reason() {
    let fixture = Fixture::new().await;
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
        let answer = fixture.mint(&changes).await;
        assert_eq!(
            answer.refusal(),
            "403 access_denied",
            "{changes:?}: {}",
            answer.body
        );
        assert_eq!(answer.body["reason"], reason, "{changes:?}: {}", answer.body);
        let event = fixture.last_event().await;
        assert_eq!(event.decision, "deny", "{changes:?}");
        let metadata: Value = serde_json::from_str(event.metadata_json.unwrap().get()).unwrap();
        assert_eq!(metadata["reason"], reason, "{changes:?}");
        assert_eq!(metadata["application_id"], fixture.application.id.as_str());
    }
}

#[tokio::test]
async fn a_refusal_is_found_by_the_session_it_names_and_says_that_nothing_proved_it() {
    const UNKNOWN: &str = "01990a5d-ac96-774b-bcce-b302099a8057";
    let fixture = Fixture::new().await;
    let held = fixture.delegation.id.as_str();
    let named = fixture.target.id.as_str();
    for (changes, session, delegation, unproven) in [
        (
            vec![("agent_session_id", UNKNOWN)],
            Some(UNKNOWN),
            Some(held),
            json!(["agent_session_id", "delegation_edge_id"]),
        ),
        (
            vec![("agent_session_id", UNKNOWN), ("delegation_edge_id", "")],
            Some(UNKNOWN),
            None,
            json!(["agent_session_id"]),
        ),
        (
            vec![("agent_session_id", "")],
            None,
            Some(held),
            json!(["delegation_edge_id"]),
        ),
        (
            vec![("delegation_edge_id", UNKNOWN)],
            Some(named),
            Some(UNKNOWN),
            json!(["agent_session_id", "delegation_edge_id"]),
        ),
        // It may be a secret in the wrong field.
        (
            vec![("agent_session_id", "hunter2")],
            Some("invalid_id:7"),
            Some(held),
            json!(["agent_session_id", "delegation_edge_id"]),
        ),
        // The party was found, and policy decided.
        (
            vec![("scope", "tickets:write")],
            Some(named),
            Some(held),
            Value::Null,
        ),
    ] {
        fixture.mint(&changes).await;
        let metadata = last_metadata(&fixture).await;
        // What the search by session goes by.
        assert_eq!(metadata["agent_session_id"].as_str(), session, "{changes:?}");
        assert_eq!(metadata["delegation_edge_id"].as_str(), delegation, "{changes:?}");
        assert_eq!(metadata["unproven"], unproven, "{changes:?}");
        // What only a found session has is never said of a claim.
        let lifecycle = metadata.get("agent_lifecycle").is_some();
        assert_eq!(lifecycle, unproven.is_null(), "{changes:?}");
    }
    // One that was revoked is named by the mandates and requests that still come.
    fixture.parts.revocations.mark([named]);
    assert_eq!(fixture.mint(&[]).await.body["reason"], "revoked");
    assert_eq!(last_metadata(&fixture).await["agent_session_id"], named);
}

async fn last_metadata(fixture: &Fixture) -> Value {
    let event = fixture.last_event().await;
    serde_json::from_str(event.metadata_json.unwrap().get()).unwrap()
}

#[tokio::test]
async fn a_scope_outside_the_delegation_is_denied_even_if_the_role_has_it() {
    let fixture = Fixture::new().await;
    let mut narrow = fixture.given.delegation(&fixture.source, &fixture.target);
    narrow.scopes = caracal_core::ScopeSet::parse("tickets:write");
    narrow.resource_id = Some(fixture.resource.id.clone());
    fixture
        .store(async |work| {
            work.delegations().create(&narrow).await.unwrap();
        })
        .await;
    let answer = fixture.mint(&[("delegation_edge_id", narrow.id.as_str())]).await;
    assert_eq!(
        answer.body["reason"], "delegation_scope_exceeded",
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn confinement_and_restriction_stop_a_mint() {
    let fixture = Fixture::new().await;
    fixture
        .activate(&fixture.policy(r#"confinement := [{"label_prefix": "read", "scopes": []}]"#))
        .await;
    assert_eq!(fixture.mint(&[]).await.body["reason"], "confinement_violation");
    fixture
        .activate(&fixture.policy(r#"restrict := ["incident"]"#))
        .await;
    let answer = fixture.mint(&[]).await;
    assert_eq!(
        answer.body["error_description"],
        "policy denied (restriction_active)"
    );
}

#[tokio::test]
async fn ended_authority_mints_nothing() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.mint(&[]).await.status, StatusCode::OK);
    fixture.parts.revocations.mark([fixture.delegation.id.as_str()]);
    assert_eq!(fixture.mint(&[]).await.body["reason"], "revoked");

    let fixture = Fixture::new().await;
    fixture.parts.revocations.mark([fixture.source.id.as_str()]);
    assert_eq!(
        fixture.mint(&[]).await.body["reason"],
        "revoked",
        "the session that handed on"
    );

    let fixture = Fixture::new().await;
    fixture.parts.revocations.set_suspended(&fixture.target.id, true);
    assert_eq!(
        fixture.mint(&[]).await.body["reason"],
        "revoked",
        "a suspended session"
    );

    let fixture = Fixture::new().await;
    fixture.parts.pass(Duration::from_secs(1801)).await;
    assert_eq!(
        fixture.mint(&[]).await.body["reason"],
        "delegation_inactive",
        "past the delegation's end"
    );
}

#[tokio::test]
async fn what_an_application_handed_on_ends_with_it_before_anybody_sweeps() {
    let fixture = Fixture::new().await;
    let end = fixture.now().plus(Duration::from_mins(2));
    let mut short = fixture.given.application();
    short.expires_at = Some(end);
    let record = fixture.given.authority_record(&short);
    let mut source = fixture.given.session(&short, &record);
    source.ttl_seconds = Some(3600);
    let handed = caracal_core::entity::Delegation {
        scopes: fixture.delegation.scopes.clone(),
        resource_id: fixture.delegation.resource_id.clone(),
        constraints: fixture.delegation.constraints.clone(),
        expires_at: fixture.delegation.expires_at,
        ..fixture.given.delegation(&source, &fixture.target)
    };
    fixture
        .store(async |work| {
            work.applications().create(&short).await.unwrap();
            work.authority_records().create(&record).await.unwrap();
            work.sessions().create(&source).await.unwrap();
            work.delegations().create(&handed).await.unwrap();
        })
        .await;

    let named = [("delegation_edge_id", handed.id.as_str())];
    let minted = fixture.mint(&named).await;
    assert_eq!(minted.status, StatusCode::OK, "{}", minted.body);
    let claims = fixture.claims(&minted.text("access_token")).await;
    assert!(claims.expires_at() <= end, "never past the application's end");

    fixture.parts.pass(Duration::from_mins(2)).await;
    let refused = fixture.mint(&named).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.body["reason"], "delegation_application_inactive");
}

#[tokio::test]
async fn stale_revocation_state_is_unavailable_never_allowed() {
    let fixture = Fixture::new().await;
    fixture
        .parts
        .world
        .manual_clock()
        .advance(Duration::from_secs(71));
    let answer = fixture.mint(&[]).await;
    assert_eq!(answer.refusal(), "503 sts_unavailable");
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn another_applications_session_cannot_be_used() {
    let fixture = Fixture::new().await;
    let (secret, stored) = fixture.parts.client_secret();
    let mut other = fixture.given.application();
    other.client_secret_hash = Some(stored);
    fixture
        .store(async |work| {
            work.applications().create(&other).await.unwrap();
        })
        .await;
    let changes = [
        ("application_id", other.id.as_str()),
        ("client_secret", secret.expose()),
    ];
    assert_eq!(fixture.mint(&changes).await.body["reason"], "session_inactive");
}

/// What an answer tells of its refusal: the sentence, the changes, and where the whole of it is.
fn help(answer: &caracal_testkit::client::Answer) -> (Option<&str>, Option<&Value>, &str) {
    let body = &answer.body;
    (
        body["explanation"].as_str(),
        body.get("suggestion").map(|suggestion| &suggestion["changes"]),
        body["explain"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn who_is_refused_is_told_why_and_what_of_their_own_would_have_to_be_different() {
    let fixture = Fixture::new().await;
    let resource = fixture.resource.identifier.clone();
    for (changes, explanation, suggested) in [
        (
            vec![("scope", "tickets:write")],
            "no single label of the session holds every scope",
            json!([{"change": "add_role_scope", "resource": resource, "label": "reader", "scope": "tickets:write"}]),
        ),
        (
            vec![("scope", "tickets:delete")],
            DenialReason::ScopeMismatch.sentence(),
            json!([{"change": "declare_scope", "resource": resource, "scope": "tickets:delete"}]),
        ),
        (
            vec![("delegation_edge_id", ""), ("agent_session_id", "")],
            "no rule allows a request of this kind; authority over resources comes from a session and a delegation",
            Value::Null,
        ),
        (
            vec![("agent_session_id", "0199-unknown")],
            DenialReason::SessionInactive.sentence(),
            json!([{"change": "start_session"}]),
        ),
    ] {
        let answer = fixture.mint(&changes).await;
        assert_eq!(answer.refusal(), "403 access_denied");
        let (said, told, link) = help(&answer);
        assert_eq!(said, Some(explanation), "{changes:?}");
        assert_eq!(told.cloned().unwrap_or_default(), suggested, "{changes:?}");
        let request = answer.text("requestId");
        let zone = &fixture.zone.id;
        assert_eq!(
            link,
            format!("/v1/zones/{zone}/audit/by-request/{request}/explain")
        );
    }
}

#[tokio::test]
async fn what_is_the_policys_alone_is_not_told_to_who_is_refused() {
    let fixture = Fixture::new().await;
    let secretive = fixture.policy("restrict := [\"an incident that nobody shall hear of\"]");
    fixture.activate(&secretive).await;
    let answer = fixture.mint(&[]).await;
    assert_eq!(answer.body["reason"], "restriction_active");
    let (said, told, _) = help(&answer);
    assert_eq!(
        (said, told),
        (Some("a restriction is in force in this zone"), None)
    );
    assert!(!answer.text.contains("nobody shall hear"), "{}", answer.text);
    // The evidence says it, for those who may read that.
    let event = serde_json::to_string(&fixture.last_event().await).unwrap();
    assert!(event.contains("nobody shall hear"), "{event}");
    // Neither the prefix of a confinement is told nor what it leaves.
    let confined = r#"confinement := [{"label_prefix": "read", "scopes": ["other:scope"]}]"#;
    fixture.activate(&fixture.policy(confined)).await;
    let answer = fixture.mint(&[]).await;
    assert_eq!(answer.body["reason"], "confinement_violation");
    assert_eq!(
        answer.body["details"]["explanation"]["exceeding"],
        serde_json::json!(["tickets:read"])
    );
    assert!(
        !answer.text.contains("label_prefix") && !answer.text.contains("other:scope"),
        "{}",
        answer.text
    );
    let event = serde_json::to_string(&fixture.last_event().await).unwrap();
    assert!(event.contains("other:scope"), "{event}");
    // The resource is another application's, and whose is not said.
    let others = fixture.policy("").replace("\"app\"", "\"payroll\"");
    let others = others.replace("app_ids := {", "app_ids := {\"app\": \"x\", ");
    fixture
        .activate(&others.replace(fixture.application.id.as_str(), "somebody-else"))
        .await;
    let answer = fixture.mint(&[]).await;
    assert_eq!(answer.body["reason"], "resource_not_granted");
    assert_eq!(help(&answer).1, None);
    assert!(!answer.text.contains("payroll"), "{}", answer.text);
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_a_refusal() {
    let fixture = Fixture::new().await;
    for changes in [
        [
            ("client_secret", "cs_of-somebody-else"),
            ("scope", "tickets:write"),
        ],
        [("application_id", "0199-nobody"), ("scope", "tickets:write")],
        [("zone_id", "0199-nowhere"), ("scope", "tickets:write")],
    ] {
        let answer = fixture.mint(&changes).await;
        assert!(
            matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
            "{changes:?}: {}",
            answer.text
        );
        for member in ["explanation", "suggestion", "explain", "reason", "details"] {
            assert!(answer.body.get(member).is_none(), "{changes:?}: {}", answer.text);
        }
    }
}
