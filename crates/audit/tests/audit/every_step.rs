//! Ingest that ends, and a Redis that forgets, at every step between the bus and the ledger.
//!
//! The steps are counted and not chosen: each call of the bus is two, before it did anything and after it did. What happens
//! within one is enumerated where it is done: every call of the file system in the tests of the spool and of SQLite.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use caracal_audit::{AuditDeps, verify_zone};
use caracal_core::ZoneId;
use caracal_crypto::{HmacKeyId, system_world};
use caracal_events::{
    AppendReceipt, Arrival, Bus, BusError, Consumer, Delivery, Fields, Subscription, Topic,
};
use caracal_testkit::{parts::PartsOptions, wait::until};
use tokio_util::sync::CancellationToken;

use crate::ledger::{Backends, Ledger, parts};

const EVENTS: usize = 3;

/// What happens at the step.
type Happens = Arc<dyn Fn() -> bool + Send + Sync>;

/// A step of which something happens.
#[derive(Clone)]
struct Steps {
    passed: Arc<AtomicU64>,
    at: u64,
    /// Whether the process is gone after it.
    happens: Happens,
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl Steps {
    fn is_met(&self) -> bool {
        self.passed.load(Ordering::SeqCst) >= self.at
    }

    async fn pass(&self) {
        if self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.at && (self.happens)() {
            // Nothing comes after this.
            std::future::pending::<()>().await;
        }
    }
}

/// A bus whose consumers meet the step.
#[derive(Debug)]
struct Stepping {
    bus: Arc<dyn Bus>,
    steps: Steps,
}

#[async_trait]
impl Bus for Stepping {
    async fn append(&self, topic: Topic, entries: Vec<Fields>) -> Result<(), BusError> {
        self.bus.append(topic, entries).await
    }

    async fn append_evidence(&self, entries: Vec<Fields>) -> Result<Option<AppendReceipt>, BusError> {
        self.bus.append_evidence(entries).await
    }

    fn is_in_process(&self) -> bool {
        self.bus.is_in_process()
    }

    async fn hand_over(&self, entries: Vec<Fields>, key: HmacKeyId) -> Result<(), BusError> {
        self.bus.hand_over(entries, key).await
    }

    async fn arrival(&self, receipts: &[AppendReceipt]) -> Result<Arrival, BusError> {
        self.bus.arrival(receipts).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Box<dyn Subscription>, BusError> {
        self.bus.subscribe(topics).await
    }

    async fn consume(
        &self,
        topic: Topic,
        group: &str,
        consumer: &str,
    ) -> Result<Box<dyn Consumer>, BusError> {
        self.steps.pass().await;
        let consumer = self.bus.consume(topic, group, consumer).await?;
        self.steps.pass().await;
        Ok(Box::new(SteppingConsumer {
            consumer,
            steps: self.steps.clone(),
            has_read: false,
        }))
    }

    async fn wait_in_sync(&self, within: Duration) {
        self.bus.wait_in_sync(within).await;
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.bus.ping().await
    }

    async fn dead_letters(
        &self,
        topic: Topic,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, BusError> {
        self.bus.dead_letters(topic, after, limit).await
    }

    async fn remove_dead_letters(&self, topic: Topic, ids: &[String]) -> Result<(), BusError> {
        self.bus.remove_dead_letters(topic, ids).await
    }
}

struct SteppingConsumer {
    consumer: Box<dyn Consumer>,
    steps: Steps,
    has_read: bool,
}

#[async_trait]
impl Consumer for SteppingConsumer {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        // One that finds nothing is no step, or there would be no end of them.
        if !std::mem::replace(&mut self.has_read, true) {
            self.steps.pass().await;
        }
        let deliveries = self.consumer.next(max, wait).await?;
        if !deliveries.is_empty() {
            self.steps.pass().await;
        }
        Ok(deliveries)
    }

    async fn ack(&mut self, ids: &[String]) -> Result<(), BusError> {
        self.steps.pass().await;
        self.consumer.ack(ids).await?;
        self.steps.pass().await;
        Ok(())
    }

    async fn dead_letter(&mut self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        self.steps.pass().await;
        self.consumer.dead_letter(delivery, reason).await?;
        self.steps.pass().await;
        Ok(())
    }
}

struct Ingest {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Ingest {
    fn over(ledger: &Ledger, bus: Arc<dyn Bus>) -> Self {
        let stop = CancellationToken::new();
        let deps = AuditDeps {
            bus,
            ..ledger.deps.clone()
        };
        let task = tokio::spawn(caracal_audit::run(deps, stop.clone()));
        Self { stop, task }
    }

