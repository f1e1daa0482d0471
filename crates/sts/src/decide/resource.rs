//! The decision about one resource, in the order in which the checks are cheap and telling.

use std::sync::Arc;

use caracal_authz::{
    Action, Decision, DecisionInput, DelegationInput, PresentedMandate, Principal, PrincipalKind, decide,
    explain,
};
use caracal_core::{ApplicationId, LIFECYCLE_SCOPE, ScopeSet, claims::MandateClaims};
use caracal_service::{
    exchange::UpstreamDirective,
    zones::{ResourceState, ZoneState},
};
use serde_json::{Value, json};

use super::Party;
use crate::broker;

/// A resource that was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) resource: Arc<ResourceState>,
    pub(crate) decision: Decision,
}

/// A resource that was refused.
#[derive(Debug)]
pub(crate) struct Denied {
    /// As the caller named it.
    pub(crate) resource: String,
    /// `complete` when policy decided, else the reason the request ended before policy.
    pub(crate) status: &'static str,
    /// Machine-readable reason.
    pub(crate) reason: &'static str,
    /// What the reason is about.
    pub(crate) details: Value,
    /// The decision, when policy decided.
    pub(crate) decision: Option<Decision>,
}

impl Denied {
    fn before_policy(resource: &str, status: &'static str, details: Value) -> Box<Self> {
        Box::new(Self {
            resource: resource.to_owned(),
            status,
            reason: status,
            details,
            decision: None,
        })
    }
}

/// What became of one resource.
pub(crate) type Outcome<T> = Result<T, Box<Denied>>;

/// Decides whether `application` may have a mandate for `name` with `scopes`.
pub(crate) fn decide_mint(
    zone: &ZoneState,
    application: &ApplicationId,
    party: &Party,
    name: &str,
    scopes: &ScopeSet,
    ttl_seconds: Option<u32>,
) -> Outcome<Granted> {
    let Some(resource) = zone.resource(name) else {
        return Err(Denied::before_policy(
            name,
            "resource_not_found",
            json!({ "resource": name }),
        ));
    };
    let identifier = resource.resource.identifier.as_str();
    let undeclared: Vec<&str> = scopes
        .iter()
        .filter(|scope| {
            let lifecycle = *scope == LIFECYCLE_SCOPE && resource.resource.upstream_url.is_some();
            !lifecycle && !resource.resource.scopes.contains(scope)
        })
        .collect();
    if !undeclared.is_empty() {
        return Err(Denied::before_policy(
            identifier,
            "scope_mismatch",
            json!({ "undeclared": undeclared }),
        ));
    }
    if let Some(authority) = &party.authority {
        use caracal_authz::narrow::NarrowingViolation;
        match authority.check_mint(scopes, identifier, ttl_seconds) {
            // Scopes beyond the delegation are for the contract to refuse, with its own reason.
            Ok(()) | Err(NarrowingViolation::Scopes { .. }) => {}
            Err(violation @ NarrowingViolation::Resources { .. }) => {
                let details = serde_json::to_value(&violation).unwrap_or_default();
                return Err(Denied::before_policy(
                    identifier,
                    "resource_outside_delegation",
                    details,
                ));
            }
            Err(violation) => {
                let details = serde_json::to_value(&violation).unwrap_or_default();
                return Err(Denied::before_policy(
                    identifier,
                    "delegation_ttl_exceeded",
                    details,
                ));
            }
        }
    }
    let delegation = party.delegation();
    let input = DecisionInput {
        principal: principal(zone, application, party),
        resource: identifier,
        action: Action::TokenExchange,
        requested_scopes: scopes,
        delegation: delegation
            .zip(party.authority.as_ref())
            .map(|(edge, authority)| DelegationInput {
                id: edge.id.as_str(),
                scopes: authority.scopes(),
            }),
        presented: None,
    };
    let decision = conclude(zone, identifier, &input)?;
    Ok(Granted {
        resource: resource.clone(),
        decision,
    })
}

