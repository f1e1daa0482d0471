//! The decision about one resource, in the order in which the checks are cheap and telling.

use std::sync::Arc;

use caracal_authz::{
    Action, Decision, DecisionInput, DelegationInput, PolicySnapshot, PresentedMandate, PrincipalInput,
    PrincipalKind, approval::ApprovalTier, decide, explain,
};
use caracal_core::{ApplicationId, LIFECYCLE_SCOPE, ScopeSet, text::excerpt};
use caracal_service::{
    Refusal,
    zones::{ResourceState, ZoneState},
};
use caracal_wire::{
    ErrorCode,
    sts::{DenialDetails, DenialReason, Explanation, UpstreamDirective},
};
use serde_json::Value;

use super::{
    Party,
    call::{gates, within_bounds},
    reason::of_policy,
};
use crate::{
    canary::Verdict,
    case::{Case, GovernedCall},
};

/// A resource that was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) resource: Arc<ResourceState>,
    pub(crate) decision: Decision,
    /// Tiers that this very call falls under. They are no part of the recorded decision, as arguments are none.
    pub(crate) gates: Vec<ApprovalTier>,
    /// How the Gateway gets through, once brokered.
    pub(crate) directive: Option<UpstreamDirective>,
}

/// A resource that was refused.
#[derive(Debug)]
pub(crate) struct Denied {
    /// As the caller named it.
    pub(crate) resource: String,
    /// How far it got.
    pub(crate) stage: Stage,
    /// Machine-readable reason.
    pub(crate) reason: DenialReason,
    /// What the reason is about.
    pub(crate) details: Value,
    /// The decision, when policy decided.
    pub(crate) decision: Option<Decision>,
}

/// Where a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Outside policy.
    Facts,
    /// Policy decided.
    Policy,
    /// Policy allowed it with an approval that was not given.
    Approval,
}

impl Denied {
    /// Refuses for what policy is not asked about.
    pub(crate) fn of_facts(resource: &str, reason: DenialReason, details: impl Into<Value>) -> Box<Self> {
        Box::new(Self {
            resource: resource.to_owned(),
            stage: Stage::Facts,
            reason,
            details: details.into(),
            decision: None,
        })
    }

    /// The status in its evidence.
    pub(crate) const fn status(&self) -> &'static str {
        match self.stage {
            Stage::Facts => self.reason.as_str(),
            Stage::Policy => "complete",
            Stage::Approval => Self::held_as(self.reason),
        }
    }

    /// The status in the evidence of a request that waits, or whose approval does not release it.
    pub(crate) const fn held_as(reason: DenialReason) -> &'static str {
        match reason {
            DenialReason::ApprovalRequired => "approval_pending",
            other => other.as_str(),
        }
    }

    /// The refusal that an answer tells of: the first of policy, else the first.
    pub(crate) fn told(outcomes: &[Outcome<Granted>]) -> Option<&Self> {
        let denied = || {
            outcomes
                .iter()
                .filter_map(|outcome| outcome.as_ref().err())
                .map(AsRef::as_ref)
        };
        let decided = denied().find(|denied: &&Self| denied.stage == Stage::Policy);
        decided.or_else(|| denied().next())
    }

    /// 403 with the reason in the text clients know, and all of it machine-readable.
    pub(crate) fn refusal(outcomes: &[Outcome<Granted>]) -> Refusal {
        let forbidden = Refusal::of(ErrorCode::AccessDenied);
        let Some(first) = Self::told(outcomes) else {
            return forbidden.describe("policy denied");
        };
        match (first.stage, first.reason) {
            (Stage::Facts, DenialReason::OperationNotPermitted) => {
                Refusal::of(ErrorCode::OperationNotPermitted)
                    .describe("operation is not declared for the resource or its scope is not in the mandate")
                    .reason(first.reason)
                    .with("details", first.details.clone())
            }
            (Stage::Facts, DenialReason::ProviderUnavailable) => Refusal::of(ErrorCode::HttpRequestFailed)
                .describe("the upstream credential is not available")
                .reason(first.reason),
            (Stage::Facts, DenialReason::NoProviderConnection | DenialReason::ReauthorizationRequired) => {
                forbidden
                    .describe("a person has to connect an account of the upstream")
                    .reason(first.reason)
                    .with_details(&first.explained())
            }
            (Stage::Policy, reason)
            | (
                Stage::Facts,
                reason @ (DenialReason::ArgumentOutOfBounds
                | DenialReason::ArgumentsNotRead
                | DenialReason::MalformedArgumentData
                | DenialReason::OperationsNotEnforced
                | DenialReason::MalformedOperationRisk
                | DenialReason::CallNotRead),
            ) => forbidden
                .describe(format!("policy denied ({})", reason.as_str()))
                .reason(reason)
                .with_details(&first.explained()),
            (Stage::Facts | Stage::Approval, reason) => forbidden
                .describe("policy denied")
                .reason(reason)
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

/// What policy said of one resource; nothing where the request ended without it.
pub(crate) fn verdict(outcome: &Outcome<Granted>) -> Option<Verdict> {
    match outcome {
        Ok(granted) if !granted.gates.is_empty() => Some(Verdict::Hold),
        Ok(granted) => Some(Verdict::of(&granted.decision)),
        Err(denied) => match (denied.stage, denied.reason) {
            (Stage::Policy, _)
            | (
                Stage::Facts,
                DenialReason::ArgumentOutOfBounds
                | DenialReason::ArgumentsNotRead
                | DenialReason::MalformedArgumentData
                | DenialReason::OperationsNotEnforced
                | DenialReason::MalformedOperationRisk
                | DenialReason::CallNotRead,
            ) => Some(Verdict::Deny),
            (Stage::Facts | Stage::Approval, _) => None,
        },
    }
}

/// What became of one resource.
pub(crate) type Outcome<T> = Result<T, Box<Denied>>;

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
    party: &Party,
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
    if let Some(authority) = &party.authority {
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
        &mint_input(zone, application, party, identifier, scopes),
    )
}

/// What policy is asked about a mint.
pub(crate) fn mint_input<'i>(
    zone: &'i ZoneState,
    application: &'i ApplicationId,
    party: &'i Party,
    identifier: &'i str,
    scopes: &'i ScopeSet,
) -> DecisionInput<'i> {
    DecisionInput {
        principal: principal(zone, application, party),
        resource: identifier,
        action: Action::TokenExchange,
        requested_scopes: scopes,
        delegation: (party.delegation().zip(party.authority.as_ref())).map(|(edge, authority)| {
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
    party: &Party,
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
    if let Some(authority) = &party.authority
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
    if let Some(authority) = &party.authority
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
        &use_input(zone, party, call, scopes, identifier),
    )?;
    // Last: who may not call a tool learns nothing of its bounds.
    within_bounds(policy, resource, call)?;
    granted.gates = gates(policy, resource, call)?;
    Ok(granted)
}

/// What policy is asked about a use: the mandate presented, and what its delegation leaves now.
pub(crate) fn use_input<'i>(
    zone: &'i ZoneState,
    party: &'i Party,
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
        ..mint_input(zone, application_id, party, identifier, scopes.requested)
    }
}

fn principal<'p>(
    zone: &'p ZoneState,
    application: &'p ApplicationId,
    party: &'p Party,
) -> PrincipalInput<'p> {
    PrincipalInput {
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

fn conclude(
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
