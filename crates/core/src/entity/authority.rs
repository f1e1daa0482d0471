//! Authority records: what sessions and mandates are anchored on.

use crate::{AuthorityRecordId, Timestamp, ZoneId, claims::SubjectType, words};

words!(
    /// State of an authority record.
    AuthorityRecordStatus {
        /// Usable until `expires_at`.
        Active = "active",
        /// Ended on purpose.
        Revoked = "revoked",
        /// Ran out.
        Expired = "expired",
    }
);

/// One proof of identity, from mint to end (JWT `sid`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityRecord {
    /// Id.
    pub id: AuthorityRecordId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Application or user.
    pub subject_type: SubjectType,
    /// JWT `sub`.
    pub subject_id: String,
    /// The application the record was minted to (JWT `client_id`).
    pub application_id: crate::ApplicationId,
    /// Record this one descends from.
    pub parent_id: Option<AuthorityRecordId>,
    /// State.
    pub status: AuthorityRecordStatus,
    /// End of life.
    pub expires_at: Timestamp,
    /// When the identity was proved.
    pub authenticated_at: Timestamp,
    /// Issuer of a federated user.
    pub issuer: Option<String>,
    /// Creation.
    pub created_at: Timestamp,
    /// When revoked.
    pub revoked_at: Option<Timestamp>,
    /// Why revoked.
    pub revoked_reason: Option<String>,
}

impl AuthorityRecord {
    /// Whether the record carries authority at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status == AuthorityRecordStatus::Active && self.expires_at > now
    }
}
