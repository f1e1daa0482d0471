//! `DELETE /v1/zones/{zoneId}`

use caracal_service::Refusal;

use super::zone_not_found;
use crate::{answer::Answer, call::ZoneCall, change::Done};

/// The zone's state leaves every enforcement point with the event, so nothing in it is authorised from then on.
pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let mut change = call.global_change().await?;
    if !change.zones().archive(&call.zone, call.now()).await? {
        return Err(zone_not_found());
    }
    change.zone_changed(&call.zone);
    change.commit(Some(&call.zone), Done::no_content()).await?;
    Ok(Answer::no_content())
}
