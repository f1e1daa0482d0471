//! The audit spool: where an event is safe before the answer it belongs to is sent.
//!
//! One directory per writer (`<root>/sts`, `<root>/gateway`), held by one process at a time. Records go to
//! numbered segments; [`SpoolDrainer`] hands them to the bus and removes what has arrived in the ledger.

mod disk;
mod drain;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod position;
mod quarantine;
mod reader;
mod record;
mod segment;
mod stats;
mod sync;
mod tail;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use caracal_core::{World, audit::SpoolEvent};
use caracal_crypto::{HmacKeyId, HmacRing, system_world};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

pub(crate) use self::segment::{prepare as prepare_dir, sync_dir};
use self::{
    disk::{Disk, DiskOperation, RealDisk},
    position::Position,
    record::{RECORD_HEAD, SEGMENT_HEAD},
    sync::Syncer,
    tail::Tail,
    writer::Writer,
};
pub use self::{
    drain::{DRAINED_AT_ONCE, SpoolDrainer},
    stats::SpoolStats,
    sync::SyncMode,
};

/// Largest size at which a segment is full.
pub const SEGMENT_BYTES: u64 = 8 << 20;
/// Smallest size at which a segment is full.
const MIN_SEGMENT_BYTES: u64 = 16 << 10;
/// Segments that a volume holds at least: two of them are reserved ahead, the rest is removed one by one as it arrives.
const SEGMENTS_OF_A_VOLUME: u64 = 16;
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
    /// Written, but the disk did not confirm it, for this reason.
    #[error("could not sync the audit spool: {0}")]
    Sync(Arc<str>),
    /// The event has no JSON form.
    #[error("could not serialise the audit event")]
    Serialise(#[source] serde_json::Error),
    /// An event above about 1 MiB.
    #[error("the audit event is too large")]
    TooLarge,
    /// The event's id is not an [id](caracal_core::id::is_valid).
    #[error("the audit event has no valid id")]
    InvalidId,
    /// Records that have not arrived are sealed under a key that was not given. Nothing of them is read or moved.
    #[error(
        "{} is sealed under the key {key}, which is none of those given; give it as a previous key until the spool is empty",
        segment.display()
    )]
    UnknownKey {
        /// The oldest such segment.
        segment: PathBuf,
        /// Id of its key.
        key: HmacKeyId,
    },
    /// Another process, or another spool of this one, writes to the directory.
    #[error("the audit spool directory is in use")]
    InUse,
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
    ring: HmacRing,
    /// Segments that an earlier process sealed under another key than the current one.
    under_previous: BTreeSet<u64>,
    mode: SyncMode,
    capacity: u64,
    segment_bytes: u64,
    disk: Arc<dyn Disk>,
    /// The last write or sync failed. Until one works again, readiness tries.
    failing: AtomicBool,
    /// Held by the probe that syncs.
    probes: Mutex<()>,
    writer: Mutex<Writer>,
    /// Taken after the writer's lock, never before.
    tail: Mutex<Tail>,
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
        keys: impl Into<HmacRing>,
        capacity_bytes: u64,
    ) -> Result<Arc<Self>, SpoolError> {
        Self::open_in(&system_world(), dir, mode, keys, capacity_bytes)
    }

    /// Opens the spool in `dir`, created 0700 when absent, and continues after what an earlier process left.
    ///
    /// The current one of `keys` authenticates the records at rest, the others still those of an earlier process.
    /// `capacity_bytes` bounds what is recorded and is at least 64 KiB; up to
    /// two segments are reserved beyond. On a volume without room it opens all the same, refuses events, and hands over
    /// what it has, which makes room. Starts one thread for syncing.
    ///
    /// # Errors
    /// [`SpoolError::InUse`] when another spool has the directory, [`SpoolError::UnknownKey`] when records in it need a key
    /// that is not among `keys`, [`SpoolError::Io`] when it cannot be used.
    pub fn open_in(
        world: &World,
        dir: impl AsRef<Path>,
        mode: SyncMode,
        keys: impl Into<HmacRing>,
        capacity_bytes: u64,
    ) -> Result<Arc<Self>, SpoolError> {
        let (disk, ring) = (Arc::new(RealDisk), keys.into());
        Self::open_on(disk, world, dir.as_ref(), mode, ring, capacity_bytes)
    }

    fn open_on(
        disk: Arc<dyn Disk>,
        world: &World,
        dir: &Path,
        mode: SyncMode,
        ring: HmacRing,
        capacity_bytes: u64,
    ) -> Result<Arc<Self>, SpoolError> {
        segment::prepare(dir)?;
        let lock = segment::lock(dir)?;
        let segments = segment::list(dir)?;
        let mut position = Position::load(dir);
        let newest = segments.last_key_value().map_or(0, |(sequence, _)| *sequence);
        // Always a new segment: what a crash left behind is only read, never continued.
        let sequence = newest.max(position.sequence) + 1;
        if !segments.contains_key(&position.sequence) {
            let oldest = segments
                .range(position.sequence..)
                .next()
                .or(segments.first_key_value());
            position = Position::start_of(oldest.map_or(sequence, |(sequence, _)| *sequence));
        }
        let under_previous = segment::under_previous(dir, &segments, position, &ring)?;
        let capacity = capacity_bytes.max(MIN_CAPACITY_BYTES);
        let segment_bytes = SEGMENT_BYTES
            .min(capacity / 4)
            .min(disk::volume_bytes(dir)? / SEGMENTS_OF_A_VOLUME)
            .max(MIN_SEGMENT_BYTES);
        let syncer = Syncer::new();
        let spool = Arc::new(Self {
            dir: dir.to_owned(),
            world: world.clone(),
            ring,
            under_previous,
            mode,
            capacity,
            segment_bytes,
            disk,
            failing: AtomicBool::new(false),
            probes: Mutex::default(),
            writer: Mutex::new(Writer::starting_at(sequence)),
            tail: Mutex::default(),
            disk_bytes: AtomicU64::new(segments.values().sum()),
            segments: Mutex::new(segments),
            position: Mutex::new(position),
            syncer: syncer.clone(),
            ready: Notify::new(),
            drained: watch::Sender::new(()),
            draining: AtomicBool::new(false),
            counters: Counters::default(),
            _lock: lock,
        });
        match spool.start_segment(&mut spool.writer.lock()) {
            Err(error) if disk::is_full(&error) => {
                spool.failing.store(true, Ordering::Release);
                tracing::error!(%error, "the audit spool's volume is full; it takes events once what it has arrived");
            }
            started => started?,
        }
        spool.store_position(position);
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
    pub fn append(&self, events: &[impl SpoolEvent]) -> Result<(), SpoolError> {
        let written = self.write(encoded(events)?, events.len())?;
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
    pub async fn append_async(&self, events: &[impl SpoolEvent + Sync]) -> Result<(), SpoolError> {
        let written = self.write(encoded(events)?, events.len())?;
        match self.mode {
            SyncMode::Always => {
                self.syncer.request(written);
                self.syncer.wait_async(written).await
            }
            SyncMode::Interval(_) => Ok(()),
        }
    }

    /// Records events that something durable has kept until now, each as its id and its JSON. Returns once the disk
    /// has them, in either mode: whoever kept them forgets them next.
    ///
    /// # Errors
    /// As [`Spool::append`]. Neither [`SpoolError::InvalidId`] nor [`SpoolError::TooLarge`] for what
    /// [`Spool::check`] let pass.
    pub async fn take_over(&self, events: &[(&str, &str)]) -> Result<(), SpoolError> {
        let mut buffer = Vec::new();
        for (id, data) in events {
            record::encode_text(&mut buffer, id, data)?;
        }
        let written = self.write(buffer, events.len())?;
        self.syncer.request(written);
        self.syncer.wait_async(written).await
    }

    /// Whether a spool could ever take this event.
    ///
    /// # Errors
    /// [`SpoolError::InvalidId`], [`SpoolError::TooLarge`].
    pub fn check(id: &str, data: &str) -> Result<(), SpoolError> {
        record::encode_text(&mut Vec::new(), id, data)
    }

    /// How the spool stands.
    pub fn stats(&self) -> SpoolStats {
        let position = *self.position.lock();
        let disk_bytes = self.disk_bytes.load(Ordering::Acquire);
        let (segments, drains_one, under_previous) = {
            let segments = self.segments.lock();
            let previous = self
                .under_previous
                .iter()
                .filter(|sequence| segments.contains_key(sequence));
            let drains_one = segments.contains_key(&position.sequence);
            (segments.len() as u64, drains_one, previous.count() as u64)
        };
        let heads = segments * SEGMENT_HEAD as u64;
        let taken = if drains_one {
            position.offset.saturating_sub(SEGMENT_HEAD as u64)
        } else {
            0
        };
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
            under_previous,
            appended: counter(&self.counters.appended),
            drained: counter(&self.counters.drained),
            torn: counter(&self.counters.torn),
            quarantined: counter(&self.counters.quarantined),
            failing: self.failing.load(Ordering::Acquire),
        }
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
}

/// Unsealed records of `events`.
fn encoded(events: &[impl SpoolEvent]) -> Result<Vec<u8>, SpoolError> {
    let mut buffer = Vec::with_capacity(events.len() * 1_024);
    for event in events {
        record::encode(&mut buffer, event)?;
    }
    Ok(buffer)
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.syncer.close();
        let job = self.take_sync_job();
        for segment in job.retired.iter().chain(&job.active) {
            if let Err(error) = segment.file.sync_data() {
                tracing::error!(%error, "could not sync the audit spool at its end");
            }
        }
    }
}

/// Smallest size of a record on the disk.
const MIN_RECORD: usize = RECORD_HEAD + 2;

#[cfg(test)]
pub(crate) mod tests;
