//! Who can be given what by the policy in force.

use caracal_core::{ApplicationId, CanaryId, PolicySetVersionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Line;

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskWhoCan {
    /// A resource of the zone, by identifier.
    pub resource: Line<512>,
    /// A scope that it declares.
    pub scope: Line<200>,
}

/// Whom to ask about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskWhatCan {
    /// An application of the zone.
    pub application_id: ApplicationId,
    /// Labels of a session, with commas between them: only what a session with all of them can be given. Without, what
    /// sessions with any one label can.
    pub labels: Option<Line<2048>>,
}

/// An application whose sessions can be given a scope at a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoCanItem {
    /// The application.
    pub application_id: ApplicationId,
    /// Its name.
    pub application_name: String,
    /// The label that holds the scope.
    pub label: String,
    /// The tiers for which somebody has to say yes before.
    pub approval_tiers: Vec<String>,
    /// The policy versions that say so.
    pub policy_version_ids: Vec<String>,
}

/// A scope that can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReachedScope {
    /// The scope.
    pub scope: String,
    /// The tiers for which somebody has to say yes before.
    pub approval_tiers: Vec<String>,
}

/// What sessions of an application can be given at one resource by one label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatCanItem {
    /// The resource, by identifier.
    pub resource: String,
    /// The label that holds the scopes.
    pub label: String,
    /// The scopes, each alone and all at once.
    pub scopes: Vec<ReachedScope>,
    /// The policy versions that say so.
    pub policy_version_ids: Vec<String>,
}

/// A version that decides for a share of the applications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedCanary {
    /// The canary.
    pub id: CanaryId,
    /// The version.
    pub policy_set_version_id: PolicySetVersionId,
}

/// Which policy an answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedPolicy {
    /// The version of a policy set that decides; null where none is in force, and nothing is allowed.
    pub policy_set_version_id: Option<PolicySetVersionId>,
    /// Its manifest.
    pub manifest_sha256: String,
    /// The version that decides for a share of the applications instead, and was asked about those; null where none does.
    pub canary: Option<AskedCanary>,
    /// Whether the zone is frozen: then nothing of it is allowed until it is thawed.
    pub frozen: bool,
}

/// A page of those who can be given a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoCan {
    /// By application and label.
    pub items: Vec<WhoCanItem>,
    /// What to send as `cursor` for the next page, which may have no items; null on the last one. It is good for the same
    /// policy alone.
    pub next_cursor: Option<String>,
    /// The policy.
    pub policy: AskedPolicy,
}

/// A page of what can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatCan {
    /// By resource and label.
    pub items: Vec<WhatCanItem>,
    /// What to send as `cursor` for the next page, which may have no items; null on the last one. It is good for the same
    /// policy alone.
    pub next_cursor: Option<String>,
    /// The policy.
    pub policy: AskedPolicy,
}
