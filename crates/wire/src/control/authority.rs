//! What holds authority in a zone: records, sessions, and the switch that ends what a subject holds.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, AuthorityRecordId, ResourceId, SessionId, Timestamp, ZoneId,
    claims::SubjectType,
    entity::{AuthorityRecord, AuthorityRecordStatus, Lifecycle, Session, SessionStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::coordinator::delegations::DelegationNode;

use super::{Format, Line};

/// Which authority records to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListRecords {
    /// Only this one.
    pub authority_record_id: Option<AuthorityRecordId>,
    /// Only those in this state.
    pub status: Option<AuthorityRecordStatus>,
    /// Only those of this subject.
    pub subject_id: Option<Line<512>>,
    /// Only those of this kind of subject.
    pub kind: Option<SubjectType>,
    /// JSON when absent.
    pub format: Option<Format>,
}

/// An authority record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordItem {
    /// Id.
    pub authority_record_id: AuthorityRecordId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Application or user.
    pub authority_record_type: SubjectType,
    /// Whose authority.
    pub subject_id: String,
    /// The application that it was given to.
    pub application_id: ApplicationId,
    /// Issuer of a federated user.
    pub federated_user_issuer: Option<String>,
    /// Record that it descends from.
    pub parent_authority_record_id: Option<AuthorityRecordId>,
    /// State.
    pub status: AuthorityRecordStatus,
    /// End of life.
    pub expires_at: Timestamp,
    /// When the identity was proved.
    pub authenticated_at: Timestamp,
    /// Creation.
    pub created_at: Timestamp,
    /// When revoked.
    pub revoked_at: Option<Timestamp>,
    /// Why revoked.
    pub revoked_reason: Option<String>,
}

impl From<AuthorityRecord> for RecordItem {
    fn from(record: AuthorityRecord) -> Self {
        Self {
            authority_record_id: record.id,
            zone_id: record.zone_id,
            authority_record_type: record.subject_type,
            subject_id: record.subject_id,
            application_id: record.application_id,
            federated_user_issuer: record.issuer,
            parent_authority_record_id: record.parent_id,
            status: record.status,
            expires_at: record.expires_at,
            authenticated_at: record.authenticated_at,
            created_at: record.created_at,
            revoked_at: record.revoked_at,
            revoked_reason: record.revoked_reason,
        }
    }
}

/// Which live delegations to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ListDelegations {
    /// Only those that this application handed on.
    pub issuer_application_id: Option<ApplicationId>,
    /// Only those that this application received.
    pub receiver_application_id: Option<ApplicationId>,
    /// Only those that this session handed on.
    pub source_session_id: Option<SessionId>,
    /// Only those that this session received.
    pub target_session_id: Option<SessionId>,
    /// Only those that are for this one resource, by row.
    pub resource_id: Option<ResourceId>,
}

/// Which sessions to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListSessionRows {
    /// Only those in this state.
    pub status: Option<SessionStatus>,
    /// Only tasks or only services.
    pub lifecycle: Option<Lifecycle>,
    /// Only those of this application.
    pub application_id: Option<ApplicationId>,
    /// Only the children of this one.
    pub parent_session_id: Option<SessionId>,
    /// Only those with this label.
    pub label: Option<Line<64>>,
    /// Only those of this subject.
    pub subject_id: Option<Line<512>>,
    /// JSON when absent.
    pub format: Option<Format>,
}

/// A session with its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionRow {
    /// Id.
    pub session_id: SessionId,
    /// Whose run it is.
    pub application_id: ApplicationId,
    /// Session that started it.
    pub parent_session_id: Option<SessionId>,
    /// State.
    pub status: SessionStatus,
    /// Task or service.
    pub lifecycle: Lifecycle,
    /// Labels that policy reads.
    #[schema(value_type = Vec<String>)]
    pub labels: Vec<Arc<str>>,
    /// 0 for a root.
    pub depth: u32,
    /// Direct live children.
    pub child_count: u32,
    /// Record that it is anchored on.
    pub subject_authority_record_id: AuthorityRecordId,
    /// Whose record.
    pub subject_id: Option<String>,
    /// The federated user, if the record is of one.
    pub federated_user_id: Option<String>,
    /// Issuer of the federated user.
    pub federated_user_issuer: Option<String>,
    /// Start.
    pub started_at: Timestamp,
    /// Last sign of life.
    pub last_active_at: Timestamp,
    /// End.
    pub terminated_at: Option<Timestamp>,
    /// Why it ended.
    pub termination_reason: Option<String>,
    /// Time to live of a task.
    pub ttl_seconds: Option<u32>,
}

