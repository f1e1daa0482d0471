//! Grants: what people agreed to let applications do for them.

use caracal_core::{
    ApplicationId, GrantId, ProviderId, ResourceId, ScopeSet, ZoneId,
    entity::{Attribution, GrantStatus, ProviderKind},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, access::AskedPolicy};

/// Which grants to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListGrants {
    /// Only those of this application.
    pub application_id: Option<ApplicationId>,
    /// Only those of exactly this person.
    pub user_id: Option<Line<512>>,
    /// Another name of `user_id`, which goes before it.
    pub subject_id: Option<Line<512>>,
    /// Only those at this resource.
    pub resource_id: Option<ResourceId>,
    /// Only those whose resource gets its credential from this provider.
    pub provider_id: Option<ProviderId>,
    /// Only those that stand so.
    pub status: Option<GrantStatus>,
    /// Only those that have all of these scopes; with commas between them.
    pub scopes: Option<Line<16384>>,
}

/// Body that notes what a person agreed to. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateGrant {
    /// Who may act.
    pub application_id: ApplicationId,
    /// For whom: the subject of the person's tokens.
    pub user_id: Line<512>,
    /// Where.
    pub resource_id: ResourceId,
    /// What: 1 to 64 scopes that the resource declares.
    pub scopes: Vec<String>,
}

/// What a person agreed to let an application do at a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantItem {
    /// Id.
    pub id: GrantId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Who may act.
    pub application_id: ApplicationId,
    /// Its name.
    pub application_name: String,
    /// For whom.
    pub user_id: String,
    /// Where.
    pub resource_id: ResourceId,
    /// Its name.
    pub resource_name: String,
    /// Where the credential of the resource comes from.
    pub provider_id: ProviderId,
    /// Its name.
    pub provider_name: String,
    /// Its kind.
    pub provider_kind: ProviderKind,
    /// What.
    pub scopes: ScopeSet,
    /// How it stands: one that nobody took back ends with its application or its resource.
    pub status: GrantStatus,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

/// What the policy in force says to a scope of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedScope {
    /// The scope.
    pub scope: String,
    /// Whether a session of the application can be given it.
    pub allowed: bool,
    /// The tiers for which somebody has to say yes before.
    pub approval_tiers: Vec<String>,
    /// Why it is refused; null where it is not.
    pub reason: Option<String>,
    /// The policy versions that say so.
    pub policy_version_ids: Vec<String>,
}

/// A grant against the policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantAccess {
    /// How the grant stands.
    pub status: GrantStatus,
    /// Its scopes, in their order.
    pub items: Vec<GrantedScope>,
    /// The policy.
    pub policy: AskedPolicy,
}
