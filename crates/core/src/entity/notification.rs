//! Notifications: what happens in a zone, told to servers that the zone names.

use super::Attribution;
use crate::{NotificationDeliveryId, NotificationSinkId, Timestamp, ZoneId, words};

words!(
    /// What a notification is about.
    NotificationType {
        /// A request waits for a person.
        StepUpIssued = "step_up_issued",
        /// Somebody said yes or no to a request.
        StepUpDecided = "step_up_decided",
        /// An approved request was carried out.
        StepUpConsumed = "step_up_consumed",
        /// Nobody decided a request in time.
        StepUpExpired = "step_up_expired",
        /// Everything in the zone was stopped.
        ZoneFrozen = "zone_frozen",
        /// The zone goes on.
        ZoneThawed = "zone_thawed",
        /// Everything that a subject held was ended.
        SubjectRevoked = "subject_revoked",
        /// What a person had agreed to was taken back, and what its application held for them has ended.
        GrantRevoked = "grant_revoked",
        /// An application was archived, and all it held has ended.
        ApplicationArchived = "application_archived",
        /// A workload was deleted, and what it had asked for was refused.
        WorkloadDeleted = "workload_deleted",
        /// A connected account was revoked, and the calls that carried its tokens were cut.
        ConnectionRevoked = "connection_revoked",
        /// A version of a policy set was put in force.
        PolicyActivated = "policy_activated",
        /// A version that decided for some applications was taken back by itself.
        PolicyCanaryReturned = "policy_canary_returned",
        /// Somebody tries the sink out. It is sent to that sink alone, whatever it is subscribed to.
        SinkTest = "sink_test",
    }
);

impl NotificationType {
    /// Whether sinks subscribe to it.
    pub const fn is_subscribed_to(self) -> bool {
        !matches!(self, Self::SinkTest)
    }
}

/// A server that is told what happens in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationSink {
    /// Id.
    pub id: NotificationSinkId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// Where notifications are posted.
    pub url: String,
    /// What it is told, each once, in the order of [`NotificationType`].
    pub event_types: Vec<NotificationType>,
    /// Whether it is told anything.
    pub active: bool,
    /// Who and when.
    pub attribution: Attribution,
}

/// How it went with a sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkHealth {
    /// Attempts that failed since the last one that did not.
    pub consecutive_failures: u32,
    /// When the last attempt got through.
    pub last_success_at: Option<Timestamp>,
    /// When the last attempt failed.
    pub last_failure_at: Option<Timestamp>,
    /// Why the last attempt failed; absent after one that did not.
    pub last_error: Option<String>,
}

/// A notification on its way to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationDelivery {
    /// Id: the same for every attempt, so that a receiver knows what it has seen.
    pub id: NotificationDeliveryId,
    /// Zone.
    pub zone_id: ZoneId,
    /// The sink.
    pub sink_id: NotificationSinkId,
    /// What happened: the same for every sink that is told of it.
    pub event_id: String,
    /// What it is about.
    pub event_type: NotificationType,
    /// The body, as it is sent and signed.
    pub payload: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due.
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

impl NotificationDelivery {
    /// The id of what is sent to a sink of an event: one for both, so that an event told twice is sent once.
    pub fn id_of(event_id: &str, sink: &NotificationSinkId) -> String {
        format!("{event_id}.{sink}")
    }
}
