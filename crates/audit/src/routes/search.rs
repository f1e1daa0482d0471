//! `GET /api/audit/search`: a zone's chain from a position on.

use caracal_service::{
    Refusal,
    front::{Answer, QueryOnce},
};
use caracal_storage::Access;
use caracal_wire::audit::{EventsFound, LedgerRow, SearchEvents};

use super::Call;

/// Rows read per call, whatever matches.
const SCAN: u32 = 1000;

pub(super) async fn handle(
    call: Call,
    QueryOnce(query): QueryOnce<SearchEvents>,
) -> Result<Answer<EventsFound>, Refusal> {
    let (since, until, limit) = (query.since, query.until, query.limit.get());
    let mut after = i64::try_from(query.cursor).unwrap_or(i64::MAX);

    let mut work = call.role.store.zone(&query.zone_id, Access::Read).await?;
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
    Ok(Answer(EventsFound { events, next_cursor }))
}
