//! The decision contract: a pure function of a policy snapshot and one request.
//!
//! There is no path from missing or malformed data to an allow: every rule asks for what it needs, and what is
//! absent is not granted. `rego/contract.rego` states the same contract; `tests/contract.rs` holds both equal.

use std::{fmt, sync::Arc};

use caracal_core::{
    LIFECYCLE_SCOPE, ScopeSet,
    audit::{Action, Determining, Effect, PrincipalKind, ScopeRisk},
    json,
};
use serde::{Serialize, Serializer};
use serde_json::Value;
use smallvec::SmallVec;

use crate::{
    approval::ApprovalTier,
    document::{Origins, Sources},
    input::{DecisionInput, PresentedMandate},
    snapshot::{Confinement, Grant, PolicySnapshot, State},
};

/// Why a request was denied. `Display` is for people, [`DenyReason::as_str`] for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DenyReason {
    /// `restrict` holds a reason.
    RestrictionActive,
    /// `risk` cannot be relied on.
    MalformedRiskData,
    /// `approval_tiers` cannot be relied on.
    MalformedApprovalData,
    /// The application does not own a grant for the resource.
    ResourceNotGranted,
    /// A requested scope is not in the delegation.
    DelegationScopeExceeded,
    /// A requested scope is outside what a label is confined to.
    ConfinementViolation,
    /// No single label of the session holds every scope.
    RoleScopeMismatch,
    /// The presented mandate is not for this resource.
    MandateTargetMismatch,
    /// The request has no shape that any rule allows.
    NoRuleMatched,
    /// The zone has no active policy set.
    NoActivePolicySet,
    /// The zone's policy could not be read. Answer "unavailable".
    PolicyUnusable,
}

impl DenyReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::RestrictionActive,
        Self::MalformedRiskData,
        Self::MalformedApprovalData,
        Self::ResourceNotGranted,
        Self::DelegationScopeExceeded,
        Self::ConfinementViolation,
        Self::RoleScopeMismatch,
        Self::MandateTargetMismatch,
        Self::NoRuleMatched,
        Self::NoActivePolicySet,
        Self::PolicyUnusable,
    ];

    /// The wire word, in `reason` of responses, diagnostics and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RestrictionActive => "restriction_active",
            Self::MalformedRiskData => "malformed_risk_data",
            Self::MalformedApprovalData => "malformed_approval_data",
            Self::ResourceNotGranted => "resource_not_granted",
            Self::DelegationScopeExceeded => "delegation_scope_exceeded",
            Self::ConfinementViolation => "confinement_violation",
            Self::RoleScopeMismatch => "role_scope_mismatch",
            Self::MandateTargetMismatch => "mandate_target_mismatch",
            Self::NoRuleMatched => "no_rule_matched",
            Self::NoActivePolicySet => "no_active_policy_set",
            Self::PolicyUnusable => "policy_unusable",
        }
    }
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RestrictionActive => "a restriction is in force in this zone",
            Self::MalformedRiskData => "the zone's risk data is malformed",
            Self::MalformedApprovalData => "the zone's approval tiers are malformed",
            Self::ResourceNotGranted => "the resource is not granted to this application",
            Self::DelegationScopeExceeded => "a requested scope is not part of the delegation",
            Self::ConfinementViolation => {
                "a requested scope is outside what a label of the session is confined to"
            }
            Self::RoleScopeMismatch => "no single label of the session holds every scope",
            Self::MandateTargetMismatch => "the mandate was not issued for this resource",
            Self::NoRuleMatched => {
                "no rule allows a request of this kind; authority over resources comes from a session and a \
                 delegation"
            }
            Self::NoActivePolicySet => "the zone has no active policy set",
            Self::PolicyUnusable => "the zone's policy could not be read",
        })
    }
}

