//! Why the STS denies, and what each denial is about.

use std::borrow::Cow;

use caracal_core::{
    DelegationId, ScopeSet, SessionId,
    entity::{BudgetHolder, BudgetLimit},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::reason::reasons;

reasons! {
    /// The member `reason` of the STS's denials; evidence uses the same word.
    DenialReason
    RestrictionActive "restriction_active" "The zone's policy restricts everything for now.";
    MalformedRiskData "malformed_risk_data" "The policy's `risk` cannot be relied on.";
    MalformedApprovalData "malformed_approval_data" "The policy's `approval_tiers` cannot be relied on.";
    ResourceNotGranted "resource_not_granted" "The policy grants the application nothing on the resource.";
    DelegationScopeExceeded "delegation_scope_exceeded" "A scope asked for is not in the delegation.";
    ConfinementViolation "confinement_violation" "A scope asked for is outside what a label is confined to.";
    RoleScopeMismatch "role_scope_mismatch" "No single label of the session holds every scope asked for.";
    MandateTargetMismatch "mandate_target_mismatch" "The mandate is not for this resource.";
    NoRuleMatched "no_rule_matched" "No rule of the policy allows such a request.";
    NoActivePolicySet "no_active_policy_set" "The zone has no policy set in force.";
    PolicyUnusable "policy_unusable" "The zone's policy cannot be read.";
    ApprovalRequired "approval_required" "A person has to approve first.";
    ApprovalInvalid "approval_invalid" "The approval named is not there, or is for something else.";
    ApprovalRejected "approval_rejected" "A person said no.";
    ApprovalExpired "approval_expired" "The approval ended before it was used.";
    ApprovalAlreadyConsumed "approval_already_consumed" "The approval was used already.";
    ApprovalWithdrawn "approval_withdrawn" "The approval was taken back before it was used.";
    ApprovalOfOtherResource "approval_of_other_resource" "The approval named is for a call to another resource.";
    ApprovalOfOtherSession "approval_of_other_session" "The approval named is for a call of another session or delegation.";
    ApprovalOfOtherOperation "approval_of_other_operation" "The approval named is for another operation of the resource.";
    ApprovalOfOtherArguments "approval_of_other_arguments" "The approval named is for the operation with something else in it.";
    ApprovalOfOtherPolicy "approval_of_other_policy" "The policy has changed since the approval named was asked for; ask again.";
    CallNotRead "call_not_read" "A person has to approve this very call, and the Gateway does not say what is in it.";
    OperationsNotEnforced "operations_not_enforced" "The policy counts operations of the resource, or asks for approval of them, and the resource does not enforce what it declares.";
    MalformedOperationRisk "malformed_operation_risk" "The policy's `operation_risk` cannot be relied on.";
    ApprovalClassConflict "approval_class_conflict" "What was asked needs an operator and the subject, and one approval has one of them.";
    CredentialInjectionDenied "credential_injection_denied" "The provider does not let its credential out to workloads.";
    CredentialNotProvisioned "credential_not_provisioned" "The resource has no credential that a workload could be given.";
    ResourceNotFound "resource_not_found" "The zone has no such resource.";
    ScopeMismatch "scope_mismatch" "The resource does not declare a scope asked for.";
    ResourceOutsideDelegation "resource_outside_delegation" "The delegation does not reach the resource.";
    DelegationTtlExceeded "delegation_ttl_exceeded" "The delegation allows no mandate that lives so long.";
    ScopeExceedsDelegation "scope_exceeds_delegation" "The mandate carries more than its delegation.";
    OperationNotPermitted "operation_not_permitted" "The resource does not declare the operation, or the mandate lacks its scope.";
    ArgumentOutOfBounds "argument_out_of_bounds" "An argument of the tool is not within what the policy allows.";
    ArgumentsNotRead "arguments_not_read" "The policy bounds or adds up arguments of the resource's tools, or counts their calls, and this call may call one without saying how.";
    MalformedArgumentData "malformed_argument_data" "The policy's `arguments` cannot be relied on.";
    BudgetExhausted "budget_exhausted" "The call is more than is left of a budget of its session, its delegation, or one that they descend from.";
    MalformedBudgetData "malformed_budget_data" "The policy's `budgets` cannot be relied on.";
    ProviderUnavailable "provider_unavailable" "The credential of the upstream could not be had.";
    NoProviderConnection "no_provider_connection" "Nobody has connected an account of the upstream for the subject.";
    ReauthorizationRequired "reauthorization_required" "The connection to the upstream cannot be renewed: a person has to connect again.";
    GatewayRequired "gateway_required" "A session mandate is not exchanged; call through the Gateway.";
    MandateTooLarge "mandate_too_large" "The mandate would be larger than its readers take.";
    LifetimeExhausted "lifetime_exhausted" "What the mandate hangs on is about to end.";
    SessionInactive "session_inactive" "The session is not active, or not the application's.";
    SessionRequired "session_required" "A delegation is named without the session that holds it.";
    DelegationInactive "delegation_inactive" "The delegation is not active.";
    DelegationNotHeld "delegation_not_held" "The session does not hold the delegation.";
    DelegationSessionInactive "delegation_session_inactive" "A session of the delegation's chain is not active.";
    DelegationApplicationInactive "delegation_application_inactive" "An application of the delegation's chain has ended.";
    AuthorityRecordInactive "authority_record_inactive" "The authority record of a session has ended.";
    Revoked "revoked" "Something that the request hangs on was revoked.";
    DelegationChainBroken "delegation_chain_broken" "A delegation does not continue the one before.";
    DelegationExceedsParentAuthority "delegation_exceeds_parent_authority" "A delegation hands on more than it was given.";
    ZoneFrozen "zone_frozen" "The zone is frozen: nothing in it is allowed until it is thawed.";
    SubjectBlocked "subject_blocked" "The person is kept out of the zone until somebody lets them in again.";
    ControlResourceRequiresControlKey "control_resource_requires_control_key" "Only a live control key is given a mandate for the Control API, alone and within its scopes.";
    StsUnavailable "sts_unavailable" "Nothing can be decided now.";
}

/// `details` of a denial: the first target that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DenialDetails {
    /// As the caller named it.
    pub resource: String,
    /// What the rule is about.
    pub explanation: Value,
}

