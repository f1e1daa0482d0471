//! Follows invalidation events, from this replica's own position, into the in-memory picture.

use std::{sync::Arc, time::Duration};

use caracal_events::{Bus, BusError, Fields, SyncFlag, Topic, spans};
use caracal_storage::Store;
use caracal_wire::events::{
    AgentEvent, DirectoryKind, Event, KeysInvalidated, PayloadError, PolicyInvalidated,
};
use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{LiveAuthority, REFRESH_EVERY, ZoneChange, ZoneDirectory, refresh::AT_ONCE};
use crate::{
    revocation::{Feed, Revocations, SNAPSHOT_EVERY},
    waiting::Waiting,
};

/// What is kept up to date.
#[derive(Debug, Clone)]
pub struct Followed {
    /// Source of snapshots.
    pub store: Arc<dyn Store>,
    /// Zones.
    pub zones: Arc<ZoneDirectory>,
    /// Sessions, lineages, records.
    pub authority: Arc<LiveAuthority>,
    /// Revocation state.
    pub revocations: Arc<Revocations>,
    /// Who waits for a person to decide.
    pub waiting: Arc<Waiting>,
}

/// What ends authority, and what ends a wait: both are short to put into force.
const ENDS: &[Topic] = &[
    Topic::SessionsRevoke,
    Topic::AgentsLifecycle,
    Topic::DelegationsInvalidate,
    Topic::ApprovalsDecided,
];
/// What changes zones. Followed apart, so that no zone's load is ever between a revocation and its effect.
const CHANGES: &[Topic] = &[
    Topic::PolicyInvalidate,
    Topic::KeysInvalidate,
    Topic::DirectoryInvalidate,
];

/// Pause before storage that is away is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// Runs until `shutdown`: applies events as they come and compares with storage at a bounded interval, revocations and
/// zones each in tasks of their own. It survives every outage of bus and storage; meanwhile the state ages and, past
/// its limit, denies.
pub async fn follow(followed: Followed, bus: Arc<dyn Bus>, shutdown: CancellationToken) {
    if bus.reaches_others() {
        // Others may change something between a first read and the start of a subscription.
        for feed in [Feed::Ends, Feed::Changes] {
            followed.revocations.listen(feed, SyncFlag::new(false));
        }
    }
    let mut tasks = tokio::task::JoinSet::new();
    for feed in [Feed::Ends, Feed::Changes] {
        tasks.spawn(events(followed.clone(), bus.clone(), feed, shutdown.clone()));
    }
    tasks.spawn(revocations(followed.clone(), shutdown.clone()));
    tasks.spawn(zones(followed, shutdown));
    tasks.join_all().await;
}

pub(super) async fn events(followed: Followed, bus: Arc<dyn Bus>, feed: Feed, shutdown: CancellationToken) {
    let topics = match feed {
        Feed::Ends => ENDS,
        Feed::Changes => CHANGES,
    };
    loop {
        let subscription = tokio::select! {
            () = shutdown.cancelled() => return,
            subscription = bus.subscribe(topics) => subscription,
        };
        let mut subscription = match subscription {
            Ok(subscription) => subscription,
            Err(BusError::Closed) => return,
            Err(error) => {
                tracing::warn!(%error, "could not subscribe to invalidation events");
                followed.revocations.listen(feed, SyncFlag::new(false));
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        // Whatever happened before the subscription began is in storage.
        if !resynchronised(&followed, feed, &shutdown).await {
            return;
        }
        followed.revocations.listen(feed, subscription.in_sync());
        loop {
            let next = tokio::select! {
                () = shutdown.cancelled() => return,
                next = subscription.next() => next,
            };
            match next {
                Ok((topic, deliveries)) => {
                    // Zones beside each other: a large one does not hold up the others. Ends in their order.
                    let at_once = if feed == Feed::Changes { AT_ONCE } else { 1 };
                    let span = spans::process(topic, deliveries.len());
                    let unread = stream::iter(deliveries)
                        .map(|delivery| {
                            let followed = &followed;
                            async move {
                                let applied = apply(followed, topic, &delivery.fields).await;
                                if feed == Feed::Ends {
                                    followed.revocations.in_force(delivery.appended_at);
                                }
                                applied
                            }
                        })
                        .buffer_unordered(at_once)
                        .filter(|applied| std::future::ready(applied.is_err()))
                        .count()
                        .instrument(span)
                        .await;
                    if unread > 0 && !resynchronised(&followed, feed, &shutdown).await {
                        return;
                    }
                }
                Err(BusError::Closed) => return,
                Err(error @ BusError::Gap(_)) => {
                    tracing::warn!(%error, "invalidation events may have been missed; reading storage");
                    if !resynchronised(&followed, feed, &shutdown).await {
                        return;
                    }
                }
                // Away: out of sync until it is back, which is a gap.
                Err(error) => tracing::debug!(%error, "invalidation events are not heard"),
            }
        }
    }
}

async fn revocations(followed: Followed, shutdown: CancellationToken) {
    let mut interval = tokio::time::interval(SNAPSHOT_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let stale = !followed.revocations.is_fresh();
        // Stale state denies everything: try again soon rather than at the next tick.
        let retry = async {
            if stale {
                tokio::time::sleep(RETRY).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = interval.tick() => {}
            () = retry => {}
        }
        reload_revocations(&followed).await;
    }
}

async fn zones(followed: Followed, shutdown: CancellationToken) {
    let mut interval = tokio::time::interval(REFRESH_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = interval.tick() => followed.zones.refresh().await,
        }
    }
}

/// Compares with storage again, however long it is away; `false` when told to stop.
async fn resynchronised(followed: &Followed, feed: Feed, shutdown: &CancellationToken) -> bool {
    while !resynchronise(followed, feed).await {
        tokio::select! {
            () = shutdown.cancelled() => return false,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
    true
}

async fn resynchronise(followed: &Followed, feed: Feed) -> bool {
    match feed {
        Feed::Ends => {
            followed.authority.forget_all();
            followed.waiting.wake_all();
            reload_revocations(followed).await
        }
        Feed::Changes => match followed.zones.drop_outdated().await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = %crate::error_chain(&error), "could not compare zones with storage");
                false
            }
        },
    }
}

async fn reload_revocations(followed: &Followed) -> bool {
    match followed.revocations.reload(followed.store.as_ref()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(error = %crate::error_chain(&error), "could not read the revocation snapshot");
            false
        }
    }
}

