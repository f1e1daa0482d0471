//! `GET /v1/zones/{zoneId}/authority-records`

use caracal_service::{
    Refusal,
    front::{Listed, Query, SearchedByTime, Sheet},
};
use caracal_storage::AuthorityRecordFilter;
use caracal_wire::{
    Listing,
    control::authority::{ListRecords, RecordItem},
};

use crate::{call::ZoneCall, csv};

/// Columns of the CSV form.
const COLUMNS: [&str; 12] = [
    "authority_record_id",
    "authority_record_type",
    "subject_id",
    "federated_user_issuer",
    "parent_authority_record_id",
    "status",
    "expires_at",
    "authenticated_at",
    "created_at",
    "revoked_at",
    "revoked_reason",
    "application_id",
];

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListRecords>,
    Listed(page): SearchedByTime<100, 1000>,
) -> Result<Sheet<Listing<RecordItem>>, Refusal> {
    let filter = AuthorityRecordFilter {
        id: query.authority_record_id,
        status: query.status,
        subject_id: query.subject_id.map(|id| id.0),
        subject_type: query.kind,
        ..AuthorityRecordFilter::default()
    };
    let mut work = call.read().await?;
    let read = work.authority_records().list(&filter, &page).await?;
    let name = ("authority-records", &call.zone);
    Ok(csv::sheet(
        query.format,
        name,
        &COLUMNS,
        read.map(RecordItem::from),
    ))
}
