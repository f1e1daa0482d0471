//! Decisions go back to the policies that owners wrote.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;

use caracal_authz::{
    Action, Decision, DecisionInput, DelegationInput, DenyReason, PolicyIdentity, PolicySnapshot,
    PrincipalInput, PrincipalKind, decide,
    document::{PolicyDocuments, PolicyVersionSource, evaluate},
};
use caracal_core::ScopeSet;

const SOURCES: [(&str, &str); 6] = [
    ("v-apps", r#"app_ids := {"desk": "app-1"}"#),
    (
        "v-a",
        r#"grants["https://a.example"] := {"application": "desk", "roles": {"agent": ["t:read"]}}"#,
    ),
    (
        "v-b",
        "grants[\"https://b.example\"].application := \"desk\"\ngrants[\"https://b.example\"].roles.agent := [\"t:read\"]",
    ),
    (
        "v-c",
        r#"grants.c := {"application": "desk", "roles": {"agent": ["t:read", "t:write"]}}"#,
    ),
    (
        "v-rest",
        r#"grants[name] := grant if {
    some name in ["d", "e"]
    grant := {"application": "desk", "roles": {"agent": ["t:read"]}}
}"#,
    ),
    (
        "v-bounds",
        r#"confinement := [{"label_prefix": "agent", "scopes": ["t:read"]}]"#,
    ),
];

fn documents(sources: &[(&str, &str)]) -> PolicyDocuments {
    let texts: Vec<(&str, String)> = (sources.iter())
        .map(|(id, text)| {
            let head = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n";
            (*id, format!("{head}{text}\n"))
        })
        .collect();
    let sources: Vec<PolicyVersionSource<'_>> = (texts.iter())
        .map(|(version_id, content)| PolicyVersionSource { version_id, content })
        .collect();
    evaluate(&sources).unwrap()
}

fn mint(documents: &PolicyDocuments, resource: &str, label: &str, scope: &str) -> Decision {
    let labels: [Arc<str>; 1] = [label.into()];
    let (requested, delegated) = (ScopeSet::parse(scope), ScopeSet::parse("t:read t:write"));
    let input = DecisionInput {
        principal: PrincipalInput {
            kind: PrincipalKind::Application,
            id: "app-1",
            zone_id: "zone-1",
            session_id: Some("session-1"),
            labels: &labels,
        },
        resource,
        action: Action::TokenExchange,
        requested_scopes: &requested,
        delegation: Some(DelegationInput {
            id: "delegation-1",
            scopes: &delegated,
        }),
        presented: None,
    };
    decide(
        &PolicySnapshot::build(PolicyIdentity::default(), documents),
        &input,
    )
}

/// Resource, label and scope, and the reason and the policies expected.
type Case<'c> = (&'c str, &'c str, &'c str, Option<&'c str>, &'c [&'c str]);

#[test]
fn a_decision_names_the_policies_that_state_what_determined_it() {
    let evaluated = documents(&SOURCES);
    // What activation keeps says the same.
    let kept = PolicyDocuments::from_stored(&evaluated.to_stored()).unwrap();
    assert_eq!(kept, evaluated);
    let cases: [Case<'_>; 8] = [
        ("https://a.example", "agent", "t:read", None, &["v-a", "v-rest"]),
        ("https://b.example", "agent", "t:read", None, &["v-b", "v-rest"]),
        ("c", "agent", "t:read", None, &["v-c", "v-rest"]),
        ("d", "agent", "t:read", None, &["v-rest"]),
        (
            "c",
            "agent",
            "t:write",
            Some("confinement_violation"),
            &["v-bounds"],
        ),
        (
            "d",
            "stranger",
            "t:read",
            Some("role_scope_mismatch"),
            &["v-rest"],
        ),
        ("c", "agent", "t:other", Some("delegation_scope_exceeded"), &[]),
        ("f", "agent", "t:read", Some("resource_not_granted"), &[]),
    ];
    for (resource, label, scope, reason, expected) in cases {
        let decision = mint(&kept, resource, label, scope);
        let policies: Vec<&str> = decision.policies.iter().map(AsRef::as_ref).collect();
        assert_eq!(
            (decision.reason.map(DenyReason::as_str), policies.as_slice()),
            (reason, expected),
            "{resource} {label} {scope}"
        );
    }
}

#[test]
fn where_one_policy_states_a_grant_it_alone_is_named() {
    let evaluated = documents(&SOURCES[..4]);
    for (resource, expected) in [
        ("https://a.example", "v-a"),
        ("https://b.example", "v-b"),
        ("c", "v-c"),
    ] {
        let decision = mint(&evaluated, resource, "agent", "t:read");
        let policies: Vec<&str> = decision.policies.iter().map(AsRef::as_ref).collect();
        assert_eq!(policies, [expected]);
    }
    let whole = r#"grants := {"r": {"application": "desk", "roles": {"agent": ["t:read"]}}}"#;
    let decision = mint(
        &documents(&[SOURCES[0], ("v-all", whole)]),
        "r",
        "agent",
        "t:read",
    );
    assert_eq!(decision.policies.to_vec(), [Arc::from("v-all")]);
}

#[test]
fn a_restriction_names_the_policies_that_restrict() {
    let restricted = [
        SOURCES[0],
        ("v-one", "restrict contains \"incident\""),
        ("v-two", "restrict contains \"audit\""),
    ];
    let decision = mint(&documents(&restricted), "c", "agent", "t:read");
    assert_eq!(
        decision.policies.to_vec(),
        [Arc::from("v-one"), Arc::from("v-two")]
    );
}
