//! The bus on Redis 7 Streams.
//!
//! Broadcast is plain `XREAD` from an own position: no group is shared, so every replica sees everything and
//! nothing is left behind by a replica that is gone. Shared work is `XREADGROUP` with reclaiming. Evidence is
//! trimmed only below what every declared group has acknowledged.

pub mod access;
mod arrival;
mod commands;
mod connection;
mod consumer;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub(crate) mod memory;
mod preflight;
mod progress;
pub(crate) mod reconnecting;
mod subscription;
mod trim;
mod wire;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use caracal_core::{Secret, World};
use redis::{Pipeline, Value, cmd};

use crate::{
    AppendReceipt, Arrival, Bus, BusError, Consumer, Delivery, Fields, StreamSigner, Subscription, Topic,
    metrics,
};

pub(crate) use self::connection::{client, is_spent, reader};
pub use self::preflight::RedisUnusable;
use self::{
    commands::Commands, connection::unavailable, consumer::RedisConsumer, memory::Memory,
    subscription::RedisSubscription,
};

/// How to reach Redis and how much to keep there.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// `redis://[user[:password]@]host[:port][/db]`, `rediss://…` for TLS, or `unix://…`.
    pub url: Secret,
    /// Certificates in PEM form that `rediss://` trusts besides the system's.
    pub ca: Option<Vec<u8>>,
    /// Whether a server that may evict keys is refused: an evicted use of a mandate is a use that can be repeated.
    pub require_noeviction: bool,
    /// Longest wait for an answer or a connection. Default 5 s.
    pub timeout: Duration,
    /// Longest blocking read. Default 2 s.
    pub block: Duration,
    /// How long an entry may stay unacknowledged before another consumer claims it: of a process that was
    /// killed, others go on after this. Longer than one
    /// statement of a slow store may take. Default 20 s.
    pub claim_idle: Duration,
    /// Entries and dead letters kept of each topic but evidence, approximately. Default 100,000.
    pub max_len: u64,
    /// Entries of evidence not yet acknowledged above which producers are refused and spool: about 1 KiB each in
    /// the memory that replay protection needs as well, while spools have a disk. Default 100,000.
    pub evidence_bound: u64,
    /// Least time between two trims of acknowledged evidence by one consumer. Default 5 s.
    pub trim_interval: Duration,
    /// How long the name of a consumer without entries is kept after it was last heard of. Default 1 hour.
    pub consumer_retention: Duration,
    /// Groups that evidence is kept for, until each has acknowledged it. Others are counted, and read what is there.
    /// Default: `audit-ingestor` of the audit topic.
    pub groups: Vec<(Topic, String)>,
    /// First and longest pause between attempts to reconnect. Default 50 ms and 5 s.
    pub backoff: (Duration, Duration),
}

impl RedisOptions {
    /// Default options for the server at `url`.
    pub fn new(url: &str) -> Self {
        Self {
            url: Secret::new(url),
            ca: None,
            require_noeviction: true,
            timeout: Duration::from_secs(5),
            block: Duration::from_secs(2),
            claim_idle: Duration::from_secs(20),
            max_len: 100_000,
            evidence_bound: 100_000,
            trim_interval: Duration::from_secs(5),
            consumer_retention: Duration::from_hours(1),
            groups: vec![(Topic::AuditEvents, String::from("audit-ingestor"))],
            backoff: (Duration::from_millis(50), Duration::from_secs(5)),
        }
    }
}

/// What readiness writes.
const PING_KEY: &str = "caracal:ping";

/// What the handles of one bus share.
struct Shared {
    world: World,
    options: RedisOptions,
    signer: StreamSigner,
    client: redis::Client,
    commands: Commands,
    /// Length of the evidence stream when it was last seen.
    evidence_len: AtomicU64,
    /// The memory that evidence was put into last.
    memory: parking_lot::Mutex<Option<Memory>>,
}

/// The bus on Redis. Clones share one connection for commands; each reader has its own.
#[derive(Clone)]
pub struct RedisBus(Arc<Shared>);

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client would print its password.
        f.debug_struct("RedisBus").finish_non_exhaustive()
    }
}

