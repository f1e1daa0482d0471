//! Holds the native decision and the published Rego module equal.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod rego;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use caracal_authz::{
    Action, DecisionInput, DelegationInput, PolicyIdentity, PolicySnapshot, PresentedMandate, PrincipalInput,
    PrincipalKind, decide,
    document::{Origins, PolicyDocuments},
    input::from_input_document,
    input::input_document,
    reach::{
        ReachPage, ReachPart, evaluate, is_free, resources, scopes as actions, subjects, what_can, who_can,
    },
    record::{ReplayError, record, recorded_input, replay},
};
use caracal_core::{
    ScopeSet, World, ZoneId,
    audit::{AuditEvent, Decided, Draft, EventType},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
};
use serde_json::{Value, json};

use self::rego::{Rego, cases};

const APPS: [&str; 2] = ["app-1", "app-2"];
const KEYS: [&str; 2] = ["desk", "ops"];
const RESOURCES: [&str; 2] = ["https://a", "https://b"];
const LABELS: [&str; 3] = ["agent", "agent-x", "reader"];
const SCOPES: [&str; 3] = ["t:read", "t:write", "t:admin"];
const TIERS: [&str; 2] = ["high", "low"];

/// A request that owns its parts.
#[derive(Debug, Clone)]
struct Request {
    kind: PrincipalKind,
    principal: &'static str,
    session: bool,
    labels: Vec<Arc<str>>,
    resource: &'static str,
    action: Action,
    requested: ScopeSet,
    delegation: Option<ScopeSet>,
    presented: Option<(bool, ScopeSet, Vec<Arc<str>>)>,
}

impl Request {
    fn as_input(&self) -> DecisionInput<'_> {
        DecisionInput {
            principal: PrincipalInput {
                kind: self.kind,
                id: self.principal,
                zone_id: "zone-1",
                session_id: self.session.then_some("session-1"),
                labels: &self.labels,
            },
            resource: self.resource,
            action: self.action,
            requested_scopes: &self.requested,
            delegation: self.delegation.as_ref().map(|scopes| DelegationInput {
                id: "delegation-1",
                scopes,
            }),
            presented: self
                .presented
                .as_ref()
                .map(|(delegated, scopes, targets)| PresentedMandate {
                    delegation_id: delegated.then_some("delegation-1"),
                    scopes,
                    targets,
                }),
        }
    }
}

fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(words.to_vec(), 0..=words.len())
}

fn most_of(words: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![3 => Just(words.to_vec()), 2 => some_of(words)]
}

fn labels() -> impl Strategy<Value = Vec<Arc<str>>> {
    most_of(&LABELS).prop_map(|labels| labels.into_iter().map(Arc::from).collect())
}

