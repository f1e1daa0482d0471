//! State that lives for minutes: used mandates and request counters.

mod journal;
mod memory;
mod redis;

use std::{fmt::Debug, time::Duration};

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

/// Remembers which mandates were used (RFC 7519 §4.1.7, `jti`).
#[async_trait]
pub trait ReplayStore: Send + Sync + Debug {
    /// Claims `key` until `expires_at`. Of any number of concurrent callers exactly one gets `true`; none does
    /// when `expires_at` has passed.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`]: freshness is unknown, so the caller MUST deny.
    async fn claim(&self, key: &str, expires_at: Timestamp) -> Result<bool, ShortLivedError>;
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
}

/// A limit to be counted together with a claim.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// What is counted.
    pub key: &'a str,
    /// Most hits in a window.
    pub limit: u32,
    /// Length of the window.
    pub window: Duration,
}

/// Both, with one round trip for both.
#[async_trait]
pub trait ShortLived: ReplayStore + RateLimiter {
    /// Claims `key` and counts a hit. Both happen whatever the answer of the other is.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`]: at least one of the two is unknown.
    async fn claim_and_hit(
        &self,
        key: &str,
        expires_at: Timestamp,
        hit: Hit<'_>,
    ) -> Result<(bool, RateDecision), ShortLivedError> {
        let claimed = self.claim(key, expires_at).await?;
        Ok((claimed, self.hit(hit.key, hit.limit, hit.window).await?))
    }
}
