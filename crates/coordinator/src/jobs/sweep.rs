//! Ends tasks and delegations past their end, archives applications past theirs, pauses services without a lease.

use caracal_core::{ZoneId, audit::EventType};
use caracal_lifecycle::{
    self as lifecycle, About, delegations,
    sessions::{self, OverdueEnd},
};
use caracal_service::rounds::ZoneProgress;
use caracal_storage::{Access, EndedSession, Error, ZoneWork};

use super::{Job, Shortfalls};
use crate::{deps::App, evidence, metrics};

/// Most batches of one step in one zone in a round.
const MAX_BATCHES: u32 = 100;

/// What ends by itself in a zone. Each leaves its evidence in the outbox of the transaction that ends it: whatever is cut between
/// the two leaves both or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Orphans,
    Applications,
    Tasks,
    Delegations,
}

impl Ending {
    const ALL: [Self; 4] = [Self::Orphans, Self::Applications, Self::Tasks, Self::Delegations];

    /// All of them, another one first in each turn.
    fn beginning_with(turn: usize) -> impl Iterator<Item = Self> {
        let all = Self::ALL;
        all.into_iter().cycle().skip(turn % all.len()).take(all.len())
    }

    async fn of(self, app: &App, zone: &ZoneId) -> Result<ZoneProgress, Error> {
        match self {
            Self::Orphans => end_orphans(app, zone).await,
            Self::Applications => expire_applications(app, zone).await,
            Self::Tasks => expire_tasks(app, zone).await,
            Self::Delegations => expire_delegations(app, zone).await,
        }
    }
}

