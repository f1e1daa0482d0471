//! `GET /api/audit/search`: a zone's chain from a position on.
//!
//! A page ends at its limit, at [`PAGE_BYTES`] or after [`SCANS`] reads, whichever comes first, so that what one request
//! costs does not grow with the ledger. A page without events and with a cursor says: not yet, go on.

use caracal_service::{
    Refusal,
    front::{Answer, QueryOnce},
};
use caracal_storage::{Access, AuditRow};
use caracal_wire::audit::{EventsFound, LedgerRow, SearchEvents};

use super::{Call, PAGE_BYTES};

/// Rows read at a time, whatever matches.
const SCAN: u32 = 500;
/// Reads of one request.
const SCANS: u32 = 8;

pub(super) async fn handle(
    call: Call,
    QueryOnce(query): QueryOnce<SearchEvents>,
) -> Result<Answer<EventsFound>, Refusal> {
    let (since, until, limit) = (query.since, query.until, query.limit.get());
    let mut after = i64::try_from(query.cursor).unwrap_or(i64::MAX);

    let mut work = call.role.store.zone(&query.zone_id, Access::Read).await?;
    let (mut events, mut bytes) = (Vec::new(), 0_usize);
    let mut more = true;
    let mut scans = 0;
    while more && scans < SCANS && events.len() < limit && bytes < PAGE_BYTES {
        scans += 1;
        let rows = work.ledger().range(after, SCAN).await?;
        more = rows.len() == usize::try_from(SCAN).unwrap_or(usize::MAX);
        for row in rows {
            if events.len() == limit || bytes >= PAGE_BYTES {
                more = true;
                break;
            }
            after = row.chain_seq;
            let event = &row.event;
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
                let found = shown(row);
                bytes = bytes.saturating_add(serde_json::to_vec(&found).map_or(0, |text| text.len()));
                events.push(found);
            }
        }
    }
    let next_cursor = if more { after.to_string() } else { String::new() };
    Ok(Answer(EventsFound { events, next_cursor }))
}

/// An event with its place, as it is answered.
pub(super) fn shown(row: AuditRow) -> LedgerRow {
    LedgerRow {
        event: row.event,
        ingested_at: row.ingested_at,
        content_sha256: row.content_sha256,
        prev_content_sha256: String::new(),
        chain_hmac: String::new(),
        chain_seq: row.chain_seq,
    }
}
