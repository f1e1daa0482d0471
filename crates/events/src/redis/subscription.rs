//! Broadcast reading from an own position.

use std::{collections::VecDeque, sync::Arc};

use async_trait::async_trait;
use redis::{Pipeline, RedisError, RedisResult, Value, aio::MultiplexedConnection};

use crate::{BusError, Delivery, Subscription, SyncFlag, Topic, backoff::Backoff, metrics};

use super::{
    Shared,
    connection::{self, unavailable},
    progress,
    wire::{self, EntryId, RawEntry},
};

/// Entries per stream and read.
const BATCH: usize = 256;

/// Everything of these topics after the subscription started.
pub(super) struct RedisSubscription {
    shared: Arc<Shared>,
    /// Its name among the replicas.
    name: String,
    cursors: Vec<Cursor>,
    connection: Option<MultiplexedConnection>,
    in_sync: SyncFlag,
    ready: VecDeque<(Topic, Vec<Delivery>)>,
    backoff: Backoff,
}

#[derive(Debug, Clone, Copy)]
struct Cursor {
    topic: Topic,
    /// The last entry seen.
    seen: EntryId,
    /// How many entries the stream had ever been given up to that one.
    count: u64,
}

impl Cursor {
    /// Moves to the newest entry of a stream; to the very beginning when there is no stream.
    fn skip_to_newest(&mut self, info: &RedisResult<Value>) {
        let info = info.as_ref().ok();
        self.seen = info
            .and_then(|info| wire::position(info, "last-generated-id"))
            .unwrap_or_default();
        self.count = info
            .and_then(|info| wire::number(info, "entries-added"))
            .unwrap_or_default();
    }

    /// Why entries after this one are gone unread, if they are.
    fn loss(&self, info: &RedisResult<Value>) -> Option<&'static str> {
        let Ok(info) = info else {
            return (self.seen > EntryId::default()).then_some("the stream is gone");
        };
        if wire::position(info, "last-generated-id").is_some_and(|newest| newest < self.seen) {
            return Some("the stream went back");
        }
        let added = wire::number(info, "entries-added")?;
        let kept = wire::number(info, "length")?;
        let first = wire::position(info, "recorded-first-entry-id").filter(|_| kept > 0);
        if first.is_none_or(|first| first > self.seen) {
            // All that is kept is unread. Together with what was read it must be all there ever was.
            return (self.count.checked_add(kept) != Some(added)).then_some("unread entries were trimmed");
        }
        let deleted = wire::position(info, "max-deleted-entry-id");
        deleted
            .is_some_and(|deleted| deleted > self.seen)
            .then_some("unread entries were deleted")
    }
}

impl RedisSubscription {
    pub(super) async fn start(shared: Arc<Shared>, topics: &[Topic]) -> Result<Self, BusError> {
        let (least, most) = shared.options.backoff;
        let cursors = topics
            .iter()
            .map(|&topic| Cursor {
                topic,
                seen: EntryId::default(),
                count: 0,
            })
            .collect();
        let mut subscription = Self {
            name: shared.world.uuid_v7().to_string(),
            shared,
            cursors,
            connection: None,
            in_sync: SyncFlag::new(false),
            ready: VecDeque::new(),
            backoff: Backoff::new(least, most),
        };
        subscription.connect().await.map_err(unavailable)?;
        let infos = subscription.infos().await.map_err(unavailable)?;
        for (cursor, info) in subscription.cursors.iter_mut().zip(&infos) {
            cursor.skip_to_newest(info);
        }
        Ok(subscription)
    }

    async fn connect(&mut self) -> RedisResult<()> {
        let options = &self.shared.options;
        let connection = connection::reader(&self.shared.client, options.timeout, options.block).await?;
        self.connection = Some(connection);
        Ok(())
    }

    fn connection(&mut self) -> RedisResult<&mut MultiplexedConnection> {
        self.connection
            .as_mut()
            .ok_or_else(|| RedisError::from((redis::ErrorKind::Io, "not connected")))
    }

    fn ask_infos(&self, pipeline: &mut Pipeline) {
        for cursor in &self.cursors {
            progress::ask_stream(pipeline, cursor.topic);
        }
    }

    /// Adds the note of how far this subscription is. A server that refuses it takes no writes: nobody can publish there,
    /// and what is not heard may have happened.
    fn note(&self, pipeline: &mut Pipeline) {
        progress::note(
            pipeline,
            &self.name,
            self.cursors.iter().map(|cursor| (cursor.topic, cursor.seen)),
        );
    }

    async fn infos(&mut self) -> RedisResult<Vec<RedisResult<Value>>> {
        let mut pipeline = Pipeline::new();
        self.ask_infos(&mut pipeline);
        pipeline.ignore_errors();
        pipeline.query_async(self.connection()?).await
    }

