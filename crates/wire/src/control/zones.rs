//! Zones.

use caracal_core::{Timestamp, ZoneId, words};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Line, Name};

/// Which zones to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ListZones {
    /// Only the one with exactly this slug.
    pub slug: Option<Line<120>>,
    /// Only those that are frozen, or are not.
    pub frozen: Option<bool>,
    /// Only those in which short-lived applications may be registered, or may not.
    pub dcr_enabled: Option<bool>,
}

/// Body that makes a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateZone {
    /// Display name.
    pub name: Name<120>,
    /// `[a-z0-9-]+` of at most 120 characters, never reused; made from the name when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub slug: Option<String>,
    /// Whether short-lived applications may be registered.
    #[serde(default)]
    pub dcr_enabled: bool,
}

impl CreateZone {
    /// One of this name, without short-lived applications.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: Name(name.into()),
            slug: None,
            dcr_enabled: false,
        }
    }
}

words!(
    /// What becomes of live short-lived applications when their registration is switched off.
    DcrShutdown {
        /// They live until their end.
        KeepLive = "keep_live",
        /// They end now.
        RevokeLive = "revoke_live",
    }
);

changes! {
    /// Body that changes a zone.
    #[derive(Debug)]
    #[serde(deny_unknown_fields)]
    UpdateZone {
        /// Display name.
        name: Name<120>,
        /// `[a-z0-9-]+` of at most 120 characters, never reused.
        slug: String,
        /// Whether short-lived applications may be registered.
        dcr_enabled: bool,
        /// Required when registration is switched off while short-lived applications live.
        dcr_shutdown: DcrShutdown,
        /// Kept for clients.
        operator_coauthor_badge: bool,
        /// Kept for clients.
        operator_governed: bool,
    }
    or_null {
        /// Mints a minute of each application at each resource, 1 up to what the deployment allows; null for that.
        mint_limit_per_minute: u32,
    }
}

/// Body that freezes a zone. Unknown members are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeZone {
    /// Kept in the administrative audit.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub reason: Option<Line<500>>,
}

/// `details` of a refusal to switch registration off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveApplications {
    /// How many live.
    pub live_dcr_applications: u64,
}

/// Whether short-lived applications are registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DcrStatus {
    /// Zone.
    pub id: ZoneId,
    /// Whether they are.
    pub dcr_enabled: bool,
    /// How many live.
    pub live_dcr_applications: u64,
}

/// What is in a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// Zone.
    pub zone_id: ZoneId,
    /// When it was counted.
    pub generated_at: Timestamp,
    /// Applications.
    pub applications: ApplicationCounts,
    /// Resources.
    pub resources: ResourceCounts,
    /// Providers.
    pub providers: ProviderCounts,
    /// Policy sets.
    pub policy_sets: PolicySetCounts,
    /// Authority records.
    pub sessions: SessionCounts,
    /// Decisions of the last day.
    pub decisions_24h: DecisionCounts,
    /// The last ten events.
    pub recent_events: Vec<RecentEvent>,
}

/// Counts of applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationCounts {
    /// All.
    pub total: u64,
    /// Past their end.
    pub expired: u64,
    /// Ending within a week.
    pub expiring_soon: u64,
}

/// Counts of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceCounts {
    /// All.
    pub total: u64,
    /// Without enforced operations.
    pub unenforced: u64,
}

/// Counts of providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderCounts {
    /// All.
    pub total: usize,
}

/// Counts of policy sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicySetCounts {
    /// All.
    pub total: u64,
    /// One, if any is in force.
    pub enforcing: u64,
    /// Its name.
    pub active_name: Option<String>,
}

/// Counts of authority records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionCounts {
    /// Live ones, up to 20,000.
    pub active: u64,
}

/// Counts of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionCounts {
    /// Allowed.
    pub allowed: u64,
    /// Denied.
    pub denied: u64,
    /// Whether all of that time are counted. While older ones are still being read it is asked again.
    pub complete: bool,
}

/// An event in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecentEvent {
    /// Id.
    pub id: String,
    /// For example `token_exchange`.
    pub event_type: String,
    /// Correlates the events of one request.
    pub request_id: String,
    /// `allow`, `deny`, or the state of an approval.
    pub decision: String,
    /// What it was about; values named like credentials are hidden.
    pub metadata_json: Value,
    /// When.
    pub occurred_at: Timestamp,
}
