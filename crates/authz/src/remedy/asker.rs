//! What of a suggestion may be told to whoever was refused: what names nothing but what they said themselves.
//!
//! A policy is its owner's. Who is refused learns the reason; the keys of other applications, labels of roles, prefixes and
//! the reasons of a restriction are for those who may read the policy, and `explain` tells these. A list of changes is whole
//! or nothing: of a part of it nobody could tell that it would not do.

use std::sync::Arc;

use caracal_core::audit::DataChange;
use serde_json::{Map, Value, json};

use super::{Refused, gate, rules::LABEL, suggest};
use crate::{
    decide::DenyReason,
    document::PolicyDocuments,
    input::DecisionInput,
    snapshot::{Confinement, PolicySnapshot, State},
};

/// What would allow `input`, which `policy` refused; nothing where that is for the policy's owner to hear. What it costs
/// depends on what the request meets, and not on the size of the policy.
pub fn suggest_to_asker(policy: &PolicySnapshot, input: &DecisionInput<'_>) -> Option<Vec<DataChange>> {
    let documents = match policy.state {
        State::Active => Some(met(policy, input)?),
        State::NoActivePolicySet => None,
        State::Unusable(_) => return None,
    };
    let changes = suggest(documents.as_ref(), input).ok()?;
    remedies(changes, input.principal.labels)
}

/// What would get whoever was refused past a gate that policy is not asked at; nothing where that is not theirs to hear.
pub fn gate_to_asker(refused: &Refused<'_>) -> Option<Vec<DataChange>> {
    let policy = DenyReason::ALL
        .iter()
        .any(|reason| reason.as_str() == refused.reason);
    if policy {
        return None;
    }
    remedies(gate(refused).ok()?, &[])
}

/// What of `details`, which [`crate::explain`] gave for `reason`, is the asker's to hear, by the same rule: their own scopes
/// and labels are, the reasons of a restriction and what a confinement says are not.
pub fn details_to_asker(reason: DenyReason, details: &Value) -> Value {
    match reason {
        DenyReason::RestrictionActive => json!({}),
        DenyReason::ConfinementViolation => match details.get("exceeding") {
            Some(exceeding) => json!({ "exceeding": exceeding }),
            None => json!({}),
        },
        DenyReason::ResourceNotGranted
        | DenyReason::DelegationScopeExceeded
        | DenyReason::RoleScopeMismatch
        | DenyReason::MandateTargetMismatch
        | DenyReason::MalformedRiskData
        | DenyReason::MalformedApprovalData
        | DenyReason::NoRuleMatched
        | DenyReason::NoActivePolicySet
        | DenyReason::PolicyUnusable => details.clone(),
    }
}

fn remedies(changes: Vec<DataChange>, labels: &[Arc<str>]) -> Option<Vec<DataChange>> {
    let known = |change: &DataChange| is_known(change, labels);
    (!changes.is_empty() && changes.iter().all(known)).then_some(changes)
}

/// Whether a change names nothing that an asker with these labels does not know already.
fn is_known(change: &DataChange, labels: &[Arc<str>]) -> bool {
    match change {
        // Of the policy: of its own labels alone.
        DataChange::AddRoleScope { label, .. } => labels.iter().any(|own| **own == **label),
        DataChange::RemoveRestriction { .. }
        | DataChange::AddApplicationKey { .. }
        | DataChange::AddGrant { .. }
        | DataChange::MoveGrant { .. }
        | DataChange::AddConfinementScope { .. }
        | DataChange::AddSessionLabel { .. } => false,
        // Of the request, and what it named.
        DataChange::ActivatePolicySet
        | DataChange::StartSession
        | DataChange::Delegate
        | DataChange::AddDelegationScope { .. }
        | DataChange::AddDelegationResource { .. }
        | DataChange::RaiseDelegationTtl { .. }
        | DataChange::MintUnderDelegation
        | DataChange::AddMandateTarget { .. }
        | DataChange::AddMandateScope { .. }
        | DataChange::MintAgain
        | DataChange::DropRequestedScope { .. }
        | DataChange::DeclareResource { .. }
        | DataChange::DeclareScope { .. }
        | DataChange::DeclareOperation { .. }
        | DataChange::ThawZone
        | DataChange::Approve
        | DataChange::BeginAgain
        | DataChange::RaiseBudget { .. }
        | DataChange::ProvideCredential { .. }
        | DataChange::ConnectAccount { .. }
        | DataChange::EnforceOperations { .. } => true,
    }
}

/// The part of a policy that a request meets, as documents; nothing where a document cannot be relied on, or where the way
/// out is not the asker's to hear whatever else is found: everything is restricted, or the application owns no grant here.
fn met(policy: &PolicySnapshot, input: &DecisionInput<'_>) -> Option<PolicyDocuments> {
    let Confinement::Rules(rules) = &policy.confinement else {
        return None;
    };
    if policy.restricted || policy.risk.is_none() || policy.tiers.is_none() {
        return None;
    }
    let grant = policy.grants.get(input.resource)?;
    let keys = policy.keys.get(input.principal.id)?;
    let key: &str = keys.get(&grant.application)?;
    let scopes = |scopes: &caracal_core::ScopeSet| json!(scopes.iter().collect::<Vec<_>>());
    let roles: Map<String, Value> = grant
        .roles
        .iter()
        .map(|(label, held)| (label.to_string(), scopes(held)))
        .collect();
    // Of the labels that it has, and of those that it could be told to have.
    let labels = input.principal.labels.iter().map(|label| &**label);
    let labels = labels
        .chain(grant.roles.keys().map(|label| &**label))
        .chain([LABEL]);
    let confines = |prefix: &str| labels.clone().any(|label| label.starts_with(prefix));
    let confinement: Vec<Value> = rules
        .iter()
        .filter(|(prefix, _)| confines(prefix))
        .map(|(prefix, left)| json!({ "label_prefix": prefix, "scopes": scopes(left) }))
        .collect();
    Some(PolicyDocuments {
        app_ids: Some(json!({ key: input.principal.id })),
        grants: Some(json!({ input.resource: { "application": key, "roles": roles } })),
        confinement: Some(Value::Array(confinement)),
        ..PolicyDocuments::default()
    })
}
