//! `caracal.agents.lifecycle` and `caracal.invocations.lifecycle`.

use caracal_core::{ApplicationId, SessionId, ZoneId, id, words};
use utoipa::ToSchema;

use super::{Builder, Fields, MalformedFields, Payload, PayloadError, Topic, optional, required, word};

words!(
    /// What happened to a session.
    AgentEvent {
        /// It started.
        Spawn = "spawn",
        /// It was halted and can go on.
        Suspend = "suspend",
        /// It goes on.
        Resume = "resume",
        /// It ended.
        Terminate = "terminate",
    }
);

/// A session came, paused, went on or ended.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct AgentLifecycle {
    /// What happened.
    pub event: AgentEvent,
    /// Zone.
    pub zone_id: ZoneId,
    /// The session.
    pub agent_session_id: SessionId,
    /// The session that started it.
    pub parent_id: Option<SessionId>,
    /// Its application; on spawn.
    pub application_id: Option<ApplicationId>,
    /// Why; on suspend and terminate.
    pub reason: Option<String>,
}

impl Payload for AgentLifecycle {
    const TOPIC: Topic = Topic::AgentsLifecycle;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        Builder::default()
            .set("event", &self.event)
            .set("zone_id", &self.zone_id)
            .set("agent_session_id", &self.agent_session_id)
            .maybe("parent_id", self.parent_id.as_ref())
            .maybe("application_id", self.application_id.as_ref())
            .maybe("reason", self.reason.as_ref())
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        Ok(Self {
            event: word(fields, "event", AgentEvent::parse)?,
            zone_id: required(fields, "zone_id")?,
            agent_session_id: required(fields, "agent_session_id")?,
            parent_id: optional(fields, "parent_id")?,
            application_id: optional(fields, "application_id")?,
            reason: optional(fields, "reason")?,
        })
    }
}

words!(
    /// What happened to an invocation.
    InvocationEvent {
        /// Asked for.
        Created = "invocation.created",
        /// Taken up.
        Started = "invocation.started",
        /// Somebody wants it to stop.
        CancelRequested = "invocation.cancel_requested",
        /// Done.
        Succeeded = "invocation.succeeded",
        /// Failed; attempts may be left.
        Failed = "invocation.failed",
        /// Past its deadline without attempts left.
        TimedOut = "invocation.timed_out",
    }
);

/// An invocation moved on.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct InvocationLifecycle {
    /// What happened.
    pub event: InvocationEvent,
    /// Zone.
    pub zone_id: ZoneId,
    /// The service that was called.
    pub service_id: String,
    /// The invocation.
    pub invocation_id: String,
}

impl Payload for InvocationLifecycle {
    const TOPIC: Topic = Topic::InvocationsLifecycle;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        Builder::default()
            .set("event", &self.event)
            .set("zone_id", &self.zone_id)
            .set("service_id", &self.service_id)
            .set("invocation_id", &self.invocation_id)
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        let plain_id = |name: &'static str| {
            let text: String = required(fields, name)?;
            if id::is_valid(&text) {
                Ok(text)
            } else {
                Err(PayloadError::Invalid(name))
            }
        };
        Ok(Self {
            event: word(fields, "event", InvocationEvent::parse)?,
            zone_id: required(fields, "zone_id")?,
            service_id: plain_id("service_id")?,
            invocation_id: plain_id("invocation_id")?,
        })
    }
}
