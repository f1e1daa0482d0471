//! Ends tasks and delegations past their end, archives applications past theirs, pauses services without a lease.

use caracal_core::{ZoneId, audit::EventType};
use caracal_lifecycle::{
    self as lifecycle, About, delegations,
    sessions::{self, OverdueEnd},
};
use caracal_storage::{Access, EndedSession};

use super::{Failures, Job, JobError};
use crate::{deps::App, evidence, metrics};

/// Most steps in one zone before the next one gets its turn.
const MAX_ROUNDS: u32 = 100;

/// Ends tasks whose time ran out and delegations past their end, and archives short-lived applications long past theirs, in
/// every zone that has any.
pub(super) async fn expire(app: &App, job: &Job) -> Result<Failures, JobError> {
    let work = |zone: ZoneId| async move {
        let steps = [
            end_orphans(app, &zone).await,
            expire_applications(app, &zone).await,
            expire_tasks(app, &zone).await,
            expire_delegations(app, &zone).await,
        ];
        // One that fails keeps none of the others from being tried.
        steps.into_iter().collect()
    };
    Ok(job.in_each(overdue(app).await?, work).await)
}

/// Pauses services whose lease ran out, in every zone that has any.
pub(super) async fn suspend_lapsed(app: &App, job: &Job) -> Result<Failures, JobError> {
    let work = |zone: ZoneId| async move { suspend_in(app, &zone).await };
    Ok(job.in_each(overdue(app).await?, work).await)
}

async fn overdue(app: &App) -> Result<Vec<ZoneId>, JobError> {
    let mut work = app.store.global(Access::Read).await?;
    let now = app.world.now();
    Ok(work
        .zones_with_overdue(now, now.minus(lifecycle::EXPIRED_LISTED))
        .await?)
}

/// Ends what goes on in an archived zone, or under an application that is archived or past its end. Whoever archives
/// does so at once; here ends what expires, and what somebody started in the same moment.
async fn end_orphans(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    for _ in 0..MAX_ROUNDS {
        let mut work = app.store.zone(zone, Access::Write).await?;
        let ended = lifecycle::end_orphans(work.as_mut(), &app.world).await?;
        if ended.is_empty() {
            return Ok(());
        }
        for session in &ended.sessions {
            evidence::swept(app, zone, EventType::SessionEnd, &orphan(session)).await?;
        }
        work.commit().await?;
        app.outbox.wake();
        metrics::sessions_ended("owner_ended", ended.sessions.len());
        metrics::delegations_ended("owner_ended", ended.delegations.len());
    }
    Ok(())
}

/// Archives short-lived applications that ended long enough ago. Whatever they ran ended with
/// their time, in [`end_orphans`].
async fn expire_applications(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    for _ in 0..MAX_ROUNDS {
        let mut work = app.store.zone(zone, Access::Write).await?;
        let expired =
            lifecycle::expire_applications(work.as_mut(), &app.world, app.config.sweep_batch).await?;
        if expired.archived.is_empty() {
            return Ok(());
        }
        for session in &expired.ended.sessions {
            evidence::swept(app, zone, EventType::SessionEnd, &orphan(session)).await?;
        }
        let record = evidence::archived(app, zone, &expired.archived);
        work.admin_audit().append(&record).await?;
        work.commit().await?;
        app.outbox.wake();
        metrics::applications_expired(expired.archived.len());
        metrics::sessions_ended("owner_ended", expired.ended.sessions.len());
        metrics::delegations_ended("owner_ended", expired.ended.delegations.len());
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
        let swept = sessions::end_overdue(work.as_mut(), &app.world, &due).await?;
        let ended = record(app, zone, EventType::SessionEnd, &swept).await?;
        work.commit().await?;
        app.outbox.wake();
        metrics::sessions_ended("ttl", ended);
        if ended == 0 {
            return Ok(());
        }
    }
    Ok(())
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
        let swept = sessions::suspend_lapsed(work.as_mut(), &app.world, &due).await?;
        let suspended = record(app, zone, EventType::SessionSuspend, &swept).await?;
        work.commit().await?;
        app.outbox.wake();
        metrics::sessions_suspended("lease_lost", suspended);
        if suspended == 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Leaves evidence of what was swept; returns how many sessions changed in all.
async fn record(
    app: &App,
    zone: &ZoneId,
    event_type: EventType,
    swept: &[OverdueEnd],
) -> Result<usize, JobError> {
    for (session, reason, _) in swept {
        let mut about = About {
            reason: Some((*reason).to_owned()),
            ..About::default()
        };
        about.session(session);
        evidence::swept(app, zone, event_type, &about).await?;
    }
    Ok(swept.iter().map(|(_, _, changed)| changed).sum())
}

async fn expire_delegations(app: &App, zone: &ZoneId) -> Result<(), JobError> {
    for _ in 0..MAX_ROUNDS {
        let mut work = app.store.zone(zone, Access::Write).await?;
        let batch = app.config.sweep_batch;
        let expired = delegations::expire_due(work.as_mut(), &app.world, batch).await?;
        if expired.is_empty() {
            return Ok(());
        }
        work.commit().await?;
        app.outbox.wake();
        metrics::delegations_ended("expired", expired.len());
    }
    Ok(())
}
