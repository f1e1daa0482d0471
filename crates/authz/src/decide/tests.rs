use std::sync::Arc;

use caracal_core::{
    ScopeSet,
    audit::{Action, PrincipalKind},
};
use serde_json::{Value, json};

use super::{Decision, DenyReason, Effect, decide};
use crate::{
    document::PolicyDocuments,
    explain::explain,
    input::{DecisionInput, DelegationInput, PresentedMandate, PrincipalInput},
    snapshot::{PolicyIdentity, PolicySnapshot},
};

fn documents() -> PolicyDocuments {
    PolicyDocuments {
        app_ids: Some(json!({ "desk": "app-1", "other": "app-2" })),
        grants: Some(json!({
            "https://tickets": {
                "application": "desk",
                "roles": { "reader": ["t:read"], "agent": ["t:read", "t:write"], "writer": ["t:write"] },
            },
        })),
        ..PolicyDocuments::default()
    }
}

fn snapshot(documents: &PolicyDocuments) -> PolicySnapshot {
    PolicySnapshot::build(PolicyIdentity::default(), documents)
}

/// A delegated mint, as the tests vary it.
struct Mint {
    principal: &'static str,
    resource: &'static str,
    labels: Vec<Arc<str>>,
    requested: ScopeSet,
    delegated: ScopeSet,
}

fn mint(labels: &[&str], requested: &str) -> Mint {
    Mint {
        principal: "app-1",
        resource: "https://tickets",
        labels: labels.iter().copied().map(Arc::from).collect(),
        requested: ScopeSet::parse(requested),
        delegated: ScopeSet::parse("t:read t:write"),
    }
}

impl Mint {
    fn input(&self) -> DecisionInput<'_> {
        DecisionInput {
            principal: PrincipalInput {
                kind: PrincipalKind::Application,
                id: self.principal,
                zone_id: "zone",
                session_id: Some("session"),
                labels: &self.labels,
            },
            resource: self.resource,
            action: Action::TokenExchange,
            requested_scopes: &self.requested,
            delegation: Some(DelegationInput {
                id: "delegation",
                scopes: &self.delegated,
            }),
            presented: None,
        }
    }

    fn decide(&self, documents: &PolicyDocuments) -> Decision {
        decide(&snapshot(documents), &self.input())
    }
}

fn with(name: &str, value: Value) -> PolicyDocuments {
    let mut documents = documents();
    match name {
        "risk" => documents.risk = Some(value),
        "approval_tiers" => documents.approval_tiers = Some(value),
        "confinement" => documents.confinement = Some(value),
        "restrict" => documents.restrict = Some(value),
        "grants" => documents.grants = Some(value),
        _ => documents.app_ids = Some(value),
    }
    documents
}

#[test]
fn labels_do_not_add_up() {
    assert_eq!(
        mint(&["reader", "writer"], "t:read t:write")
            .decide(&documents())
            .reason,
        Some(DenyReason::RoleScopeMismatch)
    );
    let allowed = mint(&["reader", "agent"], "t:read t:write").decide(&documents());
    assert_eq!(
        (allowed.effect, allowed.determining_policy.as_deref()),
        (Effect::Allow, Some("caracal-desk-mint"))
    );
}

#[test]
fn an_application_cannot_use_the_grant_of_another() {
    let mut request = mint(&["agent"], "t:read");
    request.principal = "app-2";
    assert_eq!(
        request.decide(&documents()).reason,
        Some(DenyReason::ResourceNotGranted)
    );
    request.principal = "desk";
    assert_eq!(
        request.decide(&documents()).reason,
        Some(DenyReason::ResourceNotGranted)
    );
    request.resource = "https://unknown";
    assert_eq!(
        request.decide(&documents()).reason,
        Some(DenyReason::ResourceNotGranted)
    );
}

#[test]
fn business_scopes_without_session_and_delegation_match_no_rule() {
    let request = mint(&["agent"], "t:read");
    for (session, delegation) in [(false, false), (true, false), (false, true)] {
        let mut input = request.input();
        if !session {
            input.principal.session_id = None;
        }
        if !delegation {
            input.delegation = None;
        }
        let decision = decide(&snapshot(&documents()), &input);
        assert_eq!(
            decision.reason,
            Some(DenyReason::NoRuleMatched),
            "{session} {delegation}"
        );
    }
}

#[test]
fn the_lifecycle_scope_is_never_minted_under_a_delegation() {
    let mut request = mint(&["agent"], "agent:lifecycle t:read");
    request.delegated = ScopeSet::parse("agent:lifecycle t:read");
    assert_eq!(
        request.decide(&documents()).reason,
        Some(DenyReason::NoRuleMatched)
    );
}

