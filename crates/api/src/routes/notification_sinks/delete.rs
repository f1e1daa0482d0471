//! `DELETE /v1/zones/{zoneId}/notification-sinks/{id}`

use caracal_core::NotificationSinkId;
use caracal_crypto::Location;
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;

use super::not_found;
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// Nothing is sent to it from here on; its deliveries and its secret are gone.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<NotificationSinkId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let kind = VersionedKind::NotificationSink;
    let mut change = call.change_of(&wanted, kind, id.as_str()).await?;
    remove(&mut change, &id).await?;
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}

/// Deletes it in a change that the caller commits.
pub(in crate::routes) async fn remove(
    change: &mut ZoneChange<'_>,
    id: &NotificationSinkId,
) -> Result<(), Refusal> {
    if !change.notifications().delete(id).await? {
        return Err(not_found());
    }
    let location = Location::notification_sink_secret(&change.call().zone, id);
    change.secrets().delete(location.as_str()).await?;
    Ok(())
}
