//! Short-lived state of a single process.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher as _,
    io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use caracal_core::{Timestamp, World};
use caracal_crypto::sha256;
use parking_lot::Mutex;

use super::{
    Claim, RateDecision, RateLimiter, Reachable, ReplayStore, ShortLivedError, epoch,
    journal::{Digest, Journal},
    shard::{Expiring, Shard},
};

const SHARDS: usize = 64;
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

#[derive(Debug, Clone, Copy)]
struct Claimed {
    until: Timestamp,
    share: u64,
}

impl Expiring for Claimed {
    fn ends_at(&self) -> Timestamp {
        self.until
    }

    fn share(&self) -> u64 {
        self.share
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: Timestamp,
    hits: u64,
    share: u64,
}

impl Expiring for Window {
    fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    fn share(&self) -> u64 {
        self.share
    }
}

/// Replay store and rate limiter in memory, with claims journalled to disk.
#[derive(Debug)]
pub struct MemoryShortLived {
    world: World,
    shard_capacity: usize,
    /// Keyed anew by every process, so that nobody outside can choose a shard and crowd it.
    hasher: RandomState,
    claims: Vec<Mutex<Shard<Claimed>>>,
    windows: Vec<Mutex<Shard<Window>>>,
    journal: Option<Mutex<Journal>>,
    /// Name of this memory. Empty as long as it cannot have lost anything.
    generation: Arc<str>,
}

impl MemoryShortLived {
    /// Opens the state and reloads the claims kept on disk.
    ///
    /// # Errors
    /// When the directory cannot be created or read.
    pub fn open(world: World, options: MemoryOptions) -> io::Result<Self> {
        Self::open_in_run(world, options, epoch::boot().as_deref())
    }

    /// As [`Self::open`], in the run of the operating system that is called `boot`.
    fn open_in_run(world: World, options: MemoryOptions, boot: Option<&str>) -> io::Result<Self> {
        let mut generation = Arc::from("");
        let hasher = RandomState::new();
        let mut kept: Vec<HashMap<Digest, Claimed>> = vec![HashMap::new(); SHARDS];
        let mut journal = None;
        if let Some(dir) = options.replay_dir {
            crate::spool::prepare_dir(&dir)?;
            generation = epoch::of(&dir, boot, &world)?;
            let (opened, claims) = Journal::open(&dir, world.now())?;
            // Whose they were is not kept: they take room of nobody's share.
            let share = hasher.hash_one("");
            for (digest, until) in claims {
                kept[shard_of(&hasher, &digest)].insert(digest, Claimed { until, share });
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
            generation,
            hasher,
        })
    }

    /// State in memory with default options, forgotten with the process.
    pub fn in_memory(world: World) -> Self {
        Self::open(world, MemoryOptions::default()).expect("without a directory there is no I/O")
    }

    fn claim_now(&self, share: &str, key: &str, expires_at: Timestamp) -> Result<bool, ShortLivedError> {
        let now = self.world.now();
        if expires_at <= now {
            return Ok(false);
        }
        let digest = digest(key);
        let share = self.hasher.hash_one(share);
        let mut shard = self.claims[shard_of(&self.hasher, &digest)].lock();
        if shard.map.get(&digest).is_some_and(|claimed| claimed.until > now) {
            return Ok(false);
        }
        if !shard.make_room(self.shard_capacity, share, now) {
            return Err(ShortLivedError::Unavailable(String::from("too many live claims")));
        }
        if let Some(journal) = &self.journal {
            // Before the answer, and before anyone else can see the key as claimed.
            journal
                .lock()
                .write(&digest, expires_at, now)
                .map_err(|error| ShortLivedError::Unavailable(error.to_string()))?;
        }
        let until = expires_at;
        shard.insert(digest, Claimed { until, share });
        Ok(true)
    }

