//! What was recorded and published, as a test reads it.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use caracal_core::audit::AuditEvent;
use caracal_events::{Bus, Consumer, Topic};
use parking_lot::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Parts;

/// Longest wait for an event. Generous: a busy machine must not fail a test.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Takes audit events as the Audit role does, and keeps them.
#[derive(Debug, Default)]
pub(super) struct Collector {
    kept: Arc<Mutex<Kept>>,
    stop: CancellationToken,
    stopped: CancellationToken,
}

#[derive(Debug, Default)]
struct Kept {
    events: Vec<AuditEvent>,
    ids: HashSet<String>,
    /// How many of them the test has been told of.
    told: usize,
}

impl Collector {
    pub(super) async fn start(&self, bus: &dyn Bus) {
        let consumer = bus.consume(Topic::AuditEvents, "audit-ingestor", "test").await;
        let consumer = consumer.expect("a consumer of audit events");
        let (kept, stop) = (self.kept.clone(), self.stop.clone());
        let stopped = self.stopped.clone().drop_guard();
        tokio::spawn(take(consumer, kept, stop, stopped));
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn take(
    mut consumer: Box<dyn Consumer>,
    kept: Arc<Mutex<Kept>>,
    stop: CancellationToken,
    _stopped: DropGuard,
) {
    loop {
        let next = consumer.next(500, Duration::from_secs(1));
        let Some(Ok(batch)) = stop.run_until_cancelled(next).await else {
            return;
        };
        for delivery in &batch {
            let data = delivery.fields.get("data").expect("an audit event");
            let event: AuditEvent = serde_json::from_str(data).expect("an audit event");
            let mut kept = kept.lock();
            // Delivery is at least once.
            if kept.ids.insert(event.id.clone()) {
                kept.events.push(event);
            }
        }
        let ids: Vec<String> = batch.into_iter().map(|delivery| delivery.id).collect();
        if consumer.ack(&ids).await.is_err() {
            return;
        }
    }
}

impl Parts {
    async fn drained(&self) {
        assert!(self.spool.wait_drained(TIMEOUT).await, "the spool drains");
    }

    /// Every audit event recorded so far, oldest first.
    ///
    /// # Panics
    /// When the spool does not drain.
    pub async fn events(&self) -> Vec<AuditEvent> {
        self.drained().await;
        self.collector.kept.lock().events.clone()
    }

    /// The audit events recorded since this or [`Parts::next_events`] was last asked, oldest first.
    ///
    /// # Panics
    /// When the spool does not drain.
    pub async fn new_events(&self) -> Vec<AuditEvent> {
        self.drained().await;
        let mut kept = self.collector.kept.lock();
        let all = kept.events.len();
        let told = std::mem::replace(&mut kept.told, all);
        kept.events[told..].to_vec()
    }

    /// The next `count` audit events that no test was told of yet, once they are there.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn next_events(&self, count: usize) -> Vec<AuditEvent> {
        let come = async {
            loop {
                {
                    let mut kept = self.collector.kept.lock();
                    let (from, to) = (kept.told, kept.told + count);
                    if kept.events.len() >= to {
                        kept.told = to;
                        return kept.events[from..to].to_vec();
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let events = tokio::time::timeout(TIMEOUT, come).await;
        events.unwrap_or_else(|_| panic!("{count} more events: {:?}", self.collector.kept.lock()))
    }

    /// From here on nobody takes audit events from the bus.
    pub async fn stop_collecting(&self) {
        self.collector.stop.cancel();
        self.collector.stopped.cancelled().await;
    }

    /// The fields of every event published on `topic` while `during` ran.
    ///
    /// # Panics
    /// When what was committed is not published.
    pub async fn published<T>(
        &self,
        topic: Topic,
        during: impl Future<Output = T>,
    ) -> (T, Vec<BTreeMap<String, String>>) {
        // What was committed before is no part of it.
        self.wait_in_sync().await;
        let mut subscription = self.bus.subscribe(&[topic]).await.expect("a subscription");
        let seen = Arc::new(Mutex::new(Vec::new()));
        // Somebody has to read meanwhile: an answer waits until every subscription handled its events.
        let reader = tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((_, batch)) = subscription.next().await {
                    let fields = batch.into_iter().map(|entry| entry.fields.into_iter().collect());
                    seen.lock().extend(fields);
                }
            }
        });
        let outcome = during.await;
        self.wait_in_sync().await;
        reader.abort();
        let seen = std::mem::take(&mut *seen.lock());
        (outcome, seen)
    }
}