impl Serialize for DenyReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One of the diagnostics of a decision.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Diagnostic<'a> {
    Reason(DenyReason),
    StepUpRequired(StepUp<'a>),
    Risk(&'a [ScopeRisk]),
}

/// What stands between an allow and a mandate.
#[derive(Serialize)]
struct StepUp<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    tiers: &'a [ApprovalTier],
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a decision that nobody reads protects nothing"]
pub struct Decision {
    /// Allow or deny.
    pub effect: Effect,
    /// Why denied; `None` when allowed.
    pub reason: Option<DenyReason>,
    /// The rule that allowed: `caracal-bootstrap`, `caracal-<key>-mint`, `caracal-workload-mint` or
    /// `caracal-<key>-use`; `None` when denied.
    pub determining_policy: Option<Arc<str>>,
    /// The owner's policy versions that state what determined it: the grant that allowed, or the restriction that
    /// denied. Evidence only; none where nothing was stated.
    pub policies: Sources,
    /// Approval tiers that the requested scopes fall under, sorted, without repeats. When there are any, the
    /// request must wait for a human even though it is allowed.
    pub gates: SmallVec<[ApprovalTier; 1]>,
    /// Requested scopes that have a tier, sorted. Evidence only.
    pub risk: SmallVec<[ScopeRisk; 2]>,
}

impl Decision {
    fn deny(reason: DenyReason, policies: Sources) -> Self {
        Self {
            effect: Effect::Deny,
            reason: Some(reason),
            determining_policy: None,
            policies,
            gates: SmallVec::new(),
            risk: SmallVec::new(),
        }
    }

    fn allow(rule: &Arc<str>, policies: &Sources) -> Self {
        Self {
            effect: Effect::Allow,
            reason: None,
            determining_policy: Some(rule.clone()),
            policies: policies.clone(),
            gates: SmallVec::new(),
            risk: SmallVec::new(),
        }
    }

    /// Whether the effect is [`Effect::Allow`]. Gates may still hold the request.
    pub fn is_allow(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// `[{"policy": "…"}]`, empty when denied.
    pub fn determining_policies(&self) -> Value {
        json::tree(&Determining(self.determining_policy.as_deref()))
    }

    /// Diagnostics as audit events and simulation carry them: the reason, or the approval gates followed by the
    /// risk of the requested scopes.
    pub fn diagnostics(&self) -> Value {
        let reason = self.reason.map(Diagnostic::Reason);
        let gates = (!self.gates.is_empty()).then(|| {
            Diagnostic::StepUpRequired(StepUp {
                kind: "human_approval",
                tiers: &self.gates,
            })
        });
        let risk = (!self.risk.is_empty()).then_some(Diagnostic::Risk(&self.risk));
        // The evidence of most requests has none, and each has evidence.
        let diagnostics: SmallVec<[_; 2]> = [reason, gates, risk].into_iter().flatten().collect();
        json::tree(&diagnostics.as_slice())
    }
}

/// Decides one request. Pure: the same arguments always give the same answer.
pub fn decide(policy: &PolicySnapshot, input: &DecisionInput<'_>) -> Decision {
    let deny = |reason| Decision::deny(reason, sources_of(&policy.origins, reason, input.resource));
    match policy.state {
        State::Active => {}
        State::NoActivePolicySet => return deny(DenyReason::NoActivePolicySet),
        State::Unusable(_) => return deny(DenyReason::PolicyUnusable),
    }
    if policy.restricted {
        return deny(DenyReason::RestrictionActive);
    }
    let decided = match shape(input) {
        Shape::Bootstrap => policy
            .owned_grant(input.principal.id, input.resource)
            .map(|grant| Decision::allow(&policy.bootstrap_policy, &grant.sources))
            .ok_or(DenyReason::NoRuleMatched),
        Shape::Mint(delegated) => gated(policy, input, || {
            mint(policy, input, delegated).map(|grant| Decision::allow(&grant.mint_policy, &grant.sources))
        }),
        Shape::Workload => gated(policy, input, || {
            Ok(Decision::allow(&policy.workload_policy, &Sources::default()))
        }),
        Shape::Use(presented) => {
            present(policy, input, presented).map(|grant| Decision::allow(&grant.use_policy, &grant.sources))
        }
        Shape::Other => Err(DenyReason::NoRuleMatched),
    };
    decided.unwrap_or_else(deny)
}

/// The owner's policies that state what a denial about `resource` goes back to.
fn sources_of(origins: &Origins, reason: DenyReason, resource: &str) -> Sources {
    match reason {
        DenyReason::RestrictionActive => origins.of("restrict"),
        DenyReason::MalformedRiskData => origins.of("risk"),
        DenyReason::MalformedApprovalData => origins.of("approval_tiers"),
        DenyReason::ConfinementViolation => origins.of("confinement"),
        DenyReason::RoleScopeMismatch => origins.of_grant(resource),
        DenyReason::ResourceNotGranted
        | DenyReason::DelegationScopeExceeded
        | DenyReason::MandateTargetMismatch
        | DenyReason::NoRuleMatched
        | DenyReason::NoActivePolicySet
        | DenyReason::PolicyUnusable => Sources::default(),
    }
}

/// The requests that rules speak about. Their conditions exclude each other.
pub(crate) enum Shape<'a> {
    /// An application asks for nothing but the right to run sessions.
    Bootstrap,
    /// A session asks for scopes under a delegation, whose scopes these are.
    Mint(&'a ScopeSet),
    /// The launcher asks for credentials of a workload.
    Workload,
    /// A mandate minted under a delegation is presented at the Gateway.
    Use(&'a PresentedMandate<'a>),
    /// Anything else.
    Other,
}

pub(crate) fn shape<'a>(input: &'a DecisionInput<'a>) -> Shape<'a> {
    let requested = input.requested_scopes;
    match (&input.presented, &input.delegation, input.principal.session_id) {
        (Some(mandate), _, _) => {
            if mandate.delegation_id.is_some() && requested.is_empty() && !mandate.scopes.is_empty() {
                Shape::Use(mandate)
            } else {
                Shape::Other
            }
        }
        (None, Some(delegation), Some(_)) => {
            if requested.is_empty() || requested.contains(LIFECYCLE_SCOPE) {
                Shape::Other
            } else {
                Shape::Mint(delegation.scopes)
            }
        }
        (None, None, None) => {
            if requested.len() == 1 && requested.contains(LIFECYCLE_SCOPE) && !is_workload(input) {
                Shape::Bootstrap
            } else if is_workload(input) {
                Shape::Workload
            } else {
                Shape::Other
            }
        }
        (None, ..) => Shape::Other,
    }
}

fn is_workload(input: &DecisionInput<'_>) -> bool {
    input.principal.kind == PrincipalKind::Workload && input.action == Action::CredentialInjection
}

fn mint<'p>(
    policy: &'p PolicySnapshot,
    input: &DecisionInput<'_>,
    delegated: &ScopeSet,
) -> Result<&'p Grant, DenyReason> {
    let requested = input.requested_scopes;
    let grant = policy
        .owned_grant(input.principal.id, input.resource)
        .ok_or(DenyReason::ResourceNotGranted)?;
    if !requested.is_subset(delegated) {
        return Err(DenyReason::DelegationScopeExceeded);
    }
    if !confined(policy, input) {
        return Err(DenyReason::ConfinementViolation);
    }
    if !one_label_holds(grant, input.principal.labels, requested) {
        return Err(DenyReason::RoleScopeMismatch);
    }
    Ok(grant)
}

