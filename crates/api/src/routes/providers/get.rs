//! `GET /v1/zones/{zoneId}/providers/{id}`

use caracal_core::ProviderId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::providers::ProviderItem;

use super::not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ProviderId>>,
) -> Result<Versioned<ProviderItem>, Refusal> {
    let provider = call.read().await?.providers().get(&id).await?;
    let provider = provider
        .filter(|provider| provider.archived_at.is_none())
        .ok_or_else(not_found)?;
    let version = provider.attribution.version;
    Ok(Versioned(provider.into(), version))
}
