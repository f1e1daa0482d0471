//! Ledgers that earlier builds kept row by row, moved into logs before anything new is taken.

use std::time::Duration;

use caracal_core::ZoneId;
use caracal_service::error_chain;
use caracal_storage::{Access, Error, Store};
use tokio_util::sync::CancellationToken;

/// Events of one transaction.
const BATCH: u32 = 1024;
/// Pause after storage refused.
const PAUSE: Duration = Duration::from_secs(1);

/// Moves all there is; how many events. What does not verify stays where it is, is told, and keeps back no other zone.
///
/// # Errors
/// When trying again may help.
pub async fn adopt_earlier(store: &dyn Store) -> Result<u64, Error> {
    let zones = {
        let mut work = store.global(Access::Read).await?;
        work.chains().earlier_ledgers().await?
    };
    let mut moved = 0;
    for zone in zones {
        match adopt_zone(store, &zone).await {
            Ok(events) => {
                moved += events;
                tracing::info!(zone.id = %zone, events, "events of the earlier ledger were moved into the log");
            }
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                let error = error_chain(&error);
                tracing::error!(zone.id = %zone, error, "the earlier ledger does not verify, so it is not moved");
            }
        }
    }
    Ok(moved)
}

async fn adopt_zone(store: &dyn Store, zone: &ZoneId) -> Result<u64, Error> {
    let mut moved = 0;
    loop {
        let mut work = store.zone(zone, Access::Write).await?;
        let events = work.ledger().adopt(BATCH).await?;
        work.commit().await?;
        moved += events;
        if events < u64::from(BATCH) {
            return Ok(moved);
        }
    }
}

/// As [`adopt_earlier`], until it worked or `shutdown`.
pub(crate) async fn adopt(store: &dyn Store, shutdown: &CancellationToken) {
    loop {
        let outcome = tokio::select! {
            // A transaction cut short rolls back.
            () = shutdown.cancelled() => return,
            outcome = adopt_earlier(store) => outcome,
        };
        let Err(error) = outcome else { return };
        let error = error_chain(&error);
        tracing::warn!(error, "could not look for an earlier ledger; trying again");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
