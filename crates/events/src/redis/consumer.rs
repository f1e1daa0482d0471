//! Shared work through a consumer group.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use redis::{Cmd, Pipeline, RedisError, RedisResult, Value, aio::MultiplexedConnection, cmd};
use tokio::time::Instant;

use crate::{BusError, Consumer, Delivery, Topic, backoff::Backoff, dead_letter, metrics};

use super::{
    Shared,
    connection::{self, unavailable},
    push_entry, trim,
    wire::{self, RawEntry},
};

pub(super) struct RedisConsumer {
    shared: Arc<Shared>,
    topic: Topic,
    group: String,
    consumer: String,
    connection: Option<MultiplexedConnection>,
    /// Where to go on among entries this consumer was given before and did not acknowledge: those of an
    /// earlier process of the same name, and those of a call that was cancelled. `None`: there are none.
    own: Option<String>,
    /// Where to go on among entries of others that stand idle; `None` until the next round is due.
    claim: Option<String>,
    next_claim: Instant,
    next_trim: Instant,
    backoff: Backoff,
}

impl RedisConsumer {
    pub(super) fn new(shared: Arc<Shared>, topic: Topic, group: &str, consumer: &str) -> Self {
        let (least, most) = shared.options.backoff;
        Self {
            topic,
            group: group.to_owned(),
            consumer: consumer.to_owned(),
            connection: None,
            own: Some(String::from("0")),
            claim: None,
            next_claim: Instant::now(),
            next_trim: Instant::now() + shared.options.trim_interval,
            backoff: Backoff::new(least, most),
            shared,
        }
    }

    async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            empty => {
                let options = &self.shared.options;
                let fresh = connection::reader(&self.shared.client, options.timeout, options.block).await?;
                empty.insert(fresh)
            }
        };
        command.query_async(connection).await
    }

    fn read_command(&self, max: usize, block: Option<Duration>, after: &str) -> Cmd {
        let mut command = cmd("XREADGROUP");
        command
            .arg("GROUP")
            .arg(&self.group)
            .arg(&self.consumer)
            .arg("COUNT")
            .arg(max);
        if let Some(block) = block {
            // Zero would mean for ever.
            command
                .arg("BLOCK")
                .arg(u64::try_from(block.as_millis()).unwrap_or(u64::MAX).max(1));
        }
        command.arg("STREAMS").arg(self.topic.as_str()).arg(after);
        command
    }

    async fn read(&mut self, max: usize, block: Option<Duration>, after: &str) -> RedisResult<Vec<RawEntry>> {
        let command = self.read_command(max, block, after);
        let reply = self.ask(&command).await?;
        Ok(wire::streams(reply)
            .into_iter()
            .flat_map(|(_, entries)| entries)
            .collect())
    }

    /// One attempt: own leftovers, then idle entries of others, then fresh ones.
    async fn attempt(&mut self, max: usize, wait: Duration) -> RedisResult<Vec<RawEntry>> {
        if let Some(after) = self.own.take() {
            // Should this call be cancelled, the next one starts with the leftovers again.
            self.own = Some(String::from("0"));
            let entries = self.read(max, None, &after).await?;
            self.own = entries.last().map(|entry| entry.id.clone());
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
        if self.claim.is_some() || Instant::now() >= self.next_claim {
            let entries = self.claim_idle(max).await?;
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
        let block = wait
            .min(self.shared.options.block)
            .min(self.shared.options.claim_idle);
        self.own = Some(String::from("0"));
        let entries = self.read(max, (!wait.is_zero()).then_some(block), ">").await?;
        self.own = None;
        Ok(entries)
    }

    async fn claim_idle(&mut self, max: usize) -> RedisResult<Vec<RawEntry>> {
        let idle = self.shared.options.claim_idle;
        let from = self.claim.take().unwrap_or_else(|| String::from("0-0"));
        let mut command = cmd("XAUTOCLAIM");
        command
            .arg(self.topic.as_str())
            .arg(&self.group)
            .arg(&self.consumer)
            .arg(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX))
            .arg(from)
            .arg("COUNT")
            .arg(max);
        self.next_claim = Instant::now() + idle;
        let Value::Array(parts) = self.ask(&command).await? else {
            return Ok(Vec::new());
        };
        let mut parts = parts.into_iter();
        self.claim = parts
            .next()
            .as_ref()
            .and_then(wire::text)
            .filter(|next| next != "0-0");
        Ok(parts.next().map(wire::entries).unwrap_or_default())
    }

    /// What the caller gets of `entries`. Deleted and unsigned ones are acknowledged on the spot.
    async fn accept(&mut self, entries: Vec<RawEntry>) -> Result<Vec<Delivery>, BusError> {
        let mut gone: Vec<String> = entries
            .iter()
            .filter(|entry| entry.fields.is_none())
            .map(|entry| entry.id.clone())
            .collect();
        let mut deliveries = entries.into_iter().filter_map(RawEntry::into_delivery).collect();
        gone.extend(self.shared.signer.screen(self.topic, &mut deliveries));
        self.ack(&gone).await?;
        Ok(deliveries)
    }

    /// Deals with a failed attempt: a missing group is made anew, anything else is paused for.
    async fn failed(&mut self, error: RedisError) -> Result<(), BusError> {
        if error.code() == Some("NOGROUP") {
            tracing::warn!(topic = %self.topic, group = self.group, "made a lost consumer group anew");
            self.own = None;
            self.claim = None;
            return self.shared.ensure_group(self.topic, &self.group).await;
        }
        self.connection = None;
        metrics::connection_lost();
        let pause = self.backoff.next(&self.shared.world);
        tracing::warn!(%error, pause_ms = pause.as_millis(), "lost the event bus");
        tokio::time::sleep(pause).await;
        Err(unavailable(error))
    }
}

