//! `POST /v1/zones/{zoneId}/notification-sinks`

use caracal_core::{
    NotificationSinkId, Secret,
    entity::{NotificationSink, SinkHealth},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_storage::Lock;
use caracal_wire::{
    ErrorCode,
    control::notification_sinks::{CreateSink, SinkWithSecret},
};

use super::{check_url, event_types, every_type, keep_secret, new_secret};
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
};

/// Most sinks of a zone.
pub(in crate::routes) const MAX_SINKS: u64 = 20;

/// Its secret is shown here and never again.
pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateSink>,
) -> Result<Created<SinkWithSecret>, Refusal> {
    check_url(&call, &body.url)?;
    let event_types = match &body.event_types {
        Some(asked) => event_types(asked)?,
        None => every_type(),
    };
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let sink = NotificationSink {
        id: NotificationSinkId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name: body.name.0,
        url: body.url.0,
        event_types,
        active: true,
        attribution: call.made(),
    };
    let secret = make(&mut change, &sink).await?;
    let id = sink.id.clone();
    let made = SinkWithSecret {
        sink: (sink, SinkHealth::default()).into(),
        secret: secret.expose().to_owned(),
    };
    Ok(Created(change.answer(Done::created(id.as_str()), made).await?))
}

/// Makes it in a change that the caller commits; its secret. Where it is was checked.
pub(in crate::routes) async fn make(
    change: &mut ZoneChange<'_>,
    sink: &NotificationSink,
) -> Result<Secret, Refusal> {
    // Creations of one zone take turns, so that none counts past another.
    change.lock(Lock::NotificationSink).await?;
    if change.notifications().count().await? >= MAX_SINKS {
        return Err(Refusal::of(ErrorCode::SinkLimitReached)
            .describe("the zone has as many sinks of notifications as it may have"));
    }
    change.notifications().create(sink).await?;
    let secret = new_secret(&change.call().role.world);
    keep_secret(change, &sink.id, &secret).await?;
    Ok(secret)
}