    fn hit_now(&self, key: &str, limit: u32, window: Duration) -> Result<RateDecision, ShortLivedError> {
        let now = self.world.now();
        let window = window.max(Duration::from_millis(1));
        let digest = digest(key);
        let share = self.hasher.hash_one(counted_for(key));
        let mut shard = self.windows[shard_of(&self.hasher, &digest)].lock();
        let room = shard.make_room(self.shard_capacity, share, now);
        let ends_at = now.plus(window);
        if let Some(current) = shard.map.get_mut(&digest) {
            if current.ends_at <= now {
                (current.ends_at, current.hits) = (ends_at, 0);
            }
            current.hits = current.hits.saturating_add(1);
            return Ok(RateDecision::new(current.hits, limit, current.ends_at.since(now)));
        }
        if !room {
            return Err(ShortLivedError::Unavailable(String::from(
                "too many live counters",
            )));
        }
        let hits = 1;
        shard.insert(digest, Window { ends_at, hits, share });
        Ok(RateDecision::new(hits, limit, window))
    }
}

/// Keys come from outside: their digest has one size, and means the same after a restart.
fn digest(key: &str) -> Digest {
    let mut short = [0; 16];
    short.copy_from_slice(&sha256(key.as_bytes())[..16]);
    short
}

fn shard_of(hasher: &RandomState, digest: &Digest) -> usize {
    usize::try_from(hasher.hash_one(digest) % SHARDS as u64).unwrap_or_default()
}

/// Whose room a counter takes: its kind and the next part, which for mints is the zone. What strangers choose must
/// not be a part of it, or they would have as many shares as they like: all failed logins are one.
fn counted_for(key: &str) -> &str {
    for strangers in ["auth-rl:", "api:v1_rl:stranger:"] {
        if key.starts_with(strangers) {
            return strangers;
        }
    }
    let end = key.match_indices(':').nth(1).map_or(key.len(), |(at, _)| at);
    key.get(..end).unwrap_or(key)
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
        self.claim_now("", key, expires_at)
    }

    async fn generation(&self) -> Result<Arc<str>, ShortLivedError> {
        Ok(self.generation.clone())
    }

    async fn claim_of(
        &self,
        share: &str,
        generation: &str,
        key: &str,
        expires_at: Timestamp,
    ) -> Result<Claim, ShortLivedError> {
        if *generation != *self.generation {
            return Ok(Claim::Forgotten);
        }
        Ok(Claim::of(self.claim_now(share, key, expires_at)?))
    }
}

#[async_trait]
impl RateLimiter for MemoryShortLived {
    async fn hit(&self, key: &str, limit: u32, window: Duration) -> Result<RateDecision, ShortLivedError> {
        self.hit_now(key, limit, window)
    }

    async fn give_back(&self, key: &str, _window: Duration) -> Result<(), ShortLivedError> {
        let digest = digest(key);
        let mut shard = self.windows[shard_of(&self.hasher, &digest)].lock();
        if let Some(current) = shard.map.get_mut(&digest) {
            current.hits = current.hits.saturating_sub(1);
        }
        Ok(())
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
        let refused = (0..2_000).any(|number| store.claim_now("", &format!("jti-{number}"), soon).is_err());
        assert!(refused);
        world.manual_clock().advance(Duration::from_secs(61));
        let later = world.now().plus(Duration::from_mins(1));
        assert_eq!(store.claim_now("", "jti-0", later), Ok(true));
    }

    #[test]
    fn a_zone_that_fills_the_memory_of_uses_leaves_room_for_the_others() {
        let world = World::for_tests();
        let options = MemoryOptions {
            capacity: SHARDS * 64,
            replay_dir: None,
        };
        let store = MemoryShortLived::open(world.clone(), options).unwrap();
        let soon = world.now().plus(Duration::from_mins(1));
        let claimed = (0..SHARDS * 640)
            .filter(|number| store.claim_now("greedy", &format!("greedy-{number}"), soon) == Ok(true))
            .count();
        assert!(claimed <= SHARDS * 48, "three quarters at most: {claimed}");
        for number in 0..SHARDS {
            let claim = store.claim_now("quiet", &format!("quiet-{number}"), soon);
            assert_eq!(claim, Ok(true), "{number}");
        }
    }

