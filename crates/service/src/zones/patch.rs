//! Changing one object of a zone's picture: what a change costs does not grow with what else is in the zone.

use std::sync::Arc;

use caracal_core::{ApplicationId, ProviderId, ResourceId};
use caracal_storage::{Access, Error, Store};
use caracal_wire::events::{DirectoryInvalidated, DirectoryKind};

use super::{
    ZoneContents, load::provider_state, policies::StoredCandidates, resources::ResourceState,
    state::ZoneState,
};

/// The picture with the one object as it is in storage now; `None` when the zone is gone. The revision stays that of
/// the last whole read, so that the next comparison finds out should an event have been lost.
pub(super) async fn patch(
    store: &dyn Store,
    reach: &ZoneContents,
    state: &ZoneState,
    change: &DirectoryInvalidated,
) -> Result<Option<ZoneState>, Error> {
    let mut work = store.zone(&change.zone_id, Access::Read).await?;
    let mut next = state.clone();
    match change.kind {
        DirectoryKind::Zone => {
            let Some(zone) = work.zone().await? else {
                return Ok(None);
            };
            next.zone = zone;
            let canary = reach.covers(DirectoryKind::Application)
                && state.policy.identity().policy_set_version_id.is_some();
            let shadow = reach.keys().is_some();
            let candidates = StoredCandidates::of(work.as_mut(), shadow, canary).await?;
            drop(work);
            (next.shadow, next.canary) = candidates.read(&change.zone_id, Some(state)).await;
        }
        DirectoryKind::Application => {
            let id = ApplicationId::parse(&change.id).map_err(foreign)?;
            next.applications.remove_mut(&id);
            let application = work.applications().get(&id).await?;
            if let Some(application) = application.filter(|row| row.archived_at.is_none()) {
                next.applications.insert_mut(id, Arc::new(application));
            }
        }
        DirectoryKind::Resource => {
            let id = ResourceId::parse(&change.id).map_err(foreign)?;
            next.resources.take(&id);
            let resource = work.resources().get(&id).await?;
            if let Some(resource) = resource.filter(|row| row.archived_at.is_none()) {
                let of = &resource.credential_provider_id;
                let provider = match next.providers.get(of) {
                    Some(provider) => Some(provider.clone()),
                    None if !reach.covers(DirectoryKind::Provider) => None,
                    None => provider_state(work.as_mut(), reach.keys(), of).await?,
                };
                if let Some(provider) = &provider {
                    next.providers.insert_mut(of.clone(), provider.clone());
                }
                next.resources
                    .put(Arc::new(ResourceState::new(resource, provider)));
            }
        }
        DirectoryKind::Provider => {
            let id = ProviderId::parse(&change.id).map_err(foreign)?;
            let provider = provider_state(work.as_mut(), reach.keys(), &id).await?;
            match &provider {
                Some(provider) => next.providers.insert_mut(id.clone(), provider.clone()),
                None => {
                    next.providers.remove_mut(&id);
                }
            }
            next.resources.provider_changed(&id, provider.as_ref());
        }
    }
    Ok(Some(next))
}

fn foreign(error: caracal_core::id::InvalidId) -> Error {
    Error::Corrupt(error.to_string())
}
