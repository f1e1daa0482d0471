//! Policies and policy sets. Versions are immutable.

use crate::{PolicyId, PolicySetId, PolicySetVersionId, PolicyVersionId, Timestamp, ZoneId};

use super::Attribution;

/// A named policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Id.
    pub id: PolicyId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Unique among active policies of the zone.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Archived policies take no new versions; versions already in a set stay.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    pub attribution: Attribution,
}

/// One version of a policy's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Id.
    pub id: PolicyVersionId,
    /// Policy.
    pub policy_id: PolicyId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Rego source.
    pub content: String,
    /// Lower-case hex SHA-256 of the UTF-8 source.
    pub content_sha256: String,
    /// Document schema, `2026-05-20`.
    pub schema_version: String,
    /// Who.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A version as a listing shows it: its source may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPolicyVersion {
    /// Id.
    pub id: PolicyVersionId,
    /// Policy.
    pub policy_id: PolicyId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Rego source, where the listing has room for it.
    pub content: Option<String>,
    /// Bytes of the source.
    pub content_bytes: u64,
    /// Lower-case hex SHA-256 of the UTF-8 source.
    pub content_sha256: String,
    /// Document schema, `2026-05-20`.
    pub schema_version: String,
    /// Who.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A named set of policy versions, of which at most one per zone is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySet {
    /// Id.
    pub id: PolicySetId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Unique among active sets of the zone.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The version in force, when this set is the zone's active one.
    pub active_version_id: Option<PolicySetVersionId>,
    /// Archived sets cannot be activated.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    pub attribution: Attribution,
}

/// One manifest of a policy set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySetVersion {
    /// Id.
    pub id: PolicySetVersionId,
    /// Set.
    pub policy_set_id: PolicySetId,
    /// 1, 2, 3, …
    pub version: i64,
    /// The policy versions, in manifest order.
    pub manifest: Vec<PolicyVersionId>,
    /// Lower-case hex SHA-256 of the compact manifest JSON.
    pub manifest_sha256: String,
    /// Document schema, `2026-05-20`.
    pub schema_version: String,
    /// Who.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}
