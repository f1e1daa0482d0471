//! What people agreed to let applications do.

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, GrantId, ProviderId, ResourceId, ScopeSet, Timestamp,
    entity::{Grant, GrantStatus, ProviderKind},
};

use crate::{Error, Page, PageRequest};

/// Which grants are meant. Absent members match everything.
#[derive(Debug, Clone, Default)]
pub struct GrantFilter {
    /// Exact application.
    pub application_id: Option<ApplicationId>,
    /// Exact person.
    pub user_id: Option<String>,
    /// Exact resource.
    pub resource_id: Option<ResourceId>,
    /// Those whose resource gets its credential from this provider.
    pub provider_id: Option<ProviderId>,
    /// How it stands.
    pub status: Option<GrantStatus>,
    /// Those that have all of these.
    pub scopes: ScopeSet,
}

/// A grant with how it stands and the names of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingGrant {
    /// The grant.
    pub grant: Grant,
    /// How it stands: one that nobody took back ends with its application or its resource.
    pub status: GrantStatus,
    /// Name of the application.
    pub application_name: String,
    /// Name of the resource.
    pub resource_name: String,
    /// Its identifier.
    pub resource_identifier: String,
    /// Where its credential comes from.
    pub provider_id: ProviderId,
    /// Name of the provider.
    pub provider_name: String,
    /// Kind of the provider.
    pub provider_kind: ProviderKind,
}

/// Grants of the zone.
#[async_trait]
pub trait Grants: Send {
    /// The grant as it stands at `now`.
    async fn get(&mut self, id: &GrantId, now: Timestamp) -> Result<Option<StandingGrant>, Error>;
    /// Grants by `(created_at, id)`, newest first, as they stand at `now`.
    async fn list(
        &mut self,
        filter: &GrantFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<StandingGrant>, Error>;
    /// Inserts a grant.
    ///
    /// # Errors
    /// [`Error::MissingReference`] when its application or its resource is not in the zone.
    async fn create(&mut self, grant: &Grant) -> Result<(), Error>;
    /// Takes it back. `false` when that was done before, or there is none.
    async fn revoke(&mut self, id: &GrantId, by: &str, at: Timestamp) -> Result<bool, Error>;
}
