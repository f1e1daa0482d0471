//! Each suggestion is made true, and nothing less than it will do.

use std::{collections::BTreeSet, sync::Arc};

use caracal_core::{
    ScopeSet,
    audit::{Action, DataChange, Obstacle, PrincipalKind},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    asker::{gate_to_asker, suggest_to_asker},
    case::Case,
    gates::{Refused, gate},
    read, suggest,
};
use crate::{
    decide::DenyReason,
    document::PolicyDocuments,
    generated::{RESOURCES, request, well_formed},
    input::OwnedDecisionInput,
    snapshot::restriction_reasons,
};

/// What the rest of this crate makes of the whole policy, which a [`Case`] has cut down.
fn allows(documents: Option<&PolicyDocuments>, input: &OwnedDecisionInput) -> bool {
    use crate::snapshot::{PolicyIdentity, PolicySnapshot};
    let policy = match documents {
        Some(documents) => PolicySnapshot::build(PolicyIdentity::default(), documents),
        None => PolicySnapshot::no_active_policy_set(),
    };
    crate::decide(&policy, &input.as_input()).is_allow()
}

fn after(refused: &Case, changes: &[&DataChange]) -> bool {
    let mut case = refused.clone();
    for change in changes {
        case.apply(change);
    }
    case.decide().is_allow()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_suggestion_allows_what_was_refused_and_no_part_of_it_does(
        documents in prop::option::weighted(0.95, well_formed()),
        input in request(),
    ) {
        let documents = documents.as_ref();
        let refused = Case::new(documents, &input.as_input());
        prop_assert_eq!(refused.decide().is_allow(), allows(documents, &input), "what was cut away is not met");
        match suggest(documents, &input.as_input()) {
            Err(obstacle) => {
                // A well-formed policy is in nobody's way but that of requests that ask for nothing or too much.
                prop_assert!(matches!(obstacle, Obstacle::NothingAsked | Obstacle::NotByData), "{:?}", obstacle);
                prop_assert!(!allows(documents, &input));
            }
            Ok(changes) if changes.is_empty() => prop_assert!(allows(documents, &input)),
            Ok(changes) => {
                prop_assert!(!allows(documents, &input));
                let whole: Vec<&DataChange> = changes.iter().collect();
                prop_assert!(after(&refused, &whole), "{:?}", &changes);
                prop_assert!(changes.len() < 16, "{:?}", &changes);
                for some in 0..(1_u32 << changes.len()) - 1 {
                    let part: Vec<&DataChange> =
                        (0..).zip(&changes).filter(|(n, _)| some & (1 << n) != 0).map(|(_, change)| change).collect();
                    prop_assert!(!after(&refused, &part), "{:?} of {:?}", part, &changes);
                }
            }
        }
    }
}

/// Every change that could be of use to a refused request, in the order in which they are made. What is asked for is changed only
/// as far as `suggested` says: asking for less always helps.
fn all_changes(refused: &Case, suggested: &[DataChange]) -> Vec<DataChange> {
    let (documents, input) = (&refused.documents, &refused.input);
    let resource = || input.resource.clone();
    let keys = documents.app_ids.as_ref().and_then(Value::as_object);
    let entry = refused.entry();
    let owner = entry.and_then(|entry| entry["application"].as_str());
    let roles = entry.and_then(|entry| entry["roles"].as_object());
    let roles = roles.into_iter().flatten().map(|(label, _)| label.as_str());
    let others: BTreeSet<&str> = roles.chain(["agent"]).collect();
    let labels: BTreeSet<&str> = input
        .labels
        .iter()
        .map(|label| &**label)
        .chain(others.clone())
        .collect();
    let confined: BTreeSet<&str> = match &documents.confinement {
        Some(Value::Array(rules)) => rules
            .iter()
            .filter_map(|rule| rule["label_prefix"].as_str())
            .collect(),
        Some(Value::Object(rules)) => rules
            .values()
            .filter_map(|rule| rule["label_prefix"].as_str())
            .collect(),
        _ => BTreeSet::new(),
    };
    let mut all = Vec::new();
    if !refused.active {
        all.push(DataChange::ActivatePolicySet);
    }
    let dropped = |change: &&DataChange| matches!(change, DataChange::DropRequestedScope { .. });
    all.extend(suggested.iter().filter(dropped).cloned());
    for reason in documents.restrict.iter().flat_map(restriction_reasons) {
        all.push(DataChange::RemoveRestriction { reason });
    }
    let taken = |key: &str| keys.is_some_and(|keys| keys.contains_key(key));
    let free: Vec<&str> = owner
        .into_iter()
        .chain([&*refused.free_key])
        .filter(|key| !taken(key))
        .collect();
    for key in &free {
        all.push(DataChange::AddApplicationKey {
            key: (*key).to_owned(),
            application_id: input.principal_id.clone(),
        });
    }
    let own = keys.into_iter().flatten();
    let own = own.filter(|(_, id)| id.as_str() == Some(&input.principal_id));
    for key in own.map(|(key, _)| key.as_str()).chain(free) {
        let (resource, application) = (resource(), key.to_owned());
        all.push(match owner {
            None => DataChange::AddGrant {
                resource,
                application,
            },
            Some(owner) => DataChange::MoveGrant {
                resource,
                application,
                instead_of: owner.to_owned(),
            },
        });
    }
    if input.session_id.is_none() {
        all.push(DataChange::StartSession);
    }
    if input.delegation.is_none() {
        all.push(DataChange::Delegate);
    }
    all.push(DataChange::MintUnderDelegation);
    all.push(DataChange::AddMandateTarget { resource: resource() });
    for label in others {
        all.push(DataChange::AddSessionLabel {
            label: label.to_owned(),
        });
    }
    for scope in input.requested_scopes.iter() {
        all.push(DataChange::AddDelegationScope {
            scope: scope.to_owned(),
        });
        for prefix in &confined {
            let (label_prefix, scope) = ((*prefix).to_owned(), scope.to_owned());
            all.push(DataChange::AddConfinementScope { label_prefix, scope });
        }
    }
    for scope in refused.scopes().iter() {
        for label in &labels {
            let (label, scope) = ((*label).to_owned(), scope.to_owned());
            all.push(DataChange::AddRoleScope {
                resource: resource(),
                label,
                scope,
            });
        }
    }
    all
}

