//! What would change is exactly what another policy says otherwise.

use std::{sync::Arc, time::Duration};

use caracal_core::{
    ScopeSet, Timestamp, World, ZoneId,
    audit::{DecisionChange, Undecidable},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;
use crate::{
    Action, DecisionInput, DelegationInput, PolicyIdentity, PrincipalInput, PrincipalKind,
    document::PolicyDocuments,
    generated::{event_of, request, well_formed},
};

const BOUNDS: ReplayBounds = ReplayBounds {
    groups: 10,
    bytes: 1000,
    samples: 2,
};

fn policy(roles: &Value, tiers: bool) -> Arc<PolicySnapshot> {
    let documents = PolicyDocuments {
        app_ids: Some(json!({ "desk": "app-1" })),
        grants: Some(json!({ "https://a": { "application": "desk", "roles": roles } })),
        risk: tiers.then(|| json!([{ "scope": "t:write", "tier": "high" }])),
        approval_tiers: tiers.then(|| json!([{ "tier": "high", "approvals": 2 }])),
        ..PolicyDocuments::default()
    };
    Arc::new(PolicySnapshot::build(PolicyIdentity::default(), &documents))
}

/// The event of a mint with `scopes` that `policy` decides.
fn event(policy: &PolicySnapshot, world: &World, request: &str, scopes: &str) -> String {
    let (zone, scopes) = (ZoneId::parse("zone-1").unwrap(), ScopeSet::parse(scopes));
    let delegated = ScopeSet::parse("t:read t:write");
    let labels = [Arc::from("agent")];
    let input = DecisionInput {
        principal: PrincipalInput {
            kind: PrincipalKind::Application,
            id: "app-1",
            zone_id: zone.as_str(),
            session_id: Some("session-1"),
            labels: &labels,
        },
        resource: "https://a",
        action: Action::TokenExchange,
        requested_scopes: &scopes,
        delegation: Some(DelegationInput {
            id: "delegation-1",
            scopes: &delegated,
        }),
        presented: None,
    };
    event_of(policy, world, request, &input)
}

fn always() -> Range<Timestamp> {
    Timestamp::from_micros(0)..Timestamp::from_micros(i64::MAX)
}

fn replayed(policy: &Arc<PolicySnapshot>, bounds: ReplayBounds, events: &[String]) -> ReplayReport {
    in_parts(policy, bounds, events, events.len().max(1))
}

/// The report of events that are looked at in parts of so many, each by a thread of its own.
fn in_parts(
    policy: &Arc<PolicySnapshot>,
    bounds: ReplayBounds,
    events: &[String],
    size: usize,
) -> ReplayReport {
    let mut replay = Replay::new(policy.clone(), "zone-1", always(), bounds);
    let looked = |events: &[String]| {
        let mut part = ReplayPart::default();
        for event in events {
            replay.event(event, &mut part);
        }
        part
    };
    let parts: Vec<ReplayPart> = std::thread::scope(|threads| {
        let looking: Vec<_> = events
            .chunks(size)
            .map(|chunk| threads.spawn(move || looked(chunk)))
            .collect();
        looking.into_iter().map(|part| part.join().unwrap()).collect()
    });
    for part in parts {
        replay.take(part);
    }
    replay.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Neither parts nor what is remembered of equal records ever change an answer.
    #[test]
    fn a_replay_says_the_same_in_any_parts_and_with_nothing_remembered(
        before in well_formed(),
        after in well_formed(),
        requests in vec((request(), 1_usize..6), 0..12),
        size in 1_usize..9,
    ) {
        let world = World::for_tests();
        let build = |documents: &PolicyDocuments| {
            Arc::new(PolicySnapshot::build(PolicyIdentity::default(), documents))
        };
        let (before, after) = (build(&before), build(&after));
        let mut events = Vec::new();
        for (n, (input, times)) in requests.iter().enumerate() {
            for time in 0..*times {
                events.push(event_of(&before, &world, &format!("r-{n}-{time}"), &input.as_input()));
            }
        }
        let whole = replayed(&after, BOUNDS, &events);
        prop_assert_eq!(&in_parts(&after, BOUNDS, &events, size), &whole);
        // Each decided by itself, by whom nothing is remembered.
        let mut changed = [0_u64; 4];
        let mut unchanged = 0;
        for event in &events {
            let told: RecordedEvent<'_> = serde_json::from_str(event).unwrap();
            let record = DecisionRecord::read(told.record.unwrap()).unwrap();
            match difference(&after, &record, "zone-1") {
                None => unchanged += 1,
                Some(differs) => {
                    let at = DecisionChange::ALL.iter().position(|change| *change == differs.change);
                    changed[at.unwrap()] += 1;
                }
            }
        }
        prop_assert_eq!(whole.unchanged, unchanged);
        for (change, count) in DecisionChange::ALL.iter().zip(changed) {
            prop_assert_eq!(whole.count(*change), count, "{:?}", change);
        }
    }
}

#[test]
fn what_a_policy_decided_it_decides_again() {
    let world = World::for_tests();
    for tiers in [false, true] {
        let policy = policy(&json!({ "agent": ["t:write"] }), tiers);
        let events =
            ["t:read", "t:write", "t:write", "t:admin"].map(|scopes| event(&policy, &world, "r", scopes));
        let report = replayed(&policy, BOUNDS, &events);
        assert_eq!((report.decisions, report.unchanged, report.ungrouped), (4, 4, 0));
        assert!(
            report.groups.is_empty() && report.undecidable.is_empty(),
            "{report:?}"
        );
    }
}

#[test]
fn a_scope_that_is_taken_out_of_a_role_denies_exactly_what_asked_for_it() {
    let world = World::for_tests();
    let before = policy(&json!({ "agent": ["t:read", "t:write"] }), false);
    let after = policy(&json!({ "agent": ["t:read"] }), false);
    let asked = [
        ("r-1", "t:read"),
        ("r-2", "t:write"),
        ("r-3", "t:read t:write"),
        ("r-4", "t:write"),
        ("r-5", "t:write"),
    ];
    let events = asked.map(|(request, scopes)| event(&before, &world, request, scopes));
    let report = replayed(&after, BOUNDS, &events);
    assert_eq!(
        (
            report.decisions,
            report.unchanged,
            report.count(DecisionChange::NewlyDenied)
        ),
        (5, 1, 4)
    );
    let groups: Vec<_> = (report.groups.iter())
        .map(|group| (group.scopes.to_claim(), group.decisions, group.requests.join(" ")))
        .collect();
    // The largest first, and no more samples than were asked for.
    assert_eq!(
        groups,
        [
            (String::from("t:write"), 3, String::from("r-2 r-4")),
            (String::from("t:read t:write"), 1, String::from("r-3")),
        ]
    );
    assert_eq!(report.groups[0].reason.as_deref(), Some("role_scope_mismatch"));
    let back = ["t:write"].map(|scopes| event(&after, &world, "r", scopes));
    let report = replayed(&before, BOUNDS, &back);
    assert_eq!(report.count(DecisionChange::NewlyAllowed), 1);
    assert_eq!(
        report.groups[0].reason.as_deref(),
        Some("role_scope_mismatch"),
        "why it was denied"
    );
}

#[test]
fn an_approval_that_is_asked_for_or_no_longer_is_is_told_apart() {
    let world = World::for_tests();
    let roles = json!({ "agent": ["t:read", "t:write"] });
    let (free, held) = (policy(&roles, false), policy(&roles, true));
    let events = ["t:read", "t:write"].map(|scopes| event(&free, &world, "r", scopes));
    let report = replayed(&held, BOUNDS, &events);
    assert_eq!(
        (report.unchanged, report.count(DecisionChange::NewlyHeld)),
        (1, 1)
    );
    let events = ["t:read", "t:write"].map(|scopes| event(&held, &world, "r", scopes));
    let report = replayed(&free, BOUNDS, &events);
    assert_eq!(
        (report.unchanged, report.count(DecisionChange::NewlyAllowed)),
        (1, 1)
    );
    let otherwise = events.map(|event| event.replace(r#""approvals":2"#, r#""approvals":3"#));
    let report = replayed(&held, BOUNDS, &otherwise);
    assert_eq!(
        (report.unchanged, report.count(DecisionChange::HeldOtherwise)),
        (1, 1)
    );
}

#[test]
fn what_cannot_be_made_again_is_counted_by_why_and_never_taken_for_unchanged() {
    let world = World::for_tests();
    let policy = policy(&json!({ "agent": ["t:read"] }), false);
    let good = event(&policy, &world, "r", "t:read");
    let mut read: Value = serde_json::from_str(&good).unwrap();
    let mut with = |record: Value| {
        read["record"] = record;
        read.to_string()
    };
    let events = [
        with(Value::Null),
        with(json!({ "v": 2, "input": {} })),
        with(json!({ "v": 1 })),
        with(json!([])),
        String::from("{"),
        String::from("{}"),
        good.replace(
            r#""effect":"allow""#,
            r#""effect":"deny","reason":"policy_unusable""#,
        ),
        // Policy was not asked.
        String::from(r#"{"id":"1","occurred_at":"2026-01-01T00:00:00Z"}"#),
        good,
    ];
    let report = replayed(&policy, BOUNDS, &events);
    assert_eq!((report.decisions, report.unchanged, report.others), (1, 1, 1));
    let counted: Vec<_> = report.undecidable.into_iter().collect();
    let word = Undecidable::as_str;
    assert_eq!(
        counted,
        [
            (word(Undecidable::EventUnreadable), 2),
            (word(Undecidable::NoRecord), 1),
            (word(Undecidable::PolicyWasUnusable), 1),
            (word(Undecidable::RecordNewer), 1),
            (word(Undecidable::RecordUnreadable), 2),
        ]
    );
}

#[test]
fn a_window_has_its_begin_and_not_its_end() {
    let world = World::for_tests();
    let policy = policy(&json!({ "agent": ["t:read"] }), false);
    let begin = world.now();
    let events: Vec<String> = (0..3)
        .map(|_| {
            let event = event(&policy, &world, "r", "t:read");
            world.manual_clock().advance(Duration::from_secs(1));
            event
        })
        .collect();
    let within = begin.plus(Duration::from_secs(1))..begin.plus(Duration::from_secs(2));
    let mut replay = Replay::new(policy, "zone-1", within, BOUNDS);
    let mut part = ReplayPart::default();
    for event in &events {
        replay.event(event, &mut part);
    }
    replay.take(part);
    assert_eq!(replay.finish().decisions, 1);
}

#[test]
fn groups_are_bounded_and_counts_stay_exact() {
    let world = World::for_tests();
    let before = policy(&json!({ "agent": ["t:read", "t:write"] }), false);
    let after = policy(&json!({}), false);
    let good = event(&before, &world, "r", "t:read");
    let events: Vec<String> = (0..50)
        .map(|n| good.replace("https://a", &format!("https://a/{n}")))
        .collect();
    for (bounds, groups) in [
        (BOUNDS, 10),
        (ReplayBounds { groups: 0, ..BOUNDS }, 0),
        (ReplayBounds { bytes: 80, ..BOUNDS }, 1),
    ] {
        let report = replayed(&after, bounds, &events);
        assert_eq!(
            (report.decisions, report.count(DecisionChange::NewlyDenied)),
            (50, 50)
        );
        assert_eq!(report.groups.len(), groups);
        assert_eq!(report.ungrouped, 50 - groups as u64);
    }
}
