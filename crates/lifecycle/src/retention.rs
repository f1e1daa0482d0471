//! Forgetting what has been kept long enough.

use caracal_core::Timestamp;
use caracal_storage::{Error, ZoneWork};

/// Deletes up to `limit` each of receipts past their end, and of delegations, sessions and authority records that ended
/// before `forget_before`; returns how many.
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
    Ok(receipts + delegations + sessions + records)
}
