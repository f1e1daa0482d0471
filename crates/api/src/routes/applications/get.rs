//! `GET /v1/zones/{zoneId}/applications/{id}`

use caracal_core::ApplicationId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::applications::ApplicationItem;

use super::live;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApplicationId>>,
) -> Result<Answer<ApplicationItem>, Refusal> {
    let application = live(call.read().await?.applications().get(&id).await?)?;
    Ok(Answer(ApplicationItem::new(application, call.caller.is_global())))
}