/// What a denial is about that is not policy's.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Explanation<'a> {
    /// A resource that is not there, or outside the delegation.
    Resource {
        /// As the caller named it.
        resource: &'a str,
    },
    /// Scopes that the resource does not declare.
    Undeclared {
        /// Those.
        undeclared: Vec<Cow<'a, str>>,
    },
    /// Scopes that the delegation does not have.
    Beyond {
        /// Those.
        beyond: ScopeSet,
    },
    /// A call that is no operation of the resource, or whose scope the mandate lacks.
    Operation {
        /// Method as sent.
        method: &'a str,
        /// Path, decoded.
        path: &'a str,
        /// What the body asks for, where the resource has it read.
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<&'a str>,
        /// What the operation needs; absent when it is not declared.
        scope: Option<&'a str>,
    },
    /// An argument that is not within a bound.
    Argument {
        /// The tool.
        tool: &'a str,
        /// Names on the way to the argument, with dots between them.
        argument: String,
        /// Member of the bound.
        bound: &'static str,
        /// What it says, cut where it is long. The value is not told.
        limit: String,
    },
    /// A budget that has not enough left.
    Budget {
        /// The operation, as it was called: a path, or a message to an MCP server.
        operation: &'a str,
        /// Whose it is.
        per: BudgetHolder,
        /// The session or delegation, where it is one that the mandate names.
        #[serde(skip_serializing_if = "Option::is_none")]
        holder: Option<&'a str>,
        /// What would be passed.
        limit: BudgetLimit,
        /// The argument that is added up.
        #[serde(skip_serializing_if = "Option::is_none")]
        argument: Option<&'a str>,
        /// Most of it.
        most: String,
        /// What was used up before.
        used: String,
    },
    /// A credential that could not be had.
    Credential {
        /// Why.
        reason: String,
    },
    /// What a request for the Control API must not have, or a control key lacks.
    Rule {
        /// The rule.
        rule: &'static str,
    },
    /// A session or a delegation that carries no authority.
    References {
        /// Session named.
        agent_session_id: Option<&'a SessionId>,
        /// Delegation named.
        delegation_edge_id: Option<&'a DelegationId>,
        /// Resources asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        resources: Option<&'a [String]>,
    },
}

/// What is read back of [`Explanation::Operation`]: what would have been enough.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NeededScope {
    /// The scope that the operation needs; absent when it is not declared.
    pub scope: Option<String>,
}

impl NeededScope {
    /// Reads the details of a denial for [`DenialReason::OperationNotPermitted`].
    pub fn of(details: &Value) -> Option<Self> {
        Self::deserialize(details).ok()
    }
}

impl From<Explanation<'_>> for Value {
    fn from(explanation: Explanation<'_>) -> Self {
        // Only a map whose keys are no text fails.
        serde_json::to_value(explanation).unwrap_or_default()
    }
}
