//! What happens, told to the sinks of its zone in the transaction that makes it happen.

use caracal_core::{Timestamp, ZoneId, entity::NotificationType};
use caracal_storage::{Error, Notification};
use caracal_wire::notifications::NotificationBody;
use serde::Serialize;

/// Most notifications that wait for one sink; what comes on top is not sent to it.
pub const MAX_WAITING: u32 = 10_000;

/// Something that happened in `zone`, as its sinks are told.
///
/// # Errors
/// [`Error::Corrupt`] when it cannot be written; then the change must not be committed.
pub fn notification(
    zone: &ZoneId,
    event_id: String,
    kind: NotificationType,
    decision: &str,
    occurred_at: Timestamp,
    data: impl Serialize,
) -> Result<Notification, Error> {
    let body = NotificationBody {
        id: event_id.clone(),
        kind,
        zone_id: zone.clone(),
        decision: decision.to_owned(),
        occurred_at: occurred_at.to_rfc3339_millis(),
        data,
    };
    Ok(Notification {
        event_id,
        event_type: kind,
        payload: serde_json::to_string(&body).map_err(|error| Error::Corrupt(error.to_string()))?,
        occurred_at,
    })
}
