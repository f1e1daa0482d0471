//! Forgetting what has been kept long enough.

use std::time::Duration;

use caracal_core::Timestamp;
use caracal_storage::{Error, ZoneWork};

/// How long it is shown what became of an approval. The ledger keeps it longer.
const SHOWN: Duration = Duration::from_hours(24);

/// Deletes up to `limit` each of receipts past their end, of approvals that ended a day ago, of delegations, sessions and
/// authority records that ended before `forget_before`, and of short-lived applications that were archived before it and that
/// nothing names any more; returns how many.
///
/// # Errors
/// As the storage.
pub async fn forget(
    work: &mut dyn ZoneWork,
    now: Timestamp,
    forget_before: Timestamp,
    limit: u32,
) -> Result<u64, Error> {
    let receipts = work.receipts().reap(now, limit).await?;
    // What refers to another goes first: a tree is forgotten over several rounds, from its leaves up.
    let delegations = work.delegations().reap(forget_before, limit).await?;
    let sessions = work.sessions().reap(forget_before, limit).await?;
    let records = work.authority_records().reap(now, forget_before, limit).await?;
    let applications = work.applications().reap(forget_before, limit).await?;
    let approvals = work.approvals().reap(now.minus(SHOWN), limit).await?;
    Ok(receipts + approvals + delegations + sessions + records + applications)
}
