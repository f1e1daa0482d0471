//! `POST /v1/zones/{zoneId}/notification-sinks/{id}/test`

use caracal_core::{
    NotificationDeliveryId, NotificationSinkId,
    entity::{NotificationDelivery, NotificationType},
};
use caracal_lifecycle::notification;
use caracal_service::{
    Refusal,
    front::{Accepted, ById, Path},
};
use caracal_storage::PageRequest;
use caracal_wire::{ErrorCode, control::notification_sinks::DeliveryItem};
use http::StatusCode;
use serde::Serialize;

use super::not_found;
use crate::{call::ZoneCall, change::Done};

/// Most notifications that try a sink out and wait, among its newest: who tries out a dead sink again and again fills no
/// table.
const MAX_WAITING: usize = 10;
const NEWEST: u32 = 100;

/// What a notification that tries a sink out says.
#[derive(Serialize)]
struct TriedOut<'t> {
    request_id: &'t str,
    actor: String,
}

/// Puts a notification in line that is like any other: signed, sent and tried again as they are. Reading the delivery
/// tells how it went.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<NotificationSinkId>>,
) -> Result<Accepted<DeliveryItem>, Refusal> {
    let mut change = call.change().await?;
    let found = change.notifications().get(&id).await?;
    let (sink, _) = found.ok_or_else(not_found)?;
    if !sink.active {
        return Err(
            Refusal::of(ErrorCode::SinkPaused).describe("the sink is told nothing while it is not active")
        );
    }
    let newest = PageRequest::first(NEWEST);
    let newest = change.notifications().deliveries(&id, &newest).await?.items;
    let waits = |delivery: &&NotificationDelivery| {
        let ended = delivery.delivered_at.or(delivery.abandoned_at);
        delivery.event_type == NotificationType::SinkTest && ended.is_none()
    };
    if newest.iter().filter(waits).count() >= MAX_WAITING {
        return Err(Refusal::of(ErrorCode::RateLimited)
            .describe("notifications that try the sink out wait already")
            .retry_after(60));
    }
    let now = call.now();
    let data = TriedOut {
        request_id: &call.request_id,
        actor: call.caller.attributed_to(),
    };
    let event_id = call.role.world.uuid_v7().to_string();
    let kind = NotificationType::SinkTest;
    let told = notification(&call.zone, event_id, kind, "test", now, data)?;
    let delivery_id = NotificationDelivery::id_of(&told.event_id, &sink.id);
    let delivery = NotificationDelivery {
        id: NotificationDeliveryId::parse(&delivery_id)
            .map_err(|error| caracal_storage::Error::Corrupt(error.to_string()))?,
        zone_id: call.zone.clone(),
        sink_id: sink.id,
        event_id: told.event_id,
        event_type: told.event_type,
        payload: told.payload,
        attempts: 0,
        available_at: now,
        delivered_at: None,
        abandoned_at: None,
        response_status: None,
        last_error: None,
        created_at: now,
    };
    change.notifications().enqueue(&delivery).await?;
    let done = Done::with(StatusCode::ACCEPTED);
    let queued = DeliveryItem::from(delivery);
    Ok(Accepted(change.answer(done, queued).await?))
}
