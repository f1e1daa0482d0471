//! Short-lived state in Redis. Concurrent calls share one connection and travel pipelined.
//!
//! Every call asks for the marker of the server's [memory](crate::redis::memory) in the same round trip, after what
//! it writes. An answer that names another memory makes the connection stale: the next call finds out which memory
//! there is, and what was claimed in the old one is [`Claim::Forgotten`].

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::{Timestamp, World};
use redis::{Client, Pipeline, RedisError, Value, aio::MultiplexedConnection};

use crate::redis::{
    RedisOptions, client, is_spent,
    memory::Memory,
    reader,
    reconnecting::{Live, NotConnected, Reconnecting},
};

use super::{Claim, Hit, RateDecision, RateLimiter, Reachable, ReplayStore, ShortLivedError};

/// Replay store and rate limiter shared by all replicas.
#[derive(Clone)]
pub struct RedisShortLived {
    world: World,
    client: Client,
    timeout: Duration,
    shared: Arc<Reconnecting<Remembering>>,
}

/// A connection and the memory behind it.
#[derive(Clone)]
struct Remembering {
    to: MultiplexedConnection,
    memory: Arc<Memory>,
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
        Ok(Self {
            world,
            client: client(options).map_err(|error| ShortLivedError::Unavailable(error.to_string()))?,
            timeout: options.timeout,
            shared: Arc::default(),
        })
    }

    /// The connection in use, or a new one.
    async fn live(&self) -> Result<Live<Remembering>, ShortLivedError> {
        let connect = async {
            match tokio::time::timeout(self.timeout, self.connect()).await {
                Ok(outcome) => outcome.map_err(|error| error.to_string()),
                Err(_) => Err(String::from("no connection in time")),
            }
        };
        self.shared.get(connect).await.map_err(|error| match error {
            NotConnected::Failed(why) | NotConnected::FailedBefore(why) => ShortLivedError::Unavailable(why),
        })
    }

    async fn connect(&self) -> Result<Remembering, RedisError> {
        let mut to = reader(&self.client, self.timeout, Duration::ZERO).await?;
        let memory = Arc::new(Memory::establish(&mut to, &self.world).await?);
        Ok(Remembering { to, memory })
    }

    /// Sends a pipeline that ends by asking for the marker; its other answers, and whether they come from the memory
    /// that was expected.
    async fn ask(
        &self,
        live: &Live<Remembering>,
        mut pipeline: Pipeline,
    ) -> Result<(Vec<Value>, bool), ShortLivedError> {
        Memory::ask(&mut pipeline);
        let mut connection = live.connection.to.clone();
        let answers: Result<Vec<Value>, RedisError> = pipeline.query_async(&mut connection).await;
        let mut answers = answers.map_err(|error| {
            if is_spent(&error) {
                self.shared.forget(live);
            }
            ShortLivedError::Unavailable(error.to_string())
        })?;
        let same = answers
            .pop()
            .is_some_and(|marker| live.connection.memory.is(&marker));
        if !same {
            self.shared.forget(live);
        }
        Ok((answers, same))
    }

    /// Claims in the memory of `live`.
    async fn claim_in(
        &self,
        live: &Live<Remembering>,
        key: &str,
        expires_at: Timestamp,
    ) -> Result<bool, ShortLivedError> {
        let left = expires_at.since(self.world.now());
        if left.is_zero() {
            return Ok(false);
        }
        // Rounded up: a key must not be free again before its mandate has ended.
        let left = u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        let mut pipeline = Pipeline::new();
        pipeline
            .cmd("SET")
            .arg(key)
            .arg("1")
            .arg("NX")
            .arg("PX")
            .arg(left);
        let (answers, same) = self.ask(live, pipeline).await?;
        if same {
            Ok(answers.first() == Some(&Value::Okay))
        } else {
            Err(ShortLivedError::Unavailable(String::from(
                "the server has lost its memory",
            )))
        }
    }
}

#[async_trait]
impl Reachable for RedisShortLived {
    async fn check(&self) -> Result<(), ShortLivedError> {
        let live = self.live().await?;
        let mut pipeline = Pipeline::new();
        Memory::ask_who(&mut pipeline);
        let (answers, _) = self.ask(&live, pipeline).await?;
        // A primary that was a replica for a while has the old marker, and may have missed what was written meanwhile.
        if !answers
            .first()
            .is_some_and(|who| live.connection.memory.is_with(who))
        {
            self.shared.forget(&live);
            self.live().await?;
        }
        Ok(())
    }
}

