//! The ingest loop: bus → ledger, in batches.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use caracal_core::ZoneId;
use caracal_events::{BusError, Consumer, Delivery, Topic};
use caracal_storage::{Access, Error, LedgerEntry};
use metrics::counter;
use tokio_util::sync::CancellationToken;

use crate::{AuditDeps, frame};

/// The consumer group of the ledger.
const GROUP: &str = "audit-ingestor";
/// Most events of one read; one ledger transaction per zone in it. Kept small: SQLite has one writer, and a
/// revocation must not wait long behind evidence.
const BATCH: usize = 250;
/// Longest wait for the first event of a read.
const WAIT: Duration = Duration::from_secs(5);
/// Pause after a read that was not full, for the next to be worth its transaction.
const LINGER: Duration = Duration::from_millis(20);
/// Pause after storage refused, doubled up to the limit.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether events reach the ledger.
#[derive(Debug, Default)]
pub struct IngestHealth {
    consuming: AtomicBool,
    storing: AtomicBool,
}

impl IngestHealth {
    /// The reason ingest does not work now, if it does not.
    pub fn reason(&self) -> Option<&'static str> {
        if !self.consuming.load(Ordering::Relaxed) {
            Some("consumer_unhealthy")
        } else if !self.storing.load(Ordering::Relaxed) {
            Some("storage_unreachable")
        } else {
            None
        }
    }
}

/// Ingests until `shutdown`. Survives every outage of bus and storage.
pub async fn run(deps: AuditDeps, shutdown: CancellationToken) {
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
    loop {
        let deliveries = tokio::select! {
            () = shutdown.cancelled() => return Err(()),
            deliveries = consumer.next(BATCH, WAIT) => deliveries,
        };
        let deliveries = match deliveries {
            Ok(deliveries) => deliveries,
            Err(BusError::Closed) => return Err(()),
            Err(error) => {
                deps.health.consuming.store(false, Ordering::Relaxed);
                tracing::warn!(%error, "could not read audit events");
                tokio::time::sleep(Duration::from_millis(500)).await;
                return Ok(());
            }
        };
        deps.health.consuming.store(true, Ordering::Relaxed);
        if deliveries.is_empty() {
            continue;
        }
        let mut pause = FIRST_PAUSE;
        loop {
            match store(deps, consumer, &deliveries).await {
                Ok(()) => {
                    deps.health.storing.store(true, Ordering::Relaxed);
                    break;
                }
                Err(error) => {
                    // Evidence is never given up for a storage failure: it waits, on the bus and in the spools.
                    deps.health.storing.store(false, Ordering::Relaxed);
                    counter!("caracal_audit_ingest_retries_total").increment(1);
                    tracing::warn!(%error, events = deliveries.len(), "could not store audit events; trying again");
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return Err(()),
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
        if deliveries.len() < BATCH {
            tokio::time::sleep(LINGER).await;
        }
    }
}

async fn store(deps: &AuditDeps, consumer: &mut dyn Consumer, deliveries: &[Delivery]) -> Result<(), String> {
    let mut zones: HashMap<ZoneId, Vec<(&Delivery, LedgerEntry)>> = HashMap::new();
    for delivery in deliveries {
        match frame::open(delivery, deps.audit_key.as_ref()) {
            Ok(entry) => zones
                .entry(entry.event.zone_id.clone())
                .or_default()
                .push((delivery, entry)),
            Err(bad) => {
                tracing::error!(reason = %bad, "an audit event cannot join the ledger; put aside");
                dead_letter(consumer, delivery, &bad.to_string()).await?;
            }
        }
    }
    for (zone, taken) in zones {
        let (sources, entries): (Vec<&Delivery>, Vec<LedgerEntry>) = taken.into_iter().unzip();
        let appended = async {
            let mut work = deps.store.zone(&zone, Access::Write).await?;
            let outcome = work.ledger().append(&entries, deps.world.now()).await?;
            work.commit().await?;
            Ok::<_, Error>(outcome)
        };
        let outcome = appended
            .await
            .map_err(|error| caracal_service::error_chain(&error))?;
        counter!("caracal_audit_inserts_total").increment(outcome.inserted);
        counter!("caracal_audit_duplicates_total").increment(outcome.duplicates);
        let mut done = Vec::with_capacity(sources.len());
        for (source, entry) in sources.iter().zip(&entries) {
            if outcome.mismatches.contains(&entry.event.id) {
                counter!("caracal_audit_mismatches_total").increment(1);
                tracing::error!(event.id = entry.event.id, zone.id = %zone, "an audit event came again with other content");
                dead_letter(consumer, source, "tamper_on_replay").await?;
            } else {
                done.push(source.id.clone());
            }
        }
        consumer.ack(&done).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn dead_letter(consumer: &mut dyn Consumer, delivery: &Delivery, reason: &str) -> Result<(), String> {
    consumer
        .dead_letter(delivery, reason)
        .await
        .map_err(|error| error.to_string())
}
