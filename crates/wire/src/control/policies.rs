//! Policies: documents and their immutable versions.

use std::borrow::Cow;

use caracal_core::{
    PolicyId, PolicyVersionId, Timestamp, ZoneId,
    entity::{Attribution, ListedPolicyVersion, Policy, PolicyVersion},
    policy::PolicyWarning,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, ObjectStatus, Prose};

/// Which policies to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ListPolicies {
    /// Active ones when absent.
    pub status: Option<ObjectStatus>,
    /// Only those with exactly this name.
    pub name: Option<Line<512>>,
    /// Only those that exactly this one made, as `created_by` tells it.
    pub created_by: Option<Line<512>>,
}

/// Body that makes a policy with its first version. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatePolicy {
    /// Unique among the active policies of the zone.
    pub name: Line<512>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<Prose<4096>>,
    /// Rego source.
    #[schema(min_length = 1)]
    pub content: String,
}

/// A policy's source. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicySource {
    /// Rego source.
    #[schema(min_length = 1)]
    pub content: String,
}

/// `details` of an answer that names problems of policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyIssues {
    /// One for each problem.
    pub issues: Vec<PolicyIssue>,
}

/// A problem of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyIssue {
    /// The way to the field.
    pub path: Vec<String>,
    /// For a program.
    pub code: String,
    /// For people.
    pub message: String,
    /// Line, from 1, when the problem has a place.
    pub line: Option<u32>,
    /// Column, from 1, when the problem has a place.
    pub column: Option<u32>,
    /// The version at fault, when several are evaluated together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version_id: Option<String>,
}

/// A source that may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyValid {
    /// True.
    pub valid: bool,
    /// Schema of policy documents.
    pub schema_version: Cow<'static, str>,
    /// Schema of what is decided on.
    pub input_schema_version: Cow<'static, str>,
    /// What a decision looks like.
    pub output_contract: OutputContract,
    /// What the source says about itself.
    pub preview: PolicyPreview,
    /// What looks mistyped.
    pub warnings: Vec<PolicyWarning>,
}

/// What a decision looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutputContract {
    /// Package of the decision.
    pub package: Cow<'static, str>,
    /// Rule of the decision.
    pub rule: Cow<'static, str>,
    /// Decisions there are.
    pub decision: Vec<Cow<'static, str>>,
    /// States of an evaluation there are.
    pub evaluation_status: Vec<Cow<'static, str>>,
}

/// What a source says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyPreview {
    /// Its package.
    pub package: String,
    /// Rules it defines, sorted.
    pub rules: Vec<String>,
    /// Whether it has a `default result`; a document never does.
    pub default_result: bool,
    /// Literal values of members named `decision`, sorted.
    pub decisions: Vec<String>,
    /// `input` paths it reads; a document reads none.
    pub inputs_referenced: Vec<String>,
    /// `data` paths it reads, sorted.
    pub data_referenced: Vec<String>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyItem {
    /// Id.
    pub id: PolicyId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl From<Policy> for PolicyItem {
    fn from(policy: Policy) -> Self {
        Self {
            id: policy.id,
            zone_id: policy.zone_id,
            name: policy.name,
            description: policy.description,
            attribution: policy.attribution,
        }
    }
}

/// A policy with its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyDetail {
    /// The policy.
    #[serde(flatten)]
    pub policy: PolicyItem,
    /// Its versions, highest first, with their sources as far as there is room.
    pub versions: Vec<PolicyVersionItem>,
    /// Where `…/versions` goes on.
    pub versions_next_cursor: Option<String>,
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyVersionItem {
    /// Id.
    pub id: PolicyVersionId,
    /// Policy.
    pub policy_id: PolicyId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Rego source, where the answer has room for it.
    pub content: Option<String>,
    /// Bytes of the source.
    pub content_bytes: u64,
    /// Lower-case hex SHA-256 of the source.
    pub content_sha256: String,
    /// Schema of policy documents.
    pub schema_version: String,
    /// Who.
    pub created_by: String,
    /// Always false.
    pub created_via_operator: bool,
    /// When.
    pub created_at: Timestamp,
    /// Always null.
    pub archived_at: Option<Timestamp>,
}

impl From<ListedPolicyVersion> for PolicyVersionItem {
    fn from(version: ListedPolicyVersion) -> Self {
        Self {
            id: version.id,
            policy_id: version.policy_id,
            version: version.version,
            content: version.content,
            content_bytes: version.content_bytes,
            content_sha256: version.content_sha256,
            schema_version: version.schema_version,
            created_by: version.created_by,
            created_via_operator: false,
            created_at: version.created_at,
            archived_at: None,
        }
    }
}

impl From<PolicyVersion> for PolicyVersionItem {
    fn from(version: PolicyVersion) -> Self {
        ListedPolicyVersion {
            id: version.id,
            policy_id: version.policy_id,
            version: version.version,
            content_bytes: version.content.len() as u64,
            content: Some(version.content),
            content_sha256: version.content_sha256,
            schema_version: version.schema_version,
            created_by: version.created_by,
            created_at: version.created_at,
        }
        .into()
    }
}

/// A policy just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyCreated {
    /// Id.
    pub id: PolicyId,
    /// Id of its first version.
    pub version_id: PolicyVersionId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its first version.
    pub version: FirstVersion,
    /// What looks mistyped.
    pub warnings: Vec<PolicyWarning>,
}

/// The first version of a policy just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirstVersion {
    /// Id.
    pub id: PolicyVersionId,
    /// Policy.
    pub policy_id: PolicyId,
    /// 1.
    pub version: i64,
    /// Lower-case hex SHA-256 of the source.
    pub content_sha256: String,
    /// Schema of policy documents.
    pub schema_version: String,
    /// When.
    pub created_at: Timestamp,
}

/// A version just added to a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionAdded {
    /// Id.
    pub version_id: PolicyVersionId,
    /// The same again.
    pub id: PolicyVersionId,
    /// Policy.
    pub policy_id: PolicyId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Lower-case hex SHA-256 of the source.
    pub content_sha256: String,
    /// Schema of policy documents.
    pub schema_version: String,
    /// When.
    pub created_at: Timestamp,
    /// What looks mistyped.
    pub warnings: Vec<PolicyWarning>,
}
