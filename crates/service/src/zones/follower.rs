//! Follows invalidation events, from this replica's own position, into the in-memory picture.

use std::{sync::Arc, time::Duration};

use caracal_core::{AuthorityRecordId, DelegationId, SessionId, ZoneId};
use caracal_events::{
    Bus, BusError, Fields, Hearing, Topic,
    payload::{DirectoryInvalidated, Payload as _},
};
use caracal_storage::Store;
use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::{LiveAuthority, REFRESH_EVERY, ZoneChange, ZoneDirectory, refresh::AT_ONCE};
use crate::revocation::{Feed, Revocations, SNAPSHOT_EVERY};

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
}

/// What ends authority.
const ENDS: &[Topic] = &[
    Topic::SessionsRevoke,
    Topic::AgentsLifecycle,
    Topic::DelegationsInvalidate,
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
            followed.revocations.listen(feed, Hearing::new(false));
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

async fn events(followed: Followed, bus: Arc<dyn Bus>, feed: Feed, shutdown: CancellationToken) {
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
                followed.revocations.listen(feed, Hearing::new(false));
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        // Whatever happened before the subscription began is in storage.
        if !resynchronised(&followed, feed, &shutdown).await {
            return;
        }
        followed.revocations.listen(feed, subscription.hearing());
        loop {
            let next = tokio::select! {
                () = shutdown.cancelled() => return,
                next = subscription.next() => next,
            };
            match next {
                // Zones beside each other: a large one does not hold up the others.
                Ok((topic, deliveries)) if feed == Feed::Changes => {
                    stream::iter(deliveries)
                        .for_each_concurrent(AT_ONCE, |delivery| {
                            let followed = &followed;
                            async move { apply(followed, topic, &delivery.fields).await }
                        })
                        .await;
                }
                Ok((topic, deliveries)) => {
                    for delivery in &deliveries {
                        apply(&followed, topic, &delivery.fields).await;
                    }
                }
                Err(BusError::Closed) => return,
                Err(error @ BusError::Gap(_)) => {
                    tracing::warn!(%error, "invalidation events may have been missed; reading storage");
                    if !resynchronised(&followed, feed, &shutdown).await {
                        return;
                    }
                }
                // Away: deaf until it is back, which is a gap.
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
pub(super) async fn apply(followed: &Followed, topic: Topic, fields: &Fields) {
    let Some(zone) = fields.get("zone_id").and_then(|id| ZoneId::parse(id).ok()) else {
        tracing::warn!(topic = topic.as_str(), "ignored an event without a zone");
        return;
    };
    match topic {
        Topic::SessionsRevoke => {
            // A suspension travels on the lifecycle topic; here everything named has ended.
            let named = [
                "session_id",
                "sid",
                "root_sid",
                "agent_session_id",
                "delegation_edge_id",
                "edge_id",
            ];
            followed
                .revocations
                .mark(named.iter().filter_map(|name| fields.get(name)));
            if let Some(id) = fields
                .get("agent_session_id")
                .and_then(|id| SessionId::parse(id).ok())
            {
                followed.authority.forget_session(&zone, &id);
            }
            if let Some(id) = fields
                .get("delegation_edge_id")
                .and_then(|id| DelegationId::parse(id).ok())
            {
                followed.authority.forget_lineage(&zone, &id);
            }
            if let Some(id) = fields
                .get("session_id")
                .and_then(|id| AuthorityRecordId::parse(id).ok())
            {
                followed.authority.forget_record(&zone, &id);
            }
        }
        Topic::AgentsLifecycle => {
            let Some(id) = fields
                .get("agent_session_id")
                .and_then(|id| SessionId::parse(id).ok())
            else {
                return;
            };
            match fields.get("event") {
                Some("suspend") => followed.revocations.set_suspended(&id, true),
                Some("resume") => followed.revocations.set_suspended(&id, false),
                Some("terminate") => followed.revocations.mark([id.as_str()]),
                _ => {}
            }
            followed.authority.forget_session(&zone, &id);
        }
        Topic::DelegationsInvalidate => {
            if let Some(epoch) = fields.get("epoch").and_then(|epoch| epoch.parse().ok()) {
                followed.authority.note_epoch(&zone, epoch);
            }
        }
        Topic::DirectoryInvalidate => {
            // An event of a later release may name what this one does not know.
            let change =
                DirectoryInvalidated::from_fields(fields).map_or(ZoneChange::Whole, ZoneChange::Object);
            followed.zones.change(&zone, change).await;
        }
        Topic::PolicyInvalidate | Topic::KeysInvalidate => {
            followed.zones.change(&zone, ZoneChange::Whole).await;
        }
        Topic::AuditEvents | Topic::InvocationsLifecycle => {}
    }
}
