//! Sessions: `/zones/{zone}/agents`.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, JsonObject, ScopeSet, SessionId, Timestamp, ZoneId,
    entity::{Lifecycle, Session, SessionStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Warning, delegations::DelegationItem};

/// Whether a child continues its parent's delegation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParentAuthority {
    /// It gets a copy with one hop less.
    #[default]
    Inherit,
    /// It starts without authority.
    None,
}

/// Body of a session start. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartSession {
    /// Whose run it is.
    pub application_id: ApplicationId,
    /// Authority record to anchor on; the caller's own when absent.
    pub subject_session_id: Option<AuthorityRecordId>,
    /// Proof of a person's record.
    pub subject_token: Option<String>,
    /// Session that starts it.
    pub parent_id: Option<SessionId>,
    /// Task when absent.
    pub lifecycle: Option<Lifecycle>,
    /// Labels that policy reads: at most 32, of 1 to 64 characters.
    pub labels: Option<Vec<String>>,
    /// Of a task: 1 to 86,400; 3,600 when absent.
    pub ttl_seconds: Option<u32>,
    /// Of a child: whether it continues its parent's delegation.
    pub parent_authority: Option<ParentAuthority>,
    /// Of a child: which of its parent's delegations, when there are several.
    pub inherit_parent_edge_id: Option<DelegationId>,
    /// Whatever the application wants to say about it, up to 16 KiB.
    pub metadata: Option<JsonObject>,
}

impl StartSession {
    /// A root task of the application that says nothing else.
    pub const fn of(application_id: ApplicationId) -> Self {
        Self {
            application_id,
            subject_session_id: None,
            subject_token: None,
            parent_id: None,
            lifecycle: None,
            labels: None,
            ttl_seconds: None,
            parent_authority: None,
            inherit_parent_edge_id: None,
            metadata: None,
        }
    }
}

/// What every answer about a session holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionState {
    /// Id.
    pub agent_session_id: SessionId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Whose run it is.
    pub application_id: ApplicationId,
    /// Session that started it.
    pub parent_id: Option<SessionId>,
    /// Authority record it is anchored on.
    pub subject_authority_record_id: AuthorityRecordId,
    /// Task or service.
    pub lifecycle: Lifecycle,
    /// Labels that policy reads.
    #[schema(value_type = Vec<String>)]
    pub labels: Vec<Arc<str>>,
    /// State.
    pub status: SessionStatus,
    /// 0 for a root.
    pub depth: u32,
    /// Time to live of a task.
    pub ttl_seconds: Option<u32>,
    /// Start.
    pub started_at: Timestamp,
    /// Last heartbeat of a service.
    pub last_heartbeat_at: Option<Timestamp>,
    /// End of a service's lease.
    pub heartbeat_deadline_at: Option<Timestamp>,
    /// Fencing generation of a service's lease; 0 for a task.
    pub lease_generation: i64,
}

impl From<&Session> for SessionState {
    fn from(session: &Session) -> Self {
        Self {
            agent_session_id: session.id.clone(),
            zone_id: session.zone_id.clone(),
            application_id: session.application_id.clone(),
            parent_id: session.parent_id.clone(),
            subject_authority_record_id: session.subject_authority_record_id.clone(),
            lifecycle: session.lifecycle,
            labels: session.labels.clone(),
            status: session.status,
            depth: session.depth,
            ttl_seconds: session.ttl_seconds,
            started_at: session.started_at,
            last_heartbeat_at: session.last_heartbeat_at,
            heartbeat_deadline_at: session.heartbeat_deadline_at,
            lease_generation: session.lease_generation,
        }
    }
}

/// A session as just started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionStarted {
    /// The session.
    #[serde(flatten)]
    pub session: SessionState,
    /// The delegation that it inherited.
    pub delegation_edge_id: Option<DelegationId>,
    /// What the caller should know.
    pub warnings: Vec<Warning>,
}