/// Whether any `count` of `changes` beside those that `made` has allow the request; at most `left` are tried.
fn any_allow(case: &Case, changes: &[DataChange], count: usize, left: &mut u32) -> bool {
    if count == 0 {
        *left = left.saturating_sub(1);
        return case.decide().is_allow();
    }
    changes.iter().enumerate().any(|(n, change)| {
        if *left == 0 {
            return false;
        }
        let mut case = case.clone();
        case.apply(change);
        any_allow(&case, &changes[n + 1..], count - 1, left)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_fewer_changes_of_any_kind_allow_what_was_refused(
        documents in prop::option::weighted(0.95, well_formed()),
        input in request(),
    ) {
        let refused = Case::new(documents.as_ref(), &input.as_input());
        let suggested = suggest(documents.as_ref(), &input.as_input()).unwrap_or_default();
        if let Some(fewer) = suggested.len().checked_sub(1) {
            let all = all_changes(&refused, &suggested);
            for change in &suggested {
                prop_assert!(all.contains(change), "{:?} is not among what is tried", change);
            }
            for count in 0..=fewer {
                prop_assert!(!any_allow(&refused, &all, count, &mut 600), "{} would do: {:?}", count, &suggested);
            }
        }
    }
}

/// Every text of a document, keys apart.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn an_asker_is_told_what_an_explanation_says_or_nothing_and_no_word_that_it_did_not_say(
        documents in prop::option::weighted(0.95, well_formed()),
        input in request(),
    ) {
        use crate::snapshot::{PolicyIdentity, PolicySnapshot};
        let policy = match &documents {
            Some(documents) => PolicySnapshot::build(PolicyIdentity::default(), documents),
            None => PolicySnapshot::no_active_policy_set(),
        };
        let explained = suggest(documents.as_ref(), &input.as_input());
        if let Some(told) = suggest_to_asker(&policy, &input.as_input()) {
                prop_assert_eq!(Ok(&told), explained.as_ref());
                let mut own = vec![input.principal_id.clone(), input.resource.clone()];
                own.extend(input.labels.iter().map(ToString::to_string));
                own.extend(input.requested_scopes.iter().map(str::to_owned));
                if let Some((_, scopes, _)) = &input.presented {
                    own.extend(scopes.iter().map(str::to_owned));
                }
                for change in &told {
                    let mut said = Vec::new();
                    let mut change = json!(change);
                    change.as_object_mut().unwrap().remove("change");
                    texts(&change, &mut said);
                    prop_assert!(said.iter().all(|text| own.contains(text)), "{:?}", change);
                }
        } else {
                // What is kept back is the policy's: keys, labels of others, prefixes, restrictions.
                let kept_back = |changes: &Vec<DataChange>| changes.iter().any(|change| match change {
                    DataChange::AddRoleScope { label, .. } => !input.labels.iter().any(|own| **own == **label),
                    DataChange::RemoveRestriction { .. }
                    | DataChange::AddApplicationKey { .. }
                    | DataChange::AddGrant { .. }
                    | DataChange::MoveGrant { .. }
                    | DataChange::AddConfinementScope { .. }
                    | DataChange::AddSessionLabel { .. } => true,
                    _ => false,
                });
                let nothing = explained.as_ref().map_or(true, |changes| changes.is_empty() || kept_back(changes));
                prop_assert!(nothing, "{:?}", explained);
        }
    }
}

