//! The policy that is left allows what was allowed, and nothing of it can be left out.

use std::sync::Arc;

use caracal_core::{Timestamp, World};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;
use crate::{
    generated::{event_of, request, well_formed},
    input::OwnedDecisionInput,
    replay::{Replay, ReplayBounds, ReplayPart},
};

const ALWAYS: Range<Timestamp> = Timestamp::from_micros(0)..Timestamp::from_micros(i64::MAX);

fn snapshot(documents: &PolicyDocuments) -> Arc<PolicySnapshot> {
    Arc::new(PolicySnapshot::build(PolicyIdentity::default(), documents))
}

/// The event of what `policy` decides about `input`.
fn event(policy: &PolicySnapshot, input: &OwnedDecisionInput) -> String {
    event_of(policy, &World::for_tests(), "r", &input.as_input())
}

fn changes(policy: Arc<PolicySnapshot>, events: &[String]) -> u64 {
    let bounds = ReplayBounds {
        groups: 0,
        bytes: 0,
        samples: 0,
    };
    let mut replay = Replay::new(policy, "zone-1", ALWAYS, bounds);
    let mut part = ReplayPart::default();
    for event in events {
        replay.event(event, &mut part);
    }
    replay.take(part);
    let report = replay.finish();
    assert_eq!(report.decisions, events.len() as u64);
    report.decisions - report.unchanged
}

/// `documents` with one thing less: each key, grant and scope in its turn.
fn with_less(documents: &PolicyDocuments) -> Vec<PolicyDocuments> {
    let mut less = Vec::new();
    for key in documents
        .app_ids
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|keys| keys.keys())
    {
        let mut one = documents.clone();
        one.app_ids.as_mut().unwrap().as_object_mut().unwrap().remove(key);
        less.push(one);
    }
    for (resource, entry) in documents.grants.iter().filter_map(Value::as_object).flatten() {
        let mut one = documents.clone();
        one.grants
            .as_mut()
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(resource);
        less.push(one);
        for (label, scopes) in entry["roles"].as_object().unwrap() {
            for n in 0..scopes.as_array().unwrap().len() {
                let mut one = documents.clone();
                let roles = &mut one.grants.as_mut().unwrap()[resource]["roles"];
                roles[label].as_array_mut().unwrap().remove(n);
                less.push(one);
            }
        }
    }
    less
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn the_tightened_policy_changes_nothing_and_nothing_can_be_taken_out_of_it(
        documents in well_formed(),
        inputs in vec(request(), 1..24),
    ) {
        let policy = snapshot(&documents);
        let events: Vec<String> = inputs.iter().map(|input| event(&policy, input)).collect();
        let mut usage = Usage::new(Arc::new(documents.clone()), "zone-1", ALWAYS);
        for event in &events {
            usage.event(event);
        }
        prop_assert_eq!(usage.allowed + usage.denied, events.len() as u64);
        let tightened = usage.finish();
        prop_assert_eq!(changes(snapshot(&tightened.documents), &events), 0);
        prop_assert!(tightened.documents.check().is_ok());
        for less in with_less(&tightened.documents) {
            prop_assert!(changes(snapshot(&less), &events) > 0, "{:?}", less);
        }
        // What was tight stays as it is.
        let mut again = Usage::new(Arc::new(tightened.documents.clone()), "zone-1", ALWAYS);
        for event in &events {
            again.event(event);
        }
        let again = again.finish();
        prop_assert_eq!(&again.documents.grants, &tightened.documents.grants);
        prop_assert!(again.unneeded.is_empty() && again.unneeded_keys.is_empty(), "{:?}", again);
    }
}

#[test]
fn what_is_taken_out_is_named_as_far_as_it_goes() {
    let documents = PolicyDocuments {
        app_ids: Some(json!({ "desk": "app-1", "ops": "app-2" })),
        grants: Some(json!({
            "https://a": { "application": "desk", "roles": { "agent": ["t:read", "t:write"], "idle": ["t:read"] } },
            "https://b": { "application": "ops", "roles": { "agent": ["t:read"] } },
        })),
        ..PolicyDocuments::default()
    };
    let policy = snapshot(&documents);
    let mut input = OwnedDecisionInput {
        kind: crate::PrincipalKind::Application,
        principal_id: String::from("app-1"),
        zone_id: String::from("zone-1"),
        session_id: Some(String::from("session-1")),
        labels: vec![Arc::from("agent")],
        resource: String::from("https://a"),
        action: crate::Action::TokenExchange,
        requested_scopes: caracal_core::ScopeSet::parse("t:read"),
        delegation: Some((
            String::from("delegation-1"),
            caracal_core::ScopeSet::parse("t:read t:write"),
        )),
        presented: None,
    };
    let used = event(&policy, &input);
    input.resource = String::from("https://b");
    let denied = event(&policy, &input);
    let mut usage = Usage::new(Arc::new(documents), "zone-1", ALWAYS);
    for body in [
        &used,
        &denied,
        &String::from("{"),
        &used
            .replace("\"record\":{", "\"record\":[{")
            .replace("}},\"occ", "}}],\"occ"),
    ] {
        usage.event(body);
    }
    assert_eq!((usage.allowed, usage.denied, usage.undecidable), (1, 1, 2));
    let tightened = usage.finish();
    let part = |resource: &str, application: &str, label: Option<&str>, scope: Option<&str>| Unneeded {
        resource: resource.to_owned(),
        application: application.to_owned(),
        label: label.map(str::to_owned),
        scope: scope.map(str::to_owned),
    };
    assert_eq!(
        tightened.unneeded,
        [
            part("https://a", "desk", Some("agent"), Some("t:write")),
            part("https://a", "desk", Some("idle"), None),
            part("https://b", "ops", None, None),
        ]
    );
    assert_eq!(tightened.unneeded_keys, ["ops"]);
    let grants = json!({ "https://a": { "application": "desk", "roles": { "agent": ["t:read"] } } });
    assert_eq!(tightened.documents.grants, Some(grants));
}