/// A session as read and listed: also what its owner said about it, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionItem {
    /// The session.
    #[serde(flatten)]
    pub session: SessionState,
    /// What the application said about it.
    pub metadata: JsonObject,
    /// End.
    pub terminated_at: Option<Timestamp>,
    /// Why it ended.
    pub termination_reason: Option<String>,
}

impl From<&Session> for SessionItem {
    fn from(session: &Session) -> Self {
        Self {
            session: session.into(),
            metadata: session.metadata_json.clone(),
            terminated_at: session.terminated_at,
            termination_reason: session.termination_reason.clone(),
        }
    }
}

/// Which sessions to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ListSessions {
    /// Only those in this state.
    pub status: Option<SessionStatus>,
    /// Only tasks, or only services.
    pub lifecycle: Option<Lifecycle>,
    /// Only those of this application.
    pub application_id: Option<ApplicationId>,
    /// Only those with this label.
    pub label: Option<String>,
}

/// Why a session ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AskSessionEnd {
    /// 1 to 256 printable characters; `requested` when absent.
    pub reason: Option<String>,
}

/// Body of a session's end, which tasks leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndSession {
    /// The lease that the caller holds.
    pub lease_generation: Option<i64>,
}

/// How a service says it is; not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceHealth {
    /// Not yet at work.
    Starting,
    /// At work.
    #[default]
    Healthy,
    /// At work, but not as it should be.
    Degraded,
    /// Not at work.
    Unhealthy,
}

/// Body of a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    /// The lease that the caller holds.
    pub lease_generation: i64,
    /// How the service is.
    #[serde(default)]
    pub status: Option<ServiceHealth>,
    /// Id of a service that is registered by itself; there are none.
    pub service_id: Option<String>,
    /// Echoed.
    pub active_invocations: Option<u64>,
}

/// Answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatNoted {
    /// The session.
    pub agent: LeasedSession,
    /// Always null: services are sessions.
    pub service: Option<String>,
    /// As sent, else 0.
    pub active_invocations: u64,
}

/// A session whose lease was renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeasedSession {
    /// Id.
    pub id: SessionId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Whose run it is.
    pub application_id: ApplicationId,
    /// State.
    pub status: SessionStatus,
    /// Last sign of life.
    pub last_active_at: Timestamp,
    /// This heartbeat.
    pub last_heartbeat_at: Timestamp,
    /// End of the lease.
    pub heartbeat_deadline_at: Timestamp,
    /// The lease.
    pub lease_generation: i64,
}

/// A lease as just taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseTaken {
    /// State of the session.
    pub status: SessionStatus,
    /// End of the lease.
    pub heartbeat_deadline_at: Timestamp,
    /// What the holder names from now on.
    pub lease_generation: i64,
}

/// Answer to a suspension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suspended {
    /// Sessions paused, the one asked for included.
    pub suspended: usize,
}

/// Answer to a resumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resumed {
    /// Sessions that go on, the one asked for included.
    pub resumed: usize,
}

/// What a session holds by delegation, over whole lineages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveAuthority {
    /// The session.
    pub agent_session_id: SessionId,
    /// The live delegations that it received.
    pub inbound_edges: Vec<DelegationItem>,
    /// Scopes that all of them allow.
    pub effective_scopes: ScopeSet,
    /// Identifiers of the resources that any of them names, sorted.
    #[schema(value_type = Vec<String>)]
    pub effective_resources: Vec<Arc<str>>,
    /// The same by row.
    pub effective_resource_ids: Vec<caracal_core::ResourceId>,
    /// Whether every one of them names resources.
    pub effective_resource_constrained: bool,
    /// Fewest hops left in any of them.
    pub effective_max_hops: u32,
    /// Shortest lifetime of mandates in any of them.
    pub effective_ttl_seconds: Option<u32>,
    /// First end of any of them.
    pub earliest_expires_at: Option<Timestamp>,
}
