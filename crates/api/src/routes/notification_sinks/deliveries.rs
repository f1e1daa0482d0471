//! `/v1/zones/{zoneId}/notification-sinks/{id}/deliveries`: what is on its way to a sink, or was.

use caracal_core::{JsonObject, NotificationDeliveryId, NotificationSinkId, entity::NotificationDelivery};
use caracal_service::{
    Refusal,
    front::{Accepted, Answer, ById, Listed, Path, SearchedByTime},
};
use caracal_storage::ZoneWork;
use caracal_wire::{
    ErrorCode, Listing,
    control::notification_sinks::{DeliveryItem, DeliveryWithPayload},
};
use http::StatusCode;
use serde::Deserialize;

use super::not_found;
use crate::{answer::listing, call::ZoneCall, change::Done};

#[derive(Deserialize)]
pub(crate) struct DeliveryPath {
    id: NotificationSinkId,
    #[serde(rename = "deliveryId")]
    delivery_id: NotificationDeliveryId,
}

fn delivery_not_found() -> Refusal {
    Refusal::of(ErrorCode::DeliveryNotFound).describe("the sink has no such delivery")
}

async fn found(
    work: &mut dyn ZoneWork,
    sink: &NotificationSinkId,
    id: &NotificationDeliveryId,
) -> Result<NotificationDelivery, Refusal> {
    if work.notifications().get(sink).await?.is_none() {
        return Err(not_found());
    }
    let delivery = work.notifications().delivery(sink, id).await?;
    delivery.ok_or_else(delivery_not_found)
}

/// Newest first. Those that got through or were given up are kept for a week.
pub(crate) async fn list(
    call: ZoneCall,
    Path(ById { id }): Path<ById<NotificationSinkId>>,
    Listed(page): SearchedByTime<200, 500>,
) -> Result<Answer<Listing<DeliveryItem>>, Refusal> {
    let mut work = call.read().await?;
    if work.notifications().get(&id).await?.is_none() {
        return Err(not_found());
    }
    Ok(listing(work.notifications().deliveries(&id, &page).await?))
}

/// With what is sent.
pub(crate) async fn get(
    call: ZoneCall,
    Path(DeliveryPath { id, delivery_id }): Path<DeliveryPath>,
) -> Result<Answer<DeliveryWithPayload>, Refusal> {
    let mut delivery = found(call.read().await?.as_mut(), &id, &delivery_id).await?;
    let payload = JsonObject::parse(std::mem::take(&mut delivery.payload))
        .ok_or_else(|| Refusal::of(ErrorCode::InternalError))?;
    Ok(Answer(DeliveryWithPayload {
        delivery: delivery.into(),
        payload,
    }))
}

/// Sends it again, from its first attempt on, however it ended: with the id and the body that it had.
pub(crate) async fn redeliver(
    call: ZoneCall,
    Path(DeliveryPath { id, delivery_id }): Path<DeliveryPath>,
) -> Result<Accepted<DeliveryItem>, Refusal> {
    let mut change = call.change().await?;
    found(&mut *change, &id, &delivery_id).await?;
    let now = call.now();
    if !change.notifications().redeliver(&id, &delivery_id, now).await? {
        return Err(delivery_not_found());
    }
    let delivery = found(&mut *change, &id, &delivery_id).await?;
    let done = Done::with(StatusCode::ACCEPTED);
    let queued = DeliveryItem::from(delivery);
    Ok(Accepted(change.answer(done, queued).await?))
}
