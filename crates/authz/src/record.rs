//! Decisions as evidence keeps them, and made again from it.

use std::{borrow::Cow, sync::Arc};

use caracal_core::audit::{
    AuditEvent, DecisionRecord, RECORD_VERSION, RecordedDecision, RecordedDelegation, RecordedGate,
    RecordedInput, RecordedMandate, RecordedPrincipal, UnreadableRecord,
};
use serde_json::{Value, value::RawValue};

use crate::{
    decide::{Decision, DenyReason, decide},
    input::{DecisionInput, DelegationInput, PresentedMandate, PrincipalInput},
    snapshot::PolicySnapshot,
};

/// What to keep of a decision about `input`.
pub fn record<'r>(input: &DecisionInput<'r>, decision: &'r Decision) -> DecisionRecord<'r> {
    DecisionRecord {
        v: RECORD_VERSION,
        input: RecordedInput {
            principal: RecordedPrincipal {
                kind: input.principal.kind,
                id: input.principal.id.into(),
                agent_session_id: input.principal.session_id.map(Cow::Borrowed),
                labels: input.principal.labels.into(),
            },
            resource: input.resource.into(),
            action: input.action,
            requested_scopes: input.requested_scopes.clone(),
            delegation: input.delegation.map(|delegation| RecordedDelegation {
                id: delegation.id.into(),
                scopes: delegation.scopes.clone(),
            }),
            presented: input.presented.map(|mandate| RecordedMandate {
                delegation_id: mandate.delegation_id.map(Cow::Borrowed),
                scopes: mandate.scopes.clone(),
                targets: mandate.targets.into(),
            }),
        },
        decision: RecordedDecision {
            effect: decision.effect,
            reason: decision.reason.map(|reason| reason.as_str().into()),
            rule: decision.determining_policy.as_deref().map(Cow::Borrowed),
            policies: Cow::Borrowed(&decision.policies),
            gates: (decision.gates.iter())
                .map(|gate| RecordedGate {
                    tier: gate.tier.clone(),
                    approver: gate.approver.as_str().into(),
                    privacy: gate.privacy.as_str().into(),
                    ttl_seconds: gate.ttl_seconds,
                    approvals: gate.approvals,
                })
                .collect(),
            risk: decision.risk.to_vec(),
        },
    }
}

/// The input that was recorded about a request in `zone_id`.
pub fn recorded_input<'a>(recorded: &'a RecordedInput<'_>, zone_id: &'a str) -> DecisionInput<'a> {
    DecisionInput {
        principal: PrincipalInput {
            kind: recorded.principal.kind,
            id: &recorded.principal.id,
            zone_id,
            session_id: recorded.principal.agent_session_id.as_deref(),
            labels: &recorded.principal.labels,
        },
        resource: &recorded.resource,
        action: recorded.action,
        requested_scopes: &recorded.requested_scopes,
        delegation: recorded.delegation.as_ref().map(|delegation| DelegationInput {
            id: &delegation.id,
            scopes: &delegation.scopes,
        }),
        presented: recorded.presented.as_ref().map(|mandate| PresentedMandate {
            delegation_id: mandate.delegation_id.as_deref(),
            scopes: &mandate.scopes,
            targets: &mandate.targets,
        }),
    }
}

/// Why an event does not say what its policy says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The record cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableRecord),
    /// The policy is not the one that the event names.
    #[error("the event was decided with the manifest {recorded:?}, not with {given}")]
    OtherPolicy {
        /// Digest of the manifest that the event names.
        recorded: Option<String>,
        /// Digest of the one given.
        given: Arc<str>,
    },
    /// Policy says something else than what was recorded.
    #[error("recorded was {recorded}, policy says {replayed}")]
    Differs {
        /// The decision that was recorded, as JSON.
        recorded: String,
        /// The one that was made now, as JSON.
        replayed: String,
    },
    /// The event contradicts its own record.
    #[error("the event's `{0}` is not that of its record")]
    Contradicts(&'static str),
}

/// Makes the decision of `event` again with the policy that it names; nothing for an event that records none.
///
/// # Errors
/// [`ReplayError`] unless it is the decision that was recorded, and the one that the event tells.
pub fn replay(event: &AuditEvent, policy: &PolicySnapshot) -> Result<Option<Decision>, ReplayError> {
    let Some(record) = event.record().transpose()? else {
        return Ok(None);
    };
    let identity = policy.identity();
    if event.manifest_sha.as_deref() != Some(&identity.manifest_sha256) {
        return Err(ReplayError::OtherPolicy {
            recorded: event.manifest_sha.clone(),
            given: identity.manifest_sha256.clone(),
        });
    }
    let input = recorded_input(&record.input, event.zone_id.as_str());
    let decision = if record.decision.reason.as_deref() == Some(DenyReason::PolicyUnusable.as_str()) {
        // Whoever decided could not read what can be read now.
        decide(&PolicySnapshot::unusable(identity.clone(), ""), &input)
    } else {
        decide(policy, &input)
    };
    let replayed = self::record(&input, &decision).decision;
    if replayed != record.decision {
        let text = |decision: &RecordedDecision<'_>| serde_json::to_string(decision).unwrap_or_default();
        return Err(ReplayError::Differs {
            recorded: text(&record.decision),
            replayed: text(&replayed),
        });
    }
    let is_recorded = |told: Option<&RawValue>, said: &Value| {
        told.and_then(|told| serde_json::from_str::<Value>(told.get()).ok())
            .as_ref()
            == Some(said)
    };
    // What policy holds back is allowed by an approval, which the event names.
    let released = || decision.gates.is_empty() || names_an_approval(event);
    if event.decision == "allow" && !(decision.is_allow() && released()) {
        return Err(ReplayError::Contradicts("decision"));
    }
    if !is_recorded(
        event.determining_policies_json.as_deref(),
        &decision.determining_policies(),
    ) {
        return Err(ReplayError::Contradicts("determining_policies_json"));
    }
    if !is_recorded(event.diagnostics_json.as_deref(), &decision.diagnostics()) {
        return Err(ReplayError::Contradicts("diagnostics_json"));
    }
    Ok(Some(decision))
}

fn names_an_approval(event: &AuditEvent) -> bool {
    event.facts().challenge_id.is_some()
}