fn present<'p>(
    policy: &'p PolicySnapshot,
    input: &DecisionInput<'_>,
    mandate: &PresentedMandate<'_>,
) -> Result<&'p Grant, DenyReason> {
    if !mandate
        .targets
        .iter()
        .any(|target| target.as_ref() == input.resource)
    {
        return Err(DenyReason::MandateTargetMismatch);
    }
    let grant = policy
        .owned_grant(input.principal.id, input.resource)
        .ok_or(DenyReason::ResourceNotGranted)?;
    // The role is looked up again, so that taking a scope out of a role reaches mandates already minted.
    if !one_label_holds(grant, input.principal.labels, mandate.scopes) {
        return Err(DenyReason::RoleScopeMismatch);
    }
    Ok(grant)
}

fn confined(policy: &PolicySnapshot, input: &DecisionInput<'_>) -> bool {
    match &policy.confinement {
        Confinement::Malformed => false,
        Confinement::Rules(rules) => rules.iter().all(|(prefix, scopes)| {
            !input
                .principal
                .labels
                .iter()
                .any(|label| label.starts_with(prefix.as_ref()))
                || input.requested_scopes.is_subset(scopes)
        }),
    }
}

/// Labels do not add up: one of them must hold every scope.
fn one_label_holds(grant: &Grant, labels: &[Arc<str>], scopes: &ScopeSet) -> bool {
    labels.iter().any(|label| {
        grant
            .roles
            .get(label.as_ref())
            .is_some_and(|held| scopes.is_subset(held))
    })
}

/// Decides a request that human approval may hold: unreadable risk or approval data denies it.
fn gated(
    policy: &PolicySnapshot,
    input: &DecisionInput<'_>,
    rule: impl FnOnce() -> Result<Decision, DenyReason>,
) -> Result<Decision, DenyReason> {
    let risk = policy.risk.as_ref().ok_or(DenyReason::MalformedRiskData)?;
    let tiers = policy.tiers.as_ref().ok_or(DenyReason::MalformedApprovalData)?;
    let mut decision = rule()?;
    if risk.is_empty() {
        return Ok(decision);
    }
    // The requested scopes come in order, and so do their risks.
    for (scope, tier) in input
        .requested_scopes
        .iter()
        .filter_map(|scope| risk.get_key_value(scope))
    {
        decision.risk.push(ScopeRisk {
            scope: scope.clone(),
            tier: tier.clone(),
        });
        for declared in tiers.get(tier).into_iter().flatten() {
            if !decision.gates.contains(declared) {
                decision.gates.push(declared.clone());
            }
        }
    }
    decision
        .gates
        .sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
    Ok(decision)
}

#[cfg(test)]
mod tests;
