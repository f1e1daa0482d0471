//! `GET /api/audit/logs/{zone}/receipts/{event}`: the receipt of an event (C2SP tlog-proof).

use std::time::Duration;

use caracal_core::{Timestamp, ZoneId};
use caracal_ledger::chain::LogId;
use caracal_service::front::{Path, PlainText};
use caracal_storage::{Access, AuditFilter, AuditRow, Ledger, PageRequest};
use serde::Deserialize;
use uuid::Uuid;

use super::{ProofError, checkpoints, receipt_of};
use crate::routes::Call;

/// How far the time in an event's id may be from the time that it says.
const NEAR: Duration = Duration::from_secs(1);
/// Events looked at for one of them.
const PAGE: u32 = 200;
const MOST_PAGES: usize = 50;

#[derive(Debug, Deserialize)]
pub(in crate::routes) struct OfEvent {
    zone_id: ZoneId,
    event_id: String,
}

pub(in crate::routes) async fn get(call: Call, Path(of): Path<OfEvent>) -> Result<PlainText, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let log = LogId::Ledger(of.zone_id.clone());
    let checkpoint = checkpoints.newest(&log).await?;
    let mut work = call.role.store.zone(&of.zone_id, Access::Read).await?;
    let ledger = work.ledger();
    let row = find(ledger, &of.event_id).await?.ok_or(ProofError::NoEntry)?;
    // One that came since is asked for again.
    let checkpoint = checkpoint.ok_or(ProofError::NoEntry)?;
    let receipt = receipt_of(row.entry(&log.name()), &checkpoint, ledger).await?;
    Ok(PlainText(receipt.encode()))
}

/// The ledger has no index of ids; the id says when its event happened (RFC 9562 §5.7).
async fn find(ledger: &mut dyn Ledger, id: &str) -> Result<Option<AuditRow>, ProofError> {
    let time = Uuid::parse_str(id).ok().and_then(|id| id.get_timestamp());
    let Some((seconds, nanos)) = time.map(|time| time.to_unix()) else {
        return Ok(None);
    };
    let Ok(seconds) = i64::try_from(seconds) else {
        return Ok(None);
    };
    let at = Timestamp::from_unix_seconds(seconds).plus(Duration::from_nanos(nanos.into()));
    let filter = AuditFilter {
        since: Some(at.minus(NEAR)),
        until: Some(at.plus(NEAR)),
        ..AuditFilter::default()
    };
    let mut page = PageRequest::first(PAGE);
    for _ in 0..MOST_PAGES {
        let found = ledger.search(&filter, &page).await?;
        if let Some(row) = found.items.into_iter().find(|row| row.event.id == id) {
            return Ok(Some(row));
        }
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    Ok(None)
}
