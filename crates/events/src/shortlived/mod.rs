//! State that lives for minutes: used mandates and request counters.

mod epoch;
mod journal;
mod memory;
mod redis;
mod shard;

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::Timestamp;

pub use self::{
    memory::{MemoryOptions, MemoryShortLived},
    redis::RedisShortLived,
};

/// Why the state is unknown. The caller denies: fresh and used look the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShortLivedError {
    /// The store does not answer, is full, or could not write.
    #[error("short-lived state unavailable: {0}")]
    Unavailable(String),
}

/// What a limiter says about one hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateDecision {
    /// Within the limit.
    pub allowed: bool,
    /// Hits left in the window.
    pub remaining: u32,
    /// How long until the window ends; what `Retry-After` says when not allowed.
    pub retry_after: Duration,
}

impl RateDecision {
    fn new(hits: u64, limit: u32, left: Duration) -> Self {
        let limit = u64::from(limit);
        Self {
            allowed: hits <= limit,
            remaining: u32::try_from(limit.saturating_sub(hits)).unwrap_or(u32::MAX),
            retry_after: left,
        }
    }
}

/// What both kinds of state have in common.
#[async_trait]
pub trait Reachable: Send + Sync + Debug {
    /// Whether the state can be had now.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`].
    async fn check(&self) -> Result<(), ShortLivedError>;
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nobody claimed it before.
    First,
    /// Claimed before, or past its end.
    Repeated,
    /// It belongs to a generation that may have been forgotten, so whether it was claimed before is not known.
    Forgotten,
}

impl Claim {
    /// Of a key whose generation is not forgotten: whether this claim of it was the `first`.
    const fn of(first: bool) -> Self {
        if first { Self::First } else { Self::Repeated }
    }
}

/// Remembers which mandates were used (RFC 7519 §4.1.7, `jti`).
#[async_trait]
pub trait ReplayStore: Send + Sync + Debug {
    /// Claims `key` until `expires_at`. Of any number of concurrent callers exactly one gets `true`; none does
    /// when `expires_at` has passed.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`]: freshness is unknown, so the caller MUST deny.
    async fn claim(&self, key: &str, expires_at: Timestamp) -> Result<bool, ShortLivedError>;

    /// Names the memory that claims are kept in. A store that may have forgotten claims takes another name, so that
    /// what is [marked](mark) with the old one can be told. Empty for a store that never forgets. It costs a round
    /// trip only after a connection was made.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`].
    async fn generation(&self) -> Result<Arc<str>, ShortLivedError> {
        Ok("".into())
    }

    /// As [`ReplayStore::claim`], for a key that was marked with `generation`: of any number of callers at most one
    /// gets [`Claim::First`], also over any loss of the store's memory. `share` says whose claim it is, mostly a zone:
    /// a store of bounded size lets no share take the room of all others.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`]: freshness is unknown, so the caller MUST deny.
    async fn claim_of(
        &self,
        share: &str,
        generation: &str,
        key: &str,
        expires_at: Timestamp,
    ) -> Result<Claim, ShortLivedError> {
        let _ = share;
        if *generation != *self.generation().await? {
            return Ok(Claim::Forgotten);
        }
        Ok(Claim::of(self.claim(key, expires_at).await?))
    }
}

/// Marks an id that is to be claimed once with the generation it was made in.
pub fn mark(id: String, generation: &str) -> String {
    if generation.is_empty() {
        id
    } else {
        [&id, ".", generation].concat()
    }
}

/// The generation an id was [marked](mark) with; empty when it was not.
pub fn generation_of(id: &str) -> &str {
    id.rsplit_once('.').map_or("", |(_, generation)| generation)
}

/// One hit to be counted.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// What is counted.
    pub key: &'a str,
    /// Most hits in a window.
    pub limit: u32,
    /// Length of the window.
    pub window: Duration,
}

/// Counts hits in fixed windows that start with the first hit.
#[async_trait]
pub trait RateLimiter: Send + Sync + Debug {
    /// Counts one hit on `key`; allowed while at most `limit` fell into the current window. A `window` under
    /// one millisecond counts as one.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`]: the count is unknown.
    async fn hit(&self, key: &str, limit: u32, window: Duration) -> Result<RateDecision, ShortLivedError>;

    /// Takes one hit on `key` back, where its window still runs: what was counted ahead of an attempt that then was none.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`]: the hit may stay counted until its window ends.
    async fn give_back(&self, key: &str, window: Duration) -> Result<(), ShortLivedError>;

    /// Counts several hits, with one round trip for all; the answers are in their order.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`]: at least one count is unknown.
    async fn hit_all(&self, hits: &[Hit<'_>]) -> Result<Vec<RateDecision>, ShortLivedError> {
        let mut decisions = Vec::with_capacity(hits.len());
        for hit in hits {
            decisions.push(self.hit(hit.key, hit.limit, hit.window).await?);
        }
        Ok(decisions)
    }
}

/// Both in one store.
pub trait ShortLived: ReplayStore + RateLimiter + Reachable {}

impl<S: ReplayStore + RateLimiter + Reachable> ShortLived for S {}