impl RedisBus {
    /// A bus on the server of `options`. Nothing is connected yet, so the server may still be down.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when the URL cannot be understood. The text does not repeat it.
    pub fn open(world: World, signer: StreamSigner, options: RedisOptions) -> Result<Self, BusError> {
        let client = connection::client(&options)?;
        let commands = Commands::new(client.clone(), options.timeout);
        let shared = Shared {
            world,
            options,
            signer,
            client,
            commands,
            evidence_len: AtomicU64::new(0),
            memory: parking_lot::Mutex::default(),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Creates a group at the oldest entry, and its stream, unless they exist.
    ///
    /// # Errors
    /// [`BusError::Unavailable`].
    pub async fn ensure_group(&self, topic: Topic, group: &str) -> Result<(), BusError> {
        self.0.ensure_group(topic, group).await
    }

    /// Entries of `topic` now.
    ///
    /// # Errors
    /// [`BusError::Unavailable`].
    pub async fn len(&self, topic: Topic) -> Result<u64, BusError> {
        let mut connection = self.0.commands.clone();
        cmd("XLEN")
            .arg(topic.as_str())
            .query_async(&mut connection)
            .await
            .map_err(unavailable)
    }

    /// Removes evidence that every declared group has acknowledged; returns how many entries. Consumers do this as
    /// they acknowledge.
    ///
    /// # Errors
    /// [`BusError::Unavailable`].
    pub async fn trim(&self) -> Result<u64, BusError> {
        trim::acknowledged(&self.0, Topic::AuditEvents).await
    }

    /// Looks whether the server and this login will do. `None`: they do. Otherwise why the server is away, which may
    /// pass.
    ///
    /// # Errors
    /// [`RedisUnusable`] when waiting would not help.
    pub async fn preflight(&self) -> Result<Option<String>, RedisUnusable> {
        let away = preflight::check(&self.0).await?;
        if away.is_none() {
            access::check(&self.0).await?;
        }
        Ok(away)
    }
}

impl Shared {
    async fn ensure_group(&self, topic: Topic, group: &str) -> Result<(), BusError> {
        let mut connection = self.commands.clone();
        let created: redis::RedisResult<Value> = cmd("XGROUP")
            .arg(&["CREATE", topic.as_str(), group, "0", "MKSTREAM"])
            .query_async(&mut connection)
            .await;
        match created {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(unavailable(error)),
            _ => Ok(()),
        }
    }

    /// Remembers the answer to `XLEN` of the evidence stream.
    fn note_evidence_len(&self, length: &Value) {
        if let Value::Int(length) = length {
            let length = u64::try_from(*length).unwrap_or(u64::MAX);
            self.evidence_len.store(length, Ordering::Relaxed);
            metrics::audit_stream(length, self.options.evidence_bound);
        }
    }

    /// Refuses evidence while as much as the bound is not acknowledged: producers have a spool, Redis has only memory.
    async fn admit_evidence(&self) -> Result<(), BusError> {
        if self.evidence_len.load(Ordering::Relaxed) < self.options.evidence_bound {
            return Ok(());
        }
        // What is acknowledged is not in the way; a consumer that has caught up has no occasion to remove it.
        trim::acknowledged(self, Topic::AuditEvents).await?;
        let mut connection = self.commands.clone();
        let length: u64 = cmd("XLEN")
            .arg(Topic::AuditEvents.as_str())
            .query_async(&mut connection)
            .await
            .map_err(unavailable)?;
        self.evidence_len.store(length, Ordering::Relaxed);
        metrics::audit_stream(length, self.options.evidence_bound);
        if length < self.options.evidence_bound {
            Ok(())
        } else {
            Err(BusError::Unavailable(String::from(
                "the audit stream is at its bound",
            )))
        }
    }
}

fn push_entry(pipeline: &mut Pipeline, stream: &str, max_len: Option<u64>, fields: &Fields) {
    let add = pipeline.cmd("XADD").arg(stream);
    if let Some(max_len) = max_len {
        add.arg(&["MAXLEN", "~"]).arg(max_len);
    }
    add.arg("*");
    for (name, value) in fields.iter() {
        add.arg(name).arg(value);
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn append(&self, topic: Topic, mut entries: Vec<Fields>) -> Result<(), BusError> {
        let shared = &self.0;
        shared.signer.seal(topic, &mut entries)?;
        if entries.is_empty() {
            return Ok(());
        }
        if topic.is_evidence() {
            shared.admit_evidence().await?;
        }
        let max_len = (!topic.is_evidence()).then_some(shared.options.max_len);
        let mut pipeline = Pipeline::with_capacity(entries.len() + 1);
        for fields in &entries {
            push_entry(&mut pipeline, topic.as_str(), max_len, fields);
        }
        pipeline.cmd("XLEN").arg(topic.as_str());
        let mut connection = shared.commands.clone();
        let answers: Vec<Value> = pipeline.query_async(&mut connection).await.map_err(unavailable)?;
        if topic.is_evidence()
            && let Some(length) = answers.last()
        {
            shared.note_evidence_len(length);
        }
        Ok(())
    }

    async fn append_evidence(&self, entries: Vec<Fields>) -> Result<Option<AppendReceipt>, BusError> {
        arrival::append(&self.0, entries).await
    }

    async fn arrival(&self, receipts: &[AppendReceipt]) -> Result<Arrival, BusError> {
        arrival::of(&self.0, receipts).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Box<dyn Subscription>, BusError> {
        Ok(Box::new(RedisSubscription::start(self.0.clone(), topics).await?))
    }

    async fn consume(
        &self,
        topic: Topic,
        group: &str,
        consumer: &str,
    ) -> Result<Box<dyn Consumer>, BusError> {
        self.0.ensure_group(topic, group).await?;
        Ok(Box::new(RedisConsumer::new(
            self.0.clone(),
            topic,
            group,
            consumer,
        )))
    }

    async fn wait_in_sync(&self, within: Duration) {
        progress::wait(&self.0, within).await;
    }

    fn reaches_others(&self) -> bool {
        true
    }

    async fn ping(&self) -> Result<(), BusError> {
        let mut connection = self.0.commands.clone();
        // A server that answers and may not write is of no use: a replica, a full one, one without the right to.
        cmd("SET")
            .arg(PING_KEY)
            .arg("1")
            .arg("PX")
            .arg(60_000)
            .query_async::<()>(&mut connection)
            .await
            .map_err(unavailable)
    }

    async fn dead_letters(
        &self,
        topic: Topic,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, BusError> {
        let mut connection = self.0.commands.clone();
        let from = after.map_or_else(|| String::from("-"), |id| format!("({id}"));
        let answer: Value = cmd("XRANGE")
            .arg(topic.dead_letter_stream())
            .arg(from)
            .arg("+")
            .arg("COUNT")
            .arg(limit)
            .query_async(&mut connection)
            .await
            .map_err(unavailable)?;
        Ok(wire::entries(answer)
            .into_iter()
            .filter_map(wire::RawEntry::into_delivery)
            .collect())
    }

    async fn remove_dead_letters(&self, topic: Topic, ids: &[String]) -> Result<(), BusError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut connection = self.0.commands.clone();
        cmd("XDEL")
            .arg(topic.dead_letter_stream())
            .arg(ids)
            .query_async::<()>(&mut connection)
            .await
            .map_err(unavailable)
    }
}
