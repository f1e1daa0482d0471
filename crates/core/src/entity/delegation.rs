//! Delegations: authority handed from one session to another, only ever narrower.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ApplicationId, DelegationId, ResourceId, ScopeSet, SessionId, Timestamp, ZoneId, words};

/// Longest delegation chain the platform mints for.
pub const MAX_HOPS: u32 = 10;

words!(
    /// State of a delegation.
    DelegationStatus {
        /// Usable until `expires_at`.
        Active = "active",
        /// Ended on purpose.
        Revoked = "revoked",
        /// Ran out.
        Expired = "expired",
    }
);

/// What a delegation allows beyond its scopes. A closed object: an unknown member is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Constraints {
    /// Only these resources, by identifier; empty means no such bound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub resources: Vec<Arc<str>>,
    /// Longest mandate lifetime, 1 to 86,400 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// Alias of `max_hops`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<u32>,
    /// Hops that may still follow this delegation plus itself: 1 means it cannot be handed on. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_hops: Option<u32>,
    /// Most scopes a descendant may carry, 1 to 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<u32>,
    /// Set by an administrator for a delegation without a resource bound; evidence only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_approved: Option<bool>,
    /// Absolute end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why there is no resource bound; evidence only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broad_reason: Option<String>,
}

impl Constraints {
    /// Remaining hops: `max_hops`, else its alias `max_depth`, else 1.
    pub fn remaining_hops(&self) -> u32 {
        self.max_hops.or(self.max_depth).unwrap_or(1)
    }
}

/// Authority handed by one session to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Id.
    pub id: DelegationId,
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
    /// Delegation this one narrows; absent at a root.
    pub parent_edge_id: Option<DelegationId>,
    /// The one resource it is for, by row.
    pub resource_id: Option<ResourceId>,
    /// Scopes handed on.
    pub scopes: ScopeSet,
    /// Further bounds.
    pub constraints: Constraints,
    /// State.
    pub status: DelegationStatus,
    /// End of life.
    pub expires_at: Timestamp,
    /// Grows with each change of state.
    pub edge_version: i64,
    /// When revoked.
    pub revoked_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
}

impl Delegation {
    /// Whether the delegation carries authority at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status == DelegationStatus::Active && self.expires_at > now
    }
}
