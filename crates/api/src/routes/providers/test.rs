//! `POST /v1/zones/{zoneId}/providers/{id}/test`

use caracal_core::{ProviderId, entity::Provider};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::Lock;
use caracal_wire::{
    control::checks::{ProviderCheck, ProviderCheckStatus},
    events::DirectoryKind,
};

use super::{not_found, stored::opened};
use crate::{
    call::ZoneCall,
    change::Done,
    checks::{CheckTarget, check_provider},
};

/// Asks the token endpoint outside every transaction, then notes whether it went well, and leaves the record of it.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ProviderId>>,
) -> Result<Answer<ProviderCheck>, Refusal> {
    let mut work = call.read().await?;
    let provider = live(work.providers().get(&id).await?)?;
    let config = opened(&call, work.as_mut(), &provider).await?;
    drop(work);
    CheckTarget::Provider.count(&call).await?;
    let check = check_provider(&call.role.oauth, &call.role.world, &config).await?;
    note(&call, provider, &check).await?;
    Ok(Answer(check))
}

fn live(provider: Option<Provider>) -> Result<Provider, Refusal> {
    provider
        .filter(|provider| provider.archived_at.is_none())
        .ok_or_else(not_found)
}

/// Since when it goes wrong. What was found of a provider that is another by now is not noted.
async fn note(call: &ZoneCall, tried: Provider, check: &ProviderCheck) -> Result<(), Refusal> {
    let mut change = call.change().await?;
    change.lock(Lock::ProviderChange).await?;
    let provider = live(change.providers().get(&tried.id).await?)?;
    let failed = check.status != ProviderCheckStatus::Ok;
    let same = provider.attribution.version == tried.attribution.version;
    if same && failed != provider.connectivity_failed_at.is_some() {
        let noted = Provider {
            connectivity_failed_at: failed.then_some(check.checked_at),
            ..provider
        };
        change.providers().update(&noted).await?;
        change.directory_changed(DirectoryKind::Provider, noted.id.as_str());
    }
    change
        .commit(Done::ok().note("check_status", check.status.as_str()))
        .await
}
