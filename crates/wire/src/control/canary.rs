//! A version of a policy set that decides for some of a zone's applications.

use caracal_core::{
    CanaryId, PolicySetId, PolicySetVersionId, Timestamp,
    entity::{CanaryOutcome, PolicyCanary},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

changes! {
    /// Body that begins a canary, or changes the rules of the one that runs. Unknown members are ignored.
    #[derive(Debug)]
    CanaryRules {
        /// For how many of a hundred applications it decides, 1 to 100. Required to begin. Those for which it decides stay on
        /// its side when the share grows.
        share_percent: u32,
        /// Decisions after which its denials are judged, each time, 1 to 1,000,000; 100 when a canary begins without.
        min_decisions: u32,
        /// It is taken back when it denied more than this many of a hundred decisions that the version in force would not have
        /// denied, 0 to 100; 5 when a canary begins without.
        max_newly_denied_percent: u32,
        /// It is taken back when it denied more than this many of a hundred decisions, whatever the version in force says of
        /// them, 0 to 100; 100, which is no bound, when a canary begins without.
        max_denied_percent: u32,
    }
}

/// A canary with its rules and what was counted of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CanaryItem {
    /// Id; events of what it decided name it.
    pub id: CanaryId,
    /// The set.
    pub policy_set_id: PolicySetId,
    /// Its version.
    pub version_id: PolicySetVersionId,
    /// Digest of the version's manifest.
    pub manifest_sha256: String,
    /// For how many of a hundred applications it decides.
    pub share_percent: u32,
    /// Decisions after which its denials are judged, each time.
    pub min_decisions: u32,
    /// Most of a hundred decisions that it may deny and the version in force would not.
    pub max_newly_denied_percent: u32,
    /// Most of a hundred decisions that it may deny in all.
    pub max_denied_percent: u32,
    /// Who began.
    pub started_by: String,
    /// When.
    pub started_at: Timestamp,
    /// Whether it decides now.
    pub running: bool,
    /// Decisions since it began, or since its rules were changed.
    pub decisions: i64,
    /// Those that it denied.
    pub denied: i64,
    /// Those that it denied and the version in force would not have.
    pub newly_denied: i64,
    /// Those that it held for an approval, and the version in force would have allowed without.
    pub newly_held: i64,
    /// Those that it allowed, and the version in force would have denied or held.
    pub newly_allowed: i64,
    /// Decisions since its denials were last judged.
    pub unjudged: i64,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<CanaryOutcome>,
    /// Who ended it; null where it ended by itself, or with another change.
    pub ended_by: Option<String>,
}

impl From<PolicyCanary> for CanaryItem {
    fn from(canary: PolicyCanary) -> Self {
        Self {
            running: canary.is_running(),
            id: canary.id,
            policy_set_id: canary.policy_set_id,
            version_id: canary.version_id,
            manifest_sha256: canary.manifest_sha256,
            share_percent: canary.share_percent,
            min_decisions: canary.min_decisions,
            max_newly_denied_percent: canary.max_newly_denied_percent,
            max_denied_percent: canary.max_denied_percent,
            started_by: canary.started_by,
            started_at: canary.started_at,
            decisions: canary.decisions,
            denied: canary.denied,
            newly_denied: canary.newly_denied,
            newly_held: canary.newly_held,
            newly_allowed: canary.newly_allowed,
            unjudged: canary.unjudged,
            ended_at: canary.ended_at,
            outcome: canary.outcome,
            ended_by: canary.ended_by,
        }
    }
}
