use std::{collections::BTreeSet, sync::Arc, time::Duration};

use caracal_core::{
    ApplicationId, DelegationId, ResourceId, ScopeSet, SessionId, Timestamp, ZoneId,
    entity::{Constraints, Delegation, DelegationStatus},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::json;

use super::{
    Authority, ChildRequest, LineageError, NarrowingViolation, ResourceBound, check_child, inherit,
    parse_constraints,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// Rows `row-x` have the identifier `https://x`.
fn identifier_of(id: &ResourceId) -> Option<Arc<str>> {
    id.as_str()
        .strip_prefix("row-")
        .map(|name| format!("https://{name}").into())
}

/// The `index`th delegation of a chain: session and application `index` hand on to `index + 1`.
fn edge(index: u32, scopes: &str, constraints: Constraints) -> Delegation {
    Delegation {
        id: DelegationId::parse(&format!("del-{index}")).unwrap(),
        zone_id: ZoneId::parse("zone").unwrap(),
        source_session_id: SessionId::parse(&format!("ses-{index}")).unwrap(),
        target_session_id: SessionId::parse(&format!("ses-{}", index + 1)).unwrap(),
        issuer_application_id: ApplicationId::parse(&format!("app-{index}")).unwrap(),
        receiver_application_id: ApplicationId::parse(&format!("app-{}", index + 1)).unwrap(),
        parent_edge_id: index
            .checked_sub(1)
            .map(|parent| DelegationId::parse(&format!("del-{parent}")).unwrap()),
        resource_id: None,
        scopes: ScopeSet::parse(scopes),
        constraints,
        status: DelegationStatus::Active,
        expires_at: later(3600),
        edge_version: 1,
        revoked_at: None,
        created_at: NOW,
    }
}

fn hops(remaining: u32) -> Constraints {
    Constraints {
        max_hops: Some(remaining),
        ..Constraints::default()
    }
}

fn lineage(edges: &[Delegation]) -> Result<Authority, LineageError> {
    Authority::of_lineage(edges, NOW, identifier_of)
}

fn root(scopes: &str, constraints: Constraints) -> Authority {
    Authority::of_root(&edge(0, scopes, constraints), identifier_of)
}

fn check(parent: &Authority, scopes: &str, constraints: &Constraints) -> Result<(), NarrowingViolation> {
    let scopes = ScopeSet::parse(scopes);
    check_child(
        parent,
        &ChildRequest {
            scopes: &scopes,
            resource: None,
            constraints,
            expires_at: later(60),
        },
    )
}

#[test]
fn constraints_are_read_strictly() {
    for (constraints, code) in [
        (json!(null), "invalid_delegation_constraint"),
        (json!([]), "invalid_delegation_constraint"),
        (json!({ "max_hop": 1 }), "invalid_delegation_constraint"),
        (json!({ "max_hops": 0 }), "invalid_max_hops"),
        (json!({ "max_hops": 11 }), "invalid_max_hops"),
        (json!({ "max_hops": "2" }), "invalid_max_hops"),
        (json!({ "max_hops": 2.5 }), "invalid_max_hops"),
        (json!({ "max_depth": 0 }), "invalid_max_depth"),
        (json!({ "max_depth": 2, "max_hops": 3 }), "invalid_max_hops"),
        (json!({ "budget": 0 }), "invalid_budget"),
        (json!({ "budget": 65 }), "invalid_budget"),
        (json!({ "ttl_seconds": 0 }), "invalid_ttl_seconds"),
        (json!({ "ttl_seconds": 86_401 }), "invalid_ttl_seconds"),
        (json!({ "ttl_seconds": -1 }), "invalid_ttl_seconds"),
        (json!({ "policy_approved": "yes" }), "invalid_policy_approved"),
        (json!({ "expires_at": "tomorrow" }), "invalid_expires_at"),
        (json!({ "expires_at": 1 }), "invalid_expires_at"),
        (json!({ "broad_reason": "" }), "invalid_broad_reason"),
        (json!({ "broad_reason": "x".repeat(257) }), "invalid_broad_reason"),
        (json!({ "resources": "https://a" }), "invalid_resources"),
        (json!({ "resources": [""] }), "invalid_resources"),
        (json!({ "resources": vec!["https://a"; 65] }), "invalid_resources"),
    ] {
        assert_eq!(
            parse_constraints(&constraints).unwrap_err().code(),
            code,
            "{constraints}"
        );
    }
}

#[test]
fn both_names_of_the_hop_limit_mean_the_same() {
    let by_depth = parse_constraints(&json!({ "max_depth": 3 })).unwrap();
    assert_eq!(
        (by_depth.max_hops, by_depth.max_depth, by_depth.remaining_hops()),
        (Some(3), Some(3), 3)
    );
    assert_eq!(
        parse_constraints(&json!({ "max_depth": 3, "max_hops": 3 }))
            .unwrap()
            .remaining_hops(),
        3
    );
    assert_eq!(parse_constraints(&json!({})).unwrap(), Constraints::default());
    let full = json!({
        "resources": ["https://a"], "max_hops": 10, "budget": 64, "ttl_seconds": 86_400, "policy_approved": true,
        "expires_at": "2026-05-21T12:00:00Z", "broad_reason": "because",
    });
    assert!(parse_constraints(&full).is_ok());
}

#[test]
fn a_child_that_does_not_narrow_is_refused_by_the_rule_it_breaks() {
    let parent = root(
        "a b",
        Constraints {
            resources: vec!["https://x".into(), "https://y".into()],
            ttl_seconds: Some(300),
            budget: Some(1),
            ..hops(3)
        },
    );
    let good = Constraints {
        resources: vec!["https://x".into()],
        ttl_seconds: Some(300),
        budget: Some(1),
        ..hops(2)
    };
    assert_eq!(check(&parent, "a", &good), Ok(()));
    let refused = |scopes: &str, constraints: Constraints| {
        serde_json::to_value(check(&parent, scopes, &constraints).unwrap_err()).unwrap()
    };
    assert_eq!(
        refused("a c", good.clone()),
        json!({ "rule": "scopes", "exceeding": ["c"], "limit": ["a", "b"] })
    );
    let all = json!(["https://x", "https://y"]);
    assert_eq!(
        refused(
            "a",
            Constraints {
                resources: vec![],
                ..good.clone()
            }
        ),
        json!({ "rule": "resources", "exceeding": [], "limit": all })
    );
    assert_eq!(
        refused(
            "a",
            Constraints {
                resources: vec!["https://x".into(), "https://z".into()],
                ..good.clone()
            }
        ),
        json!({ "rule": "resources", "exceeding": ["https://z"], "limit": all })
    );
    assert_eq!(
        refused(
            "a",
            Constraints {
                max_hops: Some(3),
                ..good.clone()
            }
        ),
        json!({ "rule": "hops", "requested": 3, "limit": 2 })
    );
    assert_eq!(
        refused(
            "a",
            Constraints {
                ttl_seconds: None,
                ..good.clone()
            }
        ),
        json!({ "rule": "ttl", "requested": null, "limit": 300 })
    );
    assert_eq!(
        refused(
            "a",
            Constraints {
                ttl_seconds: Some(301),
                ..good.clone()
            }
        ),
        json!({ "rule": "ttl", "requested": 301, "limit": 300 })
    );
    assert_eq!(
        refused(
            "a b",
            Constraints {
                budget: None,
                ..good.clone()
            }
        ),
        json!({ "rule": "budget", "requested": 2, "limit": 1 })
    );
    assert_eq!(
        refused(
            "a",
            Constraints {
                budget: Some(2),
                ..good.clone()
            }
        ),
        json!({ "rule": "budget", "requested": 2, "limit": 1 })
    );
    let scopes = ScopeSet::parse("a");
    let late = ChildRequest {
        scopes: &scopes,
        resource: None,
        constraints: &good,
        expires_at: later(3601),
    };
    let expiry = check_child(&parent, &late).unwrap_err();
    assert_eq!(
        expiry,
        NarrowingViolation::Expiry {
            requested: later(3601),
            limit: later(3600)
        }
    );
    assert_eq!(expiry.rule(), "expiry");
}

#[test]
fn a_named_resource_row_is_the_whole_bound_of_a_child() {
    let parent = root(
        "a",
        Constraints {
            resources: vec!["https://x".into()],
            ..hops(2)
        },
    );
    let (scopes, constraints) = (ScopeSet::parse("a"), Constraints::default());
    let request = |resource| ChildRequest {
        scopes: &scopes,
        resource: Some(resource),
        constraints: &constraints,
        expires_at: later(1),
    };
    assert_eq!(check_child(&parent, &request("https://x")), Ok(()));
    assert_eq!(
        check_child(&parent, &request("https://y")).unwrap_err().rule(),
        "resources"
    );
}

#[test]
fn a_default_delegation_is_inherited_once_and_never_handed_on() {
    let given = edge(0, "a", Constraints::default());
    let handed_on = check(&root("a", Constraints::default()), "a", &Constraints::default());
    assert_eq!(
        handed_on,
        Err(NarrowingViolation::Hops {
            requested: 1,
            limit: 0
        })
    );

    let constraints = inherit(&given).unwrap();
    assert_eq!(constraints.max_hops, Some(0));
    let copy = edge(1, "a", constraints);
    let authority = lineage(&[given.clone(), copy.clone()]).unwrap();
    assert_eq!(authority.remaining_hops(), 0);
    assert_eq!(
        authority.check_mint(&ScopeSet::parse("a"), "https://any", None),
        Ok(())
    );

    assert_eq!(
        inherit(&copy),
        Err(NarrowingViolation::Hops {
            requested: 0,
            limit: 0
        })
    );
    assert_eq!(check(&authority, "a", &hops(1)).unwrap_err().rule(), "hops");
    // Written all the same, a third one does not mint.
    let third = edge(2, "a", hops(0));
    assert_eq!(
        lineage(&[given, copy, third]),
        Err(LineageError::Exceeds(NarrowingViolation::Hops {
            requested: 0,
            limit: 0
        }))
    );
}

#[test]
fn only_the_platform_writes_zero_hops() {
    assert_eq!(
        check(&root("a", hops(3)), "a", &hops(0)).unwrap_err().rule(),
        "hops"
    );
}

#[test]
fn inheriting_keeps_everything_but_one_hop() {
    let constraints = Constraints {
        resources: vec!["https://x".into()],
        ttl_seconds: Some(60),
        max_depth: Some(4),
        max_hops: Some(4),
        ..Constraints::default()
    };
    let inherited = inherit(&edge(0, "a", constraints.clone())).unwrap();
    assert_eq!(
        inherited,
        Constraints {
            max_depth: None,
            max_hops: Some(3),
            ..constraints
        }
    );
}

#[test]
fn a_chain_over_three_applications_mints_when_every_delegation_narrows() {
    let chain = [
        edge(0, "a b c", hops(3)),
        edge(1, "a b", hops(2)),
        edge(2, "b", hops(1)),
    ];
    let authority = lineage(&chain).unwrap();
    assert_eq!(
        (authority.scopes().to_claim().as_str(), authority.length()),
        ("b", 3)
    );
}

#[test]
fn a_chain_that_does_not_spend_its_hops_does_not_mint() {
    let chain = [edge(0, "a", hops(2)), edge(1, "a", hops(2))];
    assert_eq!(
        lineage(&chain),
        Err(LineageError::Exceeds(NarrowingViolation::Hops {
            requested: 2,
            limit: 1
        }))
    );
}

#[test]
fn a_lineage_has_at_most_ten_delegations() {
    let chain: Vec<Delegation> = (0..11).map(|index| edge(index, "a", hops(10 - index))).collect();
    assert_eq!(lineage(&chain[..10]).unwrap().length(), 10);
    assert_eq!(lineage(&chain[..10]).unwrap().hops_left(), None);
    assert!(matches!(
        lineage(&chain),
        Err(LineageError::Exceeds(NarrowingViolation::Hops { .. }))
    ));
    // A stored number beyond the platform's limit counts as the limit.
    assert_eq!(root("a", hops(4_000_000_000)).remaining_hops(), 10);
}

#[test]
fn a_lineage_must_be_whole_and_live() {
    let good = [
        edge(0, "a", hops(3)),
        edge(1, "a", hops(2)),
        edge(2, "a", hops(1)),
    ];
    assert!(lineage(&good).is_ok());
    assert_eq!(lineage(&[]), Err(LineageError::Empty));
    assert!(matches!(lineage(&good[1..]), Err(LineageError::Broken(_))));
    assert!(matches!(
        lineage(&[good[0].clone(), good[2].clone()]),
        Err(LineageError::Broken(_))
    ));
    let broken: [fn(&mut Delegation); 4] = [
        |edge| edge.parent_edge_id = None,
        |edge| edge.zone_id = ZoneId::parse("other").unwrap(),
        |edge| edge.source_session_id = SessionId::parse("other").unwrap(),
        |edge| edge.issuer_application_id = ApplicationId::parse("other").unwrap(),
    ];
    for change in broken {
        let mut chain = good.clone();
        change(&mut chain[1]);
        assert_eq!(lineage(&chain), Err(LineageError::Broken(chain[1].id.clone())));
    }
    let ended: [fn(&mut Delegation); 3] = [
        |edge| edge.status = DelegationStatus::Revoked,
        |edge| edge.expires_at = NOW,
        |edge| edge.constraints.expires_at = Some(NOW),
    ];
    for change in ended {
        for index in 0..3 {
            let mut chain = good.clone();
            change(&mut chain[index]);
            assert_eq!(
                lineage(&chain),
                Err(LineageError::NotLive(chain[index].id.clone()))
            );
        }
    }
}

#[test]
fn a_resource_that_is_gone_binds_to_nothing() {
    let mut delegation = edge(0, "a", Constraints::default());
    delegation.resource_id = Some(ResourceId::parse("unknown").unwrap());
    let authority = lineage(&[delegation]).unwrap();
    assert_eq!(authority.resources(), &ResourceBound::Only(BTreeSet::new()));
    let refused = authority
        .check_mint(&ScopeSet::parse("a"), "https://x", None)
        .unwrap_err();
    assert_eq!(refused.rule(), "resources");
}

#[test]
fn a_mint_stays_within_scopes_lifetime_and_end() {
    let authority = root(
        "a b",
        Constraints {
            ttl_seconds: Some(300),
            ..Constraints::default()
        },
    );
    let scopes = ScopeSet::parse("a");
    assert_eq!(authority.check_mint(&scopes, "https://x", Some(300)), Ok(()));
    assert_eq!(
        authority
            .check_mint(&scopes, "https://x", Some(301))
            .unwrap_err()
            .rule(),
        "ttl"
    );
    assert_eq!(
        authority
            .check_mint(&ScopeSet::parse("a c"), "https://x", None)
            .unwrap_err()
            .rule(),
        "scopes"
    );
}

fn scopes() -> impl Strategy<Value = ScopeSet> {
    subsequence(vec!["a", "b", "c", "d"], 0..=4).prop_map(|scopes| scopes.into_iter().collect())
}

fn constraints() -> impl Strategy<Value = Constraints> {
    let resources = subsequence(vec!["https://x", "https://y", "https://z"], 0..=3);
    (
        resources,
        option::of(1_u32..600),
        option::of(0_u32..12),
        option::of(0_u32..12),
        option::of(1_u32..5),
        option::of(1_u64..5000),
    )
        .prop_map(
            |(resources, ttl_seconds, max_depth, max_hops, budget, end)| Constraints {
                resources: resources.into_iter().map(Arc::from).collect(),
                ttl_seconds,
                max_depth,
                max_hops,
                budget,
                expires_at: end.map(later),
                ..Constraints::default()
            },
        )
}

/// Delegations as a store might hold them, whether or not anybody would have been allowed to make them.
fn delegations() -> impl Strategy<Value = Vec<Delegation>> {
    let row = option::of(select(vec!["row-x", "row-y", "gone"]));
    vec((scopes(), constraints(), row, 1_u64..5000), 1..5).prop_map(|parts| {
        (0..)
            .zip(parts)
            .map(|(index, (scopes, constraints, row, end))| Delegation {
                scopes,
                resource_id: row.map(|row| ResourceId::parse(row).unwrap()),
                expires_at: later(end),
                // Mostly a chain whose hops fall, sometimes whatever was drawn.
                ..edge(
                    index,
                    "",
                    if end % 5 == 0 {
                        constraints
                    } else {
                        Constraints {
                            max_depth: None,
                            max_hops: Some(9 - 2 * index),
                            ..constraints
                        }
                    },
                )
            })
            .collect()
    })
}

fn is_within(inner: &Authority, outer: &Authority) -> bool {
    inner.scopes().is_subset(outer.scopes())
        && inner.resources().is_within(outer.resources())
        && inner.remaining_hops() < outer.remaining_hops()
        && inner.expires_at() <= outer.expires_at()
        && outer
            .ttl_seconds()
            .is_none_or(|limit| inner.ttl_seconds().is_some_and(|ttl| ttl <= limit))
        && outer
            .budget()
            .is_none_or(|limit| inner.budget().is_some_and(|budget| budget <= limit))
}

/// Everything of an authority that does not depend on the order of its lineage.
fn intersected(authority: &Authority) -> (ScopeSet, ResourceBound, Option<u32>, Option<u32>, Timestamp) {
    (
        authority.scopes().clone(),
        authority.resources().clone(),
        authority.ttl_seconds(),
        authority.budget(),
        authority.expires_at(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn handing_on_never_widens_authority(delegations in delegations()) {
        let mut authority = Authority::of_root(&delegations[0], identifier_of);
        for delegation in &delegations[1..] {
            let Ok(narrowed) = authority.narrow(delegation, identifier_of) else { break };
            prop_assert!(is_within(&narrowed, &authority), "{narrowed:?} is not within {authority:?}");
            let alone = Authority::of_root(delegation, identifier_of);
            prop_assert!(narrowed.scopes().is_subset(alone.scopes()));
            prop_assert!(narrowed.resources().is_within(alone.resources()));
            prop_assert!(narrowed.expires_at() <= alone.expires_at());
            prop_assert!(narrowed.remaining_hops() <= alone.remaining_hops());
            authority = narrowed;
        }
    }

    #[test]
    fn a_lineage_mints_no_more_than_each_of_its_delegations(
        delegations in delegations(), asked in scopes(), resource in select(vec!["https://x", "https://y", "https://w"])
    ) {
        let Ok(authority) = Authority::of_lineage(&delegations, NOW, identifier_of) else { return Ok(()) };
        if authority.check_mint(&asked, resource, None).is_ok() {
            for delegation in &delegations {
                let alone = Authority::of_root(delegation, identifier_of);
                prop_assert_eq!(alone.check_mint(&asked, resource, None), Ok(()));
                prop_assert!(authority.expires_at() <= alone.expires_at());
            }
        }
    }

    #[test]
    fn what_is_intersected_does_not_depend_on_order(delegations in delegations()) {
        // Hops and budget are about order, so they are left out of the way.
        let mut forward: Vec<Delegation> = delegations;
        for (index, delegation) in (0_u32..).zip(&mut forward) {
            delegation.constraints =
                Constraints { max_depth: None, max_hops: Some(9 - index), budget: None, ..delegation.constraints.clone() };
        }
        let mut backward = forward.clone();
        backward.reverse();
        for (index, delegation) in (0_u32..).zip(&mut backward) {
            delegation.constraints.max_hops = Some(9 - index);
        }
        let fold = |chain: &[Delegation]| {
            chain[1..].iter().try_fold(Authority::of_root(&chain[0], identifier_of), |authority, delegation| {
                authority.narrow(delegation, identifier_of)
            })
        };
        prop_assert_eq!(intersected(&fold(&forward).unwrap()), intersected(&fold(&backward).unwrap()));
    }

    #[test]
    fn what_creation_accepts_mints_exactly_what_it_says(parent in delegations(), scopes in scopes(), constraints in constraints(), end in 1_u64..5000) {
        let mut chain = parent;
        let Ok(authority) = Authority::of_lineage(&chain, NOW, identifier_of) else { return Ok(()) };
        let request = ChildRequest { scopes: &scopes, resource: None, constraints: &constraints, expires_at: later(end) };
        // A stored contradiction between both names of the limit cannot be asked for.
        if constraints.max_depth.is_some() || check_child(&authority, &request).is_err() {
            return Ok(());
        }
        let index = u32::try_from(chain.len()).unwrap();
        chain.push(Delegation { scopes: scopes.clone(), expires_at: later(end), ..edge(index, "", constraints.clone()) });
        let minted = Authority::of_lineage(&chain, NOW, identifier_of).unwrap();
        prop_assert_eq!(minted.scopes(), &scopes);
        prop_assert!(is_within(&minted, &authority));
    }

    #[test]
    fn what_a_session_inherits_it_can_mint_with(delegations in delegations()) {
        let mut chain = delegations;
        let Ok(authority) = Authority::of_lineage(&chain, NOW, identifier_of) else { return Ok(()) };
        let last = chain.last().unwrap().clone();
        let Ok(constraints) = inherit(&last) else { return Ok(()) };
        let index = u32::try_from(chain.len()).unwrap();
        chain.push(Delegation {
            scopes: last.scopes.clone(), resource_id: last.resource_id.clone(), expires_at: last.expires_at,
            ..edge(index, "", constraints)
        });
        if authority.budget().is_none_or(|budget| authority.scopes().len() <= budget as usize) {
            let inherited = Authority::of_lineage(&chain, NOW, identifier_of).unwrap();
            prop_assert_eq!(intersected(&inherited), intersected(&authority));
            prop_assert_eq!(inherited.remaining_hops() + 1, authority.remaining_hops());
        }
    }
}
