//! `GET /v1/zones/{zoneId}/admin-audit`

use caracal_service::Refusal;
use caracal_storage::{AdminAuditFilter, AdminAuditRow};
use serde_json::{Map, Value, json};

use crate::{answer::Answer, call::ZoneCall, csv, redact::redact};

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

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let query = &call.query;
    let method = |text: &str| {
        ["POST", "PUT", "PATCH", "DELETE"]
            .contains(&text)
            .then(|| text.to_owned())
    };
    let filter = AdminAuditFilter {
        since: query.instant("since")?,
        until: query.instant("until")?,
        actor_id: query.text("actor_id", 128)?,
        entity_type: query.text("entity_type", 128)?,
        entity_id: query.text("entity_id", 128)?,
        method: query.parsed("method", "POST, PUT, PATCH or DELETE", method)?,
    };
    let (as_csv, page) = (query.csv()?, query.page(100, 1000)?);
    let columns = query.get("fields").map(columns).transpose()?;
    let read = call
        .read()
        .await?
        .admin_audit()
        .list(&call.zone, &filter, &page)
        .await?;
    let rows: Vec<Value> = read.items.iter().map(row).collect();
    if as_csv {
        let columns = columns.unwrap_or_else(|| COLUMNS.to_vec());
        let file = csv::render(&columns, &rows, |row, column| {
            cell(row, column).unwrap_or_default()
        });
        return Ok(Answer::csv(format!("admin-audit-{}.csv", call.zone), file));
    }
    let rows = match columns {
        Some(columns) => rows.iter().map(|row| project(row, &columns)).collect(),
        None => rows,
    };
    Answer::values(&rows, read.next.as_ref())
}

fn columns(list: &str) -> Result<Vec<&'static str>, Refusal> {
    let columns: Option<Vec<&'static str>> = list
        .split(',')
        .map(|name| COLUMNS.into_iter().find(|column| *column == name.trim()))
        .collect();
    columns
        .filter(|columns| !columns.is_empty() && list.len() <= 1000)
        .ok_or_else(|| {
            Refusal::invalid_field(
                "invalid_fields",
                "fields",
                "must be a comma list of known columns",
            )
        })
}

fn row(row: &AdminAuditRow) -> Value {
    let record = &row.record;
    let mut payload = record.payload_json.clone().unwrap_or(Value::Null);
    redact(&mut payload);
    json!({
        "id": record.id,
        "request_id": record.request_id,
        "actor_id": record.actor_id,
        "actor_name": record.actor_name,
        "actor_scope": record.actor_scope,
        "action": record.action,
        "method": record.method,
        "path": record.path,
        "entity_type": record.entity_type,
        "entity_id": record.entity_id,
        "status_code": record.status_code,
        "payload_json": payload,
        "occurred_at": record.occurred_at,
        "chain_seq": row.chain_seq,
        "signed": row.signed,
    })
}

fn cell(row: &Value, column: &str) -> Option<Value> {
    let source = if column.starts_with("change") {
        row.get("payload_json")?
    } else {
        row
    };
    source.get(column).filter(|value| !value.is_null()).cloned()
}

fn project(row: &Value, columns: &[&str]) -> Value {
    let members: Map<String, Value> = columns
        .iter()
        .filter_map(|column| Some(((*column).to_owned(), cell(row, column)?)))
        .collect();
    Value::Object(members)
}
