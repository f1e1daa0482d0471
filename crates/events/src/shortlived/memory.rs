//! Short-lived state of a single process.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    io,
    path::PathBuf,
    time::Duration,
};

use async_trait::async_trait;
use caracal_core::{Timestamp, World};
use caracal_crypto::sha256;
use parking_lot::Mutex;

use super::{
    RateDecision, RateLimiter, Reachable, ReplayStore, ShortLivedError,
    journal::{Digest, Journal},
};

const SHARDS: usize = 64;
/// A shard is swept when it has grown by this much since the last sweep, or by half.
const SWEEP_AFTER: usize = 256;
/// Least time between sweeps of a full shard.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// Size and place of the state.
#[derive(Debug, Clone)]
pub struct MemoryOptions {
    /// Most live claims, and most live counters. Above it claims are refused. Default 4,000,000.
    pub capacity: usize,
    /// Directory (created 0700) that keeps claims over a restart. `None`: a restart forgets them.
    pub replay_dir: Option<PathBuf>,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self {
            capacity: 4_000_000,
            replay_dir: None,
        }
    }
}

/// A map of things that end, swept as it grows.
#[derive(Debug)]
struct Shard<K, V> {
    map: HashMap<K, V>,
    sweep_at: usize,
    swept_at: Timestamp,
}

impl<K: Eq + Hash, V> Shard<K, V> {
    fn new(map: HashMap<K, V>) -> Self {
        Self {
            sweep_at: map.len() + SWEEP_AFTER,
            swept_at: Timestamp::default(),
            map,
        }
    }

    /// Makes room; says whether there is any. Costs nothing on most calls, and little when everything is full.
    fn make_room(&mut self, capacity: usize, now: Timestamp, live: impl Fn(&V) -> bool) -> bool {
        let grown = self.map.len() >= self.sweep_at && self.map.len() < capacity;
        let full = self.map.len() >= capacity && now.since(self.swept_at) >= SWEEP_PAUSE;
        if grown || full {
            self.map.retain(|_, value| live(value));
            self.sweep_at = self.map.len() + (self.map.len() / 2).max(SWEEP_AFTER);
            self.swept_at = now;
        }
        self.map.len() < capacity
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: Timestamp,
    hits: u64,
}

/// Replay store and rate limiter in memory, with claims journalled to disk.
#[derive(Debug)]
pub struct MemoryShortLived {
    world: World,
    shard_capacity: usize,
    claims: Vec<Mutex<Shard<Digest, Timestamp>>>,
    windows: Vec<Mutex<Shard<Digest, Window>>>,
    journal: Option<Mutex<Journal>>,
}

impl MemoryShortLived {
    /// Opens the state and reloads the claims kept on disk.
    ///
    /// # Errors
    /// When the directory cannot be created or read.
    pub fn open(world: World, options: MemoryOptions) -> io::Result<Self> {
        let mut kept: Vec<HashMap<Digest, Timestamp>> = vec![HashMap::new(); SHARDS];
        let mut journal = None;
        if let Some(dir) = options.replay_dir {
            crate::spool::prepare_dir(&dir)?;
            let (opened, claims) = Journal::open(&dir, world.now())?;
            for (digest, expires_at) in claims {
                kept[shard_of(&digest)].insert(digest, expires_at);
            }
            journal = Some(Mutex::new(opened));
        }
        Ok(Self {
            world,
            shard_capacity: options.capacity.div_ceil(SHARDS).max(1),
            claims: kept.into_iter().map(|map| Mutex::new(Shard::new(map))).collect(),
            windows: (0..SHARDS)
                .map(|_| Mutex::new(Shard::new(HashMap::new())))
                .collect(),
            journal,
        })
    }

    /// State in memory with default options, forgotten with the process.
    pub fn in_memory(world: World) -> Self {
        Self::open(world, MemoryOptions::default()).expect("without a directory there is no I/O")
    }

