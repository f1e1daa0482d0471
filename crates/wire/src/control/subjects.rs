//! Subjects: whoever holds, or held, authority in a zone.

use caracal_core::{
    ApplicationId, ConnectionId, ProviderId, SessionId, Timestamp,
    claims::SubjectType,
    entity::{ConnectionStatus, Lifecycle, Session, SessionStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Line;

/// Which subjects to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListSubjects {
    /// Only applications or only users.
    pub kind: Option<SubjectType>,
}

/// Which subject to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectOf {
    /// Which one.
    pub subject_id: Line<512>,
}

/// A subject. What is counted are its authority records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectItem {
    /// Id.
    pub subject_id: String,
    /// Whether it is a federated user.
    pub federated: bool,
    /// Name of the application, if it is one of the zone.
    pub application_name: Option<String>,
    /// Records in all.
    pub total_sessions: u64,
    /// Those that carry authority now.
    pub active_sessions: u64,
    /// Those that were ended on purpose.
    pub revoked_sessions: u64,
    /// The first.
    pub first_seen: Timestamp,
    /// The latest.
    pub last_seen: Timestamp,
    /// When one was revoked last.
    pub last_revoked_at: Option<Timestamp>,
    /// Issuer of a federated user.
    pub issuer: Option<String>,
}

/// A subject and what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectOverview {
    /// The subject.
    pub subject: SubjectItem,
    /// Its sessions.
    pub governed: SubjectSessions,
    /// Requests of it, or in its name, that wait for a person or did.
    pub approvals: SubjectApprovals,
    /// The latest ten connections to upstreams.
    pub connections: Vec<SubjectConnection>,
}

/// A connection of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectConnection {
    /// Id.
    pub id: ConnectionId,
    /// At which provider.
    pub provider_id: ProviderId,
    /// Its name.
    pub provider_name: Option<String>,
    /// How it stands.
    pub status: ConnectionStatus,
    /// When its access token ends, where that is known.
    pub expires_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
}

/// Sessions of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectSessions {
    /// Those that run.
    pub active: u64,
    /// All.
    pub total: u64,
    /// The latest five.
    pub recent: Vec<SubjectSession>,
}

/// A session of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectSession {
    /// Id.
    pub session_id: SessionId,
    /// Whose run it is.
    pub application_id: ApplicationId,
    /// Its name, while it is one of the zone.
    pub application_name: Option<String>,
    /// Task or service.
    pub lifecycle: Lifecycle,
    /// State.
    pub status: SessionStatus,
    /// Start.
    pub started_at: Timestamp,
}

impl SubjectSession {
    /// A session of the application of this name.
    pub fn new(session: Session, application_name: Option<String>) -> Self {
        Self {
            session_id: session.id,
            application_id: session.application_id,
            application_name,
            lifecycle: session.lifecycle,
            status: session.status,
            started_at: session.started_at,
        }
    }
}

/// How many requests of a subject wait, and how many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectApprovals {
    /// Those that nobody decided yet.
    pub pending: u64,
    /// All that are still kept.
    pub total: u64,
}