/// Brings the picture up to date with one event, wherever it came from. Applying it again changes nothing.
///
/// # Errors
/// When it cannot be read, as one of a later release may not. Storage knows what it was about.
pub(super) async fn apply(followed: &Followed, topic: Topic, fields: &Fields) -> Result<(), PayloadError> {
    match Event::read(topic, fields) {
        Ok(Event::SessionRevoked(revoked)) => {
            // A suspension travels on the lifecycle topic; here everything named has ended.
            followed.revocations.mark(revoked.anchors());
            let zone = &revoked.zone_id;
            if let Some(id) = &revoked.agent_session_id {
                followed.authority.forget_session(zone, id);
            }
            if let Some(id) = &revoked.delegation_edge_id {
                followed.authority.forget_lineage(zone, id);
            }
            if let Some(id) = &revoked.session_id {
                followed.authority.forget_record(zone, id);
            }
        }
        Ok(Event::AgentLifecycle(session)) => {
            let id = &session.agent_session_id;
            match session.event {
                AgentEvent::Spawn => {}
                AgentEvent::Suspend => followed.revocations.set_suspended(id, true),
                AgentEvent::Resume => followed.revocations.set_suspended(id, false),
                AgentEvent::Terminate => followed.revocations.mark([id.as_str()]),
            }
            followed.authority.forget_session(&session.zone_id, id);
        }
        Ok(Event::DelegationsInvalidated(graph)) => {
            let epoch = i64::try_from(graph.epoch).unwrap_or(i64::MAX);
            followed.authority.note_epoch(&graph.zone_id, epoch);
        }
        Ok(Event::ApprovalDecided(decided)) => followed.waiting.wake(&decided.approval_id),
        Ok(Event::DirectoryInvalidated(changed)) => {
            let (zone, kind) = (changed.zone_id.clone(), changed.kind);
            followed.zones.change(&zone, ZoneChange::Object(changed)).await;
            if kind == DirectoryKind::Zone {
                // What streams in it looks whether it still may.
                followed.revocations.wake();
            }
        }
        Ok(
            Event::PolicyInvalidated(PolicyInvalidated { zone_id, .. })
            | Event::KeysInvalidated(KeysInvalidated { zone_id }),
        ) => followed.zones.change(&zone_id, ZoneChange::Whole).await,
        Ok(Event::AuditFrame(_) | Event::InvocationLifecycle(_)) => {}
        Err(error) => {
            tracing::warn!(%topic, %error, "an event cannot be read; storage is read instead");
            if let Some(zone) = fields.zone_id().filter(|_| CHANGES.contains(&topic)) {
                followed.zones.change(&zone, ZoneChange::Whole).await;
                return Ok(());
            }
            return Err(error);
        }
    }
    Ok(())
}
