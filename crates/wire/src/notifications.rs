//! What sinks of notifications are sent.

use caracal_core::{ZoneId, entity::NotificationType};
use serde::{Deserialize, Serialize};

/// What a notification is about: the value of `type` in its body.
pub const EVENT_HEADER: &str = "x-caracal-event";
/// The id of the delivery, the same for every attempt.
pub const DELIVERY_HEADER: &str = "x-caracal-delivery";
/// The id of the sink.
pub const SINK_HEADER: &str = "x-caracal-sink";
/// When this attempt was made, in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "x-caracal-timestamp";
/// `v1=` and the hex HMAC-SHA256, under the sink's secret, of the timestamp, a dot and the body.
pub const SIGNATURE_HEADER: &str = "x-caracal-signature";

/// The body of a notification.
///
/// ```
/// # use caracal_wire::notifications::NotificationBody;
/// let body = r#"{"id":"01","type":"zone_frozen","zone_id":"z","decision":"frozen",
///     "occurred_at":"2026-05-21T12:00:00.000Z","data":{"request_id":"req-1"}}"#;
/// let body: NotificationBody<serde_json::Value> = serde_json::from_str(body).unwrap();
/// assert_eq!(body.data["request_id"], "req-1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationBody<D> {
    /// Which happening; of approvals, the id of the event in the ledger.
    pub id: String,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: NotificationType,
    /// Zone.
    pub zone_id: ZoneId,
    /// One word for the outcome.
    pub decision: String,
    /// When it happened, to the millisecond.
    pub occurred_at: String,
    /// What the type has to say; of approvals, what the ledger is told.
    pub data: D,
}
