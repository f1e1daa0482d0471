//! Short-lived applications whose time is over: archived, with the end of whatever is left below them.

use std::time::Duration;

use caracal_core::{ApplicationId, World};
use caracal_storage::{Error, OutboxMessage, ZoneWork};
use caracal_wire::events::{DirectoryInvalidated, DirectoryKind};

use crate::{
    cascade::{EndReason, Ended},
    owner::end_application,
};

/// How long a short-lived application is listed as expired before it is archived. It can do nothing meanwhile.
pub const EXPIRED_LISTED: Duration = Duration::from_hours(24);

/// What one round archived.
#[derive(Debug, Default)]
pub struct ExpiredApplications {
    /// Them, those that ended first first.
    pub archived: Vec<ApplicationId>,
    /// What ended with them. Most of it ended before, by its own time or as what outlived its application.
    pub ended: Ended,
}

/// Archives up to `limit` short-lived applications that ended [`EXPIRED_LISTED`] ago or earlier, each through the end of
/// everything below it, and says once that the zone changed. Call it, each time in a unit of work of its own, until it
/// archives nothing. Takes the locks.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn expire_applications(
    work: &mut dyn ZoneWork,
    world: &World,
    limit: u32,
) -> Result<ExpiredApplications, Error> {
    let now = world.now();
    let due = work
        .applications()
        .ended_dcr(now.minus(EXPIRED_LISTED), limit)
        .await?;
    let mut expired = ExpiredApplications::default();
    for id in due {
        let ended = end_application(work, world, &id, EndReason::word("application_ended")).await?;
        expired.ended.absorb(ended);
        // Another process may have been first while this one waited for the locks.
        if work.applications().archive(&id, now).await? {
            expired.archived.push(id);
        }
    }
    if !expired.archived.is_empty() {
        let zone = work.zone_id().clone();
        let changed = DirectoryInvalidated {
            kind: DirectoryKind::Zone,
            id: zone.to_string(),
            zone_id: zone,
        };
        let changed = OutboxMessage::of(world, &changed)?;
        work.outbox().append(&[changed]).await?;
    }
    Ok(expired)
}
