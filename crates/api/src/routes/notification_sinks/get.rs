//! `GET /v1/zones/{zoneId}/notification-sinks/{id}`

use caracal_core::NotificationSinkId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::notification_sinks::SinkItem;

use super::not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<NotificationSinkId>>,
) -> Result<Versioned<SinkItem>, Refusal> {
    let found = call.read().await?.notifications().get(&id).await?;
    let found = found.ok_or_else(not_found)?;
    let version = found.0.attribution.version;
    Ok(Versioned(found.into(), version))
}
