//! The decision about one resource, in the order in which the checks are cheap and telling.

use std::sync::Arc;

use caracal_authz::{
    Action, DecisionInput, DelegationInput, PolicySnapshot, PresentedMandate, PrincipalInput, PrincipalKind,
    decide, explain,
};
use caracal_core::{ApplicationId, LIFECYCLE_SCOPE, ScopeSet, text::excerpt};
use caracal_lifecycle::budgets::Holders;
use caracal_service::zones::{ResourceState, ZoneState};
use caracal_wire::sts::{DenialReason, Explanation};

use super::{
    Actor, Denied, Granted, Outcome, Stage,
    call::{gates, spending, within_bounds},
    reason::of_policy,
};
use crate::case::{Case, GovernedCall};

/// The resource that stands for the Control API is given by no policy, and reached through no Gateway: a control key asks
/// for it by its identifier. A resource can be named by its id as well.
pub(crate) fn not_the_control_api(case: &Case<'_>, name: &str) -> Outcome<()> {
    let audience = &*case.deps.config.control_audience;
    let found = case.zone.resource(name);
    if found.is_none_or(|found| found.resource.identifier != audience) {
        return Ok(());
    }
    let rule = "a control key asks for the Control API, by its identifier and alone";
    let reason = DenialReason::ControlResourceRequiresControlKey;
    Err(Denied::of_facts(audience, reason, Explanation::Rule { rule }))
}

/// Scopes that a resource does not declare, as many as are named.
pub(crate) const MAX_UNDECLARED: usize = 16;

/// Decides by `policy` whether `application` may have a mandate for `name` with `scopes`.
pub(crate) fn decide_mint(
    (zone, policy): (&ZoneState, &PolicySnapshot),
    application: &ApplicationId,
    actor: &Actor,
    name: &str,
    scopes: &ScopeSet,
    ttl_seconds: Option<u32>,
) -> Outcome<Granted> {
    let Some(resource) = zone.resource(name) else {
        let details = Explanation::Resource { resource: name };
        return Err(Denied::of_facts(name, DenialReason::ResourceNotFound, details));
    };
    let identifier = resource.resource.identifier.as_str();
    // The caller's own words: as many of them, and as much of each, as tells which are meant.
    let undeclared: Vec<_> = scopes
        .iter()
        .filter(|scope| {
            let lifecycle = *scope == LIFECYCLE_SCOPE && resource.resource.upstream_url.is_some();
            !lifecycle && !resource.resource.scopes.contains(scope)
        })
        .take(MAX_UNDECLARED)
        .map(excerpt)
        .collect();
    if !undeclared.is_empty() {
        let details = Explanation::Undeclared { undeclared };
        return Err(Denied::of_facts(identifier, DenialReason::ScopeMismatch, details));
    }
    if let Some(authority) = &actor.authority {
        use caracal_authz::narrow::NarrowingViolation;
        match authority.check_mint(scopes, identifier, ttl_seconds) {
            // Scopes beyond the delegation are for the contract to refuse, with its own reason.
            Ok(()) | Err(NarrowingViolation::Scopes { .. }) => {}
            Err(violation @ NarrowingViolation::Resources { .. }) => {
                let details = serde_json::to_value(&violation).unwrap_or_default();
                return Err(Denied::of_facts(
                    identifier,
                    DenialReason::ResourceOutsideDelegation,
                    details,
                ));
            }
            Err(violation) => {
                let details = serde_json::to_value(&violation).unwrap_or_default();
                return Err(Denied::of_facts(
                    identifier,
                    DenialReason::DelegationTtlExceeded,
                    details,
                ));
            }
        }
    }
    conclude(
        policy,
        resource,
        &mint_input(zone, application, actor, identifier, scopes),
    )
}

/// What policy is asked about a mint.
pub(crate) fn mint_input<'i>(
    zone: &'i ZoneState,
    application: &'i ApplicationId,
    actor: &'i Actor,
    identifier: &'i str,
    scopes: &'i ScopeSet,
) -> DecisionInput<'i> {
    DecisionInput {
        principal: principal(zone, application, actor),
        resource: identifier,
        action: Action::TokenExchange,
        requested_scopes: scopes,
        delegation: (actor.delegation().zip(actor.authority.as_ref())).map(|(edge, authority)| {
            DelegationInput {
                id: edge.id.as_str(),
                scopes: authority.scopes(),
            }
        }),
        presented: None,
    }
}

