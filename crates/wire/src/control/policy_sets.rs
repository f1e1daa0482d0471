//! Policy sets: which policy versions are in force together.

use std::borrow::Cow;

use caracal_core::{
    PolicySetId, PolicySetVersionId, PolicyVersionId, Timestamp, ZoneId,
    audit::Effect,
    entity::{Attribution, PolicySet, PolicySetVersion},
    policy::PolicyWarning,
    words,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Line, Prose};

/// Body that makes a policy set. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatePolicySet {
    /// Unique among the active sets of the zone.
    pub name: Line<512>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<Prose<4096>>,
}

/// A policy set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicySetItem {
    /// Id.
    pub id: PolicySetId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The version in force, if one is.
    pub active_version_id: Option<PolicySetVersionId>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl From<PolicySet> for PolicySetItem {
    fn from(set: PolicySet) -> Self {
        Self {
            id: set.id,
            zone_id: set.zone_id,
            name: set.name,
            description: set.description,
            active_version_id: set.active_version_id,
            attribution: set.attribution,
        }
    }
}

/// One entry of a manifest; further members are dropped before hashing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManifestEntry {
    /// Version of a policy.
    pub policy_version_id: PolicyVersionId,
}

/// Body that adds a version to a set. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddSetVersion {
    /// 1 to 256 versions of policies.
    pub manifest: Vec<ManifestEntry>,
}

/// A version just added to a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetVersionAdded {
    /// Id.
    pub version_id: PolicySetVersionId,
    /// The same again.
    pub id: PolicySetVersionId,
    /// Set.
    pub policy_set_id: PolicySetId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Lower-case hex SHA-256 of the compact manifest.
    pub manifest_sha256: String,
    /// Schema of policy documents.
    pub schema_version: String,
    /// When.
    pub created_at: Timestamp,
    /// What looks mistyped.
    pub warnings: Vec<PolicyWarning>,
}

/// A version of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetVersionItem {
    /// Id.
    pub id: PolicySetVersionId,
    /// Set.
    pub policy_set_id: PolicySetId,
    /// 1, 2, 3, …
    pub version: i64,
    /// Lower-case hex SHA-256 of the compact manifest.
    pub manifest_sha256: String,
    /// Schema of policy documents.
    pub schema_version: String,
    /// Who.
    pub created_by: String,
    /// Always false.
    pub created_via_operator: bool,
    /// When.
    pub created_at: Timestamp,
}

impl From<PolicySetVersion> for SetVersionItem {
    fn from(version: PolicySetVersion) -> Self {
        Self {
            id: version.id,
            policy_set_id: version.policy_set_id,
            version: version.version,
            manifest_sha256: version.manifest_sha256,
            schema_version: version.schema_version,
            created_by: version.created_by,
            created_via_operator: false,
            created_at: version.created_at,
        }
    }
}

/// A version of a set with its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetVersionDetail {
    /// The version.
    #[serde(flatten)]
    pub version: SetVersionItem,
    /// Its manifest.
    pub manifest_json: Vec<ManifestEntry>,
    /// The policy versions of the manifest.
    pub policies: Vec<PolicyVersionId>,
}

/// Body that puts a version in force. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivateVersion {
    /// Which one.
    pub version_id: PolicySetVersionId,
}

/// A version was put in force; enforcement points follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Activated {
    /// True.
    pub activated: bool,
    /// Which one.
    pub version_id: PolicySetVersionId,
    /// The message that tells enforcement points.
    pub outbox_id: String,
    /// Where to ask whether they followed.
    pub status_url: String,
    /// What looks mistyped.
    pub warnings: Vec<PolicyWarning>,
}

/// Which activation to ask about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskActivation {
    /// The version; the one in force when absent.
    pub version_id: Option<PolicySetVersionId>,
    /// The message that told enforcement points.
    pub outbox_id: Option<Line<128>>,
}

words!(
    /// How far an activation came.
    Propagation {
        /// The version is not the one in force.
        WaitingForActivation = "waiting_for_activation",
        /// Enforcement points were not told yet.
        WaitingForOutbox = "waiting_for_outbox",
        /// They were told and do not decide with it yet.
        WaitingForSts = "waiting_for_sts",
        /// It decides.
        Loaded = "loaded",
        /// They cannot be told, or cannot use it.
        Failed = "failed",
    }
);

