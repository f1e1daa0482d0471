//! `POST /v1/zones/{zoneId}/subjects/revoke`: the kill switch.

use caracal_lifecycle::{Subject, Why, end_subject};
use caracal_service::Refusal;
use caracal_storage::{AuthorityRecordFilter, PageRequest};
use serde::Deserialize;
use serde_json::json;

use crate::{
    answer::Answer,
    call::ZoneCall,
    change::Done,
    fields::{bounded, present},
};

const CODE: &str = "invalid_subject_revoke";
/// Recorded on rows, and sent where the caller gives no reason.
const REASON: &str = "subject_revoked";

#[derive(Debug, Deserialize)]
struct Body {
    subject_id: String,
    #[serde(default, deserialize_with = "present")]
    reason: Option<String>,
}

/// Ends everything a subject holds in the zone. Running it again finds nothing more and says so with zeros.
pub(crate) async fn revoke(call: ZoneCall) -> Result<Answer, Refusal> {
    let body: Body = call.body(CODE)?;
    // Both travel in signed events, which control characters would break.
    bounded(CODE, "subject_id", &body.subject_id, 512)?;
    if let Some(reason) = body.reason.as_deref().filter(|reason| !reason.is_empty()) {
        bounded(CODE, "reason", reason, 512)?;
    }
    let reason = body
        .reason
        .as_deref()
        .filter(|reason| !reason.is_empty())
        .unwrap_or(REASON);

    let mut change = call.change().await?;
    let ever = AuthorityRecordFilter {
        subject_id: Some(body.subject_id.clone()),
        ..AuthorityRecordFilter::default()
    };
    if change
        .authority_records()
        .list(&ever, &PageRequest::first(1))
        .await?
        .items
        .is_empty()
    {
        return Err(
            Refusal::not_found("subject_not_found").describe("the subject never held authority in this zone")
        );
    }
    let subject = Subject {
        kind: None,
        id: &body.subject_id,
    };
    let why = Why {
        stored: REASON,
        told: reason,
    };
    let ended = end_subject(change.ending(), &call.role.world, subject, why).await?;
    let (records, sessions, delegations) =
        (ended.records.len(), ended.sessions.len(), ended.delegations.len());
    let done = Done::ok()
        .note("subject_id", body.subject_id.as_str())
        .note("reason", reason)
        .note("revoked_authority_records", records)
        .note("terminated_sessions", sessions)
        .note("revoked_delegations", delegations)
        .note("revoked_connections", 0);
    change.commit(done).await?;
    Answer::ok(&json!({
        "subject_id": body.subject_id,
        "authority_records": records,
        "sessions": sessions,
        "delegations": delegations,
        "connections": 0,
    }))
}