/// Scopes of a use.
#[derive(Clone, Copy)]
pub(crate) struct UseScopes<'s> {
    /// Those of the mandate presented.
    pub(crate) presented: &'s ScopeSet,
    /// Those asked for: none.
    pub(crate) requested: &'s ScopeSet,
}

/// Decides by `policy` whether the mandate presented with `call` may be used for it.
pub(crate) fn decide_use(
    (zone, policy): (&ZoneState, &PolicySnapshot),
    actor: &Actor,
    call: &GovernedCall<'_>,
    scopes: UseScopes<'_>,
) -> Outcome<Granted> {
    let presented_scopes = scopes.presented;
    let name = call.resource;
    let Some(resource) = zone.resource(name) else {
        let details = Explanation::Resource { resource: name };
        return Err(Denied::of_facts(name, DenialReason::ResourceNotFound, details));
    };
    let identifier = resource.resource.identifier.as_str();
    if let Some(authority) = &actor.authority
        && !authority.resources().contains(identifier)
    {
        let details = Explanation::Resource { resource: identifier };
        return Err(Denied::of_facts(
            identifier,
            DenialReason::ResourceOutsideDelegation,
            details,
        ));
    }
    // What a mandate carries beyond its delegation was not minted by us, whoever signed it.
    if let Some(authority) = &actor.authority
        && !presented_scopes.is_subset(authority.scopes())
    {
        let beyond = presented_scopes.difference(authority.scopes());
        let details = Explanation::Beyond { beyond };
        return Err(Denied::of_facts(
            identifier,
            DenialReason::ScopeExceedsDelegation,
            details,
        ));
    }
    if resource.enforces_operations() {
        let needed = resource.operation_scope(call.operation);
        if !needed.is_some_and(|scope| presented_scopes.contains(scope)) {
            let details = Explanation::Operation {
                method: call.operation.http_method(),
                path: call.operation.path(),
                call: call.operation.call(),
                scope: needed,
            };
            return Err(Denied::of_facts(
                identifier,
                DenialReason::OperationNotPermitted,
                details,
            ));
        }
    }
    let mut granted = conclude(
        policy,
        resource,
        &use_input(zone, actor, call, scopes, identifier),
    )?;
    // Last: who may not call a tool learns nothing of its bounds.
    within_bounds(policy, resource, call)?;
    granted.gates = gates(policy, resource, call)?;
    granted.spending = spending(policy, resource, call)?;
    Ok(granted)
}

/// What policy is asked about a use: the mandate presented, and what its delegation leaves now.
pub(crate) fn use_input<'i>(
    zone: &'i ZoneState,
    actor: &'i Actor,
    call: &GovernedCall<'i>,
    scopes: UseScopes<'i>,
    identifier: &'i str,
) -> DecisionInput<'i> {
    let GovernedCall {
        application_id,
        claims,
        ..
    } = *call;
    DecisionInput {
        presented: Some(PresentedMandate {
            delegation_id: claims.delegation_edge_id.as_ref().map(AsRef::as_ref),
            scopes: scopes.presented,
            targets: &claims.target,
        }),
        ..mint_input(zone, application_id, actor, identifier, scopes.requested)
    }
}

fn principal<'p>(
    zone: &'p ZoneState,
    application: &'p ApplicationId,
    actor: &'p Actor,
) -> PrincipalInput<'p> {
    PrincipalInput {
        kind: PrincipalKind::Application,
        id: application.as_str(),
        zone_id: zone.zone.id.as_str(),
        session_id: actor.session.as_ref().map(|session| session.id.as_str()),
        labels: actor
            .session
            .as_ref()
            .map(|session| session.labels.as_slice())
            .unwrap_or_default(),
    }
}

/// What policy says of `resource`.
pub(crate) fn conclude(
    policy: &PolicySnapshot,
    resource: &Arc<ResourceState>,
    input: &DecisionInput<'_>,
) -> Outcome<Granted> {
    let decision = decide(policy, input);
    if decision.reason.is_none() && decision.is_allow() {
        return Ok(Granted {
            resource: resource.clone(),
            decision,
            gates: Vec::new(),
            spending: Vec::new(),
            holders: Holders::default(),
            directive: None,
        });
    }
    let reason = decision.reason;
    Err(Box::new(Denied {
        resource: resource.resource.identifier.clone(),
        stage: Stage::Policy,
        reason: reason.map_or(DenialReason::NoRuleMatched, of_policy),
        details: explain(policy, input, &decision),
        decision: Some(decision),
    }))
}
