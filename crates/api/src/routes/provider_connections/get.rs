//! `GET /v1/zones/{zoneId}/provider-connections/{id}`

use caracal_core::ConnectionId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::connections::ConnectionItem;

use super::not_found;
use crate::call::ZoneCall;

/// However it stands: what was revoked stays readable, without tokens.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ConnectionId>>,
) -> Result<Answer<ConnectionItem>, Refusal> {
    let found = call.read().await?.connections().get(&id).await?;
    Ok(Answer(found.ok_or_else(not_found)?.into()))
}