#[async_trait]
impl ReplayStore for RedisShortLived {
    async fn claim(&self, key: &str, expires_at: Timestamp) -> Result<bool, ShortLivedError> {
        let live = self.live().await?;
        self.claim_in(&live, key, expires_at).await
    }

    async fn generation(&self) -> Result<Arc<str>, ShortLivedError> {
        Ok(self.live().await?.connection.memory.name().clone())
    }

    async fn claim_of(
        &self,
        _share: &str,
        generation: &str,
        key: &str,
        expires_at: Timestamp,
    ) -> Result<Claim, ShortLivedError> {
        let mut live = self.live().await?;
        if **live.connection.memory.name() != *generation {
            // Either the key or we are behind. Ask; when it is us, find out which memory there is.
            let (_, same) = self.ask(&live, Pipeline::new()).await?;
            if same {
                return Ok(Claim::Forgotten);
            }
            live = self.live().await?;
            if **live.connection.memory.name() != *generation {
                return Ok(Claim::Forgotten);
            }
        }
        Ok(Claim::of(self.claim_in(&live, key, expires_at).await?))
    }
}

#[async_trait]
impl RateLimiter for RedisShortLived {
    async fn hit(&self, key: &str, limit: u32, window: Duration) -> Result<RateDecision, ShortLivedError> {
        let decisions = self.hit_all(&[Hit { key, limit, window }]).await?;
        decisions.first().copied().ok_or_else(shapeless)
    }

    async fn give_back(&self, key: &str, window: Duration) -> Result<(), ShortLivedError> {
        let live = self.live().await?;
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut pipeline = Pipeline::new();
        // As a hit does: no key is ever without an end. One that ended meanwhile leaves a hit more in the next window.
        pipeline
            .cmd("SET")
            .arg(key)
            .arg("0")
            .arg("NX")
            .arg("PX")
            .arg(window);
        pipeline.cmd("DECR").arg(key);
        self.ask(&live, pipeline).await.map(drop)
    }

    async fn hit_all(&self, hits: &[Hit<'_>]) -> Result<Vec<RateDecision>, ShortLivedError> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let live = self.live().await?;
        match self.hit_all_in(&live, hits).await {
            // A connection that was lost while nobody used it. Counting twice does no harm, so once more.
            Err(_) if !self.shared.is_in_use(&live) => {
                let live = self.live().await?;
                self.hit_all_in(&live, hits).await
            }
            answer => answer,
        }
    }
}

impl RedisShortLived {
    async fn hit_all_in(
        &self,
        live: &Live<Remembering>,
        hits: &[Hit<'_>],
    ) -> Result<Vec<RateDecision>, ShortLivedError> {
        let mut pipeline = Pipeline::new();
        for hit in hits {
            let window = u64::try_from(hit.window.as_millis()).unwrap_or(u64::MAX).max(1);
            // The window starts with the first hit, which also is what makes the key: no key is ever without an end.
            pipeline
                .cmd("SET")
                .arg(hit.key)
                .arg("0")
                .arg("NX")
                .arg("PX")
                .arg(window);
            pipeline.cmd("INCR").arg(hit.key);
            pipeline.cmd("PTTL").arg(hit.key);
        }
        // Counts of a new memory are as good as any; that it is new is noticed by `ask`.
        let (answers, _) = self.ask(live, pipeline).await?;
        let mut decisions = Vec::with_capacity(hits.len());
        for (hit, answer) in hits.iter().zip(answers.chunks_exact(3)) {
            let [_, Value::Int(hits), Value::Int(left)] = answer else {
                return Err(shapeless());
            };
            let left = if let Ok(left) = u64::try_from(*left) {
                Duration::from_millis(left)
            } else {
                // The window ended between the commands, and the hit made a key without an end.
                self.end(live, *hit).await?;
                hit.window
            };
            decisions.push(RateDecision::new(
                u64::try_from(*hits).unwrap_or(u64::MAX),
                hit.limit,
                left,
            ));
        }
        Ok(decisions)
    }

    async fn end(&self, live: &Live<Remembering>, hit: Hit<'_>) -> Result<(), ShortLivedError> {
        let window = u64::try_from(hit.window.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut pipeline = Pipeline::new();
        pipeline.cmd("PEXPIRE").arg(hit.key).arg(window);
        self.ask(live, pipeline).await.map(|_| ())
    }
}

fn shapeless() -> ShortLivedError {
    ShortLivedError::Unavailable(String::from("an answer without the expected shape"))
}
