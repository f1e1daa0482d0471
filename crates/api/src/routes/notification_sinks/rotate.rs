//! `POST /v1/zones/{zoneId}/notification-sinks/{id}/rotate-secret`

use caracal_core::NotificationSinkId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::notification_sinks::SinkWithSecret;

use super::{keep_secret, new_secret, not_found};
use crate::{call::ZoneCall, change::Done};

/// Every attempt from here on is signed with the new secret. What the receiver refuses until it knows it comes again.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<NotificationSinkId>>,
) -> Result<Answer<SinkWithSecret>, Refusal> {
    let mut change = call.change().await?;
    let found = change.notifications().get(&id).await?;
    let (mut sink, health) = found.ok_or_else(not_found)?;
    call.stamp(&mut sink.attribution);
    if !change.notifications().update(&sink).await? {
        return Err(not_found());
    }
    let secret = new_secret(&call.role.world);
    keep_secret(&mut change, &id, &secret).await?;
    let rotated = SinkWithSecret {
        sink: (sink, health).into(),
        secret: secret.expose().to_owned(),
    };
    Ok(Answer(change.answer(Done::ok(), rotated).await?))
}
