//! `GET /v1/zones/{zoneId}/admin-audit`

use caracal_service::{
    Refusal,
    front::{Listed, Query, SearchedByTime, Sheet},
};
use caracal_storage::{AdminAuditFilter, AdminAuditRow};
use caracal_wire::{
    Listing,
    control::audit::{AdminChange, ListChanges, Row},
};
use serde_json::Value;

use crate::{call::ZoneCall, csv::Columns, redact::redact};

/// Columns for `fields` and CSV.
const COLUMNS: [&str; 16] = [
    "id",
    "request_id",
    "actor_id",
    "actor_name",
    "actor_scope",
    "action",
    "method",
    "path",
    "entity_type",
    "entity_id",
    "status_code",
    "occurred_at",
    "chain_seq",
    "signed",
    "change_kind",
    "changed_fields",
];

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListChanges>,
    Listed(page): SearchedByTime<100, 1000>,
) -> Result<Sheet<Listing<Row<AdminChange>>>, Refusal> {
    let columns = Columns::chosen(query.format, query.fields.as_deref(), COLUMNS.to_vec(), cell)?;
    let filter = AdminAuditFilter {
        since: query.since,
        until: query.until,
        actor_id: query.actor_id.map(|id| id.0),
        entity_type: query.entity_type.map(|kind| kind.0),
        entity_id: query.entity_id.map(|id| id.0),
        method: query.method.map(|method| method.to_string()),
    };
    let mut work = call.read().await?;
    let read = work.admin_audit().list(&call.zone, &filter, &page).await?;
    Ok(columns.sheet(format!("admin-audit-{}.csv", call.zone), read.map(shown)))
}

fn shown(row: AdminAuditRow) -> AdminChange {
    let record = row.record;
    let mut payload = record.payload_json.unwrap_or(Value::Null);
    redact(&mut payload);
    AdminChange {
        id: record.id,
        request_id: record.request_id,
        actor_id: record.actor_id,
        actor_name: record.actor_name,
        actor_scope: record.actor_scope,
        action: record.action,
        method: record.method,
        path: record.path,
        entity_type: record.entity_type,
        entity_id: record.entity_id,
        status_code: record.status_code,
        payload_json: payload,
        occurred_at: record.occurred_at,
        chain_seq: row.chain_seq,
        signed: row.signed,
    }
}

fn cell(row: &Value, column: &str) -> Option<Value> {
    let source = if column.starts_with("change") {
        row.get("payload_json")?
    } else {
        row
    };
    source.get(column).filter(|value| !value.is_null()).cloned()
}
