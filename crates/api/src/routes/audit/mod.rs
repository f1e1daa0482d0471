//! `/v1/zones/{zoneId}/audit`: the ledger as administrators read it.

pub(super) mod by_request;
pub(super) mod explain;
mod fields;
mod gate_facts;
pub(super) mod list;
mod outcome;
mod remedies;
pub(super) mod tail;

use caracal_service::Refusal;
use caracal_storage::AuditRow;
use caracal_wire::{ErrorCode, control::audit::LedgerEvent};
use serde::Deserialize;

use crate::redact::{document, redacted};

/// A request that the path names.
#[derive(Deserialize)]
pub(crate) struct ByRequest {
    #[serde(rename = "requestId")]
    request: String,
}

/// An event with its metadata redacted.
fn shown(row: &AuditRow) -> LedgerEvent {
    let event = &row.event;
    LedgerEvent {
        id: event.id.clone(),
        zone_id: event.zone_id.clone(),
        event_type: event.event_type.to_string(),
        request_id: event.request_id.clone(),
        decision: event.decision.clone(),
        policy_set_id: event.policy_set_id.clone(),
        policy_set_version_id: event.policy_set_version_id.clone(),
        manifest_sha: event.manifest_sha.clone(),
        evaluation_status: event.evaluation_status.clone(),
        determining_policies_json: document(event.determining_policies_json.as_deref()),
        diagnostics_json: document(event.diagnostics_json.as_deref()),
        metadata_json: redacted(event.metadata_json.as_deref()),
        record: (event.record.as_deref()).and_then(|record| serde_json::from_str(record.get()).ok()),
        occurred_at: event.occurred_at,
        ingested_at: row.ingested_at,
        outcome: None,
    }
}

fn no_events() -> Refusal {
    Refusal::of(ErrorCode::RequestNotFound).describe("no events of this request")
}
