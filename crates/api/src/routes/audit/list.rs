//! `GET /v1/zones/{zoneId}/audit`

use caracal_core::id::is_valid;
use caracal_service::{
    Refusal,
    front::{Listed, Query, SearchedByTime, Sheet},
};
use caracal_storage::{AuditFilter, Page};
use caracal_wire::{
    ErrorCode, Listing,
    control::audit::{LedgerEvent, Row, SearchLedger},
};

use super::{fields, outcome};
use crate::{call::ZoneCall, csv::Columns};

/// Most event types in one filter.
const MAX_TYPES: usize = 16;

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<SearchLedger>,
    Listed(page): SearchedByTime<100, 1000>,
) -> Result<Sheet<Listing<Row<LedgerEvent>>>, Refusal> {
    let columns = Columns::chosen(query.format, query.fields.as_deref(), fields::all(), fields::cell)?;
    let filter = filter(query)?;
    let mut work = call.read().await?;
    let read = work.ledger().search(&filter, &page).await?;
    let events = Page {
        items: outcome::shown(&call, work.as_mut(), &read.items).await?,
        next: read.next,
        total: read.total,
    };
    Ok(columns.sheet(format!("audit-{}.csv", call.zone), events))
}

pub(super) fn filter(query: SearchLedger) -> Result<AuditFilter, Refusal> {
    Ok(AuditFilter {
        since: query.since,
        until: query.until,
        request_id: query.request_id.map(|id| id.0),
        decision: query.decision.map(|decision| decision.to_string()),
        event_types: query
            .event_type
            .as_deref()
            .map(types)
            .transpose()?
            .unwrap_or_default(),
        application_id: query.application_id.map(|id| id.0),
        session_id: query.session_id.map(|id| id.0),
        authority_record_id: query.authority_record_id.map(|id| id.0),
        label: query.label.map(|label| label.0),
    })
}

fn types(list: &str) -> Result<Vec<String>, Refusal> {
    let types: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    if list.len() <= 512 && types.len() <= MAX_TYPES && types.iter().all(|name| is_valid(name)) {
        return Ok(types);
    }
    let rule = "must be 1 to 16 event types joined by commas, each of A-Z a-z 0-9 _ . : -";
    Err(Refusal::invalid_field(
        ErrorCode::InvalidQuery,
        "event_type",
        rule,
    ))
}
