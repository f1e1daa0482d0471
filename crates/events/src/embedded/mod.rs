//! The bus of a single process.
//!
//! Broadcast topics keep a bounded number of entries; a subscriber that falls behind it gets a gap rather than
//! the process growing. Evidence is never dropped: producers wait until the groups have acknowledged.

mod consumer;
mod dead_letters;
mod log;
mod subscription;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use caracal_core::World;
use caracal_crypto::HmacKeyId;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{Bus, BusError, Consumer, Delivery, Fields, StreamSigner, Subscription, Topic};

use self::{
    consumer::EmbeddedConsumer,
    dead_letters::DeadLetters,
    log::{Log, Reader},
    subscription::EmbeddedSubscription,
};

/// Size and groups of an embedded bus.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// Entries kept per topic. A subscriber further behind gets a gap; producers of evidence wait.
    /// Default 8,192.
    pub capacity: usize,
    /// Groups that exist from the start. Evidence counts as delivered when these, and every group that has had a
    /// consumer since, acknowledged.
    /// Default: `audit-ingestor` of the audit topic.
    pub groups: Vec<(Topic, String)>,
    /// Directory (created 0700) for dead letters, so that they survive a restart. `None`: memory only.
    pub dead_letter_dir: Option<PathBuf>,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            capacity: 8_192,
            groups: vec![(Topic::AuditEvents, String::from("audit-ingestor"))],
            dead_letter_dir: None,
        }
    }
}

/// What the handles of one bus share.
#[derive(Debug)]
struct Shared {
    world: World,
    logs: Vec<Mutex<Log>>,
    dead: DeadLetters,
    /// Moves when something was acknowledged, handled or closed.
    progress: watch::Sender<u64>,
    closed: AtomicBool,
}

impl Shared {
    fn log(&self, topic: Topic) -> &Mutex<Log> {
        // One log per topic is built in `open`.
        &self.logs[topic as usize]
    }

    fn moved(&self) {
        self.progress.send_modify(|moves| *moves = moves.wrapping_add(1));
    }

    fn ensure_open(&self) -> Result<(), BusError> {
        if self.closed.load(Ordering::Acquire) {
            Err(BusError::Closed)
        } else {
            Ok(())
        }
    }
}

/// A bus within one process. Clones share the same entries.
#[derive(Debug, Clone)]
pub struct EmbeddedBus {
    shared: Arc<Shared>,
    signer: StreamSigner,
}

impl EmbeddedBus {
    /// Opens a bus and reads the dead letters kept in its directory.
    ///
    /// # Errors
    /// When the directory of dead letters cannot be created or read.
    pub fn open(world: World, signer: StreamSigner, options: EmbeddedOptions) -> io::Result<Self> {
        let EmbeddedOptions {
            capacity,
            groups,
            dead_letter_dir,
        } = options;
        let logs = Topic::ALL
            .map(|topic| {
                let declared = groups
                    .iter()
                    .filter(|(of, _)| *of == topic)
                    .map(|(_, group)| group.clone());
                Mutex::new(Log::new(topic.is_evidence(), capacity.max(1), declared))
            })
            .into();
        let shared = Shared {
            world,
            logs,
            dead: DeadLetters::open(dead_letter_dir)?,
            progress: watch::Sender::new(0),
            closed: AtomicBool::new(false),
        };
        Ok(Self {
            shared: Arc::new(shared),
            signer,
        })
    }

    /// A bus in memory with default options.
    pub fn in_memory(world: World, signer: StreamSigner) -> Self {
        Self::open(world, signer, EmbeddedOptions::default())
            .expect("a bus without a directory touches no file system")
    }

    /// Another handle on the same entries that signs and checks with `signer`, as the suite of buses asks for.
    #[must_use]
    pub fn with_signer(&self, signer: StreamSigner) -> Self {
        Self {
            shared: self.shared.clone(),
            signer,
        }
    }

