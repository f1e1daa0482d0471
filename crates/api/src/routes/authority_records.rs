//! `GET /v1/zones/{zoneId}/authority-records`

use caracal_core::{
    AuthorityRecordId,
    claims::SubjectType,
    entity::{AuthorityRecord, AuthorityRecordStatus},
};
use caracal_service::Refusal;
use caracal_storage::AuthorityRecordFilter;
use serde_json::{Value, json};

use crate::{answer::Answer, call::ZoneCall, csv};

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

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let query = &call.query;
    let filter = AuthorityRecordFilter {
        id: query.parsed("authority_record_id", "an id", |text| {
            AuthorityRecordId::parse(text).ok()
        })?,
        status: query.parsed(
            "status",
            "active, revoked or expired",
            AuthorityRecordStatus::parse,
        )?,
        subject_id: query.text("subject_id", 512)?,
        subject_type: query.parsed("kind", "user or application", |text| match text {
            "user" => Some(SubjectType::User),
            "application" => Some(SubjectType::Application),
            _ => None,
        })?,
        ..AuthorityRecordFilter::default()
    };
    let (as_csv, page) = (query.csv()?, query.page(100, 1000)?);
    let read = call
        .read()
        .await?
        .authority_records()
        .list(&filter, &page)
        .await?;
    let rows: Vec<Value> = read.items.iter().map(row).collect();
    if as_csv {
        let file = csv::render(&COLUMNS, &rows, |row, column| row[column].clone());
        return Ok(Answer::csv(format!("authority-records-{}.csv", call.zone), file));
    }
    Answer::values(&rows, read.next.as_ref())
}

fn row(record: &AuthorityRecord) -> Value {
    json!({
        "authority_record_id": record.id,
        "zone_id": record.zone_id,
        "authority_record_type": record.subject_type,
        "subject_id": record.subject_id,
        "application_id": record.application_id,
        "federated_user_issuer": record.issuer,
        "parent_authority_record_id": record.parent_id,
        "status": record.status,
        "expires_at": record.expires_at,
        "authenticated_at": record.authenticated_at,
        "created_at": record.created_at,
        "revoked_at": record.revoked_at,
        "revoked_reason": record.revoked_reason,
    })
}