impl SessionRow {
    /// A session and the record that it is anchored on.
    pub fn new(session: Session, record: Option<&AuthorityRecord>) -> Self {
        let federated =
            record.filter(|record| record.subject_type == SubjectType::User && record.issuer.is_some());
        Self {
            session_id: session.id,
            application_id: session.application_id,
            parent_session_id: session.parent_id,
            status: session.status,
            lifecycle: session.lifecycle,
            labels: session.labels,
            depth: session.depth,
            child_count: session.child_count,
            subject_authority_record_id: session.subject_authority_record_id,
            subject_id: record.map(|record| record.subject_id.clone()),
            federated_user_id: federated.map(|record| record.subject_id.clone()),
            federated_user_issuer: federated.and_then(|record| record.issuer.clone()),
            started_at: session.started_at,
            last_active_at: session.last_active_at,
            terminated_at: session.terminated_at,
            termination_reason: session.termination_reason,
            ttl_seconds: session.ttl_seconds,
        }
    }
}

/// A session in the tree below another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionNode {
    /// Id.
    pub session_id: SessionId,
    /// Session that started it.
    pub parent_session_id: Option<SessionId>,
    /// Whose run it is.
    pub application_id: ApplicationId,
    /// State.
    pub status: SessionStatus,
    /// Task or service.
    pub lifecycle: Lifecycle,
    /// Steps below the one asked about, which is at 0.
    pub depth: u32,
}

impl SessionNode {
    /// The session, `depth` steps below the one asked about.
    pub fn new(session: Session, depth: u32) -> Self {
        Self {
            session_id: session.id,
            parent_session_id: session.parent_id,
            application_id: session.application_id,
            status: session.status,
            lifecycle: session.lifecycle,
            depth,
        }
    }
}

/// A session and the live ones below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionTree {
    /// Nearest first, at most 1,000.
    pub nodes: Vec<SessionNode>,
    /// Whether there are more.
    pub truncated: bool,
}

/// What ended with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionTerminated {
    /// Sessions, the one asked for included.
    pub terminated_sessions: usize,
    /// Delegations to and from them.
    pub revoked_delegations: usize,
}

/// A delegation and everything narrowed from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegationTree {
    /// Nearest first, at most 5,000.
    pub nodes: Vec<DelegationNode>,
    /// Whether there are more.
    pub truncated: bool,
}

/// Body that ends everything a subject holds. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevokeSubject {
    /// Which subject.
    pub subject_id: Line<512>,
    /// Told to those who ask why; at most 512 characters, of which an empty text says nothing.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// Whether it is kept out from then on, until somebody lets it in again; `false` when absent. A person who is kept out logs
    /// in nowhere in the zone. For an application, archive it.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub block: Option<bool>,
}

/// What ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectRevoked {
    /// Which subject.
    pub subject_id: String,
    /// Its records that ended.
    pub authority_records: usize,
    /// Its sessions that ended.
    pub sessions: usize,
    /// Its delegations that ended.
    pub delegations: usize,
    /// Its connections to upstreams that were revoked.
    pub connections: usize,
    /// Whether it is kept out.
    pub blocked: bool,
}

/// Which of those who are kept out to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListBlocked {
    /// Only this subject.
    pub subject_id: Option<Line<512>>,
}

/// A subject that is kept out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockedSubjectItem {
    /// Which subject.
    pub subject_id: String,
    /// Why, as whoever blocked it said.
    pub reason: String,
    /// Who blocked it.
    pub blocked_by: String,
    /// When.
    pub blocked_at: Timestamp,
}

/// Body that lets a subject in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnblockSubject {
    /// Which subject.
    pub subject_id: Line<512>,
}

/// A subject that was let in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectUnblocked {
    /// Which subject.
    pub subject_id: String,
    /// False: nothing keeps it out.
    pub blocked: bool,
}
