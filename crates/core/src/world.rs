//! What a role may not create for itself: time and randomness.

use std::{fmt, sync::Arc, time::Duration};

use parking_lot::Mutex;
use uuid::Uuid;

use crate::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The current instant, UTC, in microseconds.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes: cryptographic in production, seeded in tests.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `bytes`. Implementations abort the process rather than return weak bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock standing at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves the clock later.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock();
        *now = now.plus(span);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

/// A reproducible generator for tests (SplitMix64). Never use it for secrets.
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// A generator whose output depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock();
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            for (byte, random) in chunk.iter_mut().zip(mixed.to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

/// Time and randomness, handed to everything that needs either.
#[derive(Debug, Clone)]
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of random bytes.
    pub random: Arc<dyn Random>,
    manual: Option<Arc<ManualClock>>,
}

impl World {
    /// A world of the given parts.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            clock,
            random,
            manual: None,
        }
    }

    /// A frozen clock (2026-05-21T12:00:00Z) and a seeded generator.
    pub fn for_tests() -> Self {
        let manual = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_779_364_800)));
        Self {
            clock: manual.clone(),
            random: Arc::new(SeededRandom::new(1)),
            manual: Some(manual),
        }
    }

    /// The clock of [`World::for_tests`], to move it.
    ///
    /// # Panics
    /// In a world that was not made for tests.
    pub fn manual_clock(&self) -> &ManualClock {
        self.manual
            .as_deref()
            .expect("only worlds made for tests have a manual clock")
    }

    /// The current instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` random bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A UUIDv7 (RFC 9562 §5.7) of the current millisecond.
    pub fn uuid_v7(&self) -> Uuid {
        let millis = u64::try_from(self.now().as_micros().div_euclid(1000)).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random_bytes()).into_uuid()
    }

    /// A random UUIDv4 (RFC 9562 §5.4), for ids that must not reveal when they were made.
    pub fn uuid_v4(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random_bytes()).into_uuid()
    }
}
