//! Evidence that earlier builds kept row by row, moved into logs before anything new is taken.

use std::time::Duration;

use caracal_core::ZoneId;
use caracal_ledger::chain::LogId;
use caracal_service::error_chain;
use caracal_storage::{Access, Error, Store};
use tokio_util::sync::CancellationToken;

/// Events of one transaction.
const BATCH: u32 = 1024;
/// Pause after storage refused.
const PAUSE: Duration = Duration::from_secs(1);

/// Moves all there is; how many entries. What does not verify stays where it is, is told, and keeps back no other zone.
///
/// # Errors
/// When trying again may help.
pub async fn adopt_earlier(store: &dyn Store) -> Result<u64, Error> {
    let logs = {
        let mut work = store.global(Access::Read).await?;
        work.chains().earlier().await?
    };
    let mut moved = 0;
    for log in logs {
        let adopted = match &log {
            LogId::Ledger(zone) => adopt_zone(store, zone).await,
            LogId::Admin(_) | LogId::Deployment => adopt_records(store, &log).await,
        };
        match adopted {
            Ok(entries) => {
                moved += entries;
                tracing::info!(%log, entries, "what earlier builds kept row by row was moved into the log");
            }
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                let error = error_chain(&error);
                tracing::error!(%log, error, "what earlier builds kept does not verify, so it is not moved");
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

async fn adopt_records(store: &dyn Store, log: &LogId) -> Result<u64, Error> {
    let mut work = store.global(Access::Write).await?;
    let records = work.chains().adopt_records(log).await?;
    work.commit().await?;
    Ok(records)
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
