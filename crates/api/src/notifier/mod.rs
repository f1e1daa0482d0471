//! Sends notifications to the sinks of every zone, in every process that serves this role.
//!
//! Processes share the work by leases: whoever claims a sink's next delivery holds the sink until it settled the attempt.
//! Sinks whose last attempt failed are served apart from the others, so that however many hang, the others wait for none
//! of them; and a sink is one attempt at a time. An attempt whose outcome could not be written down is made again:
//! receivers know by the id of the delivery what they have seen. Nothing is retried here but that: a failed attempt is
//! written down and comes up again in its time.

mod outcome;
mod send;

use std::{collections::HashSet, sync::Arc, time::Duration};

use caracal_core::{NotificationSinkId, World, ZoneId};
use caracal_crypto::{KeyRing, Location};
use caracal_lifecycle::approvals::tell_expired;
use caracal_service::{
    egress::{Egress, EgressClient},
    error_chain,
    rounds::{Shortfall, ZoneProgress, ZoneRounds, rounds},
};
use caracal_storage::{Access, Attempt, AttemptedDelivery, Error, Store};
use http_body_util::Full;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::metrics;

/// How often it looks for what is due.
const PERIOD: Duration = Duration::from_millis(500);
/// How often it looks for approvals that ended and for what has been kept long enough.
const SWEEP: Duration = Duration::from_secs(10);
/// How long a sink is held for one attempt; longer than the attempt may take.
const LEASE: Duration = Duration::from_secs(30);
/// Attempts on one sink before others get its place.
const TURN: usize = 50;
/// Sinks served at a time whose last attempt did not fail.
const SOUND: usize = 128;
/// Sinks served at a time whose last attempt failed.
const FAILING: usize = 32;
/// Failed attempts in a row from which on a sink counts as failing.
const FAILURES: u32 = 3;
/// How long ago an approval may have ended to be told of.
const EXPIRED_WITHIN: Duration = Duration::from_hours(24);
/// How long a delivery is kept after it got through or was given up.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Most approvals of a zone told of, and most deliveries of a zone forgotten, in one round.
const BATCH: u32 = 500;

type Served = (ZoneId, NotificationSinkId);

/// The dispatcher. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: World,
    store: Arc<dyn Store>,
    keyring: Arc<KeyRing>,
    egress: Arc<Egress>,
    client: EgressClient<Full<bytes::Bytes>>,
    sound: Arc<Semaphore>,
    failing: Arc<Semaphore>,
    /// What this process is at.
    served: Mutex<HashSet<Served>>,
    /// Zones that are swept.
    swept: ZoneRounds,
}

/// A sink this process is at, until it is dropped.
struct ServedSink {
    inner: Arc<Inner>,
    sink: Served,
    _permit: OwnedSemaphorePermit,
}

impl Drop for ServedSink {
    fn drop(&mut self) {
        self.inner.served.lock().remove(&self.sink);
    }
}

impl Notifier {
    /// Sends what `store` has, through `egress`, signed with secrets that `keyring` opens.
    pub fn new(world: World, store: Arc<dyn Store>, keyring: Arc<KeyRing>, egress: Arc<Egress>) -> Self {
        Self(Arc::new(Inner {
            client: egress.client(),
            world,
            store,
            keyring,
            egress,
            sound: Arc::new(Semaphore::new(SOUND)),
            failing: Arc::new(Semaphore::new(FAILING)),
            served: Mutex::default(),
            swept: ZoneRounds::default(),
        }))
    }

    /// Runs until `shutdown`, and then until the attempts under way have ended.
    pub async fn run(self, shutdown: CancellationToken) {
        let attempts = TaskTracker::new();
        tokio::join!(
            rounds(PERIOD, &shutdown, || self.round(&attempts, &shutdown)),
            rounds(SWEEP, &shutdown, || self.sweep()),
        );
        attempts.close();
        attempts.wait().await;
    }

    async fn round(&self, attempts: &TaskTracker, shutdown: &CancellationToken) {
        for failing in [false, true] {
            if let Err(error) = self.start(failing, attempts, shutdown).await {
                tracing::warn!(error = %error_chain(&error), "could not look for notifications to send");
            }
        }
    }