#[async_trait]
impl Consumer for RedisConsumer {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let entries = match self.attempt(max.max(1), left).await {
                Ok(entries) => entries,
                Err(error) => {
                    self.failed(error).await?;
                    continue;
                }
            };
            self.backoff.reset();
            let deliveries = self.accept(entries).await?;
            if !deliveries.is_empty() || Instant::now() >= deadline {
                return Ok(deliveries);
            }
        }
    }

    async fn ack(&mut self, ids: &[String]) -> Result<(), BusError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut connection = self.shared.commands.clone();
        cmd("XACK")
            .arg(self.topic.as_str())
            .arg(&self.group)
            .arg(ids)
            .query_async::<()>(&mut connection)
            .await
            .map_err(unavailable)?;
        if self.topic.is_evidence() && Instant::now() >= self.next_trim {
            self.next_trim = Instant::now() + self.shared.options.trim_interval;
            if let Err(error) = trim::acknowledged(&self.shared, self.topic).await {
                // The entries are acknowledged; trimming comes round again.
                tracing::warn!(%error, "could not trim acknowledged evidence");
            }
        }
        Ok(())
    }

    async fn dead_letter(&mut self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        let letter = dead_letter::compose(
            self.topic,
            &self.shared.signer,
            delivery,
            reason,
            self.shared.world.now(),
        );
        let mut both = Pipeline::new();
        both.atomic();
        let max_len = (!self.topic.is_evidence()).then_some(self.shared.options.max_len);
        push_entry(&mut both, self.topic.dead_letter_stream(), max_len, &letter);
        both.cmd("XACK")
            .arg(self.topic.as_str())
            .arg(&self.group)
            .arg(&delivery.id);
        let mut connection = self.shared.commands.clone();
        both.query_async::<()>(&mut connection)
            .await
            .map_err(unavailable)?;
        metrics::count(metrics::DEAD_LETTERED, self.topic, 1);
        Ok(())
    }
}
