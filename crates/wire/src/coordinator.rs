//! The Coordinator: sessions and delegations.

pub mod delegations;
pub mod sessions;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something the caller should know about what it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The session ends with its parent, before the time asked for.
    TtlClampedToParent,
    /// The delegation ends with its parent, before the time asked for.
    ExpiryClampedToParent,
    /// The delegation ends when the platform's limit says, before the time asked for.
    ExpiryClampedToPlatformLimit,
    /// A delegation without scopes allows nothing.
    EmptyScopesCarryNoAuthority,
    /// The delegation is for whatever resource declares its scopes.
    ResourceNullDelegationBroadensResourceMatching,
}

/// `details` of a refusal for a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitDetails {
    /// The limit reached.
    pub limit: u64,
}
