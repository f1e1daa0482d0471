//! `PATCH /v1/zones/{zoneId}/notification-sinks/{id}`

use caracal_core::{
    NotificationSinkId,
    entity::{NotificationSink, NotificationType},
};
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_wire::control::notification_sinks::{SinkItem, UpdateSink};

use super::{check_url, event_types, not_found};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// Another place begins without the failures of the former one.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<NotificationSinkId>>,
    wanted: IfMatch,
    Body(body): Body<UpdateSink>,
) -> Result<Versioned<SinkItem>, Refusal> {
    if let Some(url) = &body.url {
        check_url(&call, url)?;
    }
    let event_types = body.event_types.as_deref().map(event_types).transpose()?;
    let empty = body.is_empty();
    let mut change = call.change().await?;
    let found = change.notifications().get(&id).await?;
    let (sink, mut health) = found.ok_or_else(not_found)?;
    wanted.allows(sink.attribution.version)?;
    // Clients may send an empty body, and read the sink that way.
    if empty {
        let version = sink.attribution.version;
        return Ok(Versioned((sink, health).into(), version));
    }
    let moved = body.url.as_ref().is_some_and(|url| url.0 != sink.url);
    let sink = alter(&mut change, sink, body, event_types).await?;
    if moved {
        (health.consecutive_failures, health.last_error) = (0, None);
    }
    change.commit(Done::ok()).await?;
    let version = sink.attribution.next();
    Ok(Versioned((sink, health).into(), version))
}

/// Changes a sink in a change that the caller commits; its place and types were checked.
pub(in crate::routes) async fn alter(
    change: &mut ZoneChange<'_>,
    mut sink: NotificationSink,
    body: UpdateSink,
    event_types: Option<Vec<NotificationType>>,
) -> Result<NotificationSink, Refusal> {
    let moved = body.url.as_ref().is_some_and(|url| url.0 != sink.url);
    if let Some(name) = body.name {
        sink.name = name.0;
    }
    if let Some(url) = body.url {
        sink.url = url.0;
    }
    if let Some(event_types) = event_types {
        sink.event_types = event_types;
    }
    if let Some(active) = body.active {
        sink.active = active;
    }
    let call = change.call();
    call.stamp(&mut sink.attribution);
    if !change.notifications().update(&sink).await? {
        return Err(not_found());
    }
    if moved {
        change
            .notifications()
            .forget_failures(&sink.id, call.now())
            .await?;
    }
    Ok(sink)
}
