//! The events that tell every enforcement point what changed. Written in the transaction of the change.

use caracal_core::{
    AuthorityRecordId, ConnectionId, DelegationId, GrantId, Timestamp, World, ZoneId,
    entity::{Delegation, Session},
};
use caracal_storage::{EndedSession, Error, OutboxMessage};
use caracal_wire::events::{
    AgentEvent, AgentLifecycle, DelegationEvent, DelegationsInvalidated, Payload, SessionRevoked,
};

/// Makes the events of one transaction.
#[derive(Debug)]
pub(crate) struct Events<'a> {
    world: &'a World,
    zone: &'a ZoneId,
    grant: Option<&'a GrantId>,
    messages: Result<Vec<OutboxMessage>, Error>,
}

impl<'a> Events<'a> {
    /// No events yet.
    pub(crate) fn new(world: &'a World, zone: &'a ZoneId) -> Self {
        Self {
            world,
            zone,
            grant: None,
            messages: Ok(Vec::new()),
        }
    }

    /// What is revoked from here on is so because this grant was taken back.
    pub(crate) fn of_grant(self, grant: Option<&'a GrantId>) -> Self {
        Self { grant, ..self }
    }

    /// The events in order.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when one cannot travel; then the change must not be committed.
    pub(crate) fn into_messages(self) -> Result<Vec<OutboxMessage>, Error> {
        self.messages
    }

    /// A session started.
    pub(crate) fn spawn(&mut self, session: &Session) {
        let event = AgentLifecycle {
            event: AgentEvent::Spawn,
            zone_id: self.zone.clone(),
            agent_session_id: session.id.clone(),
            parent_id: session.parent_id.clone(),
            application_id: Some(session.application_id.clone()),
            reason: None,
        };
        self.push(&event, format!("spawn:{}", session.id));
    }

    /// A session paused. Never a revocation: it can be resumed.
    pub(crate) fn suspend(&mut self, session: &EndedSession, reason: &str, at: Timestamp) {
        let event = self.lifecycle(AgentEvent::Suspend, session, Some(reason));
        self.push(
            &event,
            format!("suspend:{}:{}", session.id, at.to_rfc3339_micros()),
        );
    }

    /// A session goes on.
    pub(crate) fn resume(&mut self, session: &EndedSession, at: Timestamp) {
        let event = self.lifecycle(AgentEvent::Resume, session, None);
        self.push(
            &event,
            format!("resume:{}:{}", session.id, at.to_rfc3339_micros()),
        );
    }

    /// A session ended. `record` is its authority record where that ended with it; naming it revokes it
    /// everywhere.
    pub(crate) fn terminate(
        &mut self,
        session: &EndedSession,
        reason: &str,
        record: Option<&AuthorityRecordId>,
    ) {
        let revoked = SessionRevoked {
            session_id: record.cloned(),
            agent_session_id: Some(session.id.clone()),
            grant_id: self.grant.map(GrantId::to_string),
            ..SessionRevoked::new(self.zone.clone(), reason.to_owned())
        };
        self.push(&revoked, format!("agent_terminate:{}", session.id));
        let event = self.lifecycle(AgentEvent::Terminate, session, Some(reason));
        self.push(&event, format!("terminate:{}", session.id));
    }

    /// An authority record ended that no session's end names.
    pub(crate) fn record_revoke(&mut self, record: &AuthorityRecordId, reason: &str) {
        let revoked = SessionRevoked {
            session_id: Some(record.clone()),
            grant_id: self.grant.map(GrantId::to_string),
            ..SessionRevoked::new(self.zone.clone(), reason.to_owned())
        };
        self.push(&revoked, format!("record_revoke:{record}"));
    }

    /// A connected account was revoked. The mandates of calls that carry its tokens go on, the calls do not.
    pub(crate) fn connection_revoke(&mut self, id: &ConnectionId, reason: &str) {
        let revoked = SessionRevoked {
            connection_id: Some(id.clone()),
            ..SessionRevoked::new(self.zone.clone(), reason.to_owned())
        };
        self.push(&revoked, format!("connection_revoke:{id}"));
    }

    /// A delegation was made. The epoch is told, not moved: authority grew.
    pub(crate) fn edge_create(&mut self, delegation: &Delegation, epoch: i64) {
        let event = DelegationsInvalidated {
            edge_id: Some(delegation.id.clone()),
            source_session_id: Some(delegation.source_session_id.clone()),
            target_session_id: Some(delegation.target_session_id.clone()),
            ..self.graph(DelegationEvent::Create, epoch)
        };
        self.push(&event, format!("edge_create:{}", delegation.id));
    }

    /// A delegation was revoked, one of `affected`. Its id alone is named: naming a session would end that too.
    pub(crate) fn edge_revoke(&mut self, id: &DelegationId, affected: usize, reason: &str, epoch: i64) {
        let revoked = SessionRevoked {
            delegation_edge_id: Some(id.clone()),
            ..SessionRevoked::new(self.zone.clone(), reason.to_owned())
        };
        self.push(&revoked, format!("delegation:{id}"));
        let event = DelegationsInvalidated {
            edge_id: Some(id.clone()),
            affected_edges: Some(affected as u64),
            reason: Some(reason.to_owned()),
            ..self.graph(DelegationEvent::Revoke, epoch)
        };
        self.push(&event, format!("edge_revoke:{id}"));
    }

    /// Delegations ran out. Mandates under them ended with them, so nothing is revoked.
    pub(crate) fn edge_expire(&mut self, expired: &[Delegation], epoch: i64) {
        let event = DelegationsInvalidated {
            affected_edges: Some(expired.len() as u64),
            edge_ids: expired.iter().map(|delegation| delegation.id.clone()).collect(),
            ..self.graph(DelegationEvent::Expire, epoch)
        };
        self.push(&event, format!("edge_expire:{}:{epoch}", self.zone));
    }

    fn lifecycle(&self, event: AgentEvent, session: &EndedSession, reason: Option<&str>) -> AgentLifecycle {
        AgentLifecycle {
            event,
            zone_id: self.zone.clone(),
            agent_session_id: session.id.clone(),
            parent_id: session.parent_id.clone(),
            application_id: None,
            reason: reason.map(str::to_owned),
        }
    }

    fn graph(&self, event: DelegationEvent, epoch: i64) -> DelegationsInvalidated {
        DelegationsInvalidated {
            event,
            zone_id: self.zone.clone(),
            edge_id: None,
            source_session_id: None,
            target_session_id: None,
            affected_edges: None,
            edge_ids: Vec::new(),
            reason: None,
            epoch: u64::try_from(epoch).unwrap_or(0),
        }
    }

    fn push<P: Payload>(&mut self, payload: &P, dedupe_key: String) {
        let Ok(messages) = &mut self.messages else { return };
        match OutboxMessage::of(self.world, payload) {
            Ok(message) => messages.push(message.once(dedupe_key)),
            Err(error) => self.messages = Err(error),
        }
    }
}
