//! What a bus promises.

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use caracal_core::Timestamp;
use caracal_crypto::HmacKeyId;

use crate::{Fields, MalformedFields, Topic};

/// One entry as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Position in its topic, opaque, increasing.
    pub id: String,
    /// What it carries, the origin signature included.
    pub fields: Fields,
    /// When the bus took it.
    pub appended_at: Timestamp,
    /// The key of its producer, where it was [handed over](Bus::hand_over): it never left this process, and nobody signed it.
    pub vouched: Option<HmacKeyId>,
}

/// Why a bus could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The transport is down or full. Nothing is known about what was being sent; send it again.
    #[error("event bus unavailable: {0}")]
    Unavailable(String),
    /// Entries may have been missed. The reader reloads from storage and reads on.
    #[error("entries may have been missed: {0}")]
    Gap(&'static str),
    /// A producer tried to send what would break the signed form. Sending it again does not help.
    #[error("malformed entry")]
    Malformed(#[from] MalformedFields),
    /// The bus was shut down.
    #[error("event bus closed")]
    Closed,
}

impl BusError {
    /// Whether the same call can succeed later.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Gap(_))
    }
}

/// Where evidence was put. Opaque; for the bus that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendReceipt {
    /// The memory that took it.
    pub(crate) memory: String,
    /// Position of its last entry there.
    pub(crate) last: String,
}

/// What became of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Of so many, from the first on, every declared group has acknowledged everything.
    Of(usize),
    /// The bus may have lost some of it: append it again.
    Lost,
}

/// A carrier of entries with two ways to read: broadcast and shared work.
///
/// Delivery is at least once. Entries of one producer keep their order within a topic.
#[async_trait]
pub trait Bus: Send + Sync + Debug {
    /// Appends entries in order.
    ///
    /// `Ok` means they will be delivered to every consumer group and every live subscription even if this
    /// process dies afterwards. A bus that lives in this process therefore answers for
    /// [evidence](Topic::is_evidence) only once every declared group has acknowledged. After an error some of
    /// the entries may still be delivered. Dropping the future leaves that equally open.
    ///
    /// # Errors
    /// [`BusError::Malformed`] before anything is sent; [`BusError::Unavailable`]; [`BusError::Closed`].
    async fn append(&self, topic: Topic, entries: Vec<Fields>) -> Result<(), BusError>;

    /// Appends [evidence](Topic::is_evidence). `None`: every declared group has acknowledged it. Otherwise the bus
    /// only keeps it, and could lose it with its memory, so the producer keeps it too until it has
    /// [arrived](Bus::arrival).
    ///
    /// # Errors
    /// As [`Bus::append`].
    async fn append_evidence(&self, entries: Vec<Fields>) -> Result<Option<AppendReceipt>, BusError> {
        self.append(Topic::AuditEvents, entries).await.map(|()| None)
    }

    /// Whether evidence can be [handed over](Bus::hand_over).
    fn is_in_process(&self) -> bool {
        false
    }

    /// As [`Bus::append`] of evidence that this process made and that reaches its reader in memory alone, so that nobody could touch
    /// it: its producer need not sign it, and vouches for it with the key that it would have signed with.
    ///
    /// # Errors
    /// As [`Bus::append`]; [`BusError::Unavailable`] where it [cannot be](Bus::is_in_process).
    async fn hand_over(&self, _entries: Vec<Fields>, _key: HmacKeyId) -> Result<(), BusError> {
        Err(BusError::Unavailable(String::from("entries leave the process")))
    }

    /// What became of evidence, by receipts in the order they were given.
    ///
    /// # Errors
    /// [`BusError::Unavailable`]: ask again.
    async fn arrival(&self, receipts: &[AppendReceipt]) -> Result<Arrival, BusError> {
        Ok(Arrival::Of(receipts.len()))
    }

    /// Broadcast: the subscriber sees every entry appended after this call returns, from its own position.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when the starting position cannot be read.
    async fn subscribe(&self, topics: &[Topic]) -> Result<Box<dyn Subscription>, BusError>;

    /// Shared work: one consumer of the group gets each entry, and another gets it again unless it is
    /// acknowledged. A new group starts with the oldest entry kept.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when the group cannot be ensured.
    async fn consume(&self, topic: Topic, group: &str, consumer: &str)
    -> Result<Box<dyn Consumer>, BusError>;

    /// Waits, at most `within`, until every subscription known to the bus handled what was appended before the call,
    /// those of other processes included.
    async fn wait_in_sync(&self, within: Duration);

    /// Whether other processes follow this bus. Their knowledge is worth waiting for; this process has its own ways.
    fn reaches_others(&self) -> bool {
        false
    }

    /// Whether the transport takes entries.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] or [`BusError::Closed`].
    async fn ping(&self) -> Result<(), BusError>;

    /// Dead letters of `topic` after position `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`BusError::Unavailable`].
    async fn dead_letters(
        &self,
        topic: Topic,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Delivery>, BusError>;

    /// Removes dead letters, for example after they were appended again. Unknown ids are ignored.
    ///
    /// # Errors
    /// [`BusError::Unavailable`].
    async fn remove_dead_letters(&self, topic: Topic, ids: &[String]) -> Result<(), BusError>;
}

/// Whether a subscription is in sync with what is appended, as it stands at every moment.
#[derive(Debug, Clone)]
pub struct SyncFlag(Arc<AtomicBool>);

impl SyncFlag {
    /// In sync or not, until it is [set](SyncFlag::set).
    pub fn new(in_sync: bool) -> Self {
        Self(Arc::new(AtomicBool::new(in_sync)))
    }

    /// Whether everything appended until now was handed over, or is about to be.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Says how it stands.
    pub fn set(&self, in_sync: bool) {
        self.0.store(in_sync, Ordering::Release);
    }
}

/// Reads everything of its topics, for itself alone.
#[async_trait]
pub trait Subscription: Send {
    /// Whether it is in sync: not from the moment the transport is lost until, after it came back, everything was
    /// handed over and handled. A subscription that cannot lose its transport always is.
    fn in_sync(&self) -> SyncFlag {
        SyncFlag::new(true)
    }

    /// The next entries of one topic. Calling it again says that the previous batch has been handled.
    ///
    /// Cancel-safe. Waits inside while the transport is away, with growing pauses, so a caller may loop on it.
    ///
    /// # Errors
    /// [`BusError::Gap`] once when entries may have been missed, or were perhaps not published while the transport
    /// was away: reload from storage, then call again.
    /// [`BusError::Unavailable`] while the transport is away: call again. [`BusError::Closed`]: stop.
    async fn next(&mut self) -> Result<(Topic, Vec<Delivery>), BusError>;
}

/// Reads its share of a group's work. What it took and did not acknowledge goes to another when it is dropped.
#[async_trait]
pub trait Consumer: Send {
    /// At most `max` entries, after waiting at most `wait` for the first. Empty when none came.
    ///
    /// Cancel-safe in the sense of the group: an entry taken by a cancelled call is delivered again.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError>;

    /// Says that these entries are done. Unknown ids are ignored.
    ///
    /// # Errors
    /// [`BusError::Unavailable`]: they will be delivered again.
    async fn ack(&mut self, ids: &[String]) -> Result<(), BusError>;

    /// Puts an entry that nobody can process aside, with the reason, and acknowledges it.
    ///
    /// # Errors
    /// [`BusError::Unavailable`]: nothing happened, it will be delivered again.
    async fn dead_letter(&mut self, delivery: &Delivery, reason: &str) -> Result<(), BusError>;
}
