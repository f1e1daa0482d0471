//! Handing the spool's records to the bus, and keeping them until they have arrived.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use caracal_crypto::{HmacRing, audit_frame};
use caracal_wire::events::{AuditFrame, fields::MAX_BYTES};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{AppendReceipt, Arrival, Bus, BusError, Fields, Topic, backoff::Backoff, metrics, spans};

use super::{Spool, position::Position, reader::Batch, record::Record};

/// Records per append.
pub const DRAINED_AT_ONCE: usize = 1_000;
/// How long a batch that is not full waits for more. Each batch costs as much as some of its records, here, on the bus
/// and in the ledger.
const BATCH_DELAY: Duration = Duration::from_millis(20);
/// The same where records come steadily: a batch of [`STEADY`] or more was sent. A batch for each moment would cost more than
/// what it carries.
const STEADY_DELAY: Duration = Duration::from_millis(100);
const STEADY: usize = 16;
/// The same where many come: a batch of [`MANY`] or more was sent. A transaction of the ledger costs as much as a hundred
/// records, and blocks that it fills at once are packed once.
const MANY_DELAY: Duration = Duration::from_millis(250);
const MANY: usize = 256;
/// Batches on their way at once. What is spooled beyond them waits in the spool alone.
const MAX_UNDER_WAY: usize = 64;
/// First and longest pause between two looks at what is under way.
const LOOK: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// How long the last pass at shutdown may take. What remains is drained after the next start.
const LAST_PASS: Duration = Duration::from_secs(3);
/// How often an idle drainer looks by itself and reports.
const IDLE: Duration = Duration::from_secs(5);

/// Drains a spool to [`Topic::AuditEvents`] for as long as the process lives.
#[derive(Debug, Clone, Copy)]
pub struct SpoolDrainer;

