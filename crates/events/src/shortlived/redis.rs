//! Short-lived state in Redis. Concurrent calls share one connection and travel pipelined.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use caracal_core::{Timestamp, World};
use redis::{Pipeline, Value, aio::ConnectionManager, cmd};

use crate::redis::{RedisOptions, client, manager};

use super::{Hit, RateDecision, RateLimiter, ReplayStore, ShortLived, ShortLivedError};

/// Replay store and rate limiter shared by all replicas.
#[derive(Clone)]
pub struct RedisShortLived {
    world: World,
    connection: ConnectionManager,
}

impl fmt::Debug for RedisShortLived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisShortLived").finish_non_exhaustive()
    }
}

impl RedisShortLived {
    /// State on the server of `options`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`ShortLivedError::Unavailable`] when the URL cannot be understood.
    pub fn open(world: World, options: &RedisOptions) -> Result<Self, ShortLivedError> {
        let failed = |error: crate::BusError| ShortLivedError::Unavailable(error.to_string());
        let client = client(&options.url).map_err(failed)?;
        Ok(Self {
            world,
            connection: manager(&client, options.timeout).map_err(failed)?,
        })
    }

    fn left(&self, expires_at: Timestamp) -> Option<u64> {
        let left = expires_at.since(self.world.now());
        // Rounded up: a key must not be free again before its mandate has ended.
        (!left.is_zero()).then(|| u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
    }

    /// Repairs a counter that ran out between the two commands that make it, and answers.
    async fn decide(&self, hit: Hit<'_>, hits: u64, ttl: i64) -> Result<RateDecision, ShortLivedError> {
        let window = millis(hit.window);
        let left = if let Ok(left) = u64::try_from(ttl) {
            left
        } else {
            let mut connection = self.connection.clone();
            cmd("PEXPIRE")
                .arg(hit.key)
                .arg(window)
                .query_async::<()>(&mut connection)
                .await
                .map_err(unavailable)?;
            window
        };
        Ok(RateDecision::new(hits, hit.limit, Duration::from_millis(left)))
    }
}

fn millis(window: Duration) -> u64 {
    u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn push_claim(pipeline: &mut Pipeline, key: &str, left: u64) {
    pipeline
        .cmd("SET")
        .arg(key)
        .arg("1")
        .arg("NX")
        .arg("PX")
        .arg(left);
}

fn push_hit(pipeline: &mut Pipeline, hit: Hit<'_>) {
    pipeline
        .cmd("SET")
        .arg(hit.key)
        .arg("0")
        .arg("NX")
        .arg("PX")
        .arg(millis(hit.window))
        .ignore();
    pipeline.cmd("INCR").arg(hit.key);
    pipeline.cmd("PTTL").arg(hit.key);
}

#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn unavailable(error: redis::RedisError) -> ShortLivedError {
    ShortLivedError::Unavailable(error.to_string())
}

#[async_trait]
impl ReplayStore for RedisShortLived {
    async fn claim(&self, key: &str, expires_at: Timestamp) -> Result<bool, ShortLivedError> {
        let Some(left) = self.left(expires_at) else {
            return Ok(false);
        };
        let mut connection = self.connection.clone();
        let set: Value = cmd("SET")
            .arg(key)
            .arg("1")
            .arg("NX")
            .arg("PX")
            .arg(left)
            .query_async(&mut connection)
            .await
            .map_err(unavailable)?;
        Ok(set == Value::Okay)
    }
}

#[async_trait]
impl RateLimiter for RedisShortLived {
    async fn hit(&self, key: &str, limit: u32, window: Duration) -> Result<RateDecision, ShortLivedError> {
        let hit = Hit { key, limit, window };
        let mut pipeline = Pipeline::new();
        pipeline.atomic();
        push_hit(&mut pipeline, hit);
        let mut connection = self.connection.clone();
        let (hits, ttl): (u64, i64) = pipeline.query_async(&mut connection).await.map_err(unavailable)?;
        self.decide(hit, hits, ttl).await
    }
}

#[async_trait]
impl ShortLived for RedisShortLived {
    async fn claim_and_hit(
        &self,
        key: &str,
        expires_at: Timestamp,
        hit: Hit<'_>,
    ) -> Result<(bool, RateDecision), ShortLivedError> {
        let Some(left) = self.left(expires_at) else {
            return Ok((false, self.hit(hit.key, hit.limit, hit.window).await?));
        };
        let mut pipeline = Pipeline::new();
        pipeline.atomic();
        push_claim(&mut pipeline, key, left);
        push_hit(&mut pipeline, hit);
        let mut connection = self.connection.clone();
        let (set, hits, ttl): (Value, u64, i64) =
            pipeline.query_async(&mut connection).await.map_err(unavailable)?;
        Ok((set == Value::Okay, self.decide(hit, hits, ttl).await?))
    }
}
