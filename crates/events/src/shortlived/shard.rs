//! One part of a bounded memory, shared fairly by those whose entries it keeps.

use std::{collections::HashMap, time::Duration};

use caracal_core::Timestamp;

use super::journal::Digest;

/// A shard is swept when it has grown by this much since the last sweep, or by half.
const SWEEP_AFTER: usize = 256;
/// Least time between sweeps of a full shard.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// How many times what is free a share may hold. Whoever fills the memory fills three quarters of it, and everybody
/// else still finds room (dynamic thresholds, as switches divide their buffers).
const HELD_PER_FREE: usize = 3;

/// Something that ends, and whose room it takes.
pub(super) trait Expiring {
    fn ends_at(&self) -> Timestamp;
    fn share(&self) -> u64;
}

/// A map of things that end, swept as it grows.
#[derive(Debug)]
pub(super) struct Shard<V> {
    pub(super) map: HashMap<Digest, V>,
    /// How much of the map each share takes.
    held: HashMap<u64, usize>,
    sweep_at: usize,
    swept_at: Timestamp,
}

impl<V: Expiring> Shard<V> {
    pub(super) fn new(map: HashMap<Digest, V>) -> Self {
        let mut shard = Self {
            sweep_at: map.len() + SWEEP_AFTER,
            swept_at: Timestamp::default(),
            held: HashMap::new(),
            map,
        };
        shard.count();
        shard
    }

    fn count(&mut self) {
        self.held.clear();
        for value in self.map.values() {
            *self.held.entry(value.share()).or_default() += 1;
        }
    }

    /// Makes room for one more of `share`; says whether there is any. Costs nothing on most calls, and little when
    /// everything is full.
    pub(super) fn make_room(&mut self, capacity: usize, share: u64, now: Timestamp) -> bool {
        let room = self.has_room(capacity, share);
        let grown = self.map.len() >= self.sweep_at && room;
        let full = !room && now.since(self.swept_at) >= SWEEP_PAUSE;
        if grown || full {
            self.map.retain(|_, value| value.ends_at() > now);
            self.count();
            self.sweep_at = self.map.len() + (self.map.len() / 2).max(SWEEP_AFTER);
            self.swept_at = now;
        }
        self.has_room(capacity, share)
    }

    fn has_room(&self, capacity: usize, share: u64) -> bool {
        let free = capacity.saturating_sub(self.map.len());
        let held = self.held.get(&share).copied().unwrap_or_default();
        free > 0 && held < free.saturating_mul(HELD_PER_FREE)
    }

    /// Adds what [`Self::make_room`] had room for.
    pub(super) fn insert(&mut self, digest: Digest, value: V) {
        *self.held.entry(value.share()).or_default() += 1;
        if let Some(old) = self.map.insert(digest, value)
            && let Some(held) = self.held.get_mut(&old.share())
        {
            *held = held.saturating_sub(1);
        }
    }
}