fn scope_set() -> impl Strategy<Value = ScopeSet> {
    prop_oneof![
        1 => Just(ScopeSet::default()),
        1 => Just(ScopeSet::parse("agent:lifecycle")),
        1 => Just(ScopeSet::parse("agent:lifecycle t:read")),
        6 => some_of(&SCOPES).prop_map(|scopes| scopes.into_iter().collect()),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let shapes = prop_oneof![
        1 => Just((false, false, false)), // bootstrap, workload
        3 => Just((true, true, false)),   // mint
        2 => Just((true, true, true)),    // use
        1 => any::<(bool, bool, bool)>(),
    ];
    let who = (
        prop_oneof![4 => Just(PrincipalKind::Application), 1 => Just(PrincipalKind::Workload)],
        select(APPS.to_vec()),
        labels(),
    );
    let what = (
        select(RESOURCES.to_vec()),
        prop_oneof![2 => Just(Action::TokenExchange), 1 => Just(Action::CredentialInjection)],
        scope_set(),
        any::<bool>(),
    );
    let under = most_of(&SCOPES).prop_map(|scopes| scopes.into_iter().collect());
    let mandate = (
        prop::bool::weighted(0.9),
        scope_set(),
        most_of(&RESOURCES).prop_map(|targets| targets.into_iter().map(Arc::from).collect()),
    );
    (shapes, who, what, under, mandate).prop_map(|(shape, who, what, under, mandate)| Request {
        kind: who.0,
        principal: who.1,
        session: shape.0,
        labels: who.2,
        resource: what.0,
        action: what.1,
        // A mandate is presented without asking for scopes, most of the time.
        requested: if shape.2 && what.3 {
            ScopeSet::default()
        } else {
            what.2
        },
        delegation: shape.1.then_some(under),
        presented: shape.2.then_some(mandate),
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(false),
        json!(true),
        json!(0),
        json!("x"),
        json!({}),
        json!([]),
    ])
}

/// Mostly `good`, sometimes anything else.
fn sometimes(good: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![14 => good, 1 => scalar()].boxed()
}

fn scope_list() -> BoxedStrategy<Value> {
    sometimes(prop_oneof![
        9 => most_of(&SCOPES).prop_map(|scopes| json!(scopes)),
        1 => Just(json!(["t:read", 7])),
    ])
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn grants() -> BoxedStrategy<Value> {
    let roles = vec((select(LABELS.to_vec()), scope_list()), 1..4).prop_map(object);
    let entry =
        (select(KEYS.to_vec()), option::weighted(0.95, sometimes(roles))).prop_map(
            |(key, roles)| match roles {
                Some(roles) => json!({ "application": key, "roles": roles }),
                None => json!({ "application": key }),
            },
        );
    sometimes(vec((select(RESOURCES.to_vec()), sometimes(entry)), 1..4).prop_map(object))
}

fn confinement() -> BoxedStrategy<Value> {
    let rule = (
        sometimes(select(vec![
            json!("agent"),
            json!("agent-"),
            json!("z"),
            json!(""),
        ])),
        scope_list(),
    )
        .prop_map(|(prefix, scopes)| json!({ "label_prefix": prefix, "scopes": scopes }));
    let rules = vec(sometimes(rule), 0..3);
    sometimes(prop_oneof![
        4 => rules.clone().prop_map(Value::Array),
        1 => rules.prop_map(|rules| object(["a", "b", "c"].into_iter().zip(rules).collect())),
    ])
}

fn risk() -> BoxedStrategy<Value> {
    let entry = (select(SCOPES.to_vec()), select(TIERS.to_vec()))
        .prop_map(|(scope, tier)| json!({ "scope": scope, "tier": tier }));
    sometimes(vec(sometimes(entry), 0..3).prop_map(Value::Array))
}

fn approval_tiers() -> BoxedStrategy<Value> {
    let entry = (
        select(TIERS.to_vec()),
        option::of(select(vec![
            json!("operator"),
            json!("subject"),
            json!("any"),
            json!("other"),
        ])),
        option::of(select(vec![
            json!("identified"),
            json!("anonymous"),
            json!("pseudonymous"),
            json!(1),
        ])),
        option::of(select(vec![
            json!(1),
            json!(600),
            json!(1800),
            json!(0),
            json!(-1),
            json!(1.5),
            json!("1"),
        ])),
        // Mostly well-formed, so that requests go on to what comes after.
        option::weighted(
            0.15,
            prop_oneof![
                7 => select(vec![json!(1), json!(2), json!(10)]),
                1 => select(vec![json!(0), json!(11), json!(1.5), json!("2")]),
            ],
        ),
    );
    let entry = entry.prop_map(|(tier, approver, privacy, ttl, approvals)| {
        let mut members = vec![("tier", json!(tier))];
        members.extend(approver.map(|value| ("approver", value)));
        members.extend(privacy.map(|value| ("privacy", value)));
        members.extend(ttl.map(|value| ("ttl_seconds", value)));
        members.extend(approvals.map(|value| ("approvals", value)));
        object(members)
    });
    sometimes(vec(entry, 0..3).prop_map(Value::Array))
}

fn documents() -> impl Strategy<Value = PolicyDocuments> {
    let app_ids = sometimes(
        vec(
            (
                select(KEYS.to_vec()),
                prop_oneof![9 => select(APPS.to_vec()).prop_map(Value::from), 1 => scalar()],
            ),
            1..3,
        )
        .prop_map(object),
    );
    let restrict = prop_oneof![
        12 => Just(None),
        2 => select(vec![json!([]), json!({})]).prop_map(Some),
        1 => select(vec![json!(["x"]), json!({ "x": 1 }), json!(true), json!(false), json!(null)]).prop_map(Some),
    ];
    (
        option::weighted(0.97, app_ids),
        option::weighted(0.97, grants()),
        option::weighted(0.4, confinement()),
        restrict,
        option::weighted(0.6, risk()),
        option::weighted(0.6, approval_tiers()),
    )
        .prop_map(
            |(app_ids, grants, confinement, restrict, risk, approval_tiers)| PolicyDocuments {
                app_ids,
                grants,
                confinement,
                restrict,
                risk,
                approval_tiers,
                arguments: None,
                operation_risk: None,
                budgets: None,
                origins: Origins::default(),
            },
        )
}

fn native(documents: &PolicyDocuments, request: &Request) -> Value {
    let snapshot = PolicySnapshot::build(PolicyIdentity::default(), documents);
    let decision = decide(&snapshot, &request.as_input());
    json!({
        "decision": if decision.is_allow() { "allow" } else { "deny" },
        "evaluation_status": "complete",
        "determining_policies": decision.determining_policies(),
        "diagnostics": decision.diagnostics(),
    })
}

fn name_of(result: &Value) -> String {
    let policy = result
        .pointer("/determining_policies/0/policy")
        .and_then(Value::as_str);
    let reason = result.pointer("/diagnostics/0/reason").and_then(Value::as_str);
    let gated = result.pointer("/diagnostics/0/step_up_required").is_some();
    match (policy, reason) {
        (Some(policy), None) => format!(
            "{}{}",
            policy.replace("desk", "*").replace("ops", "*"),
            if gated { "+gate" } else { "" }
        ),
        (None, Some(reason)) => reason.to_owned(),
        other => panic!("neither allowed nor denied: {other:?}"),
    }
}

#[test]
fn the_native_decision_equals_the_rego_contract_and_every_outcome_is_reached() {
    let rego = Rego::load();
    let mut runner = cases(7);
    let strategy = (documents(), request());
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..4000 {
        let (documents, request) = strategy.new_tree(&mut runner).unwrap().current();
        let result = native(&documents, &request);
        outcomes
            .entry(name_of(&result))
            .and_modify(|count| *count += 1)
            .or_insert(1);
        let input = input_document(&request.as_input());
        assert_eq!(
            rego.evaluate(&documents, &input, "result"),
            result,
            "{documents:#?}\n{input:#}"
        );
    }
    let reached: BTreeSet<&str> = outcomes.keys().map(String::as_str).collect();
    let expected = BTreeSet::from([
        "caracal-*-mint",
        "caracal-*-mint+gate",
        "caracal-*-use",
        "caracal-bootstrap",
        "caracal-workload-mint",
        "caracal-workload-mint+gate",
        "confinement_violation",
        "delegation_scope_exceeded",
        "malformed_approval_data",
        "malformed_risk_data",
        "mandate_target_mismatch",
        "no_rule_matched",
        "resource_not_granted",
        "restriction_active",
        "role_scope_mismatch",
    ]);
    assert_eq!(reached, expected, "{outcomes:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_native_decision_equals_the_rego_contract(documents in documents(), request in request()) {
        let input = input_document(&request.as_input());
        prop_assert_eq!(Rego::load().evaluate(&documents, &input, "result"), native(&documents, &request));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tier_that_means_nothing_denies_what_could_be_gated_in_both(
        mut documents in documents(),
        request in request(),
        risk in vec((select(SCOPES.to_vec()), select(vec!["high", "team", "critcal"])), 1..3),
        declared in option::of(select(vec!["team", "high"])),
    ) {
        let unknown = risk.iter().any(|(_, tier)| *tier != "high" && Some(*tier) != declared);
        let entries = risk.into_iter().map(|(scope, tier)| json!({ "scope": scope, "tier": tier }));
        documents.risk = Some(entries.collect());
        documents.approval_tiers = declared.map(|tier| json!([{ "tier": tier }]));
        let input = input_document(&request.as_input());
        let decided = native(&documents, &request);
        prop_assert_eq!(&Rego::load().evaluate(&documents, &input, "result"), &decided);
        if unknown {
            prop_assert!(!name_of(&decided).contains("-mint"), "{decided}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_input_document_says_the_same_as_the_request(documents in documents(), request in request()) {
        let read = from_input_document(&input_document(&request.as_input())).unwrap();
        let snapshot = PolicySnapshot::build(PolicyIdentity::default(), &documents);
        prop_assert_eq!(decide(&snapshot, &read.as_input()), decide(&snapshot, &request.as_input()));
    }

    #[test]
    fn a_policy_that_is_absent_or_unreadable_allows_nothing(request in request()) {
        let unusable = PolicySnapshot::unusable(PolicyIdentity::default(), "broken");
        for snapshot in [PolicySnapshot::no_active_policy_set(), unusable] {
            prop_assert!(!decide(&snapshot, &request.as_input()).is_allow());
        }
    }
}

#[test]
fn the_module_denies_an_empty_input() {
    let result = Rego::load().evaluate(&PolicyDocuments::default(), &json!({}), "result");
    assert_eq!(name_of(&result), "no_rule_matched");
}

/// The event that the STS writes about a decision, as the ledger gives it back.
fn event(snapshot: &PolicySnapshot, input: &DecisionInput<'_>) -> AuditEvent {
    let decision = decide(snapshot, input);
    let zone = ZoneId::parse(input.principal.zone_id).unwrap();
    let held = !decision.is_allow() || !decision.gates.is_empty();
    let outcome = if held { "deny" } else { "allow" };
    let draft = Draft::new(
        &World::for_tests(),
        &zone,
        EventType::TokenExchange,
        "req-1",
        outcome,
        (),
    );
    let decided = Decided {
        policy_set_id: None,
        policy_set_version_id: None,
        manifest_sha: &snapshot.identity().manifest_sha256,
        record: record(input, &decision),
    };
    let rule = decision.determining_policy.as_deref();
    let written = serde_json::to_string(&draft.decided(decided, rule, decision.diagnostics())).unwrap();
    serde_json::from_str(&written).unwrap()
}

fn with_manifest(documents: &PolicyDocuments) -> PolicySnapshot {
    let identity = PolicyIdentity {
        manifest_sha256: "00ff".into(),
        ..PolicyIdentity::default()
    };
    PolicySnapshot::build(identity, documents)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_replays_to_the_decision_that_it_records(documents in documents(), request in request()) {
        let snapshot = with_manifest(&documents);
        let decision = decide(&snapshot, &request.as_input());
        let event = event(&snapshot, &request.as_input());
        prop_assert_eq!(replay(&event, &snapshot), Ok(Some(decision.clone())));
        // What is shown of it decides alike.
        let read = event.record().unwrap().unwrap();
        let shown = input_document(&recorded_input(&read.input, event.zone_id.as_str()));
        let shown = from_input_document(&shown).unwrap();
        prop_assert_eq!(decide(&snapshot, &shown.as_input()), decision);
    }

    #[test]
    fn what_was_decided_without_policy_replays_as_that(request in request()) {
        let identity = with_manifest(&PolicyDocuments::default()).identity().clone();
        let none = PolicySnapshot::no_active_policy_set();
        prop_assert!(replay(&event(&none, &request.as_input()), &none).unwrap().is_some());
        // Who replays can read what could not be read.
        let unread = event(&PolicySnapshot::unusable(identity, "broken"), &request.as_input());
        prop_assert!(replay(&unread, &with_manifest(&PolicyDocuments::default())).unwrap().is_some());
    }

    #[test]
    fn a_decision_that_policy_would_not_make_is_found(documents in documents(), request in request()) {
        let snapshot = with_manifest(&documents);
        let good = event(&snapshot, &request.as_input());
        let text = serde_json::to_string(&good).unwrap();
        let changed = |from: &str, to: &str| -> AuditEvent {
            serde_json::from_str(&text.replacen(from, to, 1)).unwrap()
        };
        let other = with_manifest(&PolicyDocuments { restrict: Some(json!(["closed"])), ..documents });
        let record = good.record().unwrap().unwrap();
        let found = if record.decision.reason.as_deref() == Some("restriction_active") {
            changed("restriction_active\"}}", "role_scope_mismatch\"}}")
        } else {
            prop_assert!(matches!(replay(&good, &other), Err(ReplayError::Differs { .. })), "{}", text);
            changed("\"effect\":\"allow\"", "\"effect\":\"deny\"")
        };
        if serde_json::to_string(&found).unwrap() != text {
            prop_assert!(matches!(replay(&found, &snapshot), Err(ReplayError::Differs { .. })), "{}", text);
        }
        let renamed = changed("00ff", "00fe");
        prop_assert!(matches!(replay(&renamed, &snapshot), Err(ReplayError::OtherPolicy { .. })), "{}", text);
        if !record.decision.gates.is_empty() || record.decision.reason.is_some() {
            let allowed = changed("\"decision\":\"deny\"", "\"decision\":\"allow\"");
            prop_assert_eq!(replay(&allowed, &snapshot), Err(ReplayError::Contradicts("decision")));
        }
    }
}

/// Every row of an answer, by parts of `rows` rows and few candidates.
fn all<T>(rows: usize, read: impl Fn(ReachPart) -> ReachPage<T>) -> Vec<T> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let page = read(ReachPart {
            from,
            rows,
            candidates: 2,
        });
        assert!(page.rows.len() <= rows);
        all.extend(page.rows);
        match page.next {
            Some(next) => {
                assert!(next > from, "a part that leads nowhere");
                from = next;
            }
            None => return all,
        }
    }
}

/// Whether a session with these labels can be given the scopes.
fn minted(
    policy: &PolicySnapshot,
    app: &str,
    resource: &str,
    labels: &[Arc<str>],
    scopes: &ScopeSet,
) -> bool {
    let input = DecisionInput {
        principal: PrincipalInput {
            kind: PrincipalKind::Application,
            id: app,
            zone_id: "zone-1",
            session_id: Some("session-1"),
            labels,
        },
        resource,
        action: Action::TokenExchange,
        requested_scopes: scopes,
        delegation: Some(DelegationInput {
            id: "delegation-1",
            scopes,
        }),
        presented: None,
    };
    decide(policy, &input).is_allow()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_listed_can_be_given_and_what_is_not_cannot(
        documents in documents(),
        chosen in labels(),
        rows in 1..4_usize,
    ) {
        let policy = PolicySnapshot::build(PolicyIdentity::default(), &documents);
        let one = |label: &str| [Arc::<str>::from(label)];
        for (resource, scope) in RESOURCES.iter().flat_map(|resource| SCOPES.map(|scope| (*resource, scope))) {
            let asked: ScopeSet = [scope].into_iter().collect();
            let listed = all(rows, |part| who_can(&policy, resource, scope, part));
            for row in &listed {
                prop_assert!(minted(&policy, row.application_id, resource, &one(row.label), &asked), "{row:?}");
            }
            for (app, label) in APPS.iter().flat_map(|app| LABELS.map(|label| (*app, label))) {
                let found = listed.iter().filter(|row| (row.application_id, row.label) == (app, label));
                let allowed = minted(&policy, app, resource, &one(label), &asked);
                prop_assert_eq!(found.count(), usize::from(allowed), "{} {} {} {}", app, label, resource, scope);
            }
        }
        for app in APPS {
            for labels in [chosen.as_slice(), &[]] {
                let listed = all(rows, |part| what_can(&policy, app, labels, part));
                for row in &listed {
                    let given = one(row.label);
                    let labels = if labels.is_empty() { given.as_slice() } else { labels };
                    let whole: ScopeSet = row.scopes.iter().map(|(scope, _)| scope.clone()).collect();
                    prop_assert!(minted(&policy, app, row.resource, labels, &whole), "{row:?}");
                }
                for (resource, scope) in RESOURCES.iter().flat_map(|resource| SCOPES.map(|scope| (*resource, scope))) {
                    let asked: ScopeSet = [scope].into_iter().collect();
                    let found = listed
                        .iter()
                        .any(|row| row.resource == resource && row.scopes.iter().any(|(held, _)| &**held == scope));
                    let allowed = if labels.is_empty() {
                        LABELS.iter().any(|label| minted(&policy, app, resource, &one(label), &asked))
                    } else {
                        minted(&policy, app, resource, labels, &asked)
                    };
                    prop_assert_eq!(found, allowed, "{} {:?} {} {}", app, labels, resource, scope);
                }
            }
        }
    }

    #[test]
    fn a_search_finds_exactly_what_an_evaluation_says_yes_to(
        documents in documents(),
        chosen in labels(),
        rows in 1..4_usize,
    ) {
        let policy = PolicySnapshot::build(PolicyIdentity::default(), &documents);
        let says_yes = |app: &str, labels: Option<&[Arc<str>]>, resource: &str, scope: &str| {
            is_free(&evaluate(&policy, app, labels, resource, scope))
        };
        for (resource, scope) in RESOURCES.iter().flat_map(|resource| SCOPES.map(|scope| (*resource, scope))) {
            let found = all(rows, |part| subjects(&policy, resource, scope, part));
            for app in APPS {
                prop_assert_eq!(found.contains(&app), says_yes(app, None, resource, scope));
                let by_one = LABELS.iter().any(|label| {
                    says_yes(app, Some(&[Arc::from(*label)]), resource, scope)
                });
                prop_assert_eq!(by_one, says_yes(app, None, resource, scope), "{} {} {}", app, resource, scope);
            }
        }
        for app in APPS {
            for labels in [None, Some(chosen.as_slice())] {
                for scope in SCOPES {
                    let found = all(rows, |part| resources(&policy, app, labels, scope, part));
                    for resource in RESOURCES {
                        prop_assert_eq!(found.contains(&resource), says_yes(app, labels, resource, scope));
                    }
                }
                for resource in RESOURCES {
                    let found = all(rows, |part| actions(&policy, app, labels, resource, part));
                    for scope in SCOPES {
                        prop_assert_eq!(found.contains(&scope), says_yes(app, labels, resource, scope));
                    }
                }
            }
        }
    }
}
