//! `caracal.delegations.invalidate`.

use caracal_core::{DelegationId, SessionId, ZoneId, words};
use utoipa::ToSchema;

use super::{Builder, Fields, MalformedFields, Payload, PayloadError, Topic, optional, required, word};

words!(
    /// What happened to delegations.
    DelegationEvent {
        /// One was made.
        Create = "edge_create",
        /// One was revoked, with what hangs on it.
        Revoke = "edge_revoke",
        /// Some ran out.
        Expire = "edge_expire",
    }
);

/// The delegation graph of a zone changed.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct DelegationsInvalidated {
    /// What happened.
    pub event: DelegationEvent,
    /// Zone.
    pub zone_id: ZoneId,
    /// The delegation; absent on expiry.
    pub edge_id: Option<DelegationId>,
    /// Who hands on; on creation.
    pub source_session_id: Option<SessionId>,
    /// Who receives; on creation.
    pub target_session_id: Option<SessionId>,
    /// How many delegations ended; on revocation and expiry.
    pub affected_edges: Option<u64>,
    /// Which ran out; on expiry. A JSON array in one field.
    #[schema(required = false)]
    pub edge_ids: Vec<DelegationId>,
    /// Why; when a session's end revoked it.
    pub reason: Option<String>,
    /// The zone's graph epoch. Readers only ever move forward.
    pub epoch: u64,
}

impl Payload for DelegationsInvalidated {
    const TOPIC: Topic = Topic::DelegationsInvalidate;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        // Ids always serialise.
        let edge_ids = serde_json::to_string(&self.edge_ids).unwrap_or_default();
        Builder::default()
            .set("event", &self.event)
            .set("zone_id", &self.zone_id)
            .maybe("edge_id", self.edge_id.as_ref())
            .maybe("source_session_id", self.source_session_id.as_ref())
            .maybe("target_session_id", self.target_session_id.as_ref())
            .maybe("affected_edges", self.affected_edges.as_ref())
            .maybe("edge_ids", (!self.edge_ids.is_empty()).then_some(&edge_ids))
            .maybe("reason", self.reason.as_ref())
            .set("epoch", &self.epoch)
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        let edge_ids = optional::<String>(fields, "edge_ids")?;
        Ok(Self {
            event: word(fields, "event", DelegationEvent::parse)?,
            zone_id: required(fields, "zone_id")?,
            edge_id: optional(fields, "edge_id")?,
            source_session_id: optional(fields, "source_session_id")?,
            target_session_id: optional(fields, "target_session_id")?,
            affected_edges: optional(fields, "affected_edges")?,
            edge_ids: edge_ids
                .map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|_| PayloadError::Invalid("edge_ids"))?
                .unwrap_or_default(),
            reason: optional(fields, "reason")?,
            epoch: required(fields, "epoch")?,
        })
    }
}