    /// Reconnects after a loss; returns the gap to tell. Even where the server kept everything, others may have
    /// committed what they could not publish, so it is told when the server takes writes again and not before.
    async fn reconnect(&mut self) -> RedisResult<BusError> {
        self.connect().await?;
        let mut noted = Pipeline::new();
        self.note(&mut noted);
        noted.query_async::<Value>(self.connection()?).await?;
        let infos = self.infos().await?;
        self.backoff.reset();
        Ok(self.skip_to_newest(&infos, "the connection was lost"))
    }

    /// Starts over at the newest entries: the caller reloads, which covers everything before.
    fn skip_to_newest(&mut self, infos: &[RedisResult<Value>], reason: &'static str) -> BusError {
        self.in_sync.set(false);
        for (cursor, info) in self.cursors.iter_mut().zip(infos) {
            cursor.skip_to_newest(info);
        }
        if let Some(first) = self.cursors.first() {
            metrics::count(metrics::GAPS, first.topic, 1);
        }
        BusError::Gap(reason)
    }

    /// One round trip: how the streams stand, then a read after the own positions, which waits for more once it is
    /// known that there is nothing yet.
    async fn read(&mut self) -> RedisResult<Result<Value, BusError>> {
        let block = u64::try_from(self.shared.options.block.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        let mut pipeline = Pipeline::new();
        self.note(&mut pipeline);
        self.ask_infos(&mut pipeline);
        let read = pipeline.cmd("XREAD").arg("COUNT").arg(BATCH);
        if self.in_sync.is_set() {
            read.arg("BLOCK").arg(block);
        }
        read.arg("STREAMS");
        for cursor in &self.cursors {
            read.arg(cursor.topic.as_str());
        }
        for cursor in &self.cursors {
            read.arg(cursor.seen.to_string());
        }
        pipeline.ignore_errors();
        let answers: Vec<RedisResult<Value>> = pipeline.query_async(self.connection()?).await?;
        let mut answers = answers.into_iter();
        answers.next().unwrap_or(Ok(Value::Nil))?;
        let read = answers.next_back().unwrap_or(Ok(Value::Nil))?;
        let infos = answers.as_slice();
        for (cursor, info) in self.cursors.iter().zip(infos) {
            if let Some(reason) = cursor.loss(info) {
                return Ok(Err(self.skip_to_newest(infos, reason)));
            }
        }
        Ok(Ok(read))
    }

    /// Takes over what was read; what is not signed is dropped.
    fn accept(&mut self, reply: Value) {
        for (name, entries) in wire::streams(reply) {
            let Some(cursor) = self
                .cursors
                .iter_mut()
                .find(|cursor| cursor.topic.as_str() == name)
            else {
                continue;
            };
            if let Some(last) = entries.last().and_then(|entry| EntryId::parse(&entry.id)) {
                cursor.seen = cursor.seen.max(last);
                cursor.count += entries.len() as u64;
            }
            let topic = cursor.topic;
            let mut deliveries = entries.into_iter().filter_map(RawEntry::into_delivery).collect();
            self.shared.signer.screen(topic, &mut deliveries);
            if !deliveries.is_empty() {
                self.ready.push_back((topic, deliveries));
            }
        }
    }

    async fn lost(&mut self, error: RedisError) -> BusError {
        self.in_sync.set(false);
        self.connection = None;
        metrics::connection_lost();
        let pause = self.backoff.next(&self.shared.world);
        tracing::warn!(%error, pause_ms = pause.as_millis(), "lost the event bus");
        tokio::time::sleep(pause).await;
        unavailable(error)
    }
}

#[async_trait]
impl Subscription for RedisSubscription {
    fn in_sync(&self) -> SyncFlag {
        self.in_sync.clone()
    }

    async fn next(&mut self) -> Result<(Topic, Vec<Delivery>), BusError> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Ok(ready);
            }
            if self.connection.is_none() {
                match self.reconnect().await {
                    Ok(gap) => return Err(gap),
                    Err(error) => return Err(self.lost(error).await),
                }
            }
            match self.read().await {
                Ok(Ok(reply)) => {
                    self.accept(reply);
                    if self.ready.is_empty() {
                        // Asked after everything before was handled, and there is nothing more.
                        self.in_sync.set(true);
                    }
                }
                Ok(Err(gap)) => return Err(gap),
                Err(error) => return Err(self.lost(error).await),
            }
        }
    }
}

impl Drop for RedisSubscription {
    fn drop(&mut self) {
        // So that nobody waits for it. Without a runtime, or a server, its note just grows old.
        let (shared, name) = (self.shared.clone(), std::mem::take(&mut self.name));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _gone = progress::forget(&shared, &name).await;
            });
        }
    }
}