words!(
    /// Where a message to enforcement points stands.
    MessageState {
        /// Nobody knows of it, or it was sent long ago.
        Missing = "missing",
        /// It waits.
        Pending = "pending",
        /// The bus took it.
        Dispatched = "dispatched",
        /// It cannot be sent.
        Dead = "dead",
    }
);

words!(
    /// What a process decides with.
    LoadState {
        /// A version.
        Loaded = "loaded",
        /// No version.
        NotLoaded = "not_loaded",
        /// A version that cannot be used.
        Failed = "failed",
        /// Nobody knows.
        Unreachable = "unreachable",
    }
);

/// How far an activation came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivationStatus {
    /// Zone.
    pub zone_id: ZoneId,
    /// Set.
    pub policy_set_id: PolicySetId,
    /// The version asked about.
    pub version_id: PolicySetVersionId,
    /// Whether it is the one in force.
    pub active: bool,
    /// The one in force.
    pub active_version_id: Option<PolicySetVersionId>,
    /// Manifest digest of the one in force.
    pub manifest_sha256: Option<String>,
    /// How far it came.
    pub propagation_status: Propagation,
    /// The message to enforcement points.
    pub outbox: MessageStatus,
    /// What decides.
    pub sts: StsStatus,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageStatus {
    /// Its id, when there is one.
    pub id: Option<String>,
    /// Where it stands.
    pub state: MessageState,
    /// Tries so far.
    pub attempts: i64,
    /// Last failure.
    pub last_error: Option<String>,
    /// When the bus took it.
    pub dispatched_at: Option<Timestamp>,
}

/// What decides in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum StsStatus {
    /// The zone was read.
    Read(ZoneRead),
    /// It was not.
    Unread(ZoneUnread),
}

/// Why a zone was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
// Otherwise every zone that was read is one that was not, too.
#[serde(deny_unknown_fields)]
pub struct ZoneUnread {
    /// Why not.
    pub state: LoadState,
}

/// A zone as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZoneRead {
    /// What it decides with.
    pub state: LoadState,
    /// Whether that is a version.
    pub loaded: bool,
    /// Zone.
    pub zone_id: ZoneId,
    /// The version.
    pub policy_set_version_id: Option<PolicySetVersionId>,
    /// Manifest digest of the version, or `no_active_policy_set`.
    pub manifest_sha256: String,
    /// When it was read.
    pub loaded_at: Timestamp,
    /// How long ago.
    pub age_seconds: u64,
    /// Why it cannot be used.
    pub detail: Option<String>,
}

/// Body that asks what a version would decide. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Simulate {
    /// Which version.
    pub version_id: PolicySetVersionId,
    /// What to decide on.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, value_type = Option<Object>)]
    pub input: Option<Map<String, Value>>,
}

words!(
    /// What became of a simulation.
    Evaluation {
        /// There was a decision.
        Executed = "executed",
        /// There was nothing to decide on.
        NotExecuted = "not_executed",
        /// The input cannot be decided on.
        Failed = "failed",
    }
);

/// What a version would decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Simulated {
    /// True.
    pub dry_run: bool,
    /// Whether nothing looks wrong with the input, and it could be decided where one was given.
    pub would_activate: bool,
    /// Set.
    pub policy_set_id: PolicySetId,
    /// Version.
    pub version_id: PolicySetVersionId,
    /// Schema of policy documents.
    pub schema_version: String,
    /// Schema of what is decided on.
    pub input_schema_version: Cow<'static, str>,
    /// Manifest digest of the version.
    pub manifest_sha256: String,
    /// The policy versions of its manifest.
    pub policies: Vec<PolicyVersionId>,
    /// What looks wrong with the input.
    pub warnings: Vec<String>,
    /// In short.
    pub explanation: SimulationExplained,
    /// The decision, if there was one.
    pub result: Option<SimulatedDecision>,
}

/// A simulation in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SimulationExplained {
    /// What became of it.
    pub evaluation: Evaluation,
    /// What was decided.
    pub decision: Option<Effect>,
    /// Version.
    pub policy_set_version_id: PolicySetVersionId,
    /// Manifest digest of the version.
    pub manifest_sha256: String,
    /// Why.
    pub reason: String,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedDecision {
    /// What was decided.
    pub decision: Effect,
    /// `complete`.
    pub evaluation_status: Cow<'static, str>,
    /// The rules that allowed it.
    pub determining_policies: Value,
    /// The reasons that stood against it.
    pub diagnostics: Value,
    /// Why it was denied.
    pub reason: Option<String>,
    /// What the denial was about.
    pub details: Value,
}