    fn claim_now(&self, key: &str, expires_at: Timestamp) -> Result<bool, ShortLivedError> {
        let now = self.world.now();
        if expires_at <= now {
            return Ok(false);
        }
        let digest = digest(key);
        let mut shard = self.claims[shard_of(&digest)].lock();
        if shard.map.get(&digest).is_some_and(|until| *until > now) {
            return Ok(false);
        }
        if !shard.make_room(self.shard_capacity, now, |until| *until > now) {
            return Err(ShortLivedError::Unavailable(String::from("too many live claims")));
        }
        if let Some(journal) = &self.journal {
            // Before the answer, and before anyone else can see the key as claimed.
            journal
                .lock()
                .write(&digest, expires_at, now)
                .map_err(|error| ShortLivedError::Unavailable(error.to_string()))?;
        }
        shard.map.insert(digest, expires_at);
        Ok(true)
    }

    fn hit_now(&self, key: &str, limit: u32, window: Duration) -> Result<RateDecision, ShortLivedError> {
        let now = self.world.now();
        let window = window.max(Duration::from_millis(1));
        let digest = digest(key);
        let mut shard = self.windows[shard_of(&digest)].lock();
        let room = shard.make_room(self.shard_capacity, now, |window| window.ends_at > now);
        let fresh = Window {
            ends_at: now.plus(window),
            hits: 0,
        };
        let current = match shard.map.entry(digest) {
            Entry::Occupied(entry) => {
                let current = entry.into_mut();
                if current.ends_at <= now {
                    *current = fresh;
                }
                current
            }
            Entry::Vacant(entry) if room => entry.insert(fresh),
            Entry::Vacant(_) => {
                return Err(ShortLivedError::Unavailable(String::from(
                    "too many live counters",
                )));
            }
        };
        current.hits = current.hits.saturating_add(1);
        Ok(RateDecision::new(current.hits, limit, current.ends_at.since(now)))
    }
}

/// Keys come from outside, so their digest decides the shard and nobody can crowd one.
fn digest(key: &str) -> Digest {
    let mut short = [0; 16];
    short.copy_from_slice(&sha256(key.as_bytes())[..16]);
    short
}

const fn shard_of(digest: &Digest) -> usize {
    digest[0] as usize % SHARDS
}

#[async_trait]
impl Reachable for MemoryShortLived {
    async fn check(&self) -> Result<(), ShortLivedError> {
        Ok(())
    }
}

#[async_trait]
impl ReplayStore for MemoryShortLived {
    async fn claim(&self, key: &str, expires_at: Timestamp) -> Result<bool, ShortLivedError> {
        self.claim_now(key, expires_at)
    }
}

#[async_trait]
impl RateLimiter for MemoryShortLived {
    async fn hit(&self, key: &str, limit: u32, window: Duration) -> Result<RateDecision, ShortLivedError> {
        self.hit_now(key, limit, window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(world: &World) -> MemoryShortLived {
        MemoryShortLived::open(
            world.clone(),
            MemoryOptions {
                capacity: SHARDS * 4,
                replay_dir: None,
            },
        )
        .unwrap()
    }

    #[test]
    fn a_full_store_refuses_claims_and_recovers_when_they_expire() {
        let world = World::for_tests();
        let store = small(&world);
        let soon = world.now().plus(Duration::from_mins(1));
        let refused = (0..2_000).any(|number| store.claim_now(&format!("jti-{number}"), soon).is_err());
        assert!(refused);
        world.manual_clock().advance(Duration::from_secs(61));
        let later = world.now().plus(Duration::from_mins(1));
        assert_eq!(store.claim_now("jti-0", later), Ok(true));
    }

    #[test]
    fn a_restart_remembers_what_was_claimed() {
        let world = World::for_tests();
        let dir = tempfile::tempdir().unwrap();
        let options = || MemoryOptions {
            replay_dir: Some(dir.path().join("replay")),
            ..Default::default()
        };
        let soon = world.now().plus(Duration::from_mins(1));
        let store = MemoryShortLived::open(world.clone(), options()).unwrap();
        assert_eq!(store.claim_now("jti-1", soon), Ok(true));
        drop(store);
        let store = MemoryShortLived::open(world.clone(), options()).unwrap();
        assert_eq!(store.claim_now("jti-1", soon), Ok(false));
        assert_eq!(store.claim_now("jti-2", soon), Ok(true));
    }
}
