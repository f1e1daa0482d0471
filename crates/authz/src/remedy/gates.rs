//! What to do about the gates that policy is not asked at: it follows from the reason, and what the refusal was about.

use caracal_core::{
    audit::{DataChange, Obstacle},
    entity::BudgetLimit,
};
use serde_json::Value;

use crate::decide::DenyReason;

caracal_core::words!(
    /// The gates that a change of data leads past or that read data which can be told, by the reasons that the STS and the
    /// Gateway refuse with.
    #[expect(missing_docs, reason = "the handbook has a sentence for each reason")]
    Gate {
        ResourceNotFound = "resource_not_found",
        ScopeMismatch = "scope_mismatch",
        OperationNotPermitted = "operation_not_permitted",
        ResourceOutsideDelegation = "resource_outside_delegation",
        DelegationTtlExceeded = "delegation_ttl_exceeded",
        ScopeExceedsDelegation = "scope_exceeds_delegation",
        ZoneFrozen = "zone_frozen",
        ApprovalRequired = "approval_required",
        ApprovalRejected = "approval_rejected",
        ApprovalExpired = "approval_expired",
        ApprovalAlreadyConsumed = "approval_already_consumed",
        ApprovalWithdrawn = "approval_withdrawn",
        ApprovalOfOtherResource = "approval_of_other_resource",
        ApprovalOfOtherSession = "approval_of_other_session",
        ApprovalOfOtherOperation = "approval_of_other_operation",
        ApprovalOfOtherArguments = "approval_of_other_arguments",
        ApprovalOfOtherPolicy = "approval_of_other_policy",
        ApprovalInvalid = "approval_invalid",
        SessionInactive = "session_inactive",
        SessionRequired = "session_required",
        DelegationInactive = "delegation_inactive",
        DelegationNotHeld = "delegation_not_held",
        DelegationSessionInactive = "delegation_session_inactive",
        DelegationApplicationInactive = "delegation_application_inactive",
        DelegationChainBroken = "delegation_chain_broken",
        DelegationExceedsParentAuthority = "delegation_exceeds_parent_authority",
        AuthorityRecordInactive = "authority_record_inactive",
        Revoked = "revoked",
        SessionRevoked = "session_revoked",
        ProviderUnavailable = "provider_unavailable",
        CredentialNotProvisioned = "credential_not_provisioned",
        TokenReplay = "token_replay",
        ReplayStateLost = "replay_state_lost",
        Expired = "expired",
        CredentialExpiring = "credential_expiring",
        LifetimeExhausted = "lifetime_exhausted",
        SignatureInvalid = "signature_invalid",
        WrongIssuer = "wrong_issuer",
        WrongAudience = "wrong_audience",
        WrongZone = "wrong_zone",
        WrongUse = "wrong_use",
        LifetimeTooLong = "lifetime_too_long",
        GatewayRequired = "gateway_required",
        MalformedArgumentData = "malformed_argument_data",
        BudgetExhausted = "budget_exhausted",
        MalformedBudgetData = "malformed_budget_data",
        MalformedOperationRisk = "malformed_operation_risk",
        CallNotRead = "call_not_read",
        OperationsNotEnforced = "operations_not_enforced",
        ArgumentsNotRead = "arguments_not_read",
        ArgumentOutOfBounds = "argument_out_of_bounds",
        CredentialInjectionDenied = "credential_injection_denied",
        NoProviderConnection = "no_provider_connection",
        ReauthorizationRequired = "reauthorization_required",
    }
);

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
    let Some(gate) = Gate::parse(reason) else {
        // Where policy said so, what it was asked is not there.
        let policy = DenyReason::ALL.into_iter().any(|known| known.as_str() == reason);
        return Err(if policy {
            Obstacle::NotRecorded
        } else {
            Obstacle::NotByData
        });
    };
    let changes = match gate {
        Gate::ResourceNotFound => vec![DataChange::DeclareResource { resource: resource() }],
        Gate::ScopeMismatch => {
            let declare = |scope| DataChange::DeclareScope {
                resource: resource(),
                scope,
            };
            texts("undeclared").into_iter().map(declare).collect()
        }
        Gate::OperationNotPermitted => match (
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
        Gate::OperationsNotEnforced => vec![DataChange::EnforceOperations { resource: resource() }],
        Gate::ResourceOutsideDelegation => vec![DataChange::AddDelegationResource { resource: resource() }],
        Gate::DelegationTtlExceeded => {
            let seconds = details.get("requested").and_then(Value::as_u64);
            let seconds = seconds.ok_or(Obstacle::NotRecorded)?;
            vec![DataChange::RaiseDelegationTtl { seconds }]
        }
        Gate::ScopeExceedsDelegation => texts("beyond")
            .into_iter()
            .map(|scope| DataChange::AddDelegationScope { scope })
            .collect(),
        Gate::ZoneFrozen => vec![DataChange::ThawZone],
        Gate::ApprovalRequired
        | Gate::ApprovalRejected
        | Gate::ApprovalExpired
        | Gate::ApprovalAlreadyConsumed
        | Gate::ApprovalWithdrawn
        | Gate::ApprovalOfOtherResource
        | Gate::ApprovalOfOtherSession
        | Gate::ApprovalOfOtherOperation
        | Gate::ApprovalOfOtherArguments
        | Gate::ApprovalOfOtherPolicy
        | Gate::ApprovalInvalid => vec![DataChange::Approve],
        Gate::SessionInactive | Gate::SessionRequired => vec![DataChange::StartSession],
        Gate::DelegationInactive
        | Gate::DelegationNotHeld
        | Gate::DelegationSessionInactive
        | Gate::DelegationApplicationInactive
        | Gate::DelegationChainBroken
        | Gate::DelegationExceedsParentAuthority => vec![DataChange::Delegate],
        Gate::AuthorityRecordInactive | Gate::Revoked | Gate::SessionRevoked => vec![DataChange::BeginAgain],
        Gate::BudgetExhausted => match (
            text("operation"),
            text("limit").and_then(|limit| BudgetLimit::parse(&limit)),
        ) {
            (Some(operation), Some(limit)) => vec![DataChange::RaiseBudget {
                resource: resource(),
                operation,
                limit,
            }],
            _ => return Err(Obstacle::NotRecorded),
        },
        Gate::ProviderUnavailable | Gate::CredentialNotProvisioned => {
            vec![DataChange::ProvideCredential { resource: resource() }]
        }
        Gate::NoProviderConnection | Gate::ReauthorizationRequired => {
            vec![DataChange::ConnectAccount { resource: resource() }]
        }
        Gate::TokenReplay
        | Gate::ReplayStateLost
        | Gate::Expired
        | Gate::CredentialExpiring
        | Gate::LifetimeExhausted
        | Gate::SignatureInvalid
        | Gate::WrongIssuer
        | Gate::WrongAudience
        | Gate::WrongZone
        | Gate::WrongUse
        | Gate::LifetimeTooLong
        | Gate::GatewayRequired => vec![DataChange::MintAgain],
        Gate::MalformedArgumentData | Gate::MalformedBudgetData | Gate::MalformedOperationRisk => {
            return Err(Obstacle::PolicyMalformed);
        }
        // The Gateway has to read the call, or the caller to say something else.
        Gate::CallNotRead
        | Gate::ArgumentsNotRead
        | Gate::ArgumentOutOfBounds
        | Gate::CredentialInjectionDenied => return Err(Obstacle::NotByData),
    };
    if changes.is_empty() {
        return Err(Obstacle::NotRecorded);
    }
    Ok(changes)
}
