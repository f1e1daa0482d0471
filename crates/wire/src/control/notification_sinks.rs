//! Sinks of notifications, and what is on its way to them.

use std::collections::BTreeSet;

use caracal_core::{
    JsonObject, NotificationDeliveryId, NotificationSinkId, Timestamp, ZoneId,
    entity::{Attribution, NotificationDelivery, NotificationSink, NotificationType, SinkHealth},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, Name};

/// Body that makes a sink. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateSink {
    /// Display name.
    pub name: Name<120>,
    /// Where notifications are posted: an https URL; http on this machine alone.
    pub url: Line<2048>,
    /// What it is told; everything that sinks subscribe to when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, min_items = 1)]
    pub event_types: Option<Vec<NotificationType>>,
}

changes! {
    /// Body that changes a sink; an empty one changes nothing. Unknown members are ignored.
    UpdateSink {
        /// Display name.
        name: Name<120>,
        /// Where notifications are posted: an https URL; http on this machine alone.
        url: Line<2048>,
        /// What it is told.
        #[schema(min_items = 1)]
        event_types: Vec<NotificationType>,
        /// Whether it is told anything. What happens while it is not, it is never told.
        active: bool,
    }
}

/// A sink; never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SinkItem {
    /// Id.
    pub id: NotificationSinkId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// Where notifications are posted.
    pub url: String,
    /// What it is told.
    pub event_types: Vec<NotificationType>,
    /// Whether it is told anything.
    pub active: bool,
    /// Attempts that failed since the last one that did not.
    pub consecutive_failures: u32,
    /// When the last attempt got through.
    pub last_success_at: Option<Timestamp>,
    /// When the last attempt failed.
    pub last_failure_at: Option<Timestamp>,
    /// Why the last attempt failed; absent after one that did not.
    pub last_error: Option<String>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl From<(NotificationSink, SinkHealth)> for SinkItem {
    fn from((sink, health): (NotificationSink, SinkHealth)) -> Self {
        Self {
            id: sink.id,
            zone_id: sink.zone_id,
            name: sink.name,
            url: sink.url,
            event_types: sink.event_types,
            active: sink.active,
            consecutive_failures: health.consecutive_failures,
            last_success_at: health.last_success_at,
            last_failure_at: health.last_failure_at,
            last_error: health.last_error,
            attribution: sink.attribution,
        }
    }
}

/// A sink together with its secret, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SinkWithSecret {
    /// The sink.
    #[serde(flatten)]
    pub sink: SinkItem,
    /// What its notifications are signed with.
    pub secret: String,
}

/// What is on its way to a sink, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryItem {
    /// Id: the header `X-Caracal-Delivery`.
    pub id: NotificationDeliveryId,
    /// The sink.
    pub sink_id: NotificationSinkId,
    /// What happened.
    pub event_id: String,
    /// What it is about.
    pub event_type: NotificationType,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due, while there is one.
    pub available_at: Timestamp,
    /// When it got through.
    pub delivered_at: Option<Timestamp>,
    /// When it was given up.
    pub abandoned_at: Option<Timestamp>,
    /// HTTP status of the last answer.
    pub response_status: Option<u32>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was put in line.
    pub created_at: Timestamp,
}

impl From<NotificationDelivery> for DeliveryItem {
    fn from(delivery: NotificationDelivery) -> Self {
        Self {
            id: delivery.id,
            sink_id: delivery.sink_id,
            event_id: delivery.event_id,
            event_type: delivery.event_type,
            attempts: delivery.attempts,
            available_at: delivery.available_at,
            delivered_at: delivery.delivered_at,
            abandoned_at: delivery.abandoned_at,
            response_status: delivery.response_status,
            last_error: delivery.last_error,
            created_at: delivery.created_at,
        }
    }
}

/// A delivery with what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryWithPayload {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryItem,
    /// The body that is sent.
    #[schema(value_type = Object)]
    pub payload: JsonObject,
}

/// The types each once and in their order; nothing if there are none, or one that sinks do not subscribe to.
pub fn normalised(types: &[NotificationType]) -> Option<Vec<NotificationType>> {
    let asked: BTreeSet<&str> = types.iter().map(|kind| kind.as_str()).collect();
    let all = NotificationType::ALL.iter().copied();
    let kept: Vec<_> = all.filter(|kind| asked.contains(kind.as_str())).collect();
    let subscribed = kept.iter().all(|kind| kind.is_subscribed_to());
    (!kept.is_empty() && subscribed).then_some(kept)
}
