//! `/v1/zones/{zoneId}/notification-sinks`: servers that are told what happens in the zone.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod deliveries;
pub(super) mod get;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod rotate;
pub(super) mod try_out;

use caracal_core::{Secret, World, entity::NotificationType};
use caracal_crypto::Location;
use caracal_service::{Refusal, egress::EgressError};
use caracal_wire::{ErrorCode, control::notification_sinks::normalised};
use url::Url;

use crate::{call::ZoneCall, change::ZoneChange, custody};

const CODE: ErrorCode = ErrorCode::InvalidSink;

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::SinkNotFound).describe("no such sink of notifications")
}

/// Everything that sinks subscribe to.
pub(in crate::routes) fn every_type() -> Vec<NotificationType> {
    let all = NotificationType::ALL.iter().copied();
    all.filter(|kind| kind.is_subscribed_to()).collect()
}

/// The types as they are kept.
pub(in crate::routes) fn event_types(asked: &[NotificationType]) -> Result<Vec<NotificationType>, Refusal> {
    let message = "must name at least one type of event, and none but those that sinks subscribe to";
    normalised(asked).ok_or_else(|| Refusal::invalid_field(CODE, "event_types", message))
}

/// Refuses what the guard would refuse when it is dialled, as far as it can be told from the text: names are looked up
/// with each attempt.
pub(in crate::routes) fn check_url(call: &ZoneCall, text: &str) -> Result<(), Refusal> {
    let refused = |message: String| Refusal::invalid_field(ErrorCode::InvalidSinkUrl, "url", message);
    let target = call.role.egress.target(text).map_err(|error| {
        refused(match error {
            EgressError::InvalidTarget(problem) => problem.to_string(),
            other => other.to_string(),
        })
    })?;
    if Url::parse(text).is_ok_and(|url| url.fragment().is_some()) {
        return Err(refused(String::from("must not contain a fragment")));
    }
    let here = matches!(target.host(), "localhost" | "127.0.0.1" | "::1");
    if target.scheme() != &http::uri::Scheme::HTTPS && !here {
        return Err(refused(String::from("must be https")));
    }
    Ok(())
}

/// `nsk_` and 48 hexadecimal digits.
fn new_secret(world: &World) -> Secret {
    Secret::new(format!("nsk_{}", hex::encode(world.random_bytes::<24>())))
}

/// Keeps what notifications of the sink are signed with.
async fn keep_secret(
    change: &mut ZoneChange<'_>,
    sink: &caracal_core::NotificationSinkId,
    secret: &Secret,
) -> Result<(), Refusal> {
    let location = Location::notification_sink_secret(&change.call().zone, sink);
    custody::keep(change, &location, secret).await
}
