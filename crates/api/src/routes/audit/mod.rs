//! `/v1/zones/{zoneId}/audit`: the ledger as administrators read it.

pub(super) mod by_request;
pub(super) mod explain;
mod fields;
pub(super) mod list;
mod outcome;

use caracal_service::Refusal;
use caracal_storage::AuditRow;
use serde_json::{Value, json, value::RawValue};

use crate::{call::ZoneCall, redact::redact};

/// A stored document as a value.
fn document(raw: Option<&RawValue>) -> Value {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or(Value::Null)
}

/// An event with its metadata redacted.
fn row(row: &AuditRow) -> Value {
    let event = &row.event;
    let mut metadata = document(event.metadata_json.as_deref());
    redact(&mut metadata);
    json!({
        "id": event.id,
        "zone_id": event.zone_id,
        "event_type": event.event_type,
        "request_id": event.request_id,
        "decision": event.decision,
        "policy_set_id": event.policy_set_id,
        "policy_set_version_id": event.policy_set_version_id,
        "manifest_sha": event.manifest_sha,
        "evaluation_status": event.evaluation_status,
        "determining_policies_json": document(event.determining_policies_json.as_deref()),
        "diagnostics_json": document(event.diagnostics_json.as_deref()),
        "metadata_json": metadata,
        "occurred_at": event.occurred_at,
        "ingested_at": row.ingested_at,
    })
}

/// Events of the request the path names, oldest first, as stored and as shown.
async fn events(call: &ZoneCall) -> Result<(Vec<AuditRow>, Vec<Value>), Refusal> {
    let missing = || Refusal::not_found("request_not_found").describe("no events of this request");
    let request = call.params.get("requestId").ok_or_else(missing)?;
    let mut work = call.read().await?;
    let rows = work.ledger().by_request(request).await?;
    if rows.is_empty() {
        return Err(missing());
    }
    let shown = outcome::shown(call, work.as_mut(), &rows).await?;
    Ok((rows, shown))
}
