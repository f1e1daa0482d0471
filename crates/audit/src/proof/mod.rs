//! Checkpoints of the logs, and what is proved with them.
//!
//! A checkpoint is signed from a head that the database has committed, whichever process asks: two of them sign the same
//! tree of one size. Before a log is signed again it is compared with what was signed before: a database that was set
//! back, or changed, is found here and not signed.

mod bucket;
mod directory;
mod files;
mod kept;
mod prefix;
mod publisher;
mod tree;
mod witnesses;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use caracal_core::World;
use caracal_crypto::{HmacKey, HmacRing};
use caracal_ledger::{
    chain::{LogId, verify_head},
    checkpoint::{Checkpoint, SignedCheckpoint},
    log_keys::{LogKeys, NotSigned},
    merkle::{Frontier, consistency_ranges, verify_consistency},
    trust::Trust,
};
use caracal_storage::{Access, Error, Log, LogWork, Store};
use parking_lot::Mutex;
use tokio::sync::Notify;

use self::bucket::Bucket;
pub use self::{
    directory::Directory,
    files::{FoundFile, LogFiles},
    kept::{KeptCheckpoints, KeptPrunes, NotKept, verify_against},
    prefix::LogUnsigned,
    publisher::publish,
    witnesses::{InvalidWitnesses, WitnessClient},
};
pub(crate) use self::{
    files::directory_of,
    tree::{begins_with, roots},
};

/// The checkpoints of a deployment.
pub struct Checkpoints {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) world: World,
    audit_keys: Option<HmacRing>,
    pub(crate) keys: LogKeys,
    directory: Option<Directory>,
    bucket: Option<Bucket>,
    witnesses: Vec<WitnessClient>,
    logs: Mutex<HashMap<LogId, Arc<Signed>>>,
    /// Logs that grew since they were published.
    grown: Mutex<HashSet<LogId>>,
    wake: Notify,
}

impl fmt::Debug for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoints")
            .field("origin", &self.keys.host())
            .finish_non_exhaustive()
    }
}

/// What is known of one log. Whoever holds it signs alone.
#[derive(Debug, Default)]
struct Signed {
    newest: tokio::sync::Mutex<Option<Arc<SignedCheckpoint>>>,
}

