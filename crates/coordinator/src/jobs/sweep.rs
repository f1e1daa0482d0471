//! Ends tasks and delegations past their end, pauses services without a lease.

use caracal_core::{
    SessionId, Timestamp, ZoneId,
    entity::{Session, SessionStatus},
};
use caracal_lifecycle::{self as lifecycle, Events, Why};
use caracal_storage::{Access, EndedSession, ZoneWork};

use super::{Failures, JobError, Shared};
use crate::{
    deps::App,
    evidence::{self, About},
    metrics,
};

/// Most rounds in one zone before the next zone gets its turn.
const MAX_ROUNDS: u32 = 100;

/// Ends tasks whose time ran out, and delegations past their end, in every zone that has any.
pub(super) async fn expire(app: Shared) -> Result<Failures, JobError> {
    let mut failures = Failures::default();
    for zone in overdue(&app).await? {
        for result in [
            end_orphans(&app, &zone).await,
            expire_tasks(&app, &zone).await,
            expire_delegations(&app, &zone).await,
        ] {
            if let Err(error) = result {
                failures.note("ttl_sweep", &error);
            }
        }
    }
    Ok(failures)
}

/// Pauses services whose lease ran out, in every zone that has any.
pub(super) async fn suspend_lapsed(app: Shared) -> Result<Failures, JobError> {
    let mut failures = Failures::default();
    for zone in overdue(&app).await? {
        if let Err(error) = suspend_in(&app, &zone).await {
            failures.note("lease_sweep", &error);
        }
    }
    Ok(failures)
}

async fn overdue(app: &App) -> Result<Vec<ZoneId>, JobError> {
    let mut work = app.store.global(Access::Read).await?;
    Ok(work.zones_with_overdue(app.world.now()).await?)
}

/// Ends what goes on in an archived zone, or under an application that is archived or past its end. Whoever archives
/// does so at once; here ends what expires, and what somebody started in the same moment.
async fn end_orphans(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    for _ in 0..MAX_ROUNDS {
        let mut work = app.store.zone(zone, Access::Write).await?;
        let ended = if work.zone().await?.is_some() {
            let now = app.world.now();
            match work.applications().ended_with_sessions(now, 1).await?.first() {
                None => return Ok(()),
                Some(application) => {
                    let why = Why::word("application_ended");
                    lifecycle::end_application(work.as_mut(), &app.world, application, why).await?
                }
            }
        } else {
            lifecycle::end_zone_part(work.as_mut(), &app.world, Why::word("zone_archived")).await?
        };
        if ended.is_empty() {
            return Ok(());
        }
        for session in &ended.sessions {
            evidence::swept(app, zone, "session_end", &orphan(session)).await?;
        }
        work.commit().await?;
        app.outbox.nudge();
        metrics::sessions_ended("owner_ended", ended.sessions.len());
        metrics::delegations_ended("owner_ended", ended.delegations.len());
    }
    Ok(())
}

fn orphan(session: &EndedSession) -> About {
    About {
        application_id: Some(session.application_id.clone()),
        record_id: Some(session.subject_authority_record_id.clone()),
        agent_session_id: Some(session.id.clone()),
        parent_id: session.parent_id.clone(),
        reason: Some(String::from("owner_ended")),
        ..About::default()
    }
}

async fn expire_tasks(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    for _ in 0..MAX_ROUNDS {
        let now = app.world.now();
        let due = {
            let mut work = app.store.zone(zone, Access::Read).await?;
            work.sessions().overdue_tasks(now, app.config.sweep_batch).await?
        };
        if due.is_empty() {
            return Ok(());
        }
        let mut work = app.store.zone(zone, Access::Write).await?;
        lifecycle::lock_both(work.as_mut()).await?;
        let mut ended = 0;
        for id in &due {
            ended += expire_task(app, zone, work.as_mut(), id, now).await?;
        }
        work.commit().await?;
        app.outbox.nudge();
        metrics::sessions_ended("ttl", ended);
        if ended == 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Ends one task, if it is still over; returns how many sessions ended with it.
async fn expire_task(
    app: &App,
    zone: &ZoneId,
    work: &mut dyn ZoneWork,
    id: &SessionId,
    now: Timestamp,
) -> Result<usize, JobError> {
    let Some(session) = work.sessions().get_locked(id).await? else {
        return Ok(0);
    };
    let runs = matches!(session.status, SessionStatus::Active | SessionStatus::Suspended);
    if !runs || session.ends_at() > now {
        return Ok(0);
    }
    let ended = lifecycle::end_session(work, &app.world, id, SessionStatus::Expired, "ttl").await?;
    evidence::swept(app, zone, "session_end", &about(&session, "ttl")).await?;
    Ok(ended.sessions.len())
}

async fn suspend_in(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    for _ in 0..MAX_ROUNDS {
        let now = app.world.now();
        let due = {
            let mut work = app.store.zone(zone, Access::Read).await?;
            work.sessions()
                .lapsed_services(now, app.config.sweep_batch)
                .await?
        };
        if due.is_empty() {
            return Ok(());
        }
        let mut work = app.store.zone(zone, Access::Write).await?;
        work.lock(lifecycle::SESSIONS).await?;
        let mut suspended = 0;
        for id in &due {
            suspended += suspend_service(app, zone, work.as_mut(), id, now).await?;
        }
        work.commit().await?;
        app.outbox.nudge();
        metrics::sessions_suspended("lease_lost", suspended);
        if suspended == 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Pauses one service, unless its holder renewed the lease since it was listed.
async fn suspend_service(
    app: &App,
    zone: &ZoneId,
    work: &mut dyn ZoneWork,
    id: &SessionId,
    now: Timestamp,
) -> Result<usize, JobError> {
    let reason = "service_heartbeat_lost";
    let Some(session) = work.sessions().get_locked(id).await? else {
        return Ok(0);
    };
    if session.status != SessionStatus::Active || session.ends_at() > now {
        return Ok(0);
    }
    let suspended = lifecycle::suspend_session(work, &app.world, id, reason).await?;
    evidence::swept(app, zone, "session_suspend", &about(&session, reason)).await?;
    Ok(suspended.len())
}

async fn expire_delegations(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    for _ in 0..MAX_ROUNDS {
        let now = app.world.now();
        let mut work = app.store.zone(zone, Access::Write).await?;
        work.lock(lifecycle::DELEGATIONS).await?;
        let expired = work.delegations().expire_due(now, app.config.sweep_batch).await?;
        if expired.is_empty() {
            return Ok(());
        }
        let epoch = work.delegations().advance_epoch(now).await?;
        let mut events = Events::new(&app.world, zone);
        events.edge_expire(&expired, epoch);
        work.outbox().append(&events.into_messages()?).await?;
        work.commit().await?;
        app.outbox.nudge();
        metrics::delegations_ended("expired", expired.len());
    }
    Ok(())
}

fn about(session: &Session, reason: &str) -> About {
    About {
        application_id: Some(session.application_id.clone()),
        record_id: Some(session.subject_authority_record_id.clone()),
        agent_session_id: Some(session.id.clone()),
        parent_id: session.parent_id.clone(),
        labels: session.labels.clone(),
        reason: Some(reason.to_owned()),
        ..About::default()
    }
}