    /// Begins to serve sinks with something due, as far as there are places.
    async fn start(
        &self,
        failing: bool,
        attempts: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<(), Error> {
        let places = if failing { &self.0.failing } else { &self.0.sound };
        let free = u32::try_from(places.available_permits()).unwrap_or(u32::MAX);
        if free == 0 {
            return Ok(());
        }
        let mut work = self.0.store.global(Access::Read).await?;
        let due = work
            .notifications()
            .due_sinks(self.0.world.now(), failing, free)
            .await?;
        drop(work);
        for sink in due {
            let Ok(permit) = places.clone().try_acquire_owned() else {
                break;
            };
            if self.0.served.lock().insert(sink.clone()) {
                let place = ServedSink {
                    inner: self.0.clone(),
                    sink,
                    _permit: permit,
                };
                attempts.spawn(serve(place, shutdown.clone()));
            }
        }
        Ok(())
    }

    /// Tells of approvals that ended, forgets what is old, and measures what waits.
    async fn sweep(&self) {
        if let Err(error) = self.0.sweep().await {
            tracing::warn!(error = %error_chain(&error), "could not sweep notifications");
        }
    }
}

/// Sends what is due to a sink, until there is no more, an attempt fails, or its turn is over.
async fn serve(place: ServedSink, shutdown: CancellationToken) {
    let (zone, sink) = &place.sink;
    for _ in 0..TURN {
        if shutdown.is_cancelled() {
            return;
        }
        match place.inner.attempt(zone, sink).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(zone.id = %zone, sink.id = %sink, error, "a notification is sent again later");
                return;
            }
        }
    }
}

impl Inner {
    /// Makes the next attempt that is due on a sink; whether it got through.
    async fn attempt(&self, zone: &ZoneId, sink: &NotificationSinkId) -> Result<bool, Error> {
        let now = self.world.now();
        let mut work = self.store.zone(zone, Access::Write).await?;
        let Some(claimed) = work.notifications().claim(sink, now, now.plus(LEASE)).await? else {
            return Ok(false);
        };
        let location = Location::notification_sink_secret(zone, sink);
        let envelope = work.secrets().get(location.as_str()).await?;
        work.commit().await?;

        let secret = envelope.and_then(|envelope| self.keyring.open(&location, &envelope).ok());
        let sent = self
            .send(&claimed, secret.as_ref().map(|secret| secret.as_slice()))
            .await;
        let now = self.world.now();
        let attempt = match sent {
            Ok(status) => Attempt::Delivered { status },
            Err(failure) => outcome::failed(&claimed, failure, now, self.world.random_bytes()),
        };
        let told = match &attempt {
            Attempt::Delivered { .. } => "delivered",
            Attempt::Failed {
                retry_at: Some(_), ..
            } => "failed",
            Attempt::Failed { retry_at: None, .. } => "abandoned",
        };
        let attempted = AttemptedDelivery {
            sink_id: sink.clone(),
            delivery_id: claimed.delivery.id,
            attempts: claimed.delivery.attempts,
            leased_until: claimed.leased_until,
            attempt,
            at: now,
        };
        let mut work = self.store.zone(zone, Access::Write).await?;
        work.notifications().record_attempt(&attempted).await?;
        work.commit().await?;
        metrics::attempted(told);
        Ok(told == "delivered")
    }

    async fn sweep(&self) -> Result<(), Error> {
        let now = self.world.now();
        let (since, before) = (now.minus(EXPIRED_WITHIN), now.minus(KEPT));
        let mut work = self.store.global(Access::Read).await?;
        let zones = work.notifications().zones_to_sweep(since, now, before).await?;
        let backlog = work.notifications().backlog(now, FAILURES).await?;
        drop(work);
        let oldest = backlog.oldest_due.map_or(Duration::ZERO, |due| now.since(due));
        metrics::backlog(backlog.waiting, oldest, backlog.failing);
        let sweep = |zone: ZoneId| async move {
            let swept = async {
                let mut work = self.store.zone(&zone, Access::Write).await?;
                let told = tell_expired(work.as_mut(), since, now, BATCH).await?;
                let reaped = work.notifications().reap(before, BATCH).await?;
                work.commit().await?;
                let batch_is_full = told >= BATCH as usize || reaped >= u64::from(BATCH);
                Ok::<_, Error>(if batch_is_full {
                    ZoneProgress::Remains
                } else {
                    ZoneProgress::Done
                })
            };
            swept.await.map_err(|error: Error| error_chain(&error))
        };
        for (zone, shortfall) in self.swept.begin().each(zones, sweep).await {
            match shortfall {
                Shortfall::Failed(error) => {
                    tracing::warn!(zone.id = %zone, error, "could not sweep the notifications of a zone");
                }
                Shortfall::Unfinished => {
                    tracing::info!(zone.id = %zone, "a zone has more notifications to sweep than one round does; the next goes on");
                }
            }
        }
        Ok(())
    }
}
