//! Handing the spool's records to the bus.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use caracal_crypto::{HmacKey, audit_frame};
use tokio_util::sync::CancellationToken;

use crate::{Bus, BusError, Fields, Topic, backoff::Backoff, fields::MAX_BYTES, metrics};

use super::{
    Spool,
    reader::{Batch, Record},
};

/// Records per append.
const BATCH: usize = 1_000;
/// How long a batch that is not full waits for more.
const LINGER: Duration = Duration::from_millis(5);
/// How long the last pass at shutdown may take. What remains is drained after the next start.
const LAST_PASS: Duration = Duration::from_secs(3);
/// How often an idle drainer looks by itself and reports.
const IDLE: Duration = Duration::from_secs(5);

/// Drains a spool to [`Topic::AuditEvents`] for as long as the process lives.
#[derive(Debug, Clone, Copy)]
pub struct SpoolDrainer;

impl SpoolDrainer {
    /// Runs until `shutdown`, then makes one last bounded pass. An outage of the bus or of the disk is waited
    /// out with growing pauses; nothing needs a restart. A record is removed only after the bus took it, so it
    /// may be delivered twice and the ledger ignores the second.
    ///
    /// `audit_key` signs each frame. One drainer per spool; another call returns at once.
    pub async fn run(spool: Arc<Spool>, bus: Arc<dyn Bus>, audit_key: HmacKey, shutdown: CancellationToken) {
        if spool.draining.swap(true, Ordering::AcqRel) {
            tracing::warn!("this audit spool already has a drainer");
            return;
        }
        let drain = Drain {
            spool,
            bus,
            audit_key,
        };
        let _only_one = Draining(&drain.spool.draining);
        tokio::select! {
            () = drain.forever() => {}
            () = shutdown.cancelled() => {
                let last = tokio::time::timeout(LAST_PASS, drain.until_empty()).await;
                if !matches!(last, Ok(Ok(()))) {
                    tracing::warn!("the audit spool keeps records for the next start");
                }
            }
        }
        drain.report();
    }
}

/// Lets another drainer start when this one ends, however it ends.
struct Draining<'a>(&'a AtomicBool);

impl Drop for Draining<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
enum DrainError {
    #[error("could not read the audit spool")]
    Io(#[from] io::Error),
    #[error("the bus did not take the audit events")]
    Bus(#[from] BusError),
}

struct Drain {
    spool: Arc<Spool>,
    bus: Arc<dyn Bus>,
    audit_key: HmacKey,
}

impl Drain {
    async fn forever(&self) {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        loop {
            match self.until_empty().await {
                Ok(()) => {
                    backoff.reset();
                    self.report();
                    // A timeout is only the occasion to look again.
                    let _woken = tokio::time::timeout(IDLE, self.spool.ready.notified()).await;
                    tokio::time::sleep(LINGER).await;
                }
                Err(DrainError::Bus(BusError::Closed)) => return,
                Err(error) => {
                    metrics::spool_drain_failed();
                    self.report();
                    let pause = backoff.next(&self.spool.world);
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        pause_ms = pause.as_millis(),
                        "could not drain the audit spool"
                    );
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn until_empty(&self) -> Result<(), DrainError> {
        loop {
            let spool = self.spool.clone();
            let Batch { records, next } = blocking(move || spool.read_batch(BATCH)).await?;
            let taken = records.len();
            let entries = self.frames(records);
            if !entries.is_empty() {
                self.bus.append(Topic::AuditEvents, entries).await?;
            }
            let spool = self.spool.clone();
            if next != *self.spool.position.lock() {
                blocking(move || spool.commit(next, taken)).await?;
            }
            if taken == 0 {
                return Ok(());
            }
        }
    }

    /// Signed entries. The bounds of a record keep each within what a bus takes.
    fn frames(&self, records: Vec<Record>) -> Vec<Fields> {
        let frame = |Record { id, data }| {
            let sig = audit_frame::sign(&self.audit_key, data.as_bytes());
            Fields::new().with("id", id).with("data", data).with("sig", sig)
        };
        records.into_iter().map(frame).collect()
    }

    fn report(&self) {
        let stats = self.spool.stats();
        metrics::spool(&stats, self.spool.world.now());
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

const _: () = assert!(
    super::record::MAX_PAYLOAD < MAX_BYTES,
    "every record must fit an entry"
);
