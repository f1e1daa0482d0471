//! `GET /v1/zones/{zoneId}/grants/{id}`

use caracal_core::GrantId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::grants::GrantItem;

use super::{item, not_found};
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<GrantId>>,
) -> Result<Versioned<GrantItem>, Refusal> {
    let found = call.read().await?.grants().get(&id, call.now()).await?;
    let standing = found.ok_or_else(not_found)?;
    let version = standing.grant.attribution.version;
    Ok(Versioned(item(standing), version))
}
