//! The ingest loop: bus → ledger, in batches of one zone each. No zone waits for another.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use caracal_core::ZoneId;
use caracal_crypto::{HmacRing, KeyAge};
use caracal_events::{BusError, Consumer, Delivery, Topic, spans, spool::DRAINED_AT_ONCE};
use caracal_service::background::Task;
use caracal_wire::health::NotReady;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use metrics::{counter, gauge};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    AuditDeps,
    batch::{self, BATCH, Line, Stored, Waiting},
    earlier, frame, metrics as names,
};

/// The consumer group of the ledger.
const GROUP: &str = "audit-ingestor";
/// Zones whose events are stored at the same time.
const PARALLEL: usize = 8;
/// Most events in hand. A zone that cannot be stored now waits here, and beyond that on the bus and in the spools.
const MAX_HELD: usize = 10_000;
/// Longest wait for the first event of a read.
const WAIT: Duration = Duration::from_secs(5);
/// Pause after a read that was not full, for the next to be worth its transaction.
const BATCH_DELAY: Duration = Duration::from_millis(20);
/// The same where events come steadily: [`STEADY`] or more were read. A transaction and the block that it makes anew cost as
/// much as a hundred events.
const STEADY_DELAY: Duration = Duration::from_millis(150);
const STEADY: usize = 16;
/// Nothing waits for more than this: a bus hands out what was appended together, which need not fill a read, and whoever paused
/// after each would never catch up.
const ENOUGH: usize = BATCH / 2;
const _: () = assert!(
    ENOUGH <= DRAINED_AT_ONCE,
    "what a full spool hands over at once must not look like a pause of it"
);

/// Whether events reach the ledger.
#[derive(Debug, Default)]
pub struct IngestHealth {
    consuming: AtomicBool,
    storing: AtomicBool,
}

impl IngestHealth {
    /// The reason ingest does not work now, if it does not.
    pub fn reason(&self) -> Option<NotReady> {
        if !self.consuming.load(Ordering::Relaxed) {
            Some(NotReady::ConsumerUnhealthy)
        } else if !self.storing.load(Ordering::Relaxed) {
            Some(NotReady::StorageUnreachable)
        } else {
            None
        }
    }
}

