//! Deletes receipts, sessions, delegations, authority records and short-lived applications that have been kept long enough, in
//! archived zones, too.

use caracal_core::ZoneId;
use caracal_storage::{Access, PageRequest};

use super::{Failures, JobError, Shared};
use crate::deps::App;

/// Zones read at a time.
const ZONES: u32 = 200;
/// Most rounds in one zone before the next zone gets its turn.
const MAX_ROUNDS: u32 = 50;

pub(super) async fn run(app: Shared) -> Result<Failures, JobError> {
    let mut failures = Failures::default();
    let mut page = PageRequest::first(ZONES);
    loop {
        let zones = {
            let mut work = app.store.global(Access::Read).await?;
            work.zones().list_with_archived(&page).await?
        };
        for zone in &zones.items {
            if let Err(error) = reap(&app, &zone.id).await {
                failures.note("retention", &error);
            }
        }
        let Some(next) = zones.next else {
            return Ok(failures);
        };
        page.after = Some(next);
    }
}

async fn reap(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    let batch = app.config.sweep_batch;
    for _ in 0..MAX_ROUNDS {
        let now = app.world.now();
        let mut work = app.store.zone(zone, Access::Write).await?;
        let forget_before = now.minus(app.config.record_retention);
        if caracal_lifecycle::forget(work.as_mut(), now, forget_before, batch).await? == 0 {
            return Ok(());
        }
        work.commit().await?;
    }
    Ok(())
}
