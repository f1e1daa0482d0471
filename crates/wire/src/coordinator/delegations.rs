//! Delegations: `/zones/{zone}/delegations`.

use std::{collections::BTreeSet, sync::Arc};

use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, ResourceId, ScopeSet, SessionId, Timestamp, ZoneId,
    entity::{Constraints, Delegation, DelegationStatus},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Warning;

/// Body of a delegation. Unknown members are ignored, except inside the constraints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateDelegation {
    /// Session that hands on.
    pub source_session_id: SessionId,
    /// Session that receives.
    pub target_session_id: SessionId,
    /// Application of the source.
    pub issuer_application_id: ApplicationId,
    /// Application of the target.
    pub receiver_application_id: ApplicationId,
    /// Delegation that this one narrows.
    pub parent_edge_id: Option<DelegationId>,
    /// The one resource it is for, by row or identifier.
    pub resource_id: Option<String>,
    /// Scopes handed on: at most 256.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Arc<str>>,
    /// Further bounds.
    #[schema(value_type = Option<Constraints>)]
    pub constraints: Option<Value>,
    /// Another name of `constraints`, which holds where both have a member.
    #[schema(value_type = Option<Constraints>)]
    pub constraints_json: Option<Value>,
    /// End.
    pub expires_at: Option<Timestamp>,
    /// End, counted from now: 1 to 86,400.
    pub ttl_seconds: Option<u32>,
}

impl CreateDelegation {
    /// `scopes`, from a session of an application to one of another.
    pub fn between(
        (issuer, source): (ApplicationId, SessionId),
        (receiver, target): (ApplicationId, SessionId),
        scopes: Vec<Arc<str>>,
    ) -> Self {
        Self {
            source_session_id: source,
            target_session_id: target,
            issuer_application_id: issuer,
            receiver_application_id: receiver,
            parent_edge_id: None,
            resource_id: None,
            scopes,
            constraints: None,
            constraints_json: None,
            expires_at: None,
            ttl_seconds: None,
        }
    }
}

/// What every answer about a delegation holds, but its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegationState {
    /// Zone.
    pub zone_id: ZoneId,
    /// Session that hands on.
    pub source_session_id: SessionId,
    /// Session that receives.
    pub target_session_id: SessionId,
    /// Application of the source.
    pub issuer_application_id: ApplicationId,
    /// Application of the target.
    pub receiver_application_id: ApplicationId,
    /// Delegation that this one narrows.
    pub parent_edge_id: Option<DelegationId>,
    /// The one resource it is for.
    pub resource_id: Option<ResourceId>,
    /// Scopes handed on.
    pub scopes: ScopeSet,
    /// Further bounds.
    pub constraints_json: Constraints,
    /// Hops that may still follow, itself included.
    pub remaining_hops: u32,
    /// State.
    pub status: DelegationStatus,
    /// End.
    pub expires_at: Timestamp,
    /// Grows with each change of state.
    pub edge_version: i64,
    /// When revoked.
    pub revoked_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
}

impl From<&Delegation> for DelegationState {
    fn from(delegation: &Delegation) -> Self {
        Self {
            zone_id: delegation.zone_id.clone(),
            source_session_id: delegation.source_session_id.clone(),
            target_session_id: delegation.target_session_id.clone(),
            issuer_application_id: delegation.issuer_application_id.clone(),
            receiver_application_id: delegation.receiver_application_id.clone(),
            parent_edge_id: delegation.parent_edge_id.clone(),
            resource_id: delegation.resource_id.clone(),
            scopes: delegation.scopes.clone(),
            constraints_json: delegation.constraints.clone(),
            remaining_hops: delegation.constraints.remaining_hops(),
            status: delegation.status,
            expires_at: delegation.expires_at,
            edge_version: delegation.edge_version,
            revoked_at: delegation.revoked_at,
            created_at: delegation.created_at,
        }
    }
}

/// A delegation as read and listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegationItem {
    /// Id.
    pub id: DelegationId,
    /// The delegation.
    #[serde(flatten)]
    pub delegation: DelegationState,
}

impl From<&Delegation> for DelegationItem {
    fn from(delegation: &Delegation) -> Self {
        Self {
            id: delegation.id.clone(),
            delegation: delegation.into(),
        }
    }
}

/// A live delegation as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActiveDelegation {
    /// The delegation.
    #[serde(flatten)]
    pub item: DelegationItem,
    /// Why it has no resource bound.
    pub broad_reason: Option<String>,
}

