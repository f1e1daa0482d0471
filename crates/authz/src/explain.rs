//! What a denial was about, for the `details` of responses and audit events. Off the hot path.

use std::sync::Arc;

use caracal_core::{ScopeSet, json};
use serde::Serialize;
use serde_json::Value;

use crate::{
    decide::{Decision, DenyReason},
    input::DecisionInput,
    snapshot::{Confinement, PolicySnapshot},
};

/// What each reason is about; the members of an object.
#[derive(Serialize)]
#[serde(untagged)]
enum Details<'a> {
    Nothing {},
    Restricted {
        restrictions: &'a [String],
    },
    NotGranted {
        resource: &'a str,
    },
    BeyondDelegation {
        exceeding: ScopeSet,
        limit: ScopeSet,
    },
    Confined {
        label_prefix: &'a str,
        exceeding: ScopeSet,
        limit: &'a ScopeSet,
    },
    Unreadable {
        malformed: bool,
    },
    NoRole {
        labels: &'a [Arc<str>],
        scopes: &'a ScopeSet,
    },
    OtherTarget {
        resource: &'a str,
        targets: &'a [Arc<str>],
    },
}

/// The details of a denial, as an object; empty for an allow and where there is nothing to add.
///
/// It names only what the caller presented or asked for, and the bound that stopped it: never other
/// applications, other labels or other resources.
pub fn explain(policy: &PolicySnapshot, input: &DecisionInput<'_>, decision: &Decision) -> Value {
    let details = decision.reason.map(|reason| details(policy, input, reason));
    json::tree(&details.unwrap_or(Details::Nothing {}))
}

fn details<'a>(policy: &'a PolicySnapshot, input: &DecisionInput<'a>, reason: DenyReason) -> Details<'a> {
    match reason {
        DenyReason::RestrictionActive => Details::Restricted {
            restrictions: policy.restriction_reasons(),
        },
        DenyReason::ResourceNotGranted => Details::NotGranted {
            resource: input.resource,
        },
        DenyReason::DelegationScopeExceeded => {
            let limit = input
                .delegation
                .map(|delegation| delegation.scopes)
                .cloned()
                .unwrap_or_default();
            Details::BeyondDelegation {
                exceeding: input.requested_scopes.difference(&limit),
                limit,
            }
        }
        DenyReason::ConfinementViolation => confinement(policy, input),
        DenyReason::RoleScopeMismatch => Details::NoRole {
            labels: input.principal.labels,
            scopes: subject(input),
        },
        DenyReason::MandateTargetMismatch => Details::OtherTarget {
            resource: input.resource,
            targets: input.presented.map(|mandate| mandate.targets).unwrap_or_default(),
        },
        DenyReason::MalformedRiskData
        | DenyReason::MalformedApprovalData
        | DenyReason::NoRuleMatched
        | DenyReason::NoActivePolicySet
        | DenyReason::PolicyUnusable => Details::Nothing {},
    }
}

fn subject<'a>(input: &DecisionInput<'a>) -> &'a ScopeSet {
    match input.presented {
        Some(mandate) => mandate.scopes,
        None => input.requested_scopes,
    }
}

fn confinement<'a>(policy: &'a PolicySnapshot, input: &DecisionInput<'_>) -> Details<'a> {
    let Confinement::Rules(rules) = &policy.confinement else {
        return Details::Unreadable { malformed: true };
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
        Some((label_prefix, limit)) => Details::Confined {
            label_prefix,
            exceeding: input.requested_scopes.difference(limit),
            limit,
        },
        None => Details::Nothing {},
    }
}
