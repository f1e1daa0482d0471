//! `DELETE /v1/zones/{zoneId}`

use caracal_lifecycle::{EndReason, Ended, end_zone_part};
use caracal_service::{
    Refusal,
    front::{IfMatch, NoContent},
};

use super::zone_not_found;
use crate::{call::ZoneCall, change::Done};

/// The zone's state leaves every enforcement point with the event, and its admin tokens end, so nothing in it is
/// authorised from then on. Then everything that lives in it ends, which cuts what is under way.
///
/// The parts commit one by one. Should one fail, the same request again ends the rest, and so does the Coordinator's
/// next round.
pub(crate) async fn handle(call: ZoneCall, wanted: IfMatch) -> Result<NoContent, Refusal> {
    let mut change = call.global_change().await?;
    if let Some(version) = change.zones().held_version(&call.zone).await? {
        wanted.allows(version)?;
    }
    let archived = change.zones().archive(&call.zone, call.now()).await?;
    if archived {
        let tokens = change
            .admin_tokens()
            .revoke_of_zone(&call.zone, call.now())
            .await?;
        change.zone_changed(&call.zone);
        let done = Done::no_content().note("revoked_admin_tokens", tokens);
        change.commit(Some(&call.zone), done).await?;
    } else {
        drop(change);
    }
    let ended = end_everything(&call).await?;
    if archived || !ended.is_empty() {
        Ok(NoContent)
    } else {
        Err(zone_not_found())
    }
}

async fn end_everything(call: &ZoneCall) -> Result<Ended, Refusal> {
    let mut ended = Ended::default();
    loop {
        let mut change = call.change().await?;
        if change.zone().await?.is_some() {
            // Never archived: nothing here may end.
            return Ok(ended);
        }
        let part = end_zone_part(
            change.ending(),
            &call.role.world,
            EndReason::word("zone_archived"),
        )
        .await?;
        if part.is_empty() {
            return Ok(ended);
        }
        change.commit(Done::no_content().ended(&part)).await?;
        ended.absorb(part);
    }
}
