//! `GET /v1/zones/{zoneId}/resources/{id}`

use caracal_core::ResourceId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::resources::ResourceItem;

use super::{not_found, rules};
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ResourceId>>,
) -> Result<Versioned<ResourceItem>, Refusal> {
    let audience = &call.role.config.control_audience;
    let resource = call.read().await?.resources().get(&id).await?;
    let resource = resource
        .filter(|resource| resource.archived_at.is_none())
        .filter(|resource| rules::is_visible(&call.caller, resource, audience))
        .ok_or_else(not_found)?;
    let version = resource.attribution.version;
    Ok(Versioned(resource.into(), version))
}
