use caracal_core::audit::DecisionChange;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::generated::well_formed;

const BOUNDS: DiffBounds = DiffBounds {
    statements: 100,
    bytes: 100_000,
    changes: 1000,
    candidates: 100_000,
};

fn documents(value: Value) -> PolicyDocuments {
    serde_json::from_value(value).unwrap()
}

fn compared(before: &PolicyDocuments, after: &PolicyDocuments) -> PolicyDiff {
    diff(before, after, BOUNDS, &Interrupt::default())
}

fn shown(change: &AccessChange) -> String {
    let AccessChange {
        change,
        application_id,
        resource,
        label,
        scope,
        reason,
    } = change;
    let reason = reason.as_deref().unwrap_or_default();
    format!(
        "{} {application_id} {resource} {label} {scope} {reason}",
        change.as_str()
    )
}

fn base() -> Value {
    json!({
        "app_ids": {"crm": "app-1"},
        "grants": {"r://a": {"application": "crm", "roles": {"reader": ["a:read", "a:write"]}}},
    })
}

#[test]
fn each_kind_of_statement_is_told_with_what_it_means_for_who_may_what() {
    for (member, value, added, removed, access) in [
        (
            "grants",
            json!({"r://a": {"application": "crm", "roles": {"reader": ["a:read"], "admin": ["a:admin"]}}}),
            vec![json!({"resource": "r://a", "application": "crm", "label": "admin", "scope": "a:admin"})],
            vec![json!({"resource": "r://a", "application": "crm", "label": "reader", "scope": "a:write"})],
            vec![
                "newly_allowed app-1 r://a admin a:admin",
                "newly_denied app-1 r://a reader a:write",
            ],
        ),
        (
            "app_ids",
            json!({"crm": "app-2"}),
            vec![json!({"key": "crm", "application_id": "app-2"})],
            vec![json!({"key": "crm", "application_id": "app-1"})],
            vec![
                "newly_denied app-1 r://a reader a:read",
                "newly_denied app-1 r://a reader a:write",
                "newly_allowed app-2 r://a reader a:read",
                "newly_allowed app-2 r://a reader a:write",
            ],
        ),
        (
            "restrict",
            json!(["an incident"]),
            vec![json!("an incident")],
            vec![],
            vec![
                "newly_denied app-1 r://a reader a:read",
                "newly_denied app-1 r://a reader a:write",
            ],
        ),
        (
            "confinement",
            json!([{"label_prefix": "rea", "scopes": ["a:read"]}]),
            vec![json!({"label_prefix": "rea", "scopes": ["a:read"]})],
            vec![],
            vec!["newly_denied app-1 r://a reader a:write"],
        ),
        ("operation_risk", json!([]), vec![], vec![], vec![]),
    ] {
        let mut changed = base();
        changed[member] = value;
        let found = compared(&documents(base()), &documents(changed));
        let told: Vec<String> = found.access.changes.iter().map(shown).collect();
        assert_eq!(told.len(), access.len(), "{member}: {told:?}");
        for (told, expected) in told.iter().zip(access) {
            assert!(told.starts_with(expected), "{member}: {told}");
        }
        if added.is_empty() && removed.is_empty() {
            assert_eq!(found.documents, []);
            continue;
        }
        let [document] = &found.documents[..] else {
            panic!("{:?}", found.documents)
        };
        assert_eq!(
            (&*document.document, &document.added, &document.removed),
            (member, &added, &removed)
        );
    }
}

#[test]
fn an_approval_that_is_asked_for_holds_what_went_through() {
    let mut held = base();
    held["risk"] = json!([{"scope": "a:write", "tier": "money"}]);
    held["approval_tiers"] = json!([{"tier": "money"}]);
    let mut by_two = held.clone();
    by_two["approval_tiers"] = json!([{"tier": "money", "approvals": 2}]);
    let (base, held, by_two) = (documents(base()), documents(held), documents(by_two));
    let kinds = |before, after| {
        let found = compared(before, after).access;
        found
            .changes
            .iter()
            .map(|change| change.change)
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&base, &held), [DecisionChange::NewlyHeld]);
    assert_eq!(kinds(&held, &by_two), [DecisionChange::HeldOtherwise]);
    assert_eq!(kinds(&held, &base), [DecisionChange::NewlyAllowed]);
    assert_eq!(kinds(&PolicyDocuments::default(), &held).len(), 2);
}

#[test]
fn what_is_told_is_bounded_and_what_is_counted_is_not() {
    let scopes: Vec<String> = (0..50).map(|count| format!("a:{count:02}")).collect();
    let large = json!({
        "app_ids": {"crm": "app-1"},
        "grants": {"r://a": {"application": "crm", "roles": {"reader": scopes}}},
    });
    let bounds = DiffBounds {
        statements: 10,
        bytes: 500,
        changes: 7,
        candidates: 20,
    };
    let found = diff(
        &PolicyDocuments::default(),
        &documents(large.clone()),
        bounds,
        &Interrupt::default(),
    );
    let grants = found
        .documents
        .iter()
        .find(|one| one.document == "grants")
        .unwrap();
    assert_eq!(grants.added_count, 50);
    assert!((1..10).contains(&grants.added.len()), "{}", grants.added.len());
    let access = &found.access;
    assert_eq!(
        (access.compared, access.complete, access.changes.len()),
        (20, false, 7)
    );
    assert_eq!(access.newly_allowed, 20);
    let gone = Interrupt::default();
    gone.interrupt();
    let found = diff(&PolicyDocuments::default(), &documents(large), BOUNDS, &gone);
    assert_eq!((found.access.compared, found.access.complete), (0, false));
}

proptest! {
    /// What is told is what would be decided, and the other way round it is the opposite.
    #[test]
    fn both_directions_tell_the_same(before in well_formed(), after in well_formed()) {
        let (there, back) = (compared(&before, &after), compared(&after, &before));
        prop_assert_eq!(there.access.compared, back.access.compared);
        prop_assert_eq!(there.access.changes.len(), back.access.changes.len());
        prop_assert_eq!(
            there.access.held_otherwise,
            back.access.held_otherwise
        );
        for (one, other) in there.documents.iter().zip(&back.documents) {
            prop_assert_eq!((&one.added, &one.removed), (&other.removed, &other.added));
        }
        let same = compared(&before, &before);
        prop_assert_eq!((same.documents, same.access.changes), (vec![], vec![]));
        for change in &there.access.changes {
            let requested = ScopeSet::from_iter([change.scope.as_str()]);
            let labels = [Arc::from(change.label.as_str())];
            let now = PolicySnapshot::build(PolicyIdentity::default(), &after);
            let now = simulated(&now, &change.application_id, &change.resource, &labels, &requested);
            prop_assert_eq!(now.is_allow(), change.change != DecisionChange::NewlyDenied);
        }
    }
}
