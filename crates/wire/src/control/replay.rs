//! What would change if another version of a policy set were in force.

use caracal_core::{
    PolicySetId, PolicySetVersionId, ScopeSet, Timestamp,
    audit::{DecisionChange, Undecidable},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Line;

changes! {
    /// Body that says which recorded decisions to make again. Unknown members are ignored.
    #[derive(Debug)]
    AskReplay {
        /// Those of so many hours before now, 1 to 2160; 24 unless this or `since` says something else.
        hours: u32,
        /// Those from then on, instead of `hours`.
        since: Timestamp,
        /// Those before then; now when absent. At most 2160 hours after `since`.
        until: Timestamp,
        /// Most events to look at before answering with what there is, 1 to 5000000; all within ten seconds when absent.
        limit: u32,
        /// Most request ids to show of each group, 0 to 50; 5 when absent.
        samples: u32,
        /// `next_cursor` of the answer before, which says the window too.
        cursor: Line<512>,
    }
}

/// What would change, of the decisions looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// Set.
    pub policy_set_id: PolicySetId,
    /// The version that they were made again with.
    pub version_id: PolicySetVersionId,
    /// Manifest digest of the version.
    pub manifest_sha256: String,
    /// Where the window begins.
    pub since: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
    /// Decisions made again.
    pub decisions: u64,
    /// Those that would be as they were.
    pub unchanged: u64,
    /// Those that would be denied and were not.
    pub newly_denied: u64,
    /// Those that would be allowed, with no approval to wait for, and were not.
    pub newly_allowed: u64,
    /// Those that an approval would hold, and none held.
    pub newly_held: u64,
    /// Those that an approval held, and another would.
    pub held_otherwise: u64,
    /// Decisions that could not be made again, by why.
    pub undecidable: Vec<UndecidableDecisions>,
    /// Events about which policy was not asked.
    pub other_events: u64,
    /// The decisions that would change, those alike together, the largest group first.
    pub groups: Vec<ReplayGroup>,
    /// Decisions that would change and are in no group, because there are too many groups.
    pub ungrouped: u64,
    /// Whether all of the window was looked at.
    pub complete: bool,
    /// Most events that are left to be looked at.
    pub entries_left: u64,
    /// What to send as `cursor` to look at the rest; null when all of the window was looked at. Counts are of each answer
    /// alone and add up.
    pub next_cursor: Option<String>,
}

/// Decisions that cannot be made again for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndecidableDecisions {
    /// Why.
    pub reason: Undecidable,
    /// How many.
    pub decisions: u64,
}

/// Decisions that would change alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayGroup {
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
    /// Some of their requests, to be explained one by one.
    pub request_ids: Vec<String>,
}

changes! {
    /// Body that says by which recorded decisions a policy is judged. Unknown members are ignored.
    #[derive(Debug)]
    AskLeastPrivilege {
        /// Those of so many hours before now, 1 to 2160; 720 unless this or `since` says something else.
        hours: u32,
        /// Those from then on, instead of `hours`.
        since: Timestamp,
        /// Those before then; now when absent. At most 2160 hours after `since`.
        until: Timestamp,
    }
}

/// What of a policy is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeastPrivilege {
    /// Set.
    pub policy_set_id: PolicySetId,
    /// The version that was judged.
    pub version_id: PolicySetVersionId,
    /// Manifest digest of the version.
    pub manifest_sha256: String,
    /// Where the window begins.
    pub since: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
    /// Decisions that the version allows: those by which it was judged.
    pub allowed: u64,
    /// Decisions that it denies.
    pub denied: u64,
    /// Decisions that cannot be made again. Whether what they needed is among the rest nobody can tell.
    pub undecidable: u64,
    /// Whether all of the window was looked at. Otherwise nothing is said to be needless: ask for a shorter one.
    pub complete: bool,
    /// Most events that are left to be looked at.
    pub entries_left: u64,
    /// The first parts of `grants` that nothing needs, in the order of resources.
    pub unneeded: Vec<UnneededGrant>,
    /// How many there are.
    pub unneeded_count: u64,
    /// The first keys in `app_ids` of applications that own no grant which is needed.
    pub unneeded_keys: Vec<String>,
    /// A policy that says all the set does without what is not needed; null where the window is not complete or the policy
    /// would be too large to be one.
    pub content: Option<String>,
}

/// A part of a policy that nothing needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnneededGrant {
    /// The resource, by identifier.
    pub resource: String,
    /// Key of the application.
    pub application: String,
    /// The role; null where it is all of the grant.
    pub label: Option<String>,
    /// The scope; null where it is all of the role.
    pub scope: Option<String>,
}
