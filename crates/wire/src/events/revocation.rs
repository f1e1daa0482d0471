//! `caracal.sessions.revoke`.

use caracal_core::{AuthorityRecordId, ConnectionId, DelegationId, SessionId, ZoneId};
use utoipa::ToSchema;

use super::{Builder, Fields, MalformedFields, Payload, PayloadError, Topic, free_text, optional, required};

/// Something that mandates or calls hang on has ended. At least one anchor is set.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct SessionRevoked {
    /// Zone.
    pub zone_id: ZoneId,
    /// The authority record.
    pub session_id: Option<AuthorityRecordId>,
    /// Further authority record, under the name of the mandate's claim.
    pub sid: Option<AuthorityRecordId>,
    /// The record at the root of it.
    pub root_sid: Option<AuthorityRecordId>,
    /// The session.
    pub agent_session_id: Option<SessionId>,
    /// The delegation.
    pub delegation_edge_id: Option<DelegationId>,
    /// The connected account whose tokens are used no more: calls that carry one are cut.
    pub connection_id: Option<ConnectionId>,
    /// The grant whose revocation this is.
    pub grant_id: Option<String>,
    /// Why, for example `grant_revoked`, `ttl`, `delegation_revoked`.
    pub reason: String,
}

impl SessionRevoked {
    /// A revocation without anchors yet.
    pub const fn new(zone_id: ZoneId, reason: String) -> Self {
        Self {
            zone_id,
            session_id: None,
            sid: None,
            root_sid: None,
            agent_session_id: None,
            delegation_edge_id: None,
            connection_id: None,
            grant_id: None,
            reason,
        }
    }

    /// Every id that ended, each once: no mandate that names one of them is honoured any more, and no call that carries a
    /// token of one goes on.
    pub fn anchors(&self) -> Vec<&str> {
        let all = [
            self.session_id.as_ref().map(AuthorityRecordId::as_str),
            self.sid.as_ref().map(AuthorityRecordId::as_str),
            self.root_sid.as_ref().map(AuthorityRecordId::as_str),
            self.agent_session_id.as_ref().map(SessionId::as_str),
            self.delegation_edge_id.as_ref().map(DelegationId::as_str),
            self.connection_id.as_ref().map(ConnectionId::as_str),
        ];
        let mut anchors = Vec::with_capacity(all.len());
        for anchor in all.into_iter().flatten() {
            if !anchors.contains(&anchor) {
                anchors.push(anchor);
            }
        }
        anchors
    }
}

impl Payload for SessionRevoked {
    const TOPIC: Topic = Topic::SessionsRevoke;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        if self.anchors().is_empty() {
            return Err(MalformedFields::Missing("session_id"));
        }
        Builder::default()
            .set("zone_id", &self.zone_id)
            .maybe("session_id", self.session_id.as_ref())
            .maybe("sid", self.sid.as_ref())
            .maybe("root_sid", self.root_sid.as_ref())
            .maybe("agent_session_id", self.agent_session_id.as_ref())
            .maybe("delegation_edge_id", self.delegation_edge_id.as_ref())
            .maybe("connection_id", self.connection_id.as_ref())
            .maybe("grant_id", self.grant_id.as_ref())
            .set("reason", &self.reason)
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        let edge = optional(fields, "delegation_edge_id")?;
        let revoked = Self {
            zone_id: required(fields, "zone_id")?,
            session_id: optional(fields, "session_id")?,
            sid: optional(fields, "sid")?,
            root_sid: optional(fields, "root_sid")?,
            agent_session_id: optional(fields, "agent_session_id")?,
            delegation_edge_id: match edge {
                None => optional(fields, "edge_id")?,
                edge => edge,
            },
            connection_id: optional(fields, "connection_id")?,
            grant_id: optional(fields, "grant_id")?,
            reason: free_text(fields, "reason"),
        };
        if revoked.anchors().is_empty() {
            Err(PayloadError::Missing("session_id"))
        } else {
            Ok(revoked)
        }
    }
}
