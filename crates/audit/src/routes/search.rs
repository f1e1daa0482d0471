//! `GET /api/audit/search`: a zone's chain from a position on.

use axum::Json;
use caracal_core::Timestamp;
use caracal_service::{Refusal, extract::Query};
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    audit::{EventsFound, LedgerRow, SearchEvents},
};

use super::{Deps, Operator, zone};

/// Rows read per call, whatever matches.
const SCAN: u32 = 1000;

pub(crate) async fn get(
    _operator: Operator,
    deps: Deps,
    Query(query): Query<SearchEvents>,
) -> Result<Json<EventsFound>, Refusal> {
    let invalid = |field, message: &str| Refusal::invalid_field(ErrorCode::InvalidQuery, field, message);
    let zone = zone(query.zone_id.as_deref().unwrap_or(""))?;
    let time = |field, text: Option<&str>| {
        text.map(Timestamp::parse_rfc3339)
            .transpose()
            .map_err(|error| Refusal::invalid_field(ErrorCode::InvalidQuery, field, error.to_string()))
    };
    let since = time("since", query.since.as_deref())?;
    let until = time("until", query.until.as_deref())?;
    let limit: usize = match query.limit.as_deref().map(str::parse) {
        None => 100,
        Some(Ok(limit @ 1..=1000)) => limit,
        Some(_) => return Err(invalid("limit", "must be 1 to 1000")),
    };
    let mut after: i64 = match query.cursor.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(cursor)) if cursor >= 0 => cursor,
        Some(_) => return Err(invalid("cursor", "must be a position in the chain")),
    };

    let mut work = deps.store.zone(&zone, Access::Read).await?;
    let mut events = Vec::new();
    let mut more = true;
    while more && events.len() < limit {
        let rows = work.ledger().range(after, SCAN).await?;
        more = rows.len() == usize::try_from(SCAN).unwrap_or(usize::MAX);
        for row in rows {
            if events.len() == limit {
                more = true;
                break;
            }
            after = row.chain_seq;
            let event = row.event;
            let matches = query
                .decision
                .as_deref()
                .is_none_or(|wanted| wanted == event.decision)
                && query
                    .request_id
                    .as_deref()
                    .is_none_or(|wanted| wanted == event.request_id)
                && since.is_none_or(|since| event.occurred_at >= since)
                && until.is_none_or(|until| event.occurred_at < until);
            if matches {
                events.push(LedgerRow {
                    event,
                    ingested_at: row.ingested_at,
                    content_sha256: row.content_sha256,
                    prev_content_sha256: row.prev_content_sha256,
                    chain_hmac: row.chain_hmac,
                    chain_seq: row.chain_seq,
                });
            }
        }
    }
    let next_cursor = if more { after.to_string() } else { String::new() };
    Ok(Json(EventsFound { events, next_cursor }))
}
