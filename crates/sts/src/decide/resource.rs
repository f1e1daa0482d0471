//! The decision about one resource, in the order in which the checks are cheap and telling.

use std::sync::Arc;

use caracal_authz::{
    Action, Decision, DecisionInput, DelegationInput, PresentedMandate, Principal, PrincipalKind, decide,
    explain,
};
use caracal_core::{ApplicationId, LIFECYCLE_SCOPE, ScopeSet};
use caracal_service::{
    Refusal,
    zones::{ResourceState, ZoneState},
};
use caracal_wire::{
    ErrorCode,
    sts::{DenialDetails, Explanation, UpstreamDirective},
};
use serde_json::Value;

use super::Party;
use crate::exchange::GovernedCall;

/// A resource that was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) resource: Arc<ResourceState>,
    pub(crate) decision: Decision,
    /// How the Gateway gets through, once brokered.
    pub(crate) directive: Option<UpstreamDirective>,
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
    pub(crate) fn before_policy(
        resource: &str,
        status: &'static str,
        details: impl Into<Value>,
    ) -> Box<Self> {
        Box::new(Self {
            resource: resource.to_owned(),
            status,
            reason: status,
            details: details.into(),
            decision: None,
        })
    }

    /// 403 with the first reason in the text clients know, and all of it machine-readable.
    pub(crate) fn refusal(outcomes: &[Outcome<Granted>]) -> Refusal {
        let denied = || outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        let decided = denied().find(|denied| denied.status == "complete");
        let forbidden = Refusal::of(ErrorCode::AccessDenied);
        let Some(first) = decided.or_else(|| denied().next()) else {
            return forbidden.describe("policy denied");
        };
        match first.status {
            "operation_not_permitted" => Refusal::of(ErrorCode::OperationNotPermitted)
                .describe("operation is not declared for the resource or its scope is not in the mandate")
                .reason(first.reason)
                .with("details", first.details.clone()),
            "provider_unavailable" => Refusal::of(ErrorCode::HttpRequestFailed)
                .describe("the upstream credential is not available")
                .reason(first.reason),
            "complete" => forbidden
                .describe(format!("policy denied ({})", first.reason))
                .reason(first.reason)
                .with_details(&first.explained()),
            _ => forbidden
                .describe("policy denied")
                .reason(first.reason)
                .with_details(&first.explained()),
        }
    }

    fn explained(&self) -> DenialDetails {
        DenialDetails {
            resource: self.resource.clone(),
            explanation: self.details.clone(),
        }
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
        let details = Explanation::Resource { resource: name };
        return Err(Denied::before_policy(name, "resource_not_found", details));
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
        let details = Explanation::Undeclared { undeclared };
        return Err(Denied::before_policy(identifier, "scope_mismatch", details));
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
    conclude(zone, resource, &input)
}

/// Decides whether the mandate presented with `call` may be used for it.
pub(crate) fn decide_use(zone: &ZoneState, party: &Party, call: &GovernedCall<'_>) -> Outcome<Granted> {
    let (name, claims) = (call.resource, call.claims);
    let Some(resource) = zone.resource(name) else {
        let details = Explanation::Resource { resource: name };
        return Err(Denied::before_policy(name, "resource_not_found", details));
    };
    let identifier = resource.resource.identifier.as_str();
    let presented_scopes = claims.scopes();
    if let Some(authority) = &party.authority
        && !authority.resources().contains(identifier)
    {
        let details = Explanation::Resource { resource: identifier };
        return Err(Denied::before_policy(
            identifier,
            "resource_outside_delegation",
            details,
        ));
    }
    // What a mandate carries beyond its delegation was not minted by us, whoever signed it.
    if let Some(authority) = &party.authority
        && !presented_scopes.is_subset(authority.scopes())
    {
        let beyond = presented_scopes.difference(authority.scopes());
        let details = Explanation::Beyond { beyond };
        return Err(Denied::before_policy(
            identifier,
            "scope_exceeds_delegation",
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
            return Err(Denied::before_policy(
                identifier,
                "operation_not_permitted",
                details,
            ));
        }
    }
    let nothing = ScopeSet::default();
    let input = DecisionInput {
        principal: principal(zone, call.application_id, party),
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
    conclude(zone, resource, &input)
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

fn conclude(zone: &ZoneState, resource: &Arc<ResourceState>, input: &DecisionInput<'_>) -> Outcome<Granted> {
    let decision = decide(&zone.policy, input);
    if decision.reason.is_none() && decision.is_allow() {
        return Ok(Granted {
            resource: resource.clone(),
            decision,
            directive: None,
        });
    }
    let reason = decision.reason;
    Err(Box::new(Denied {
        resource: resource.resource.identifier.clone(),
        status: "complete",
        reason: reason.map_or("no_rule_matched", caracal_authz::DenyReason::as_str),
        details: explain(&zone.policy, input, &decision),
        decision: Some(decision),
    }))
}
