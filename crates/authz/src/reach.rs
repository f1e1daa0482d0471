//! Who can be given what, read off a policy.
//!
//! Candidates come from the grants; what is told of each is an answer of [`decide`] itself, so that nothing is told
//! that would not be decided. It is about policy alone: a session, and a delegation that leaves as much, are taken to
//! be there.

use std::sync::Arc;

use caracal_core::{ScopeSet, audit::PrincipalKind};
use smallvec::SmallVec;

use crate::{
    Action, Decision, DecisionInput, DelegationInput, PolicySnapshot, PrincipalInput, approval::ApprovalTier,
    decide, document::Sources,
};

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachPage<T> {
    /// In a fixed order.
    pub rows: Vec<T>,
    /// Where the next part begins, if there may be one. It is good for the same policy alone.
    pub next: Option<usize>,
}

/// How much of an answer to give.
#[derive(Debug, Clone, Copy)]
pub struct ReachPart {
    /// Where it begins.
    pub from: usize,
    /// Most rows.
    pub rows: usize,
    /// Most candidates to look at, so that a part without rows ends as well.
    pub candidates: usize,
}

/// An application whose sessions can be given a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationReach<'p> {
    /// The application.
    pub application_id: &'p str,
    /// The label that holds the scope; a session with it alone can be given the scope.
    pub label: &'p str,
    /// The owner's policies that say so.
    pub policies: Sources,
    /// Who has to say yes before.
    pub gates: SmallVec<[ApprovalTier; 1]>,
}

/// What sessions of an application can be given at one resource by one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceReach<'p> {
    /// The resource, by identifier.
    pub resource: &'p str,
    /// The label that holds the scopes.
    pub label: &'p str,
    /// The scopes, each alone and all at once, with who has to say yes before.
    pub scopes: Vec<(Arc<str>, SmallVec<[ApprovalTier; 1]>)>,
    /// The owner's policies that say so.
    pub policies: Sources,
}

/// Who can be given `scope` at `resource`, by application and label.
pub fn who_can<'p>(
    policy: &'p PolicySnapshot,
    resource: &str,
    scope: &str,
    part: ReachPart,
) -> ReachPage<ApplicationReach<'p>> {
    let Some(grant) = policy.grants.get(resource) else {
        return ReachPage {
            rows: Vec::new(),
            next: None,
        };
    };
    let holding = grant
        .roles
        .iter()
        .filter(|(_, scopes)| scopes.contains(scope))
        .map(|(label, _)| label.as_ref());
    let labels: Vec<&str> = holding.collect();
    let owners = policy
        .keys
        .iter()
        .filter(|(_, keys)| keys.contains(&grant.application))
        .map(|(application, _)| application.as_ref());
    let mut candidates: Vec<(&str, &str)> = owners
        .flat_map(|application| labels.iter().map(move |label| (application, *label)))
        .collect();
    candidates.sort_unstable();
    let requested = ScopeSet::from_iter([scope]);
    page(&candidates, part, |(application_id, label)| {
        let decision = simulated(policy, application_id, resource, &[Arc::from(*label)], &requested);
        decision.is_allow().then_some(ApplicationReach {
            application_id,
            label,
            policies: decision.policies,
            gates: decision.gates,
        })
    })
}

/// What sessions of `application` with all of `labels` can be given, by resource and label; of sessions with any one
/// label where `labels` are none.
pub fn what_can<'p>(
    policy: &'p PolicySnapshot,
    application: &str,
    labels: &[Arc<str>],
    part: ReachPart,
) -> ReachPage<ResourceReach<'p>> {
    let keys = policy.keys.get(application);
    let grants = policy
        .grants
        .iter()
        .filter(|(_, grant)| keys.is_some_and(|keys| keys.contains(&grant.application)));
    let mut candidates: Vec<(&str, &str, &ScopeSet)> = grants
        .flat_map(|(resource, grant)| {
            let roles = grant.roles.iter();
            roles.map(move |(label, scopes)| (resource.as_ref(), label.as_ref(), scopes))
        })
        .filter(|(_, label, _)| labels.is_empty() || labels.iter().any(|given| given.as_ref() == *label))
        .collect();
    candidates.sort_unstable_by_key(|(resource, label, _)| (*resource, *label));
    page(&candidates, part, |(resource, label, scopes)| {
        let own = [Arc::from(*label)];
        let labels = if labels.is_empty() { &own } else { labels };
        let mut policies = Sources::default();
        let mut held = Vec::new();
        for scope in scopes.iter() {
            let requested = ScopeSet::from_iter([scope]);
            let decision = simulated(policy, application, resource, labels, &requested);
            if decision.is_allow() {
                policies = decision.policies;
                held.push((Arc::from(scope), decision.gates));
            }
        }
        (!held.is_empty()).then_some(ResourceReach {
            resource,
            label,
            scopes: held,
            policies,
        })
    })
}

