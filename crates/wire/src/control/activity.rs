//! What was decided in a zone of late, counted: what is shown of it at a glance.

use caracal_core::{Timestamp, ZoneId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Over which time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskActivity {
    /// The last 1 to 24 hours; 24 when absent.
    pub hours: Option<u32>,
}

/// What was decided in a zone of late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZoneActivity {
    /// Zone.
    pub zone_id: ZoneId,
    /// From when on it is counted: the begin of the first slot.
    pub since: Timestamp,
    /// When it was counted.
    pub until: Timestamp,
    /// From when on all events are counted. Later than `since` while older ones are still being read: ask again.
    pub complete_since: Timestamp,
    /// Whether all events of that time are.
    pub complete: bool,
    /// How long a slot is.
    pub slot_seconds: u64,
    /// One after the other, those without events as well.
    pub slots: Vec<ActivitySlot>,
    /// All of them together.
    pub total: ActivityCounts,
    /// The applications that called or were denied most, at most 20.
    pub applications: Vec<ApplicationActivity>,
    /// Of all other applications together.
    pub other_applications: ApplicationCounted,
    /// Why was denied, most often first, at most 20.
    pub reasons: Vec<ReasonCount>,
    /// Denied for other reasons.
    pub other_reasons: u64,
}

/// What was decided within some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityCounts {
    /// Decisions that allowed, calls among them.
    pub allowed: u64,
    /// Decisions that denied.
    pub denied: u64,
    /// Calls that went to an upstream.
    pub calls: u64,
    /// Half of the upstreams' answers came in so many milliseconds or fewer; null where none came.
    pub p50_ms: Option<u64>,
    /// 95 of 100 did.
    pub p95_ms: Option<u64>,
}

/// What was decided in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivitySlot {
    /// Its begin.
    pub at: Timestamp,
    /// What was decided.
    #[serde(flatten)]
    pub counts: ActivityCounts,
}

/// What was decided of applications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationCounted {
    /// Mandates that were given out.
    pub mandates: u64,
    /// Calls that went to an upstream.
    pub calls: u64,
    /// Decisions that denied.
    pub denied: u64,
}

/// What was decided of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationActivity {
    /// As evidence names it.
    pub application_id: String,
    /// Its name; null of one that is unknown.
    pub name: Option<String>,
    /// What was decided.
    #[serde(flatten)]
    pub counted: ApplicationCounted,
}

/// How often was denied for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReasonCount {
    /// The reason, as evidence has it.
    pub reason: String,
    /// How often.
    pub denied: u64,
}