#[test]
fn bootstrap_asks_for_the_lifecycle_scope_alone_and_needs_a_grant() {
    let mut request = mint(&[], "agent:lifecycle");
    let bootstrap = |request: &Mint| {
        let mut input = request.input();
        input.principal.session_id = None;
        input.delegation = None;
        decide(&snapshot(&documents()), &input)
    };
    assert_eq!(
        bootstrap(&request).determining_policy.as_deref(),
        Some("caracal-bootstrap")
    );
    request.requested = ScopeSet::parse("agent:lifecycle t:read");
    assert_eq!(bootstrap(&request).reason, Some(DenyReason::NoRuleMatched));
    request.requested = ScopeSet::parse("agent:lifecycle");
    request.principal = "app-2";
    assert_eq!(bootstrap(&request).reason, Some(DenyReason::NoRuleMatched));
}

#[test]
fn confinement_caps_every_label_it_fits_and_denies_when_malformed() {
    let rules =
        json!([{ "label_prefix": "ag", "scopes": ["t:read"] }, { "label_prefix": "x", "scopes": [] }]);
    assert_eq!(
        mint(&["agent"], "t:write")
            .decide(&with("confinement", rules.clone()))
            .reason,
        Some(DenyReason::ConfinementViolation)
    );
    assert!(
        mint(&["agent"], "t:read")
            .decide(&with("confinement", rules.clone()))
            .is_allow()
    );
    assert!(
        mint(&["reader"], "t:read")
            .decide(&with("confinement", rules))
            .is_allow()
    );
    for malformed in [
        json!(true),
        json!("agent"),
        json!(null),
        json!([{ "scopes": ["t:read"] }]),
        json!([{ "label_prefix": 7, "scopes": ["t:read"] }]),
        json!([{ "label_prefix": "z" }]),
    ] {
        let decision = mint(&["agent"], "t:read").decide(&with("confinement", malformed.clone()));
        assert_eq!(
            decision.reason,
            Some(DenyReason::ConfinementViolation),
            "{malformed}"
        );
    }
}

#[test]
fn anything_but_an_empty_collection_restricts_the_zone() {
    for restrict in [
        json!(["x"]),
        json!({ "x": 1 }),
        json!(true),
        json!(false),
        json!(null),
        json!(0),
        json!(""),
    ] {
        let decision = mint(&["agent"], "t:read").decide(&with("restrict", restrict.clone()));
        assert_eq!(decision.reason, Some(DenyReason::RestrictionActive), "{restrict}");
    }
    for restrict in [json!([]), json!({})] {
        assert!(
            mint(&["agent"], "t:read")
                .decide(&with("restrict", restrict))
                .is_allow()
        );
    }
}

#[test]
fn malformed_grants_and_bindings_grant_nothing() {
    for malformed in [
        json!([]),
        json!({ "https://tickets": [] }),
        json!({ "https://tickets": { "application": 1, "roles": { "agent": ["t:read"] } } }),
        json!({ "https://tickets": { "application": "desk", "roles": [] } }),
        json!({ "https://tickets": { "application": "desk", "roles": { "agent": "t:read" } } }),
        json!({ "https://tickets": { "application": "desk", "roles": { "agent": ["t:read", 1] } } }),
    ] {
        assert!(
            !mint(&["agent"], "t:read")
                .decide(&with("grants", malformed.clone()))
                .is_allow(),
            "{malformed}"
        );
    }
    for malformed in [json!(["app-1"]), json!({ "desk": ["app-1"] }), json!("app-1")] {
        assert!(
            !mint(&["agent"], "t:read")
                .decide(&with("app_ids", malformed.clone()))
                .is_allow(),
            "{malformed}"
        );
    }
}