/// Whether `application` may be given `scope` at `resource`: by a session with all of `labels`, or, where none are said, with
/// any one label. Of several answers the one that allows most is told.
pub fn evaluate(
    policy: &PolicySnapshot,
    application: &str,
    labels: Option<&[Arc<str>]>,
    resource: &str,
    scope: &str,
) -> Decision {
    let requested = ScopeSet::from_iter([scope]);
    if let Some(labels) = labels {
        return simulated(policy, application, resource, labels, &requested);
    }
    let mut waits = None;
    for label in holding(policy, resource, scope) {
        let decision = simulated(policy, application, resource, &[Arc::from(label)], &requested);
        if is_free(&decision) {
            return decision;
        }
        if decision.is_allow() || waits.is_none() {
            waits = Some(decision);
        }
    }
    waits.unwrap_or_else(|| simulated(policy, application, resource, &[], &requested))
}

/// Whether it is allowed without anybody having to say yes first.
pub fn is_free(decision: &Decision) -> bool {
    decision.is_allow() && decision.gates.is_empty()
}

/// Applications for which [`evaluate`] says yes, in the order of their ids.
pub fn subjects<'p>(
    policy: &'p PolicySnapshot,
    resource: &str,
    scope: &str,
    part: ReachPart,
) -> ReachPage<&'p str> {
    let mut candidates: Vec<&str> = policy.keys.keys().map(AsRef::as_ref).collect();
    candidates.sort_unstable();
    page(&candidates, part, |application| {
        let decision = evaluate(policy, application, None, resource, scope);
        is_free(&decision).then_some(*application)
    })
}

/// Resources for which [`evaluate`] says yes, in the order of their identifiers.
pub fn resources<'p>(
    policy: &'p PolicySnapshot,
    application: &str,
    labels: Option<&[Arc<str>]>,
    scope: &str,
    part: ReachPart,
) -> ReachPage<&'p str> {
    let mut candidates: Vec<&str> = policy.grants.keys().map(AsRef::as_ref).collect();
    candidates.sort_unstable();
    page(&candidates, part, |resource| {
        let decision = evaluate(policy, application, labels, resource, scope);
        is_free(&decision).then_some(*resource)
    })
}

/// Scopes for which [`evaluate`] says yes, in their order.
pub fn scopes<'p>(
    policy: &'p PolicySnapshot,
    application: &str,
    labels: Option<&[Arc<str>]>,
    resource: &str,
    part: ReachPart,
) -> ReachPage<&'p str> {
    let roles = policy.grants.get(resource).map(|grant| grant.roles.values());
    let mut candidates: Vec<&str> = roles.into_iter().flatten().flat_map(ScopeSet::iter).collect();
    candidates.sort_unstable();
    candidates.dedup();
    page(&candidates, part, |scope| {
        let decision = evaluate(policy, application, labels, resource, scope);
        is_free(&decision).then_some(*scope)
    })
}

/// Labels that hold the scope at the resource, in their order.
fn holding<'p>(policy: &'p PolicySnapshot, resource: &str, scope: &str) -> Vec<&'p str> {
    let roles = policy.grants.get(resource).map(|grant| grant.roles.iter());
    let holding = roles
        .into_iter()
        .flatten()
        .filter(|(_, scopes)| scopes.contains(scope));
    let mut labels: Vec<&str> = holding.map(|(label, _)| label.as_ref()).collect();
    labels.sort_unstable();
    labels
}

fn page<C, T>(candidates: &[C], part: ReachPart, check: impl Fn(&C) -> Option<T>) -> ReachPage<T> {
    let mut rows = Vec::new();
    let mut next = part.from;
    for candidate in candidates.iter().skip(part.from).take(part.candidates) {
        if rows.len() >= part.rows {
            break;
        }
        rows.extend(check(candidate));
        next = next.saturating_add(1);
    }
    ReachPage {
        rows,
        next: (next < candidates.len()).then_some(next),
    }
}

/// A session with these labels asks for the scopes under a delegation that leaves them.
pub(crate) fn simulated(
    policy: &PolicySnapshot,
    application: &str,
    resource: &str,
    labels: &[Arc<str>],
    requested: &ScopeSet,
) -> Decision {
    let input = DecisionInput {
        principal: PrincipalInput {
            kind: PrincipalKind::Application,
            id: application,
            zone_id: "",
            session_id: Some("any"),
            labels,
        },
        resource,
        action: Action::TokenExchange,
        requested_scopes: requested,
        delegation: Some(DelegationInput {
            id: "any",
            scopes: requested,
        }),
        presented: None,
    };
    decide(policy, &input)
}