/// One governed call, decided.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) resource: Arc<ResourceState>,
    pub(crate) decision: Decision,
    pub(crate) directive: UpstreamDirective,
}

/// Decides whether a presented mandate may be used for `method` on `path` of `name`, and brokers the credential.
pub(crate) fn decide_use(
    zone: &ZoneState,
    application: &ApplicationId,
    party: &Party,
    claims: &MandateClaims,
    name: &str,
    method: &str,
    path: &str,
) -> Outcome<Use> {
    let Some(resource) = zone.resource(name) else {
        return Err(Denied::before_policy(
            name,
            "resource_not_found",
            json!({ "resource": name }),
        ));
    };
    let identifier = resource.resource.identifier.as_str();
    let presented_scopes = claims.scopes();
    if let Some(authority) = &party.authority
        && !authority.resources().contains(identifier)
    {
        return Err(Denied::before_policy(
            identifier,
            "resource_outside_delegation",
            json!({ "resource": identifier }),
        ));
    }
    // What a mandate carries beyond its delegation was not minted by us, whoever signed it.
    if let Some(authority) = &party.authority
        && !presented_scopes.is_subset(authority.scopes())
    {
        let beyond = presented_scopes.difference(authority.scopes());
        return Err(Denied::before_policy(
            identifier,
            "scope_exceeds_delegation",
            json!({ "beyond": beyond }),
        ));
    }
    if resource.enforces_operations() {
        let needed = resource.operation_scope(method, path);
        if !needed.is_some_and(|scope| presented_scopes.contains(scope)) {
            let details = json!({ "method": method, "path": path, "scope": needed });
            return Err(Denied::before_policy(
                identifier,
                "operation_not_permitted",
                details,
            ));
        }
    }
    let directive = broker::directive(resource).map_err(|error| {
        tracing::warn!(zone.id = %zone.zone.id, resource.id = %resource.resource.id, %error, "credential not available");
        Denied::before_policy(identifier, "provider_unavailable", json!({ "reason": error.to_string() }))
    })?;
    let nothing = ScopeSet::default();
    let input = DecisionInput {
        principal: principal(zone, application, party),
        resource: identifier,
        action: Action::TokenExchange,
        requested_scopes: &nothing,
        delegation: None,
        presented: Some(PresentedMandate {
            delegation_id: claims.delegation_edge_id.as_ref().map(AsRef::as_ref),
            scopes: &presented_scopes,
            targets: &claims.target,
        }),
    };
    let decision = conclude(zone, identifier, &input)?;
    Ok(Use {
        resource: resource.clone(),
        decision,
        directive,
    })
}

fn principal<'p>(zone: &'p ZoneState, application: &'p ApplicationId, party: &'p Party) -> Principal<'p> {
    Principal {
        kind: PrincipalKind::Application,
        id: application.as_str(),
        zone_id: zone.zone.id.as_str(),
        session_id: party.session.as_ref().map(|session| session.id.as_str()),
        labels: party
            .session
            .as_ref()
            .map(|session| session.labels.as_slice())
            .unwrap_or_default(),
    }
}

fn conclude(zone: &ZoneState, identifier: &str, input: &DecisionInput<'_>) -> Outcome<Decision> {
    let decision = decide(&zone.policy, input);
    match decision.reason {
        None if decision.is_allow() => {
            if decision.gates.is_empty() {
                Ok(decision)
            } else {
                // Policy wants a person to decide. Until holds exist here, waiting for nobody is a denial.
                Err(Box::new(Denied {
                    resource: identifier.to_owned(),
                    status: "approval_unavailable",
                    reason: "approval_required",
                    details: decision.diagnostics(),
                    decision: Some(decision),
                }))
            }
        }
        reason => {
            let details = explain(&zone.policy, input, &decision);
            Err(Box::new(Denied {
                resource: identifier.to_owned(),
                status: "complete",
                reason: reason.map_or("no_rule_matched", caracal_authz::DenyReason::as_str),
                details,
                decision: Some(decision),
            }))
        }
    }
}
