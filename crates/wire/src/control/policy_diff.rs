//! What differs between two versions of policy sets.

use caracal_core::{
    PolicyId, PolicySetId, PolicySetVersionId, PolicyVersionId,
    policy::{AccessDiff, DocumentDiff},
    words,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a version is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskPolicyDiff {
    /// Another version of the set; what is in force in the zone when absent.
    pub from: Option<PolicySetVersionId>,
}

/// What is different with a version of a policy set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicySetDiff {
    /// What it was compared with; null where nothing is in force.
    pub from: Option<ComparedVersion>,
    /// The version itself.
    pub to: ComparedVersion,
    /// Policies that are not in both with the same version, in the order of their names.
    pub policies: Vec<PolicyMemberDiff>,
    /// Policies that are in both with the same version.
    pub unchanged_policies: u64,
    /// Documents that state something else, by name.
    pub documents: Vec<DocumentDiff>,
    /// What applications can be given otherwise.
    pub access: AccessDiff,
}

/// A version that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparedVersion {
    /// Set.
    pub policy_set_id: PolicySetId,
    /// Version.
    pub version_id: PolicySetVersionId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Lower-case hex SHA-256 of its manifest.
    pub manifest_sha256: String,
}

words!(
    /// What became of a policy.
    MemberChange {
        /// It is new.
        Added = "added",
        /// It is gone.
        Removed = "removed",
        /// Another version of it counts.
        Changed = "changed",
    }
);

/// A policy that is not in both with the same version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyMemberDiff {
    /// What became of it.
    pub change: MemberChange,
    /// The policy.
    pub policy_id: PolicyId,
    /// Its name; null where it was archived.
    pub name: Option<String>,
    /// Its version before; null where it is new.
    pub from: Option<PolicyMember>,
    /// Its version now; null where it is gone.
    pub to: Option<PolicyMember>,
}

/// A version of a policy in a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyMember {
    /// The version, whose source is read by this id.
    pub policy_version_id: PolicyVersionId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Lower-case hex SHA-256 of its source.
    pub content_sha256: String,
}