#[test]
fn past_other_gates_an_asker_is_told_what_names_the_request_alone() {
    let details = json!({ "undeclared": ["t:delete"] });
    let refused = |reason| Refused {
        reason,
        resource: "https://a",
        details: &details,
        protocol: None,
    };
    let told = gate_to_asker(&refused("scope_mismatch")).map(|changes| json!(changes));
    assert_eq!(
        told,
        Some(json!([{ "change": "declare_scope", "resource": "https://a", "scope": "t:delete" }]))
    );
    // What policy refused is no gate, and what passes by itself needs no change.
    for reason in ["resource_not_granted", "sts_unavailable", "no such word"] {
        assert_eq!(gate_to_asker(&refused(reason)), None, "{reason}");
    }
}

fn mint(labels: &[&str], requested: &str) -> OwnedDecisionInput {
    OwnedDecisionInput {
        kind: PrincipalKind::Application,
        principal_id: String::from("app-1"),
        zone_id: String::from("zone"),
        session_id: Some(String::from("session-1")),
        labels: labels.iter().copied().map(Arc::from).collect(),
        resource: RESOURCES[0].to_owned(),
        action: Action::TokenExchange,
        requested_scopes: ScopeSet::parse(requested),
        delegation: Some((String::from("delegation-1"), ScopeSet::parse("t:read t:write"))),
        presented: None,
    }
}

fn documents() -> PolicyDocuments {
    PolicyDocuments {
        app_ids: Some(json!({ "desk": "app-1", "ops": "app-2" })),
        grants: Some(json!({
            "https://a": { "application": "desk", "roles": { "reader": ["t:read"], "agent": ["t:read", "t:write"] } },
            "https://b": { "application": "ops", "roles": {} },
        })),
        ..PolicyDocuments::default()
    }
}

fn suggested(documents: &PolicyDocuments, input: &OwnedDecisionInput) -> Value {
    match suggest(Some(documents), &input.as_input()) {
        Ok(changes) => json!(changes),
        Err(obstacle) => json!(obstacle),
    }
}

#[test]
fn a_role_is_widened_where_another_label_is_no_less() {
    let one = json!([{ "change": "add_role_scope", "resource": "https://a", "label": "reader", "scope": "t:write" }]);
    assert_eq!(suggested(&documents(), &mint(&["reader"], "t:write")), one);
    // A session without a label is given one that will do.
    let label = json!([{ "change": "add_session_label", "label": "agent" }]);
    assert_eq!(suggested(&documents(), &mint(&[], "t:read t:write")), label);
    // A label that holds nothing would need two scopes.
    assert_eq!(
        suggested(&documents(), &mint(&["guest"], "t:read t:write")),
        label
    );
}

#[test]
fn a_grant_of_another_application_is_said_to_be_taken_from_it() {
    let mut asked = mint(&["agent"], "t:read");
    asked.resource = String::from("https://b");
    let moved = json!([
        { "change": "move_grant", "resource": "https://b", "application": "desk", "instead_of": "ops" },
        { "change": "add_role_scope", "resource": "https://b", "label": "agent", "scope": "t:read" },
    ]);
    assert_eq!(suggested(&documents(), &asked), moved);
}

#[test]
fn every_rule_that_stands_against_a_request_is_met_at_once() {
    let mut documents = documents();
    documents.restrict = Some(json!(["incident"]));
    documents.confinement = Some(json!([{ "label_prefix": "read", "scopes": ["t:read"] }]));
    let mut asked = mint(&["reader"], "t:write");
    asked.delegation = Some((String::from("delegation-1"), ScopeSet::default()));
    let all = json!([
        { "change": "remove_restriction", "reason": "incident" },
        { "change": "add_delegation_scope", "scope": "t:write" },
        { "change": "add_confinement_scope", "label_prefix": "read", "scope": "t:write" },
        { "change": "add_role_scope", "resource": "https://a", "label": "reader", "scope": "t:write" },
    ]);
    assert_eq!(suggested(&documents, &asked), all);
}

#[test]
fn a_label_that_would_confine_the_session_is_not_taken_for_less_than_it_takes() {
    let mut documents = documents();
    let roles = json!({ "reader": [], "customer:1": ["t:read", "t:write"] });
    documents.grants = Some(json!({ "https://a": { "application": "desk", "roles": roles } }));
    // With the other label one change would do, were there no confinement: with it, three.
    documents.confinement = Some(json!([{ "label_prefix": "customer:", "scopes": [] }]));
    let add = |scope: &str| json!({ "change": "add_role_scope", "resource": "https://a", "label": "reader", "scope": scope });
    let asked = mint(&["reader"], "t:read t:write");
    assert_eq!(
        suggested(&documents, &asked),
        json!([add("t:read"), add("t:write")])
    );
}

