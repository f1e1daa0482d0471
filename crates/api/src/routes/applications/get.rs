//! `GET /v1/zones/{zoneId}/applications/{id}`

use caracal_core::ApplicationId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::applications::ApplicationItem;

use super::live;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApplicationId>>,
) -> Result<Versioned<ApplicationItem>, Refusal> {
    let application = live(&call, call.read().await?.applications().get(&id).await?)?;
    let version = application.attribution.version;
    let item = ApplicationItem::new(application, call.caller.sees_traits());
    Ok(Versioned(item, version))
}
