//! Deletes receipts, sessions, delegations, authority records and short-lived applications that have been kept long enough, in
//! archived zones, too.

use caracal_core::ZoneId;
use caracal_service::rounds::ZoneProgress;
use caracal_storage::{Access, Error, PageRequest};

use super::{Job, Shortfalls};
use crate::deps::App;

/// Zones read at a time.
const ZONES: u32 = 200;
/// Most batches in one zone in a round.
const MAX_BATCHES: u32 = 50;

pub(super) async fn run(app: &App, job: &Job) -> Result<Shortfalls, Error> {
    let mut round = job.begin();
    let mut page = PageRequest::first(ZONES);
    let work = |zone: ZoneId| async move { reap(app, &zone).await };
    loop {
        let zones = {
            let mut work = app.store.global(Access::Read).await?;
            work.zones().list_with_archived(&page).await?
        };
        let ids = zones.items.into_iter().map(|zone| zone.id).collect();
        round.in_each(ids, work).await;
        let Some(next) = zones.next else {
            return Ok(round.shortfalls);
        };
        page.after = Some(next);
    }
}

async fn reap(app: &App, zone: &ZoneId) -> Result<ZoneProgress, Error> {
    let batch = app.config.sweep_batch;
    for _ in 0..MAX_BATCHES {
        let now = app.world.now();
        let mut work = app.store.zone(zone, Access::Write).await?;
        let forget_before = now.minus(app.config.record_retention);
        if caracal_lifecycle::forget(work.as_mut(), now, forget_before, batch).await? == 0 {
            return Ok(ZoneProgress::Done);
        }
        work.commit().await?;
    }
    Ok(ZoneProgress::Remains)
}