/// Ingests until `shutdown`. Survives every outage of bus and storage.
pub async fn run(deps: AuditDeps, shutdown: CancellationToken) {
    names::start();
    earlier::adopt(deps.store.as_ref(), &shutdown).await;
    deps.health.storing.store(true, Ordering::Relaxed);
    while !shutdown.is_cancelled() {
        let consumer = tokio::select! {
            () = shutdown.cancelled() => return,
            consumer = deps.bus.consume(Topic::AuditEvents, GROUP, &deps.consumer) => consumer,
        };
        match consumer {
            Ok(mut consumer) => {
                deps.health.consuming.store(true, Ordering::Relaxed);
                if consume(&deps, consumer.as_mut(), &shutdown).await.is_err() {
                    return;
                }
            }
            Err(BusError::Closed) => return,
            Err(error) => {
                deps.health.consuming.store(false, Ordering::Relaxed);
                tracing::warn!(%error, "could not join the audit consumer group");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Reads and stores until the consumer has to be made anew (`Ok`) or there is nothing more to do (`Err`).
async fn consume(
    deps: &AuditDeps,
    consumer: &mut dyn Consumer,
    shutdown: &CancellationToken,
) -> Result<(), ()> {
    let mut lines = Lines::default();
    let mut next_read = Instant::now();
    loop {
        lines.start(deps);
        let mut concluded = lines.conclude(deps, consumer).await;
        if concluded.is_ok() && Instant::now() < next_read {
            tokio::select! {
                () = shutdown.cancelled() => return Err(()),
                () = tokio::time::sleep_until(next_read.min(Instant::now() + BATCH_DELAY)) => {}
            }
        } else if concluded.is_ok() && lines.held.len() < MAX_HELD {
            let wait = lines.read_within();
            let deliveries = tokio::select! {
                () = shutdown.cancelled() => return Err(()),
                deliveries = consumer.next(BATCH, wait) => deliveries,
            };
            concluded = match deliveries {
                Ok(deliveries) => {
                    deps.health.consuming.store(true, Ordering::Relaxed);
                    next_read = Instant::now() + pause_after(deliveries.len());
                    lines.read_all = deliveries.len() < BATCH;
                    let lined_up = lines.line_up(deps, consumer, deliveries).await;
                    lines.note_keys(deps.audit_keys.as_ref());
                    lined_up
                }
                Err(error) => Err(error),
            };
        } else if concluded.is_ok() {
            // Everything there is room for waits for the ledger.
            tokio::select! {
                () = shutdown.cancelled() => return Err(()),
                () = tokio::time::sleep(lines.read_within().max(BATCH_DELAY)) => {}
            }
        }
        match concluded {
            Ok(()) => {}
            Err(BusError::Closed) => return Err(()),
            Err(error) => {
                // What was not acknowledged is delivered again, and the ledger knows what it has.
                deps.health.consuming.store(false, Ordering::Relaxed);
                tracing::warn!(%error, "could not read or acknowledge audit events");
                tokio::time::sleep(Duration::from_millis(500)).await;
                return Ok(());
            }
        }
        if shutdown.is_cancelled() {
            return Err(());
        }
    }
}

/// How long to wait after a read of so many events.
const fn pause_after(events: usize) -> Duration {
    match events {
        0 | ENOUGH.. => Duration::ZERO,
        1..STEADY => BATCH_DELAY,
        STEADY.. => STEADY_DELAY,
    }
}

/// Events in hand, by zone. What is in hand is not acknowledged.
#[derive(Default)]
struct Lines {
    zones: HashMap<ZoneId, Line>,
    storing: FuturesUnordered<Task<(ZoneId, Stored)>>,
    /// Positions of everything in hand: another delivery of one is ignored.
    held: HashSet<String>,
    /// Positions of what is in hand and was signed by a previous key.
    under_previous: HashSet<String>,
    /// The last read came to the end of what there was.
    read_all: bool,
}

impl Lines {
    /// Starts storing for zones whose time has come, as many at once as there is room for.
    fn start(&mut self, deps: &AuditDeps) {
        let now = Instant::now();
        for (zone, line) in &mut self.zones {
            if self.storing.len() >= PARALLEL {
                return;
            }
            if line.due().is_some_and(|due| due <= now) {
                let (deps, zone, batch) = (deps.clone(), zone.clone(), line.take());
                let isolate = line.failures > 0;
                let background = deps.background.clone();
                self.storing.push(background.spawn(async move {
                    let span = spans::process(Topic::AuditEvents, batch.len());
                    let stored = batch::store(&deps, &zone, batch, isolate).instrument(span).await;
                    (zone, stored)
                }));
            }
        }
    }

    /// Waits a moment for what is being stored, and acknowledges what is.
    async fn conclude(&mut self, deps: &AuditDeps, consumer: &mut dyn Consumer) -> Result<(), BusError> {
        let deadline = Instant::now() + BATCH_DELAY;
        while let Ok(Some(ended)) = tokio::time::timeout_at(deadline, self.storing.next()).await {
            let Ok((zone, stored)) = ended else {
                // A panic while storing: the events are delivered again to the next consumer.
                return Err(BusError::Unavailable(String::from("storing audit events failed")));
            };
            self.note(deps, &zone, &stored);
            for (delivery, reason) in &stored.refused {
                put_aside(deps, consumer, delivery, reason).await?;
                self.let_go(&delivery.id);
            }
            consumer.ack(&stored.done).await?;
            for id in &stored.done {
                self.let_go(id);
            }
            self.note_keys(deps.audit_keys.as_ref());
            if let Some(line) = self.zones.get_mut(&zone) {
                line.attempted(stored.left.is_empty());
                line.put_back(stored.left);
                if line.waiting.is_empty() {
                    self.zones.remove(&zone);
                }
            }
            self.start(deps);
        }
        Ok(())
    }

    fn let_go(&mut self, id: &str) {
        self.held.remove(id);
        self.under_previous.remove(id);
    }

    /// Says how much needs a previous key: without it, what is in hand would be refused when it is delivered again.
    fn note_keys(&self, keys: Option<&HmacRing>) {
        let rotating = keys.is_some_and(HmacRing::is_rotating);
        let unread = usize::from(rotating && !self.read_all);
        let needing = u32::try_from(self.under_previous.len() + unread).unwrap_or(u32::MAX);
        gauge!(names::UNDER_PREVIOUS).set(needing);
    }

    /// Says how storing goes.
    fn note(&self, deps: &AuditDeps, zone: &ZoneId, stored: &Stored) {
        if let Some(error) = &stored.error {
            // Evidence is never given up for a storage failure: it waits, on the bus and in the spools.
            counter!(names::RETRIES).increment(1);
            let events = stored.left.len();
            tracing::warn!(zone.id = %zone, error, events, "could not store audit events of a zone; trying again");
        }
        if stored.error.is_none() || !stored.done.is_empty() {
            deps.health.storing.store(true, Ordering::Relaxed);
        } else if self
            .zones
            .iter()
            .all(|(other, line)| other == zone || line.failures > 0)
        {
            // Not one zone gets on, so it is not the zone.
            deps.health.storing.store(false, Ordering::Relaxed);
        }
        let stuck = self.zones.values().filter(|line| line.failures > 0).count();
        gauge!(names::ZONES_WAITING).set(u32::try_from(stuck).unwrap_or(u32::MAX));
    }

    /// Sorts what was read by zone. What can never join the ledger is put aside at once.
    async fn line_up(
        &mut self,
        deps: &AuditDeps,
        consumer: &mut dyn Consumer,
        deliveries: Vec<Delivery>,
    ) -> Result<(), BusError> {
        for delivery in deliveries {
            if self.held.contains(&delivery.id) {
                continue;
            }
            match frame::open(&delivery, deps.audit_keys.as_ref()) {
                Ok((entry, age)) => {
                    counter!(names::FRAMES, "key" => age.as_str()).increment(1);
                    self.held.insert(delivery.id.clone());
                    if age == KeyAge::Previous {
                        self.under_previous.insert(delivery.id.clone());
                    }
                    let line = self.zones.entry(entry.zone_id.clone());
                    let waiting = Waiting::new(delivery, entry);
                    line.or_insert_with(Line::new).waiting.push_back(waiting);
                }
                Err(bad) => put_aside(deps, consumer, &delivery, &bad.to_string()).await?,
            }
        }
        Ok(())
    }

    /// How long a read may wait for events: not at all while something is stored, else until a zone is due again.
    fn read_within(&self) -> Duration {
        if !self.storing.is_empty() {
            return Duration::ZERO;
        }
        let next = self.zones.values().filter_map(Line::due).min();
        next.map_or(WAIT, |due| {
            due.saturating_duration_since(Instant::now()).min(WAIT)
        })
    }
}

/// Puts an event that can never join the ledger into the dead letters, once.
async fn put_aside(
    deps: &AuditDeps,
    consumer: &mut dyn Consumer,
    delivery: &Delivery,
    reason: &str,
) -> Result<(), BusError> {
    let leaving = frame::leaving(delivery, deps.audit_keys.as_ref());
    consumer.dead_letter(&leaving, reason).await?;
    names::put_aside(reason);
    tracing::error!(
        position = delivery.id,
        reason,
        "an audit event cannot join the ledger; put aside"
    );
    Ok(())
}
