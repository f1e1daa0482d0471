//! What a denial was about, for the `details` of responses and audit events. Off the hot path.

use caracal_core::ScopeSet;
use serde_json::{Value, json};

use crate::{
    decide::{Decision, DenyReason},
    input::DecisionInput,
    snapshot::{Confinement, PolicySnapshot},
};

/// The details of a denial, as an object; empty for an allow and where there is nothing to add.
///
/// It names only what the caller presented or asked for, and the bound that stopped it: never other
/// applications, other labels or other resources.
pub fn explain(policy: &PolicySnapshot, input: &DecisionInput<'_>, decision: &Decision) -> Value {
    let Some(reason) = decision.reason else {
        return json!({});
    };
    match reason {
        DenyReason::RestrictionActive => json!({ "restrictions": policy.restriction_reasons() }),
        DenyReason::ResourceNotGranted => json!({ "resource": input.resource }),
        DenyReason::DelegationScopeExceeded => {
            let limit = input
                .delegation
                .map(|delegation| delegation.scopes)
                .cloned()
                .unwrap_or_default();
            json!({ "exceeding": input.requested_scopes.difference(&limit), "limit": limit })
        }
        DenyReason::ConfinementViolation => confinement(policy, input),
        DenyReason::RoleScopeMismatch => {
            json!({ "labels": input.principal.labels, "scopes": subject(input) })
        }
        DenyReason::MandateTargetMismatch => json!({
            "resource": input.resource,
            "targets": input.presented.map(|mandate| mandate.targets).unwrap_or_default(),
        }),
        DenyReason::MalformedRiskData
        | DenyReason::MalformedApprovalData
        | DenyReason::NoRuleMatched
        | DenyReason::NoActivePolicySet
        | DenyReason::PolicyUnusable => json!({}),
    }
}

fn subject<'a>(input: &DecisionInput<'a>) -> &'a ScopeSet {
    match input.presented {
        Some(mandate) => mandate.scopes,
        None => input.requested_scopes,
    }
}

fn confinement(policy: &PolicySnapshot, input: &DecisionInput<'_>) -> Value {
    let Confinement::Rules(rules) = &policy.confinement else {
        return json!({ "malformed": true });
    };
    let violated = rules.iter().find(|(prefix, scopes)| {
        input
            .principal
            .labels
            .iter()
            .any(|label| label.starts_with(prefix.as_ref()))
            && !input.requested_scopes.is_subset(scopes)
    });
    match violated {
        Some((prefix, limit)) => json!({
            "label_prefix": prefix,
            "exceeding": input.requested_scopes.difference(limit),
            "limit": limit,
        }),
        None => json!({}),
    }
}
