//! The audit spool: where an event is safe before the answer it belongs to is sent.
//!
//! One directory per writer (`<root>/sts`, `<root>/gateway`), held by one process at a time. Records go to
//! numbered segments; [`SpoolDrainer`] hands them to the bus and removes what has arrived in the ledger.

mod drain;
mod position;
mod quarantine;
mod reader;
mod record;
mod segment;
mod sync;

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use caracal_core::{Timestamp, World, audit::AuditEvent};
use caracal_crypto::{HmacKey, system_world};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::metrics;

pub(crate) use self::segment::prepare as prepare_dir;
pub use self::{drain::SpoolDrainer, sync::SyncMode};
use self::{
    position::Position,
    record::{RECORD_HEAD, SEGMENT_HEAD},
    segment::Segment,
    sync::Syncer,
};

/// Size at which a segment is full.
pub const SEGMENT_BYTES: u64 = 8 << 20;
/// Smallest capacity of a spool.
pub const MIN_CAPACITY_BYTES: u64 = 64 << 10;

/// Why the spool could not take events. The caller denies (503): what cannot be proven is not done.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The bound is reached; it takes events again once the drainer made room.
    #[error("the audit spool is full ({capacity_bytes} bytes)")]
    Full {
        /// The bound.
        capacity_bytes: u64,
    },
    /// The disk or the directory failed.
    #[error("could not write the audit spool")]
    Io(#[from] io::Error),
    /// Written, but the disk did not confirm it.
    #[error("could not sync the audit spool")]
    Sync,
    /// The event has no JSON form.
    #[error("could not serialise the audit event")]
    Serialise(#[source] serde_json::Error),
    /// An event above about 1 MiB.
    #[error("the audit event is too large")]
    TooLarge,
    /// The event's id is not an [id](caracal_core::id::is_valid).
    #[error("the audit event has no valid id")]
    InvalidId,
    /// Another process, or another spool of this one, writes to the directory.
    #[error("the audit spool directory is in use")]
    InUse,
}

/// How a spool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolStats {
    /// The bound.
    pub capacity_bytes: u64,
    /// Bytes of segments on the disk, drained ones not yet removed included.
    pub disk_bytes: u64,
    /// Bytes of records not yet known to have arrived.
    pub pending_bytes: u64,
    /// Segments on the disk.
    pub segments: u64,
    /// When the segment drained next was started; `None` when nothing is pending.
    pub oldest_at: Option<Timestamp>,
    /// Records appended since the spool was opened.
    pub appended: u64,
    /// Records that arrived since the spool was opened.
    pub drained: u64,
    /// Incomplete tails cut since the spool was opened.
    pub torn: u64,
    /// Damaged stretches moved to quarantine since the spool was opened.
    pub quarantined: u64,
}

#[derive(Debug)]
struct Writer {
    active: Arc<Segment>,
    /// Bytes of the active segment that readers may see.
    length: u64,
    next_index: u64,
    /// All bytes ever written, the position syncs are counted by.
    written: u64,
    /// Full segments with bytes not yet synced.
    retired: Vec<Arc<Segment>>,
    new_names: bool,
    /// The active segment failed; the next append starts another.
    abandoned: bool,
}

/// What one sync has to do.
struct SyncJob {
    active: Arc<Segment>,
    retired: Vec<Arc<Segment>>,
    new_names: bool,
    upto: u64,
}

#[derive(Debug, Default)]
struct Counters {
    appended: AtomicU64,
    drained: AtomicU64,
    torn: AtomicU64,
    quarantined: AtomicU64,
}

/// A spool. Shared by everything that records decisions and by its drainer.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    world: World,
    key: HmacKey,
    mode: SyncMode,
    capacity: u64,
    segment_bytes: u64,
    writer: Mutex<Writer>,
    /// Size of every segment on the disk.
    segments: Mutex<BTreeMap<u64, u64>>,
    disk_bytes: AtomicU64,
    position: Mutex<Position>,
    syncer: Arc<Syncer>,
    ready: Notify,
    drained: watch::Sender<()>,
    draining: AtomicBool,
    counters: Counters,
    /// Holds the lock on the directory.
    _lock: File,
}

impl Spool {
    /// Opens the spool in `dir` with the system's clock and randomness. See [`Spool::open_in`].
    ///
    /// # Errors
    /// As [`Spool::open_in`].
    pub fn open(
        dir: impl AsRef<Path>,
        mode: SyncMode,
        key: HmacKey,
        capacity_bytes: u64,
    ) -> Result<Arc<Self>, SpoolError> {
        Self::open_in(&system_world(), dir, mode, key, capacity_bytes)
    }

