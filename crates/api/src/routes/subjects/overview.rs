//! `GET /v1/zones/{zoneId}/subjects/overview`

use caracal_service::{
    Refusal,
    front::{Answer, Query},
};
use caracal_storage::{ConnectionFilter, PageRequest, SessionFilter};
use caracal_wire::{
    ErrorCode,
    control::subjects::{
        SubjectApprovals, SubjectConnection, SubjectOf, SubjectOverview, SubjectSession, SubjectSessions,
    },
};

use super::item;
use crate::call::ZoneCall;

/// Sessions that are shown.
const RECENT: u32 = 5;
/// Connections that are shown.
const CONNECTIONS: u32 = 10;

pub(crate) async fn handle(
    call: ZoneCall,
    Query(SubjectOf { subject_id }): Query<SubjectOf>,
) -> Result<Answer<SubjectOverview>, Refusal> {
    let (id, now) = (subject_id.0, call.now());
    let mut work = call.read().await?;
    let subject = work.subjects().get(&id, now).await?.ok_or_else(|| {
        Refusal::of(ErrorCode::SubjectNotFound).describe("the subject never held authority in this zone")
    })?;
    let holdings = work.subjects().holdings(&id, now).await?;
    let connected = ConnectionFilter {
        subject_id: Some(id.clone()),
        ..ConnectionFilter::default()
    };
    let connected = work
        .connections()
        .list(&connected, &PageRequest::first(CONNECTIONS))
        .await?;
    let filter = SessionFilter {
        subject_id: Some(id),
        ..SessionFilter::default()
    };
    let sessions = work.sessions().list(&filter, &PageRequest::first(RECENT)).await?;
    let mut recent = Vec::with_capacity(sessions.items.len());
    for session in sessions.items {
        let application = work.applications().get(&session.application_id).await?;
        let name = application.map(|application| application.name);
        recent.push(SubjectSession::new(session, name));
    }
    let mut connections = Vec::with_capacity(connected.items.len());
    for connection in connected.items {
        let provider = work.providers().get(&connection.provider_id).await?;
        connections.push(SubjectConnection {
            id: connection.id,
            provider_id: connection.provider_id,
            provider_name: provider.map(|provider| provider.name),
            status: connection.status,
            expires_at: connection.expires_at,
            created_at: connection.created_at,
        });
    }
    Ok(Answer(SubjectOverview {
        subject: item(subject),
        governed: SubjectSessions {
            active: holdings.active_sessions,
            total: holdings.sessions,
            recent,
        },
        approvals: SubjectApprovals {
            pending: holdings.pending_approvals,
            total: holdings.approvals,
        },
        connections,
    }))
}
