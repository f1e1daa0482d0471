//! What to do about the gates that policy is not asked at: it follows from the reason, and what the refusal was about.

use caracal_core::audit::{DataChange, Obstacle};
use serde_json::Value;

use crate::decide::DenyReason;

/// A refusal as its event tells it.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// Why, in one word.
    pub reason: &'a str,
    /// The resource asked for; may be empty.
    pub resource: &'a str,
    /// What the reason is about.
    pub details: &'a Value,
    /// The protocol of a call that says more than its request line.
    pub protocol: Option<&'a str>,
}

/// What would get a request past a gate.
///
/// # Errors
/// Why nothing would. Refusals for a state that passes (a store that cannot be reached, a busy upstream) are none of data.
pub fn gate(refused: &Refused<'_>) -> Result<Vec<DataChange>, Obstacle> {
    let Refused {
        reason,
        resource,
        details,
        protocol,
    } = *refused;
    let resource = || resource.to_owned();
    let texts = |name: &str| -> Vec<String> {
        let listed = details.get(name).and_then(Value::as_array).into_iter().flatten();
        listed.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let text = |name: &str| details.get(name).and_then(Value::as_str).map(str::to_owned);
    let changes = match reason {
        "resource_not_found" => vec![DataChange::DeclareResource { resource: resource() }],
        "scope_mismatch" => {
            let declare = |scope| DataChange::DeclareScope {
                resource: resource(),
                scope,
            };
            texts("undeclared").into_iter().map(declare).collect()
        }
        "operation_not_permitted" => match (
            text("scope"),
            text("method"),
            text("call").or_else(|| text("path")),
        ) {
            (Some(scope), ..) => vec![DataChange::AddMandateScope { scope }],
            (None, Some(method), Some(path)) => vec![DataChange::DeclareOperation {
                resource: resource(),
                method: protocol.map_or(method, str::to_ascii_uppercase),
                path,
            }],
            (None, ..) => return Err(Obstacle::NotRecorded),
        },
        "resource_outside_delegation" => vec![DataChange::AddDelegationResource { resource: resource() }],
        "delegation_ttl_exceeded" => {
            let seconds = details.get("requested").and_then(Value::as_u64);
            let seconds = seconds.ok_or(Obstacle::NotRecorded)?;
            vec![DataChange::RaiseDelegationTtl { seconds }]
        }
        "scope_exceeds_delegation" => texts("beyond")
            .into_iter()
            .map(|scope| DataChange::AddDelegationScope { scope })
            .collect(),
        "zone_frozen" => vec![DataChange::ThawZone],
        "approval_required"
        | "approval_rejected"
        | "approval_expired"
        | "approval_already_consumed"
        | "approval_withdrawn"
        | "approval_of_other_resource"
        | "approval_of_other_session"
        | "approval_of_other_operation"
        | "approval_of_other_arguments"
        | "approval_of_other_policy"
        | "approval_invalid" => vec![DataChange::Approve],
        "session_inactive" | "session_required" => vec![DataChange::StartSession],
        "delegation_inactive"
        | "delegation_not_held"
        | "delegation_session_inactive"
        | "delegation_application_inactive"
        | "delegation_chain_broken"
        | "delegation_exceeds_parent_authority" => vec![DataChange::Delegate],
        "authority_record_inactive" | "revoked" | "session_revoked" => vec![DataChange::BeginAgain],
        "provider_unavailable" | "credential_not_provisioned" => {
            vec![DataChange::ProvideCredential { resource: resource() }]
        }
        "token_replay"
        | "replay_state_lost"
        | "expired"
        | "credential_expiring"
        | "lifetime_exhausted"
        | "signature_invalid"
        | "wrong_issuer"
        | "wrong_audience"
        | "wrong_zone"
        | "wrong_use"
        | "lifetime_too_long"
        | "gateway_required" => vec![DataChange::MintAgain],
        "malformed_argument_data" | "malformed_operation_risk" => return Err(Obstacle::PolicyMalformed),
        // Policy said so, and what it was asked is not there.
        _ if DenyReason::ALL.into_iter().any(|known| known.as_str() == reason) => {
            return Err(Obstacle::NotRecorded);
        }
        _ => return Err(Obstacle::NotByData),
    };
    if changes.is_empty() {
        return Err(Obstacle::NotRecorded);
    }
    Ok(changes)
}