    /// Ends every call in progress and every later one with [`BusError::Closed`].
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        for log in &self.shared.logs {
            log.lock().wake_all();
        }
        self.shared.moved();
    }

    /// Appends evidence, and waits until every group has acknowledged it.
    async fn append_and_wait(
        &self,
        topic: Topic,
        entries: Vec<Fields>,
        vouched: Option<HmacKeyId>,
    ) -> Result<(), BusError> {
        let mut progress = self.shared.progress.subscribe();
        let end = self.append_with_backpressure(topic, entries, vouched).await?;
        loop {
            if self.shared.log(topic).lock().acknowledged_up_to() >= end {
                return Ok(());
            }
            self.shared.ensure_open()?;
            progress.changed().await.map_err(|_| BusError::Closed)?;
        }
    }

    /// Appends evidence chunk by chunk as space comes free and returns the position after the last entry.
    async fn append_with_backpressure(
        &self,
        topic: Topic,
        entries: Vec<Fields>,
        vouched: Option<HmacKeyId>,
    ) -> Result<u64, BusError> {
        let mut progress = self.shared.progress.subscribe();
        let mut rest = entries.into_iter().peekable();
        loop {
            self.shared.ensure_open()?;
            let end = {
                let mut log = self.shared.log(topic).lock();
                let now = self.shared.world.now();
                while rest.peek().is_some() && log.has_space() {
                    if let Some(fields) = rest.next() {
                        log.push(fields, now, vouched);
                    }
                }
                log.wake_all();
                log.end()
            };
            if rest.peek().is_none() {
                return Ok(end);
            }
            progress.changed().await.map_err(|_| BusError::Closed)?;
        }
    }
}

#[async_trait]
impl Bus for EmbeddedBus {
    async fn append(&self, topic: Topic, mut entries: Vec<Fields>) -> Result<(), BusError> {
        self.shared.ensure_open()?;
        self.signer.seal(topic, &mut entries)?;
        if entries.is_empty() {
            return Ok(());
        }
        if !topic.is_evidence() {
            let mut log = self.shared.log(topic).lock();
            let now = self.shared.world.now();
            for fields in entries {
                log.push(fields, now, None);
            }
            log.wake_all();
            return Ok(());
        }
        self.append_and_wait(topic, entries, None).await
    }

    fn is_in_process(&self) -> bool {
        true
    }

    async fn hand_over(&self, entries: Vec<Fields>, key: HmacKeyId) -> Result<(), BusError> {
        let topic = Topic::AuditEvents;
        self.shared.ensure_open()?;
        for entry in &entries {
            entry.check(topic)?;
        }
        self.append_and_wait(topic, entries, Some(key)).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Box<dyn Subscription>, BusError> {
        self.shared.ensure_open()?;
        let reader = Arc::new(Reader::default());
        for &topic in topics {
            let mut log = self.shared.log(topic).lock();
            reader.start(topic, log.end());
            log.attach(Arc::downgrade(&reader));
        }
        Ok(Box::new(EmbeddedSubscription::new(
            self.shared.clone(),
            self.signer.clone(),
            reader,
        )))
    }

    async fn consume(
        &self,
        topic: Topic,
        group: &str,
        _consumer: &str,
    ) -> Result<Box<dyn Consumer>, BusError> {
        self.shared.ensure_open()?;
        let (number, wake) = self.shared.log(topic).lock().join(group);
        Ok(Box::new(EmbeddedConsumer {
            shared: self.shared.clone(),
            signer: self.signer.clone(),
            topic,
            group: group.to_owned(),
            number,
            wake,
        }))
    }

    async fn wait_in_sync(&self, within: Duration) {
        let mut progress = self.shared.progress.subscribe();
        let mut awaited: Vec<(Topic, u64, Weak<Reader>)> = Vec::new();
        for topic in Topic::ALL {
            let log = self.shared.log(topic).lock();
            awaited.extend(log.readers().map(|reader| (topic, log.end(), reader)));
        }
        let all_handled = async {
            loop {
                awaited.retain(|(topic, end, reader)| {
                    reader
                        .upgrade()
                        .is_some_and(|reader| reader.handled(*topic) < *end)
                });
                if awaited.is_empty() || progress.changed().await.is_err() {
                    return;
                }
            }
        };
        // Running out of time is an answer of its own: the caller asked for a bounded wait.
        let _bounded = tokio::time::timeout(within, all_handled).await;
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.shared.ensure_open()
    }

    async fn dead_letters(
        &self,
        topic: Topic,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, BusError> {
        Ok(self.shared.dead.list(topic, after, limit))
    }

    async fn remove_dead_letters(&self, topic: Topic, ids: &[String]) -> Result<(), BusError> {
        self.shared
            .dead
            .remove(topic, ids)
            .map_err(|error| BusError::Unavailable(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
