//! `GET /v1/zones/{zoneId}/sessions`

use std::collections::HashMap;

use caracal_core::{
    ApplicationId, AuthorityRecordId, SessionId,
    claims::SubjectType,
    entity::{AuthorityRecord, Lifecycle, Session, SessionStatus},
};
use caracal_service::Refusal;
use caracal_storage::SessionFilter;
use serde_json::{Value, json};

use crate::{answer::Answer, call::ZoneCall, csv};

/// Columns of the CSV form.
const COLUMNS: [&str; 17] = [
    "session_id",
    "application_id",
    "parent_session_id",
    "status",
    "lifecycle",
    "labels",
    "depth",
    "child_count",
    "subject_authority_record_id",
    "subject_id",
    "federated_user_id",
    "federated_user_issuer",
    "started_at",
    "last_active_at",
    "terminated_at",
    "termination_reason",
    "ttl_seconds",
];

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let query = &call.query;
    let filter = SessionFilter {
        status: query.parsed(
            "status",
            "active, suspended, terminated or expired",
            SessionStatus::parse,
        )?,
        lifecycle: query.parsed("lifecycle", "task or service", Lifecycle::parse)?,
        application_id: query.parsed("application_id", "an id", |text| ApplicationId::parse(text).ok())?,
        parent_id: query.parsed("parent_session_id", "an id", |text| SessionId::parse(text).ok())?,
        label: query.text("label", 64)?,
        subject_id: query.text("subject_id", 512)?,
    };
    let (as_csv, page) = (query.csv()?, query.page(100, 1000)?);
    let mut work = call.read().await?;
    let read = work.sessions().list(&filter, &page).await?;
    // Many sessions share a record; each record is read once.
    let mut records: HashMap<AuthorityRecordId, Option<AuthorityRecord>> = HashMap::new();
    let mut rows = Vec::with_capacity(read.items.len());
    for session in &read.items {
        let id = &session.subject_authority_record_id;
        if !records.contains_key(id) {
            records.insert(id.clone(), work.authority_records().get(id).await?);
        }
        rows.push(row(session, records.get(id).and_then(Option::as_ref)));
    }
    if as_csv {
        let file = csv::render(&COLUMNS, &rows, |row, column| row[column].clone());
        return Ok(Answer::csv(format!("sessions-{}.csv", call.zone), file));
    }
    Answer::values(&rows, read.next.as_ref())
}

fn row(session: &Session, record: Option<&AuthorityRecord>) -> Value {
    let federated =
        record.filter(|record| record.subject_type == SubjectType::User && record.issuer.is_some());
    json!({
        "session_id": session.id,
        "application_id": session.application_id,
        "parent_session_id": session.parent_id,
        "status": session.status,
        "lifecycle": session.lifecycle,
        "labels": session.labels,
        "depth": session.depth,
        "child_count": session.child_count,
        "subject_authority_record_id": session.subject_authority_record_id,
        "subject_id": record.map(|record| record.subject_id.as_str()),
        "federated_user_id": federated.map(|record| record.subject_id.as_str()),
        "federated_user_issuer": federated.and_then(|record| record.issuer.as_deref()),
        "started_at": session.started_at,
        "last_active_at": session.last_active_at,
        "terminated_at": session.terminated_at,
        "termination_reason": session.termination_reason,
        "ttl_seconds": session.ttl_seconds,
    })
}
