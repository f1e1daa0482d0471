//! `GET /v1/zones/{zoneId}/sessions`

use std::collections::HashMap;

use caracal_core::{AuthorityRecordId, entity::AuthorityRecord};
use caracal_service::{
    Refusal,
    front::{Listed, Query, SearchedByTime, Sheet},
};
use caracal_storage::SessionFilter;
use caracal_wire::{
    Listing,
    control::authority::{ListSessionRows, SessionRow},
};

use crate::{call::ZoneCall, csv};

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

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListSessionRows>,
    Listed(page): SearchedByTime<100, 1000>,
) -> Result<Sheet<Listing<SessionRow>>, Refusal> {
    let filter = SessionFilter {
        status: query.status,
        lifecycle: query.lifecycle,
        application_id: query.application_id,
        parent_id: query.parent_session_id,
        label: query.label.map(|label| label.0),
        subject_id: query.subject_id.map(|id| id.0),
    };
    let mut work = call.read().await?;
    let read = work.sessions().list(&filter, &page).await?;
    // Many sessions share a record; each record is read once.
    let mut records: HashMap<AuthorityRecordId, Option<AuthorityRecord>> = HashMap::new();
    for session in &read.items {
        let id = &session.subject_authority_record_id;
        if !records.contains_key(id) {
            records.insert(id.clone(), work.authority_records().get(id).await?);
        }
    }
    let sessions = read.map(|session| {
        let record = records.get(&session.subject_authority_record_id);
        let record = record.and_then(Option::as_ref);
        SessionRow::new(session, record)
    });
    let name = ("sessions", &call.zone);
    Ok(csv::sheet(query.format, name, &COLUMNS, sessions))
}
