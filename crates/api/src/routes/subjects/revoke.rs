//! `POST /v1/zones/{zoneId}/subjects/revoke`: the kill switch.

use caracal_core::entity::NotificationType;
use caracal_lifecycle::{EndReason, SubjectRef, connections, end_subject, records::SUBJECT_REVOKED};
use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_storage::{AuthorityRecordFilter, BlockedSubject, ConnectionFilter, PageRequest};
use caracal_wire::{
    ErrorCode,
    control::authority::{RevokeSubject, SubjectRevoked},
};
use serde::Serialize;

use crate::{
    call::ZoneCall,
    change::Done,
    fields::{bounded, on_conflict},
};

const CODE: ErrorCode = ErrorCode::InvalidSubjectRevoke;

/// What sinks are told besides who did it.
#[derive(Serialize)]
struct Revoked<'r> {
    subject_id: &'r str,
    reason: &'r str,
    authority_records: usize,
    sessions: usize,
    delegations: usize,
}

/// Ends everything a subject holds in the zone, and keeps it out where that is asked. Running it again finds nothing more and
/// says so with zeros.
pub(crate) async fn revoke(
    call: ZoneCall,
    Body(body): Body<RevokeSubject>,
) -> Result<Answer<SubjectRevoked>, Refusal> {
    // It travels in signed events, as the subject does, which control characters would break.
    if let Some(reason) = body.reason.as_deref().filter(|reason| !reason.is_empty()) {
        bounded(CODE, "reason", reason, 512)?;
    }
    // It is recorded on rows, and sent where the caller gives no reason.
    let reason = body
        .reason
        .as_deref()
        .filter(|reason| !reason.is_empty())
        .unwrap_or(SUBJECT_REVOKED);

    let mut change = call.change().await?;
    let ever = AuthorityRecordFilter {
        subject_id: Some(body.subject_id.0.clone()),
        ..AuthorityRecordFilter::default()
    };
    let connected = ConnectionFilter {
        subject_id: Some(body.subject_id.0.clone()),
        ..ConnectionFilter::default()
    };
    let one = PageRequest::first(1);
    let block = body.block == Some(true);
    // Whoever shall be kept out need not have come yet.
    if !block
        && change
            .authority_records()
            .list(&ever, &one)
            .await?
            .items
            .is_empty()
        && change
            .connections()
            .list(&connected, &one)
            .await?
            .items
            .is_empty()
    {
        return Err(
            Refusal::of(ErrorCode::SubjectNotFound).describe("the subject never held authority in this zone")
        );
    }
    let subject = SubjectRef {
        kind: None,
        id: &body.subject_id,
    };
    let why = EndReason {
        stored: SUBJECT_REVOKED,
        published: reason,
        grant: None,
    };
    let now = call.now();
    // First: whoever is being let in is waited for, and then found. A sign-in takes its locks in this order too.
    if block {
        let blocked = BlockedSubject {
            subject_id: body.subject_id.0.clone(),
            reason: reason.to_owned(),
            blocked_by: call.caller.attributed_to(),
            blocked_at: now,
        };
        let kept_out = change.subjects().block(&blocked).await;
        kept_out.map_err(|error| {
            on_conflict(
                error,
                ErrorCode::Conflict,
                "too many subjects of the zone are kept out",
            )
        })?;
    }
    let ended = end_subject(change.ending(), &call.role.world, subject, why).await?;
    let connections = connections::revoke(change.ending(), &call.role.world, &connected, now, reason)
        .await?
        .len();
    let (records, sessions, delegations) =
        (ended.records.len(), ended.sessions.len(), ended.delegations.len());
    let about = Revoked {
        subject_id: &body.subject_id,
        reason,
        authority_records: records,
        sessions,
        delegations,
    };
    change
        .notify(NotificationType::SubjectRevoked, "revoked", about)
        .await?;
    let done = Done::ok()
        .note("subject_id", body.subject_id.0.as_str())
        .note("reason", reason)
        .note("blocked", block)
        .ended(&ended)
        .note("revoked_connections", connections);
    let revoked = SubjectRevoked {
        subject_id: body.subject_id.0,
        authority_records: records,
        sessions,
        delegations,
        connections,
        blocked: block,
    };
    change.commit(done).await?;
    Ok(Answer(revoked))
}