    #[test]
    fn failed_logins_chosen_to_crowd_a_shard_lock_no_application_out() {
        let world = World::for_tests();
        let store = MemoryShortLived::in_memory(world);
        let key = "rl:zone-1:resource-1:application-1";
        // What a stranger can compute alone: names whose plain digest begins as that of the victim.
        let unkeyed = |key: &str| sha256(key.as_bytes())[0] % 64;
        let wanted = unkeyed(key);
        let crowd = (0..u32::MAX)
            .map(|number| format!("auth-rl:application-{number}:192.0.2.1"))
            .filter(|key| unkeyed(key) == wanted)
            .take(63_000);
        for login in crowd {
            let _ = store.hit_now(&login, 10, Duration::from_mins(1));
        }
        let decision = store.hit_now(key, 10, Duration::from_mins(1)).unwrap();
        assert!(decision.allowed);
    }

    #[test]
    fn failed_logins_that_fill_every_shard_lock_no_application_out() {
        let world = World::for_tests();
        let store = small(&world);
        let refused = (0..SHARDS * 40)
            .filter(|number| {
                let login = format!("auth-rl:application-{number}:192.0.2.1");
                store.hit_now(&login, 10, Duration::from_mins(1)).is_err()
            })
            .count();
        assert!(refused > 0, "the strangers' share is full");
        let key = "rl:zone-1:resource-1:application-1";
        assert!(store.hit_now(key, 10, Duration::from_mins(1)).unwrap().allowed);
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
        assert_eq!(store.claim_now("", "jti-1", soon), Ok(true));
        drop(store);
        let store = MemoryShortLived::open(world.clone(), options()).unwrap();
        assert_eq!(store.claim_now("", "jti-1", soon), Ok(false));
        assert_eq!(store.claim_now("", "jti-2", soon), Ok(true));
    }

    #[tokio::test]
    async fn after_a_power_cut_no_mandate_of_before_is_believed_again() {
        let world = World::for_tests();
        let dir = tempfile::tempdir().unwrap();
        let replay = dir.path().join("replay");
        let open = |boot| {
            let options = MemoryOptions {
                replay_dir: Some(replay.clone()),
                ..Default::default()
            };
            MemoryShortLived::open_in_run(world.clone(), options, boot).unwrap()
        };
        let soon = world.now().plus(Duration::from_mins(1));
        let store = open(Some("first"));
        let minted_under = store.generation().await.unwrap();
        let claim = async |store: &MemoryShortLived, generation: &str, key: &str| {
            store.claim_of("zone", generation, key, soon).await.unwrap()
        };
        assert_eq!(claim(&store, &minted_under, "used").await, Claim::First);
        drop(store);
        // A crash of the process alone forgets nothing and refuses nobody.
        let store = open(Some("first"));
        assert_eq!(store.generation().await.unwrap(), minted_under);
        assert_eq!(claim(&store, &minted_under, "used").await, Claim::Repeated);
        assert_eq!(claim(&store, &minted_under, "unused").await, Claim::First);
        drop(store);
        // A power cut takes what the kernel had not written yet, which may be all of it.
        for entry in std::fs::read_dir(&replay).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "journal") {
                std::fs::write(path, b"").unwrap();
            }
        }
        let store = open(Some("second"));
        let now = store.generation().await.unwrap();
        assert_ne!(now, minted_under);
        assert_eq!(claim(&store, &minted_under, "used").await, Claim::Forgotten);
        assert_eq!(claim(&store, &minted_under, "never used").await, Claim::Forgotten);
        assert_eq!(claim(&store, &now, "fresh").await, Claim::First);
        assert_eq!(claim(&store, &now, "fresh").await, Claim::Repeated);
    }
}