#[test]
fn unreliable_risk_or_approval_data_stops_mints_but_not_uses() {
    for (name, malformed, reason) in [
        ("risk", json!({ "t:read": "high" }), DenyReason::MalformedRiskData),
        (
            "risk",
            json!([{ "scope": "t:read" }]),
            DenyReason::MalformedRiskData,
        ),
        (
            "risk",
            json!([{ "scope": "a", "tier": "x" }, { "scope": "a", "tier": "y" }]),
            DenyReason::MalformedRiskData,
        ),
        ("approval_tiers", json!("high"), DenyReason::MalformedApprovalData),
        (
            "approval_tiers",
            json!([{ "tier": "high", "ttl_seconds": 0 }]),
            DenyReason::MalformedApprovalData,
        ),
        (
            "approval_tiers",
            json!([{ "tier": "high", "approver": null }]),
            DenyReason::MalformedApprovalData,
        ),
    ] {
        let documents = with(name, malformed.clone());
        assert_eq!(
            mint(&["agent"], "t:read").decide(&documents).reason,
            Some(reason),
            "{malformed}"
        );
        let (request, scopes, targets) = (
            mint(&["agent"], ""),
            ScopeSet::parse("t:read"),
            ["https://tickets".into()],
        );
        let mut input = request.input();
        input.presented = Some(PresentedMandate {
            delegation_id: Some("delegation"),
            scopes: &scopes,
            targets: &targets,
        });
        assert!(decide(&snapshot(&documents), &input).is_allow(), "{malformed}");
    }
}

#[test]
fn a_role_that_shrank_reaches_mandates_already_minted() {
    let (request, scopes, targets) = (
        mint(&["agent"], ""),
        ScopeSet::parse("t:write"),
        ["https://tickets".into()],
    );
    let mut input = request.input();
    input.presented = Some(PresentedMandate {
        delegation_id: Some("delegation"),
        scopes: &scopes,
        targets: &targets,
    });
    let allowed = decide(&snapshot(&documents()), &input);
    assert_eq!(allowed.determining_policy.as_deref(), Some("caracal-desk-use"));
    let shrunk = json!({ "https://tickets": { "application": "desk", "roles": { "agent": ["t:read"] } } });
    assert_eq!(
        decide(&snapshot(&with("grants", shrunk)), &input).reason,
        Some(DenyReason::RoleScopeMismatch)
    );
    input.resource = "https://elsewhere";
    assert_eq!(
        decide(&snapshot(&documents()), &input).reason,
        Some(DenyReason::MandateTargetMismatch)
    );
}

#[test]
fn gates_and_risk_follow_the_requested_scopes() {
    let mut documents = with(
        "risk",
        json!([{ "scope": "t:write", "tier": "high" }, { "scope": "t:read", "tier": "low" }, { "scope": "z", "tier": "z" }]),
    );
    documents.approval_tiers = Some(json!([
        { "tier": "high", "approver": "subject", "ttl_seconds": 600.0 },
        { "tier": "high" },
        { "tier": "high" },
        { "tier": "z" },
    ]));
    let decision = mint(&["agent"], "t:write t:read").decide(&documents);
    assert!(decision.is_allow());
    assert_eq!(
        decision.determining_policies(),
        json!([{ "policy": "caracal-desk-mint" }])
    );
    assert_eq!(
        decision.diagnostics(),
        json!([
            { "step_up_required": { "type": "human_approval", "tiers": [
                { "tier": "high", "approver": "operator", "privacy": "identified" },
                { "tier": "high", "approver": "subject", "privacy": "identified", "ttl_seconds": 600 },
            ] } },
            { "risk": [{ "scope": "t:read", "tier": "low" }, { "scope": "t:write", "tier": "high" }] },
        ]),
    );
}

#[test]
fn details_name_the_limit_and_nothing_of_others() {
    let confined = with(
        "confinement",
        json!([{ "label_prefix": "ag", "scopes": ["t:read"] }]),
    );
    let cases = [
        (
            mint(&["agent"], "t:read t:admin"),
            documents(),
            json!({ "exceeding": ["t:admin"], "limit": ["t:read", "t:write"] }),
        ),
        (
            mint(&["agent"], "t:write"),
            confined,
            json!({ "label_prefix": "ag", "exceeding": ["t:write"], "limit": ["t:read"] }),
        ),
        (
            mint(&["reader"], "t:write"),
            documents(),
            json!({ "labels": ["reader"], "scopes": ["t:write"] }),
        ),
        (
            mint(&["reader"], "t:read"),
            with("restrict", json!(["incident-1"])),
            json!({ "restrictions": ["incident-1"] }),
        ),
        (mint(&["reader"], "t:read"), documents(), json!({})),
    ];
    for (request, documents, details) in cases {
        let snapshot = snapshot(&documents);
        let decision = decide(&snapshot, &request.input());
        assert_eq!(explain(&snapshot, &request.input(), &decision), details);
    }
}

#[test]
fn reasons_have_distinct_words_and_texts() {
    let words: std::collections::BTreeSet<&str> =
        DenyReason::ALL.iter().map(|reason| reason.as_str()).collect();
    let texts: std::collections::BTreeSet<String> = DenyReason::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(
        (words.len(), texts.len()),
        (DenyReason::ALL.len(), DenyReason::ALL.len())
    );
}
