//! Requests and documents of a small world, where they often meet, and the events of what was decided. For tests.

use std::{collections::BTreeSet, sync::Arc};

use caracal_core::{
    ScopeSet, World, ZoneId,
    audit::{Action, Decided, Draft, EventType, PrincipalKind},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    DecisionInput, PolicySnapshot, decide, document::PolicyDocuments, input::OwnedDecisionInput,
    record::record,
};

pub(crate) const RESOURCES: [&str; 2] = ["https://a", "https://b"];
const LABELS: [&str; 3] = ["agent", "agent-x", "reader"];
const SCOPES: [&str; 4] = ["agent:lifecycle", "t:admin", "t:read", "t:write"];

fn scopes() -> impl Strategy<Value = ScopeSet> {
    vec(select(SCOPES.to_vec()), 0..4).prop_map(|scopes| scopes.into_iter().collect())
}

fn labels() -> impl Strategy<Value = Vec<Arc<str>>> {
    vec(select(LABELS.to_vec()), 0..3).prop_map(|labels| {
        let labels: BTreeSet<&str> = labels.into_iter().collect();
        labels.into_iter().map(Arc::from).collect()
    })
}

fn targets() -> impl Strategy<Value = Vec<Arc<str>>> {
    vec(select(RESOURCES.to_vec()), 0..2).prop_map(|targets| targets.into_iter().map(Arc::from).collect())
}

/// The text of the event of what `policy` decides about `input`.
pub(crate) fn event_of(
    policy: &PolicySnapshot,
    world: &World,
    request: &str,
    input: &DecisionInput<'_>,
) -> String {
    let zone = ZoneId::parse("zone-1").expect("an id");
    let decision = decide(policy, input);
    let outcome = if decision.is_allow() { "allow" } else { "deny" };
    let draft = Draft::new(
        world,
        &zone,
        EventType::TokenExchange,
        request,
        outcome,
        json!({}),
    );
    let decided = Decided {
        policy_set_id: None,
        policy_set_version_id: None,
        manifest_sha: "00ff",
        record: record(input, &decision),
    };
    let draft = draft.decided(
        decided,
        decision.determining_policy.as_deref(),
        decision.diagnostics(),
    );
    serde_json::to_string(&draft).expect("an event is JSON")
}

prop_compose! {
    /// A request about the first resource, of any shape.
    pub(crate) fn request()(
        kind in prop_oneof![5 => Just(PrincipalKind::Application), 1 => Just(PrincipalKind::Workload)],
        principal in select(vec!["app-1", "app-2", "desk"]),
        session in prop::bool::weighted(0.8),
        labels in labels(),
        action in select(vec![Action::TokenExchange, Action::CredentialInjection]),
        requested in scopes(),
        delegation in prop::option::weighted(0.8, scopes()),
        presented in prop::option::weighted(0.3, (any::<bool>(), scopes(), targets())),
    ) -> OwnedDecisionInput {
        OwnedDecisionInput {
            kind,
            principal_id: principal.to_owned(),
            zone_id: String::from("zone"),
            session_id: session.then(|| String::from("session-1")),
            labels,
            resource: RESOURCES[0].to_owned(),
            action,
            requested_scopes: if presented.is_some() && session { ScopeSet::default() } else { requested },
            delegation: delegation.map(|scopes| (String::from("delegation-1"), scopes)),
            presented: presented.map(|(bound, scopes, targets)| {
                (bound.then(|| String::from("delegation-1")), scopes, targets)
            }),
        }
    }
}

/// Documents that could be in force.
pub(crate) fn well_formed() -> impl Strategy<Value = PolicyDocuments> {
    let roles =
        prop::collection::btree_map(select(LABELS.to_vec()), vec(select(SCOPES.to_vec()), 0..4), 0..3);
    let entry = (select(vec!["desk", "ops", "nobody"]), roles)
        .prop_map(|(application, roles)| json!({ "application": application, "roles": roles }));
    let grants = prop::collection::btree_map(select(RESOURCES.to_vec()), entry, 0..3);
    let keys = prop::collection::btree_map(
        select(vec!["desk", "ops", "app-2"]),
        select(vec!["app-1", "app-2"]),
        0..3,
    );
    let rule = (
        select(vec!["agent", "agent-", "", "z"]),
        vec(select(SCOPES.to_vec()), 0..4),
    )
        .prop_map(|(prefix, scopes)| json!({ "label_prefix": prefix, "scopes": scopes }));
    let reasons = prop_oneof![
        4 => Just(json!([])),
        1 => vec(select(vec![json!("incident"), json!("audit"), json!(7)]), 0..3).prop_map(Value::Array),
        1 => Just(json!({ "incident": true, "audit": false })),
    ];
    let whole = (
        prop::option::weighted(0.9, grants),
        prop::option::weighted(0.9, keys),
        prop::option::of(vec(rule, 0..3)),
        prop::option::of(reasons),
        any::<bool>(),
    );
    whole.prop_map(|(grants, keys, confinement, restrict, risky)| PolicyDocuments {
        app_ids: keys.map(|keys| json!(keys)),
        grants: grants.map(|grants| json!(grants)),
        confinement: confinement.map(Value::Array),
        restrict,
        risk: risky.then(|| json!([{ "scope": "t:write", "tier": "high" }])),
        approval_tiers: risky.then(|| json!([{ "tier": "high" }])),
        ..PolicyDocuments::default()
    })
}