/// Why a log was not signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPublished {
    /// Nothing is known of the log now.
    #[error("the log cannot be read")]
    Storage(#[from] Error),
    /// What is stored of it contradicts itself.
    #[error("the head of the log was not written by the ledger")]
    WrongHead,
    /// The log was larger once.
    #[error("the log has {found} entries, and {signed} were signed: the database was set back")]
    RolledBack {
        /// Entries that were signed.
        signed: u64,
        /// Entries that there are.
        found: u64,
    },
    /// The log is another than it was.
    #[error("the log is not the one that was signed at {signed} entries: the database was changed")]
    Forked {
        /// Entries that were signed.
        signed: u64,
    },
    /// It cannot be signed.
    #[error("the log cannot be signed")]
    NotSigned(#[from] NotSigned),
    /// What was published cannot be read or written.
    #[error("the directory of checkpoints cannot be used")]
    Directory(#[source] std::io::Error),
    /// The same of what was published elsewhere.
    #[error("the bucket of checkpoints cannot be used")]
    Bucket(#[source] std::io::Error),
}

impl NotPublished {
    /// As metrics tell it.
    const fn label(&self) -> &'static str {
        match self {
            Self::Storage(_) => "storage",
            Self::WrongHead => "wrong_head",
            Self::RolledBack { .. } => "rolled_back",
            Self::Forked { .. } => "forked",
            Self::NotSigned(_) => "not_signed",
            Self::Directory(_) => "directory",
            Self::Bucket(_) => "bucket",
        }
    }

    /// Whether the evidence itself is in question.
    pub(crate) fn is_alarm(&self) -> bool {
        match self {
            Self::WrongHead | Self::RolledBack { .. } | Self::Forked { .. } => true,
            Self::Directory(error) | Self::Bucket(error) => error.kind() == std::io::ErrorKind::InvalidData,
            Self::Storage(_) | Self::NotSigned(_) => false,
        }
    }
}

impl Checkpoints {
    /// Checkpoints of the logs in `store`, signed with `keys`, written into `directory` and shown to `witnesses`.
    pub fn new(
        store: Arc<dyn Store>,
        world: World,
        audit_keys: Option<HmacRing>,
        keys: LogKeys,
        directory: Option<Directory>,
        witnesses: Vec<WitnessClient>,
    ) -> Self {
        Self {
            store,
            world,
            audit_keys,
            keys,
            directory,
            bucket: None,
            witnesses,
            logs: Mutex::default(),
            grown: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Has what is published written to a bucket too. What is there already is what a log is compared with before it is signed
    /// for the first time, so nothing is signed before the bucket answers once.
    #[must_use]
    pub fn copied_to(self, bucket: Arc<dyn LogFiles>) -> Self {
        Self {
            bucket: Some(Bucket::new(bucket)),
            ..self
        }
    }

    /// Says that `log` grew; it is published soon.
    pub(crate) fn grew(&self, log: &LogId) {
        let mut grown = self.grown.lock();
        if !grown.contains(log) {
            grown.insert(log.clone());
            self.wake.notify_one();
        }
    }

    fn signed(&self, log: &LogId) -> Arc<Signed> {
        self.logs.lock().entry(log.clone()).or_default().clone()
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.world.now().unix_seconds()).unwrap_or(0)
    }

    /// The newest checkpoint of the log, made now if the log grew since the last one; `None` before its first
    /// entry. One that was made now has no cosignatures yet.
    ///
    /// A view that is opened after this has all that the checkpoint covers; one that was opened before may not.
    pub(crate) async fn newest(&self, log: &LogId) -> Result<Option<Arc<SignedCheckpoint>>, NotPublished> {
        let Some((signed, fresh)) = self.current(log).await? else {
            return Ok(None);
        };
        if fresh {
            self.grew(log);
        }
        Ok(Some(signed))
    }

    /// As [`Self::newest`], and whether it was made now.
    async fn current(&self, log: &LogId) -> Result<Option<(Arc<SignedCheckpoint>, bool)>, NotPublished> {
        let known = self.signed(log);
        let mut newest = known.newest.lock().await;
        if newest.is_none() {
            *newest = self.published(log).await?;
        }
        // Opened behind the lock: a view from before what was signed last would look like a log that was set back.
        let mut work = self.view(log).await?;
        let stored = work.log();
        let head = stored.head().await?;
        let tree = Frontier::from_parts(head.size, head.peaks).map_err(|_| NotPublished::WrongHead)?;
        let root = tree.root();
        // Whoever can write into the database and has no key is not given a signature.
        let said = hex::encode(root);
        let tagged = |keys: &HmacRing| {
            let made = |key: &HmacKey| verify_head(key, log.chain(), head.size, &said, &head.root_hmac);
            keys.verify_by(None, made).is_ok()
        };
        if head.size > 0 && !(head.root == said && self.audit_keys.as_ref().is_none_or(tagged)) {
            return Err(NotPublished::WrongHead);
        }
        if let Some(known) = newest.as_ref() {
            let Checkpoint {
                size: signed,
                root: before,
                ..
            } = known.checkpoint();
            let (signed, found) = (*signed, head.size);
            if found < signed {
                return Err(NotPublished::RolledBack { signed, found });
            }
            let proof = consistency(stored, signed, found).await?;
            if !verify_consistency(signed, found, &proof, before, &root) {
                return Err(NotPublished::Forked { signed });
            }
            if signed == found {
                return Ok(Some((known.clone(), false)));
            }
        }
        if head.size == 0 {
            return Ok(None);
        }
        let signed = self.keys.sign(&log.name(), head.size, root, self.seconds())?;
        let signed = Arc::new(signed);
        *newest = Some(signed.clone());
        Ok(Some((signed, true)))
    }

    /// The largest that was published of the log before this process began and was ours.
    async fn published(&self, log: &LogId) -> Result<Option<Arc<SignedCheckpoint>>, NotPublished> {
        let mut kept = Vec::new();
        if let Some(directory) = &self.directory {
            let found = files::checkpoint(directory, log).await;
            kept.extend(found.map_err(NotPublished::Directory)?.map(|(signed, _)| signed));
        }
        if let Some(bucket) = &self.bucket {
            kept.extend(bucket.checkpoint(log).await.map_err(NotPublished::Bucket)?);
        }
        let trust = Trust::of_keys(&self.keys.origin(&log.name()), self.keys.public().cloned(), 0);
        kept.retain(|kept| {
            let ours = trust.as_ref().is_ok_and(|trust| trust.check(kept).is_ok());
            if !ours {
                tracing::warn!(log = %log, "a published checkpoint is not of this log and its keys; it begins anew there");
            }
            ours
        });
        let largest = kept.into_iter().max_by_key(|kept| kept.checkpoint().size);
        Ok(largest.map(Arc::new))
    }

    /// Adds what witnesses signed, while their checkpoint is still the newest.
    async fn cosigned(&self, log: &LogId, signed: SignedCheckpoint) -> Arc<SignedCheckpoint> {
        let known = self.signed(log);
        let mut newest = known.newest.lock().await;
        let signed = Arc::new(signed);
        if newest
            .as_ref()
            .is_none_or(|newest| newest.checkpoint() == signed.checkpoint())
        {
            *newest = Some(signed.clone());
        }
        signed
    }

    /// Writes the prune checkpoint of the log beside its checkpoint, where those are published; to a bucket soon.
    pub(crate) async fn publish_prune(&self, log: &LogId, note: &str) -> std::io::Result<()> {
        if self.bucket.is_some() {
            self.grew(log);
        }
        match &self.directory {
            Some(directory) => files::publish_prune(directory, log, note).await,
            None => Ok(()),
        }
    }

    /// A view of the log.
    pub(crate) async fn view(&self, log: &LogId) -> Result<Box<dyn LogWork>, Error> {
        self.store.log(log, Access::Read).await
    }
}

/// Proof that the tree of `new` entries continues the one of `old`. Empty where the log has not what it takes.
pub(crate) async fn consistency(
    stored: &mut dyn Log,
    old: u64,
    new: u64,
) -> Result<Vec<caracal_crypto::Digest32>, Error> {
    let Some(ranges) = consistency_ranges(old, new) else {
        return Ok(Vec::new());
    };
    Ok(roots(stored, new, &ranges).await?.unwrap_or_default())
}
