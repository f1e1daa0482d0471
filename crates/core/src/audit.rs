//! Audit events as they travel and as the ledger stores them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Timestamp, World, ZoneId};

mod change;
mod draft;
mod event_type;
mod facts;
mod record;
mod remedy;

pub use change::{DecisionChange, Undecidable};
pub use draft::{Decided, Determining, Draft, SpoolEvent};
pub use event_type::{EventName, EventType};
pub use facts::EventFacts;
pub use record::{
    Action, DecisionRecord, Effect, PrincipalKind, RECORD_VERSION, RecordedDecision, RecordedDelegation,
    RecordedGate, RecordedInput, RecordedMandate, RecordedPrincipal, ScopeRisk, UnreadableRecord,
};
pub use remedy::{DataChange, DataRead, Obstacle};

/// One decision or outcome (the value of `data` on `caracal.audit.events`).
///
/// `occurred_at` travels with microseconds, so that it round-trips through the ledger unchanged.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// UUIDv7, the idempotency key of the ledger.
    pub id: String,
    /// Zone whose chain it joins.
    pub zone_id: ZoneId,
    /// For example `token_exchange`, `gateway_resource_request`, `replay_detected`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub event_type: EventName,
    /// Correlates the events of one request.
    #[serde(default)]
    pub request_id: String,
    /// `allow`, `deny`, or the state of an approval.
    #[serde(default)]
    pub decision: String,
    /// Policy set in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_set_id: Option<String>,
    /// Version of the policy set in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_set_version_id: Option<String>,
    /// Manifest digest of that version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha: Option<String>,
    /// `complete`, or the reason a request ended before policy.
    #[serde(default)]
    pub evaluation_status: String,
    /// `[{"policy": "<name>"}]`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<serde_json::Value>))]
    pub determining_policies_json: Option<Box<RawValue>>,
    /// Diagnostics of the decision, such as `[{"reason": "…"}]`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<serde_json::Value>))]
    pub diagnostics_json: Option<Box<RawValue>>,
    /// What the decision was about. Never tokens, secrets or bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<serde_json::Value>))]
    pub metadata_json: Option<Box<RawValue>>,
    /// A [`DecisionRecord`], where policy was asked; kept as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<serde_json::Value>))]
    pub record: Option<Box<RawValue>>,
    /// When it happened.
    #[serde(with = "micros")]
    pub occurred_at: Timestamp,
}

impl AuditEvent {
    /// An event happening now, without policy and metadata.
    pub fn new(
        world: &World,
        zone_id: ZoneId,
        event_type: impl Into<EventName>,
        request_id: &str,
        decision: &str,
    ) -> Self {
        Self {
            id: world.uuid_v7().to_string(),
            zone_id,
            event_type: event_type.into(),
            request_id: request_id.to_owned(),
            decision: decision.to_owned(),
            policy_set_id: None,
            policy_set_version_id: None,
            manifest_sha: None,
            evaluation_status: String::from("complete"),
            determining_policies_json: None,
            diagnostics_json: None,
            metadata_json: None,
            record: None,
            occurred_at: world.now(),
        }
    }

    /// What policy was asked, and what it said.
    pub fn record(&self) -> Option<Result<DecisionRecord<'static>, UnreadableRecord>> {
        self.record.as_deref().map(DecisionRecord::read)
    }

    /// What its metadata say that a reader goes by.
    pub fn facts(&self) -> EventFacts {
        EventFacts::of(self.metadata_json.as_deref())
    }

    /// Sets the metadata from any serialisable object.
    #[must_use]
    pub fn with_metadata(mut self, metadata: &impl Serialize) -> Self {
        self.metadata_json = serde_json::value::to_raw_value(metadata).ok();
        self
    }
}

/// RFC 3339 with microseconds.
mod micros {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339_micros())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Timestamp::parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}
