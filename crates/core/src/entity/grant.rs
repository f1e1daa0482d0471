//! Grants: what people agreed to let applications do for them.

use super::Attribution;
use crate::{ApplicationId, GrantId, ResourceId, ScopeSet, Timestamp, ZoneId, words};

words!(
    /// How a grant stands.
    GrantStatus {
        /// It stands.
        Active = "active",
        /// Somebody took it back.
        Revoked = "revoked",
        /// The application or the resource is gone, and it with them.
        Expired = "expired",
    }
);

/// What a person agreed to let an application do at a resource. No decision reads it: what is allowed is what the policy in
/// force says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Id.
    pub id: GrantId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Who may act.
    pub application_id: ApplicationId,
    /// For whom: the subject of the person's records.
    pub user_id: String,
    /// Where.
    pub resource_id: ResourceId,
    /// What: scopes that the resource declared when it was made.
    pub scopes: ScopeSet,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// Who and when.
    pub attribution: Attribution,
}
