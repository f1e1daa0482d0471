//! What a gate other than policy read, each as it stands under `value` of a [`DataRead`](caracal_core::audit::DataRead).

use caracal_core::{
    ApplicationId, ResourceId, ScopeSet, SessionId, Timestamp,
    entity::{
        AuthorityRecordStatus, Constraints, DeclaredOperation, DelegationStatus, OperationEnforcement,
        ProviderKind, SessionStatus,
    },
};
use serde::Serialize;
use serde_json::Value;

/// Something that a gate read.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum GateFact<'a> {
    /// The call, as its event tells it.
    Call {
        /// Method as sent.
        method: Option<&'a Value>,
        /// Path, decoded.
        path: Option<&'a Value>,
        /// What the body asks for.
        call: Option<&'a Value>,
    },
    /// A resource that none of the members below says more of.
    Resource {
        /// Its row.
        id: &'a ResourceId,
    },
    /// Scopes that a resource declares.
    Scopes(&'a ScopeSet),
    /// Operations that a resource declares, those that are like the call.
    Operations(Vec<&'a DeclaredOperation>),
    /// Whether they count.
    Enforcement(OperationEnforcement),
    /// A session.
    Session {
        /// State.
        status: SessionStatus,
        /// Whose it is.
        application_id: &'a ApplicationId,
        /// When it ends by itself.
        ends_at: Timestamp,
        /// When it ended.
        terminated_at: Option<Timestamp>,
        /// Why.
        termination_reason: Option<&'a str>,
    },
    /// The authority record of a session.
    AuthorityRecord {
        /// State.
        status: AuthorityRecordStatus,
        /// When it ends by itself.
        expires_at: Timestamp,
        /// When it was revoked.
        revoked_at: Option<Timestamp>,
        /// Why.
        revoked_reason: Option<&'a str>,
    },
    /// A delegation.
    Delegation {
        /// State.
        status: DelegationStatus,
        /// What is handed on.
        scopes: &'a ScopeSet,
        /// The one resource it is for.
        resource_id: Option<&'a ResourceId>,
        /// Further bounds.
        constraints: &'a Constraints,
        /// When it ends by itself.
        expires_at: Timestamp,
        /// When it was revoked.
        revoked_at: Option<Timestamp>,
        /// Who received it.
        target_session_id: &'a SessionId,
    },
    /// When a zone was frozen.
    Frozen(Option<Timestamp>),
    /// An approval.
    Approval {
        /// The tiers that it is for.
        tier: &'a str,
        /// When it ends.
        expires_at: Timestamp,
        /// How many people must say yes.
        approvals_required: u32,
        /// How many have.
        approvals_given: u32,
        /// When somebody said no.
        rejected_at: Option<Timestamp>,
        /// When it was used.
        consumed_at: Option<Timestamp>,
        /// When a yes was taken back.
        withdrawn_at: Option<Timestamp>,
    },
    /// A provider, without its settings.
    Provider {
        /// Identifier.
        identifier: &'a str,
        /// Kind.
        kind: ProviderKind,
        /// Which secrets it has.
        secret_config_keys: &'a [String],
        /// When it was put away.
        archived_at: Option<Timestamp>,
        /// When it could not be reached last.
        connectivity_failed_at: Option<Timestamp>,
    },
}
