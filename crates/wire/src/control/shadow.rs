//! A version of a policy set that is decided beside the one in force.

use caracal_core::{PolicySetId, PolicySetVersionId, ScopeSet, Timestamp, audit::DecisionChange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

changes! {
    /// Body that begins a shadow. Unknown members are ignored.
    #[derive(Debug)]
    BeginShadow {
        /// Hours for which it is decided, 1 to 720; 24 when absent.
        expires_in_hours: u32,
    }
}

/// A version that is decided beside the one in force and enforces nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShadowItem {
    /// The set.
    pub policy_set_id: PolicySetId,
    /// Its version.
    pub version_id: PolicySetVersionId,
    /// Digest of the version's manifest.
    pub manifest_sha256: String,
    /// Who began.
    pub started_by: String,
    /// When.
    pub started_at: Timestamp,
    /// Until when it is decided.
    pub expires_at: Timestamp,
    /// Whether it is decided now.
    pub running: bool,
}

/// What a shadow would have decided otherwise, as far as the ledger tells by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShadowReport {
    /// The shadow.
    #[serde(flatten)]
    pub shadow: ShadowItem,
    /// Decisions that would be denied and were not.
    pub newly_denied: u64,
    /// Decisions that would be allowed, with no approval to wait for, and were not.
    pub newly_allowed: u64,
    /// Decisions that an approval would hold, and none held.
    pub newly_held: u64,
    /// Decisions that an approval held, and another would.
    pub held_otherwise: u64,
    /// Those that differ alike together, the largest group first; at most 1,000.
    pub groups: Vec<ShadowGroup>,
    /// Decisions that differ and are in no group, because there are too many groups.
    pub ungrouped: u64,
    /// Whether every difference since the beginning was looked at; otherwise the newest were.
    pub complete: bool,
}

/// Decisions that would differ alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShadowGroup {
    /// How.
    pub change: DecisionChange,
    /// The application, or the workload.
    pub application_id: String,
    /// The resource, by identifier.
    pub resource: String,
    /// The scopes asked for, or those of the mandate that was presented.
    pub scopes: ScopeSet,
    /// Why they would be denied, else why they were.
    pub reason: Option<String>,
    /// How many.
    pub decisions: u64,
    /// How many of them were carried out.
    pub carried_out: u64,
    /// The newest of their requests, to be explained.
    pub request_id: String,
}