    /// Opens the spool in `dir`, created 0700 when absent, and continues after what an earlier process left.
    ///
    /// `key` authenticates the records at rest. `capacity_bytes` bounds the disk use and is at least 64 KiB.
    /// Starts one thread for syncing.
    ///
    /// # Errors
    /// [`SpoolError::InUse`] when another spool has the directory, [`SpoolError::Io`] when it cannot be used.
    pub fn open_in(
        world: &World,
        dir: impl AsRef<Path>,
        mode: SyncMode,
        key: HmacKey,
        capacity_bytes: u64,
    ) -> Result<Arc<Self>, SpoolError> {
        let dir = dir.as_ref().to_owned();
        segment::prepare(&dir)?;
        let lock = lock(&dir)?;
        let mut segments = segment::list(&dir)?;
        let mut position = Position::load(&dir);
        let newest = segments.last_key_value().map_or(0, |(sequence, _)| *sequence);
        // Always a new segment: what a crash left behind is only read, never continued.
        let active = Segment::create(&dir, newest.max(position.sequence) + 1, world)?;
        let sequence = active.head.sequence;
        segments.insert(sequence, SEGMENT_HEAD as u64);
        let oldest = segments
            .first_key_value()
            .map_or(sequence, |(sequence, _)| *sequence);
        if !segments.contains_key(&position.sequence) {
            position = Position::start_of(
                segments
                    .range(position.sequence..)
                    .next()
                    .map_or(oldest, |s| *s.0),
            );
        }
        let disk_bytes = segments.values().sum();
        let capacity = capacity_bytes.max(MIN_CAPACITY_BYTES);
        let syncer = Syncer::new();
        let spool = Arc::new(Self {
            dir,
            world: world.clone(),
            key,
            mode,
            capacity,
            segment_bytes: SEGMENT_BYTES.min(capacity / 4),
            writer: Mutex::new(Writer {
                active: Arc::new(active),
                length: SEGMENT_HEAD as u64,
                next_index: 0,
                written: 0,
                retired: Vec::new(),
                new_names: true,
                abandoned: false,
            }),
            segments: Mutex::new(segments),
            disk_bytes: AtomicU64::new(disk_bytes),
            position: Mutex::new(position),
            syncer: syncer.clone(),
            ready: Notify::new(),
            drained: watch::Sender::new(()),
            draining: AtomicBool::new(false),
            counters: Counters::default(),
            _lock: lock,
        });
        syncer.start(&spool, mode)?;
        Ok(spool)
    }

    /// Records events, in order and in one write. Returns once the operating system has the bytes, so that a
    /// crash of this process loses nothing; with [`SyncMode::Always`] once the disk has them.
    ///
    /// Blocks for microseconds, with [`SyncMode::Always`] for as long as the disk takes; asynchronous callers
    /// then prefer [`Spool::append_async`].
    ///
    /// # Errors
    /// [`SpoolError`]. Nothing was recorded, except that after [`SpoolError::Sync`] the events may be.
    pub fn append(&self, events: &[AuditEvent]) -> Result<(), SpoolError> {
        let written = self.write(events)?;
        match self.mode {
            SyncMode::Always => {
                self.syncer.request(written);
                self.syncer.wait(written)
            }
            SyncMode::Interval(_) => Ok(()),
        }
    }

    /// As [`Spool::append`], without blocking the thread while the disk syncs. Once called, the events are
    /// recorded even when the future is dropped at its await.
    ///
    /// # Errors
    /// As [`Spool::append`].
    pub async fn append_async(&self, events: &[AuditEvent]) -> Result<(), SpoolError> {
        let written = self.write(events)?;
        match self.mode {
            SyncMode::Always => {
                self.syncer.request(written);
                self.syncer.wait_async(written).await
            }
            SyncMode::Interval(_) => Ok(()),
        }
    }

    /// How the spool stands.
    pub fn stats(&self) -> SpoolStats {
        let position = *self.position.lock();
        let (disk_bytes, segments) = (
            self.disk_bytes.load(Ordering::Acquire),
            self.segments.lock().len() as u64,
        );
        let heads = segments * SEGMENT_HEAD as u64;
        let taken = position.offset.saturating_sub(SEGMENT_HEAD as u64);
        let pending_bytes = disk_bytes.saturating_sub(heads).saturating_sub(taken);
        let oldest_at = if pending_bytes == 0 {
            None
        } else {
            self.created_at(position.sequence)
        };
        let counter = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SpoolStats {
            capacity_bytes: self.capacity,
            disk_bytes,
            pending_bytes,
            segments,
            oldest_at,
            appended: counter(&self.counters.appended),
            drained: counter(&self.counters.drained),
            torn: counter(&self.counters.torn),
            quarantined: counter(&self.counters.quarantined),
        }
    }

