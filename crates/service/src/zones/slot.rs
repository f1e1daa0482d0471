//! One zone's place in the directory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use caracal_core::Timestamp;
use tokio::time::Instant;

use super::ZoneState;

/// Uses closer together than this are noted once, so that calls do not all write to one cache line.
const NOTE_EVERY_MICROS: i64 = 1_000_000;

/// When storage may be asked about an unknown key again.
#[derive(Debug, Default)]
pub(super) struct UnknownKeyBackoff {
    pub(super) last: Option<Instant>,
    /// From the last one on.
    pub(super) pause: Duration,
}

/// The picture of a zone and what is known about it.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) current: ArcSwapOption<ZoneState>,
    /// One read of storage at a time.
    pub(super) reading: tokio::sync::Mutex<()>,
    /// One question about an unknown key at a time.
    pub(super) asking: tokio::sync::Mutex<UnknownKeyBackoff>,
    /// Reads of storage begun so far.
    begun: AtomicU64,
    /// Which of them failed last; 0 for none.
    failed: AtomicU64,
    /// How often what is in memory, or on its way there, was given up.
    dropped: AtomicU64,
    /// When the picture was last known to be that of storage.
    checked_at: AtomicI64,
    used_at: AtomicI64,
    /// Storage answers, and what it says of this zone cannot be used.
    unreadable: AtomicBool,
}

impl Slot {
    /// A slot first used at `now`.
    pub(super) fn used(now: Timestamp) -> Self {
        let slot = Self::default();
        slot.used_at.store(now.as_micros(), Ordering::Relaxed);
        slot
    }

    /// Notes a use.
    pub(super) fn note_use(&self, now: Timestamp) {
        let now = now.as_micros();
        if now.saturating_sub(self.used_at.load(Ordering::Relaxed)) >= NOTE_EVERY_MICROS {
            self.used_at.store(now, Ordering::Relaxed);
        }
    }

    /// Last use.
    pub(super) fn used_at(&self) -> Timestamp {
        Timestamp::from_micros(self.used_at.load(Ordering::Relaxed))
    }

    /// How many reads have begun. What a later one finds is newer than this call.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// Begins a read.
    pub(super) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Whether a read that began after `ticket` failed.
    pub(super) fn failed_since(&self, ticket: u64) -> bool {
        self.failed.load(Ordering::Acquire) > ticket
    }

    /// A read failed; `unreadable` when storage did answer.
    pub(super) fn fail(&self, read: u64, unreadable: bool) {
        self.failed.store(read, Ordering::Release);
        self.unreadable.store(unreadable, Ordering::Relaxed);
    }

    /// Whether the zone alone is out of use.
    pub(super) fn is_unreadable(&self) -> bool {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Puts a picture that was read at `at` in force.
    pub(super) fn put(&self, state: Arc<ZoneState>, at: Timestamp) {
        self.unreadable.store(false, Ordering::Relaxed);
        self.current.store(Some(state));
        self.confirm(at);
    }

    /// What is in force was that of storage at `at`.
    pub(super) fn confirm(&self, at: Timestamp) {
        self.checked_at.fetch_max(at.as_micros(), Ordering::AcqRel);
    }

    /// When what is in force was last known to be that of storage.
    pub(super) fn checked_at(&self) -> Timestamp {
        Timestamp::from_micros(self.checked_at.load(Ordering::Acquire))
    }

    /// Stops using what is in memory, or is being read; the next use reads it.
    pub(super) fn drop_picture(&self) {
        self.dropped.fetch_add(1, Ordering::AcqRel);
        self.current.store(None);
    }

    /// How often [`Slot::drop_picture`] was called: what was read before the last call may be outdated.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Acquire)
    }
}