/// Ends tasks whose time ran out and delegations past their end, and archives short-lived applications long past theirs, in
/// every zone that has any.
pub(super) async fn expire(app: &App, job: &Job) -> Result<Shortfalls, Error> {
    let mut round = job.begin();
    let turn = round.zones.turn();
    let work = |zone: ZoneId| async move {
        let (mut progress, mut failure) = (ZoneProgress::Done, None);
        for ending in Ending::beginning_with(turn) {
            // One that fails keeps none of the others from being tried.
            match ending.of(app, &zone).await {
                Ok(ZoneProgress::Done) => {}
                Ok(ZoneProgress::Remains) => progress = ZoneProgress::Remains,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(progress), Err)
    };
    round.in_each(overdue(app).await?, work).await;
    Ok(round.shortfalls)
}

/// Pauses services whose lease ran out, in every zone that has any.
pub(super) async fn suspend_lapsed(app: &App, job: &Job) -> Result<Shortfalls, Error> {
    let mut round = job.begin();
    let work = |zone: ZoneId| async move { suspend_in(app, &zone).await };
    round.in_each(overdue(app).await?, work).await;
    Ok(round.shortfalls)
}

async fn overdue(app: &App) -> Result<Vec<ZoneId>, Error> {
    let mut work = app.store.global(Access::Read).await?;
    let now = app.world.now();
    work.zones_with_overdue(now, now.minus(lifecycle::EXPIRED_LISTED))
        .await
}

/// Ends what goes on in an archived zone, or under an application that is archived or past its end. Whoever archives
/// does so at once; here ends what expires, and what somebody started in the same moment.
async fn end_orphans(app: &App, zone: &ZoneId) -> Result<ZoneProgress, Error> {
    for _ in 0..MAX_BATCHES {
        let mut work = app.store.zone(zone, Access::Write).await?;
        let ended = lifecycle::end_orphans(work.as_mut(), &app.world).await?;
        if ended.is_empty() {
            return Ok(ZoneProgress::Done);
        }
        record_orphans(app, work.as_mut(), &ended.sessions).await?;
        work.commit().await?;
        app.outbox.wake();
        metrics::sessions_ended("owner_ended", ended.sessions.len());
        metrics::delegations_ended("owner_ended", ended.delegations.len());
    }
    Ok(ZoneProgress::Remains)
}

/// Archives short-lived applications that ended long enough ago. Whatever they ran ended with
/// their time, in [`end_orphans`].
async fn expire_applications(app: &App, zone: &ZoneId) -> Result<ZoneProgress, Error> {
    for _ in 0..MAX_BATCHES {
        let mut work = app.store.zone(zone, Access::Write).await?;
        let expired =
            lifecycle::expire_applications(work.as_mut(), &app.world, app.config.sweep_batch).await?;
        if expired.archived.is_empty() {
            return Ok(ZoneProgress::Done);
        }
        record_orphans(app, work.as_mut(), &expired.ended.sessions).await?;
        let record = evidence::archived(app, zone, &expired.archived);
        work.admin_audit().append(&record).await?;
        work.commit().await?;
        app.outbox.wake();
        metrics::applications_expired(expired.archived.len());
        metrics::sessions_ended("owner_ended", expired.ended.sessions.len());
        metrics::delegations_ended("owner_ended", expired.ended.delegations.len());
    }
    Ok(ZoneProgress::Remains)
}

/// Leaves evidence of sessions that ended with what they ran under.
async fn record_orphans(app: &App, work: &mut dyn ZoneWork, ended: &[EndedSession]) -> Result<(), Error> {
    let abouts = ended.iter().map(|session| About {
        application_id: Some(session.application_id.clone()),
        record_id: Some(session.subject_authority_record_id.clone()),
        agent_session_id: Some(session.id.clone()),
        parent_id: session.parent_id.clone(),
        reason: Some(String::from("owner_ended")),
        ..About::default()
    });
    evidence::swept(app, work, EventType::SessionEnd, abouts).await
}

async fn expire_tasks(app: &App, zone: &ZoneId) -> Result<ZoneProgress, Error> {
    for _ in 0..MAX_BATCHES {
        let now = app.world.now();
        let due = {
            let mut work = app.store.zone(zone, Access::Read).await?;
            work.sessions().overdue_tasks(now, app.config.sweep_batch).await?
        };
        if due.is_empty() {
            return Ok(ZoneProgress::Done);
        }
        let mut work = app.store.zone(zone, Access::Write).await?;
        let swept = sessions::end_overdue(work.as_mut(), &app.world, &due).await?;
        let ended = record(app, work.as_mut(), EventType::SessionEnd, &swept).await?;
        work.commit().await?;
        app.outbox.wake();
        metrics::sessions_ended("ttl", ended);
        if ended == 0 {
            return Ok(ZoneProgress::Done);
        }
    }
    Ok(ZoneProgress::Remains)
}

async fn suspend_in(app: &App, zone: &ZoneId) -> Result<ZoneProgress, Error> {
    for _ in 0..MAX_BATCHES {
        let now = app.world.now();
        let due = {
            let mut work = app.store.zone(zone, Access::Read).await?;
            work.sessions()
                .lapsed_services(now, app.config.sweep_batch)
                .await?
        };
        if due.is_empty() {
            return Ok(ZoneProgress::Done);
        }
        let mut work = app.store.zone(zone, Access::Write).await?;
        let swept = sessions::suspend_lapsed(work.as_mut(), &app.world, &due).await?;
        let suspended = record(app, work.as_mut(), EventType::SessionSuspend, &swept).await?;
        work.commit().await?;
        app.outbox.wake();
        metrics::sessions_suspended("lease_lost", suspended);
        if suspended == 0 {
            return Ok(ZoneProgress::Done);
        }
    }
    Ok(ZoneProgress::Remains)
}

/// Leaves evidence of what was swept; returns how many sessions changed in all.
async fn record(
    app: &App,
    work: &mut dyn ZoneWork,
    event_type: EventType,
    swept: &[OverdueEnd],
) -> Result<usize, Error> {
    let abouts = swept.iter().map(|(session, reason, _)| {
        let mut about = About {
            reason: Some((*reason).to_owned()),
            ..About::default()
        };
        about.session(session);
        about
    });
    evidence::swept(app, work, event_type, abouts).await?;
    Ok(swept.iter().map(|(_, _, changed)| changed).sum())
}

async fn expire_delegations(app: &App, zone: &ZoneId) -> Result<ZoneProgress, Error> {
    for _ in 0..MAX_BATCHES {
        let mut work = app.store.zone(zone, Access::Write).await?;
        let batch = app.config.sweep_batch;
        let expired = delegations::expire_due(work.as_mut(), &app.world, batch).await?;
        if expired.is_empty() {
            return Ok(ZoneProgress::Done);
        }
        work.commit().await?;
        app.outbox.wake();
        metrics::delegations_ended("expired", expired.len());
    }
    Ok(ZoneProgress::Remains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_begins_one_round_in_four_and_none_is_left_out() {
        for turn in 0..8 {
            let order: Vec<_> = Ending::beginning_with(turn).collect();
            assert_eq!(order[0], Ending::ALL[turn % 4]);
            assert!(Ending::ALL.iter().all(|ending| order.contains(ending)));
            assert_eq!(order.len(), 4);
        }
    }
}