    /// As by a signal that nobody can handle.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// Whether evidence through ingest meets step `at`. Whatever happens there, it is in the ledger in the end, once.
async fn met(ledger: &Ledger, at: u64, happens: &Happens, is_forgotten: bool) -> bool {
    let zone = ledger.zone();
    let letters = ledger.reasons().await.len();
    let steps = Steps {
        passed: Arc::default(),
        at,
        happens: happens.clone(),
    };
    let events: Vec<_> = (0..EVENTS).map(|_| ledger.event(&zone, "one")).collect();
    ledger.parts.spool.append_async(&events).await.unwrap();
    let forged = ledger
        .frame(&ledger.event(&zone, "forged"))
        .with("sig", "00".repeat(32));
    // A bus of this process answers once it is put aside.
    let bus = ledger.deps.bus.clone();
    let appending = tokio::spawn(async move { bus.append_evidence(vec![forged]).await });
    let stepping = Stepping {
        bus: ledger.deps.bus.clone(),
        steps: steps.clone(),
    };
    let ingest = Ingest::over(ledger, Arc::new(stepping));
    let stored = async |zone: &ZoneId| {
        // Another delivery of an event that is there is acknowledged only then.
        ledger.requests(zone).await.len() >= EVENTS && ledger.parts.spool.wait_drained(Duration::ZERO).await
    };
    let put_aside = async || is_forgotten || ledger.reasons().await.len() > letters;
    let what = format!("step {at}");
    until(&what, async || {
        steps.is_met() || (stored(&zone).await && put_aside().await)
    })
    .await;
    let is_met = steps.is_met();
    ingest.kill().await;

    let again = Ingest::over(ledger, ledger.deps.bus.clone());
    until(&what, async || stored(&zone).await && put_aside().await).await;
    again.end().await;
    appending.await.unwrap().unwrap();
    assert_eq!(ledger.requests(&zone).await, vec!["one"; EVENTS], "{what}");
    if !is_forgotten {
        assert_eq!(ledger.reasons().await.len(), letters + 1, "{what}");
    }
    let report = verify_zone(ledger.deps.store.as_ref(), &zone, Some(&ledger.parts.audit_key)).await;
    assert!(report.unwrap().holds(), "{what}");
    is_met
}

async fn every_step(backends: Backends, forgets: bool) {
    let ledger = Ledger::idle(PartsOptions {
        world: system_world(),
        ..parts(backends)
    })
    .await;
    let ledger = Arc::new(ledger);
    let happens: Happens = if forgets {
        let ledger = ledger.clone();
        Arc::new(move || {
            ledger.parts.redis().flush();
            false
        })
    } else {
        Arc::new(|| true)
    };
    let mut at = 1;
    while met(&ledger, at, &happens, forgets).await {
        at += 1;
    }
    // Joining, reading, putting aside and acknowledging, each before and after.
    assert!(at > 8, "only {} steps", at - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_that_is_killed_at_any_step_loses_and_doubles_nothing_over_one_process() {
    every_step(Backends::Embedded, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_that_is_killed_at_any_step_loses_and_doubles_nothing_over_servers() {
    every_step(Backends::Production, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_forgets_at_any_step_of_ingest_loses_and_doubles_nothing() {
    every_step(Backends::Production, true).await;
}