impl From<&Delegation> for ActiveDelegation {
    fn from(delegation: &Delegation) -> Self {
        Self {
            item: delegation.into(),
            broad_reason: delegation.constraints.broad_reason.clone(),
        }
    }
}

/// What let a delegation through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllowReason {
    /// Both sessions are live and of one zone.
    SameZoneEndpointsActive,
    /// The resources declare the scopes.
    ResourceScopeChecked,
    /// The caller may delegate without naming a resource.
    BroadDelegationElevated,
    /// It is within what its parent holds.
    ParentAuthorityNarrowed,
    /// It has no parent.
    SourceAuthorityRoot,
    /// Its constraints are well formed.
    TypedConstraintsValidated,
}

/// A delegation as just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegationCreated {
    /// Id.
    pub delegation_edge_id: DelegationId,
    /// The delegation.
    #[serde(flatten)]
    pub delegation: DelegationState,
    /// What the caller should know.
    pub warnings: Vec<Warning>,
    /// What let it through.
    pub allow_reason: Vec<AllowReason>,
    /// What it allows, over its whole lineage.
    pub effective_authority: DelegatedAuthority,
}

/// What a delegation allows, over its whole lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegatedAuthority {
    /// Session that hands on.
    pub source_session_id: SessionId,
    /// Session that receives.
    pub target_session_id: SessionId,
    /// Delegation that it narrows.
    pub parent_edge_id: Option<DelegationId>,
    /// The one resource it is for.
    pub resource_id: Option<ResourceId>,
    /// Identifiers of the resources it is bound to; empty when to none.
    #[schema(value_type = Vec<String>)]
    pub resources: Vec<Arc<str>>,
    /// Scopes.
    pub scopes: ScopeSet,
    /// End.
    pub expires_at: Timestamp,
    /// Hops that may still follow, itself included.
    pub max_hops: u32,
    /// Longest lifetime of mandates.
    pub ttl_seconds: Option<u32>,
    /// Whether it names no resource.
    pub broad: bool,
    /// The delegations it was narrowed against.
    pub parent_edges_considered: Vec<DelegationId>,
}

/// A delegation in the graph below another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegationNode {
    /// Id.
    pub id: DelegationId,
    /// Session that hands on.
    pub source_session_id: SessionId,
    /// Session that receives.
    pub target_session_id: SessionId,
    /// Delegation that it narrows.
    pub parent_edge_id: Option<DelegationId>,
    /// State.
    pub status: DelegationStatus,
    /// Steps below the one asked about, which is at 0.
    pub depth: u32,
}

impl DelegationNode {
    /// The delegation, `depth` steps below the one asked about.
    pub fn new(delegation: &Delegation, depth: u32) -> Self {
        Self {
            id: delegation.id.clone(),
            source_session_id: delegation.source_session_id.clone(),
            target_session_id: delegation.target_session_id.clone(),
            parent_edge_id: delegation.parent_edge_id.clone(),
            status: delegation.status,
            depth,
        }
    }
}

/// What revoking a delegation would reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevocationImpact {
    /// The delegation.
    pub edge_id: DelegationId,
    /// It and the live ones below it, nearest first, at most 5,000.
    pub affected_edges: Vec<DelegationNode>,
    /// How many there are.
    pub affected_total: u64,
    /// The sessions that hold them.
    pub affected_sessions: BTreeSet<SessionId>,
    /// The same, for clients that read this name.
    pub affected_agents: BTreeSet<SessionId>,
    /// The records of those sessions.
    pub affected_authority_records: BTreeSet<AuthorityRecordId>,
}

/// Options of a revocation, as query or as body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct RevokeDelegation {
    /// Whether the sessions that received the authority end, too.
    pub terminate_target: Option<bool>,
}

/// Answer to a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegationRevoked {
    /// Delegations revoked, the one asked for included.
    pub revoked_edges: usize,
    /// Sessions that held them.
    pub affected_sessions: usize,
    /// Sessions that ended with them.
    pub terminated_sessions: usize,
}

/// `details` of a refusal about a session that the request names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionDetails {
    /// The session.
    pub session_id: SessionId,
}

/// `details` of a refusal about a resource that the request names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceDetails {
    /// The resource as it was named.
    pub resource: String,
}

/// `details` of a refusal of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScopeDetails {
    /// The rule: `resource_scopes`.
    pub rule: std::borrow::Cow<'static, str>,
    /// The scopes beyond the limit.
    pub exceeding: ScopeSet,
    /// What is declared.
    pub limit: ScopeSet,
}