impl SpoolDrainer {
    /// Runs until `shutdown`, then makes one last bounded pass. An outage of the bus or of the disk is waited
    /// out with growing pauses; nothing needs a restart. A record is removed only once the ledger has it, and sent
    /// again when the bus may have lost it, so it may be delivered twice and the ledger ignores the second.
    ///
    /// The current one of `audit_keys` signs each frame, also of a record that an earlier process sealed under another.
    /// One drainer per spool; another call returns at once.
    pub async fn run(
        spool: Arc<Spool>,
        bus: Arc<dyn Bus>,
        audit_keys: impl Into<HmacRing>,
        shutdown: CancellationToken,
    ) {
        if spool.draining.swap(true, Ordering::AcqRel) {
            tracing::warn!("this audit spool already has a drainer");
            return;
        }
        let _only_one = Draining(spool.clone());
        let cursor = *spool.position.lock();
        let mut drain = Drain {
            cursor,
            under_way: VecDeque::new(),
            spool,
            bus,
            audit_keys: audit_keys.into(),
        };
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
struct Draining(Arc<Spool>);

impl Drop for Draining {
    fn drop(&mut self) {
        self.0.draining.store(false, Ordering::Release);
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

impl DrainError {
    /// The whole story on one line, however the log is written.
    fn with_cause(&self) -> String {
        match self {
            Self::Io(cause) => format!("{self}: {cause}"),
            Self::Bus(cause) => format!("{self}: {cause}"),
        }
    }
}

/// A batch that the bus has and the ledger may not have yet.
struct UnderWay {
    receipt: AppendReceipt,
    /// Where the spool goes on after it.
    next: Position,
    records: usize,
}

/// What an attempt to send came to.
enum Sent {
    /// A batch of so many records that was not full, so the spool was empty.
    Some(usize),
    /// There may be more.
    Full,
    /// There was nothing, or no room on the way.
    Nothing,
}

struct Drain {
    spool: Arc<Spool>,
    bus: Arc<dyn Bus>,
    audit_keys: HmacRing,
    /// The next record to send. Ahead of the spool's position by what is under way.
    cursor: Position,
    under_way: VecDeque<UnderWay>,
}

impl Drain {
    async fn forever(&mut self) {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        loop {
            match self.until_empty().await {
                Ok(()) => {
                    backoff.reset();
                    self.report();
                    // A timeout is only the occasion to look again.
                    let _woken = tokio::time::timeout(IDLE, self.spool.ready.notified()).await;
                    tokio::time::sleep(BATCH_DELAY).await;
                }
                Err(DrainError::Bus(BusError::Closed)) => return,
                Err(error) => {
                    metrics::spool_drain_failed();
                    self.report();
                    let pause = backoff.next(&self.spool.world);
                    tracing::warn!(
                        error = error.with_cause(),
                        pause_ms = pause.as_millis(),
                        "could not drain the audit spool"
                    );
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn until_empty(&mut self) -> Result<(), DrainError> {
        let mut pause = LOOK.0;
        let mut next_look = Instant::now();
        loop {
            if Instant::now() >= next_look {
                pause = if self.under_way.is_empty() || self.drain_once().await? {
                    LOOK.0
                } else {
                    (pause * 2).min(LOOK.1)
                };
                next_look = Instant::now() + pause;
            }
            match self.send().await? {
                Sent::Full => {}
                Sent::Some(records) => tokio::time::sleep(delay_after(records)).await,
                Sent::Nothing if self.under_way.is_empty() => return Ok(()),
                Sent::Nothing => {
                    self.report();
                    // New records are sent as they come; what is under way is looked at less and less often.
                    let woken = tokio::time::timeout_at(next_look, self.spool.ready.notified()).await;
                    if woken.is_ok() {
                        tokio::time::sleep(BATCH_DELAY).await;
                    }
                }
            }
        }
    }

    /// Sends the next batch if there is one and there is room.
    async fn send(&mut self) -> Result<Sent, DrainError> {
        if self.under_way.len() >= MAX_UNDER_WAY {
            return Ok(Sent::Nothing);
        }
        let (spool, from) = (self.spool.clone(), self.cursor);
        let Batch {
            records,
            next,
            blocked,
        } = blocking(move || spool.read_batch(from, DRAINED_AT_ONCE)).await?;
        if blocked && self.under_way.is_empty() {
            self.cursor = *self.spool.position.lock();
            return Ok(Sent::Full);
        }
        let taken = records.len();
        if taken == 0 {
            if self.under_way.is_empty() && next != *self.spool.position.lock() {
                self.commit(next, 0).await;
                self.cursor = next;
            }
            return Ok(Sent::Nothing);
        }
        let span = spans::send(Topic::AuditEvents, records.len());
        match self.hand_over(records).instrument(span).await? {
            Some(receipt) => self.under_way.push_back(UnderWay {
                receipt,
                next,
                records: taken,
            }),
            None => self.commit(next, taken).await,
        }
        self.cursor = next;
        Ok(if taken < DRAINED_AT_ONCE {
            Sent::Some(taken)
        } else {
            Sent::Full
        })
    }

    /// Removes what has arrived, starts over after a loss; says whether anything moved.
    async fn drain_once(&mut self) -> Result<bool, DrainError> {
        let receipts: Vec<AppendReceipt> = self.under_way.iter().map(|batch| batch.receipt.clone()).collect();
        match self.bus.arrival(&receipts).await? {
            Arrival::Of(0) => Ok(false),
            Arrival::Of(count) => {
                let arrived: Vec<UnderWay> = self.under_way.drain(..count.min(receipts.len())).collect();
                let records = arrived.iter().map(|batch| batch.records).sum();
                if let Some(last) = arrived.last() {
                    self.commit(last.next, records).await;
                }
                Ok(true)
            }
            Arrival::Lost => {
                let records: usize = self.under_way.iter().map(|batch| batch.records).sum();
                tracing::warn!(records, "the bus may have lost audit events; sending them again");
                self.under_way.clear();
                self.cursor = *self.spool.position.lock();
                Ok(true)
            }
        }
    }

    async fn commit(&self, next: Position, arrived: usize) {
        let spool = self.spool.clone();
        let committed = tokio::task::spawn_blocking(move || spool.commit(next, arrived)).await;
        if let Err(error) = committed {
            tracing::error!(%error, "could not note what arrived of the audit spool");
        }
    }

    /// Appends records, signed unless they stay in this process, where the spool's own seal was verified or made. The bounds of
    /// a record keep each within what a bus takes.
    async fn hand_over(&self, records: Vec<Record>) -> Result<Option<AppendReceipt>, BusError> {
        let key = self.audit_keys.current_id();
        let stays = self.bus.is_in_process();
        let sign = |data: &str| audit_frame::sign(self.audit_keys.current(), data.as_bytes());
        let kid = key.to_string();
        let frame = |Record { id, data }| {
            Fields::from(AuditFrame {
                id: Some(id),
                sig: (!stays).then(|| sign(&data)),
                kid: (!stays).then(|| kid.clone()),
                data,
            })
        };
        let entries = records.into_iter().map(frame).collect();
        if stays {
            self.bus.hand_over(entries, key).await.map(|()| None)
        } else {
            self.bus.append_evidence(entries).await
        }
    }

    fn report(&self) {
        let stats = self.spool.stats();
        stats.report(self.spool.world.now());
    }
}

/// How long a batch of so many records, which was not full, is followed by none.
const fn delay_after(records: usize) -> Duration {
    match records {
        ..STEADY => BATCH_DELAY,
        STEADY..MANY => STEADY_DELAY,
        MANY.. => MANY_DELAY,
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