    /// Whether the directory still takes files, for readiness.
    ///
    /// # Errors
    /// [`SpoolError::Io`] with the reason it does not; [`SpoolError::Full`] when the bound is reached.
    pub fn probe(&self) -> Result<(), SpoolError> {
        let probe = self.dir.join(".probe");
        OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&probe)?;
        match std::fs::remove_file(probe) {
            // Roles of one process share a spool and are asked at the same time: another probe took it away.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        if self.disk_bytes.load(Ordering::Acquire) >= self.capacity {
            return Err(SpoolError::Full {
                capacity_bytes: self.capacity,
            });
        }
        Ok(())
    }

    /// Waits, at most `within`, until everything recorded so far has arrived; says whether it has.
    pub async fn wait_drained(&self, within: Duration) -> bool {
        let mut drained = self.drained.subscribe();
        let all = async {
            while self.stats().pending_bytes > 0 {
                if drained.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(within, all).await.is_ok()
    }

    /// Writes the records and returns the position that a sync has to reach.
    fn write(&self, events: &[AuditEvent]) -> Result<u64, SpoolError> {
        let mut buffer = Vec::with_capacity(events.len() * 1_024);
        for event in events {
            record::encode(&mut buffer, event)?;
        }
        let result = self.write_records(&mut buffer);
        match result {
            Ok(_) => {
                self.counters
                    .appended
                    .fetch_add(events.len() as u64, Ordering::Relaxed);
                self.ready.notify_one();
            }
            Err(_) => metrics::spool_refused(),
        }
        result
    }

    fn write_records(&self, buffer: &mut [u8]) -> Result<u64, SpoolError> {
        let size = buffer.len() as u64;
        let mut writer = self.writer.lock();
        if self.disk_bytes.load(Ordering::Acquire) + size > self.capacity {
            return Err(SpoolError::Full {
                capacity_bytes: self.capacity,
            });
        }
        let full = writer.length + size > self.segment_bytes && writer.length > SEGMENT_HEAD as u64;
        if full || writer.abandoned {
            self.rotate(&mut writer)?;
        }
        let next_index = record::seal(buffer, &writer.active.head.id, writer.next_index, &self.key);
        if let Err(error) = writer.active.file.write_all_at(buffer, writer.length) {
            // Readers never look past `length`; cutting keeps a later crash from leaving half a record there.
            if writer.active.file.set_len(writer.length).is_err() {
                writer.abandoned = true;
            }
            return Err(error.into());
        }
        writer.length += size;
        writer.next_index = next_index;
        writer.written += size;
        self.disk_bytes.fetch_add(size, Ordering::AcqRel);
        Ok(writer.written)
    }

    fn rotate(&self, writer: &mut Writer) -> io::Result<()> {
        let fresh = Segment::create(&self.dir, writer.active.head.sequence + 1, &self.world)?;
        let mut segments = self.segments.lock();
        segments.insert(writer.active.head.sequence, writer.length);
        segments.insert(fresh.head.sequence, SEGMENT_HEAD as u64);
        self.disk_bytes.fetch_add(SEGMENT_HEAD as u64, Ordering::AcqRel);
        let full = std::mem::replace(&mut writer.active, Arc::new(fresh));
        writer.retired.push(full);
        writer.length = SEGMENT_HEAD as u64;
        writer.next_index = 0;
        writer.new_names = true;
        writer.abandoned = false;
        Ok(())
    }

    fn take_sync_job(&self) -> SyncJob {
        let mut writer = self.writer.lock();
        SyncJob {
            active: writer.active.clone(),
            retired: std::mem::take(&mut writer.retired),
            new_names: std::mem::take(&mut writer.new_names),
            upto: writer.written,
        }
    }

    fn abandon_active(&self, sequence: u64) {
        let mut writer = self.writer.lock();
        if writer.active.head.sequence == sequence {
            writer.abandoned = true;
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.syncer.close();
        let job = self.take_sync_job();
        for segment in job.retired.iter().chain([&job.active]) {
            if let Err(error) = segment.file.sync_data() {
                tracing::error!(%error, "could not sync the audit spool at its end");
            }
        }
    }
}

fn lock(dir: &Path) -> Result<File, SpoolError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse),
        Err(TryLockError::Error(error)) => Err(SpoolError::Io(error)),
    }
}

/// Smallest size of a record on the disk.
const MIN_RECORD: usize = RECORD_HEAD + 2;

#[cfg(test)]
mod tests;