#[test]
fn what_is_malformed_is_for_its_owner_to_correct() {
    let with = |name: &str, value: Value| {
        let mut documents = documents();
        match name {
            "restrict" => documents.restrict = Some(value),
            "risk" => documents.risk = Some(value),
            "confinement" => documents.confinement = Some(value),
            "app_ids" => documents.app_ids = Some(value),
            _ => documents.grants = Some(value),
        }
        documents
    };
    for documents in [
        with("restrict", json!(true)),
        with("risk", json!({})),
        with("risk", json!([{ "scope": "t:read", "tier": "unheard-of" }])),
        with("confinement", json!("agent")),
        with("confinement", json!([{ "scopes": [] }])),
        with("app_ids", json!([])),
        with("grants", json!(7)),
        with("grants", json!({ "https://a": "desk" })),
        with(
            "grants",
            json!({ "https://a": { "application": "desk", "roles": { "reader": "t:write" } } }),
        ),
    ] {
        assert_eq!(
            suggested(&documents, &mint(&["reader"], "t:write")),
            json!("policy_malformed"),
            "{documents:?}"
        );
    }
    assert_eq!(
        suggested(&documents(), &mint(&["reader"], "")),
        json!("nothing_asked")
    );
}

#[test]
fn nobody_is_told_to_change_hundreds_of_things() {
    let scopes: Vec<String> = (0..500).map(|n| format!("t:{n}")).collect();
    let asked = mint(&["reader"], &scopes.join(" "));
    assert_eq!(suggested(&documents(), &asked), json!("too_much"));
}

#[test]
fn the_data_read_is_what_the_request_met_and_nothing_else() {
    let asked = mint(&["reader"], "t:write");
    let facts = read(
        Some(&documents()),
        &asked.as_input(),
        DenyReason::RoleScopeMismatch,
    );
    let names: Vec<_> = facts
        .iter()
        .map(|fact| (&*fact.data, fact.name.as_deref()))
        .collect();
    assert_eq!(
        names,
        [
            ("request", Some("scopes")),
            ("session", Some("labels")),
            ("grants", Some("https://a"))
        ]
    );
    assert_eq!(facts[2].value["application"], "desk");
    let facts = read(
        Some(&documents()),
        &asked.as_input(),
        DenyReason::ResourceNotGranted,
    );
    assert_eq!(
        facts[0].value,
        json!({ "desk": "app-1" }),
        "no application that is not met"
    );
}

#[test]
fn a_gate_says_what_gets_past_it_or_why_nothing_does() {
    let refused = |reason: &str, details: Value, protocol: Option<&str>| {
        let asked = Refused {
            reason,
            resource: "https://a",
            details: &details,
            protocol,
        };
        gate(&asked)
    };
    let undeclared = json!({ "method": "POST", "path": "/", "call": "tools/call:x", "scope": null });
    assert_eq!(
        refused("operation_not_permitted", undeclared, Some("mcp")),
        Ok(vec![DataChange::DeclareOperation {
            resource: String::from("https://a"),
            method: String::from("MCP"),
            path: String::from("tools/call:x"),
        }])
    );
    let lacking = json!({ "method": "GET", "path": "/x", "scope": "t:read" });
    assert_eq!(
        refused("operation_not_permitted", lacking, None),
        Ok(vec![DataChange::AddMandateScope {
            scope: String::from("t:read")
        }])
    );
    assert_eq!(
        refused("scope_mismatch", json!({ "undeclared": ["a", "b"] }), None).map(|changes| changes.len()),
        Ok(2)
    );
    assert_eq!(
        refused("scope_mismatch", json!({}), None),
        Err(Obstacle::NotRecorded)
    );
    assert_eq!(
        refused("delegation_ttl_exceeded", json!({ "requested": -1 }), None),
        Err(Obstacle::NotRecorded)
    );
    assert_eq!(
        refused("sts_unavailable", Value::Null, None),
        Err(Obstacle::NotByData)
    );
    assert_eq!(
        refused("role_scope_mismatch", Value::Null, None),
        Err(Obstacle::NotRecorded)
    );
    assert_eq!(
        refused("of a later build", Value::Null, None),
        Err(Obstacle::NotByData)
    );
    assert_eq!(
        refused("token_replay", Value::Null, None),
        Ok(vec![DataChange::MintAgain])
    );
    let resource = || String::from("https://a");
    for reason in ["no_provider_connection", "reauthorization_required"] {
        let connect = DataChange::ConnectAccount { resource: resource() };
        assert_eq!(refused(reason, Value::Null, None), Ok(vec![connect]), "{reason}");
    }
    assert_eq!(
        refused("operations_not_enforced", Value::Null, None),
        Ok(vec![DataChange::EnforceOperations { resource: resource() }])
    );
}
