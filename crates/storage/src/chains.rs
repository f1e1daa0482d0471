//! Evidence as its verification reads it: every chain, whatever its zone.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};

use crate::{Error, LedgerHead};

/// What is in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainKind {
    /// Events of a zone.
    Ledger,
    /// Administrative records of a zone, or of the deployment.
    Admin,
}

/// A chain by its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// What is in it.
    pub kind: ChainKind,
    /// Its zone; absent for the deployment's own chain.
    pub zone: Option<ZoneId>,
    /// Its end.
    pub head: LedgerHead,
    /// Where it begins, if it does not begin with its first entry.
    pub pruned: Option<PruneCheckpoint>,
}

/// What is said of the entries of a chain that were deleted because their time was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneCheckpoint {
    /// Position of the last of them.
    pub chain_seq: i64,
    /// Its content hash, lower-case hex: what the next entry names as the one before.
    pub content_sha256: String,
    /// When it was deleted.
    pub pruned_at: Timestamp,
    /// Keyed tag of chain and all of the above, lower-case hex; empty without a key.
    pub checkpoint_hmac: String,
}

/// What was last said of all chains together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainsSummary {
    /// How many began.
    pub count: i64,
    /// Digest of them in the order in which they began, lower-case hex.
    pub digest: String,
    /// Keyed tag of count and digest, lower-case hex; empty without a key.
    pub digest_hmac: String,
}

/// Every chain there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainSet {
    /// By number.
    pub chains: Vec<ChainHead>,
    /// Absent before the first chain began.
    pub summary: Option<ChainsSummary>,
}

/// A linked administrative record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminChainRow {
    /// Id that the record is filed under.
    pub id: String,
    /// The record as canonical JSON.
    pub record_json: String,
    /// Whether what listings look at still repeats the record; `false` is tampering.
    pub copies_agree: bool,
    /// When it was written, as listings look at it.
    pub occurred_at: Timestamp,
    /// Position in the chain, from 1.
    pub chain_seq: i64,
    /// Scheme of the hashes.
    pub hash_version: i64,
    /// Content hash, lower-case hex.
    pub content_sha256: String,
    /// Hash of the record before; empty at the start.
    pub prev_content_sha256: String,
    /// Keyed link, lower-case hex; empty without a key.
    pub chain_hmac: String,
}

/// Named exception: the chains of every zone, to be read, and to be cut at their old end.
#[async_trait]
pub trait Chains: Send {
    /// Every chain by its head, and the summary of all of them.
    async fn set(&mut self) -> Result<ChainSet, Error>;
    /// Zones with a ledger that earlier builds kept row by row and that is not in a log yet.
    async fn earlier_ledgers(&mut self) -> Result<Vec<ZoneId>, Error>;
    /// Up to `limit` records with `chain_seq > after` of the administrative chain of `zone`, or of the deployment's,
    /// in chain order.
    async fn admin_range(
        &mut self,
        zone: Option<&ZoneId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AdminChainRow>, Error>;
    /// Up to `limit` administrative chains numbered after `after`, by number, whose oldest record is from before `before`.
    async fn admin_older(
        &mut self,
        before: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<ChainHead>, Error>;
    /// Deletes the records after position `from` up to position `to`, whose content hash is `content`, and says so in the
    /// chain's checkpoint, with `at` and under the key of the chains. Of several callers with the same `from` one gets the
    /// new checkpoint; the others get `None`, as does one that names another `from` or `content` than there is. The
    /// caller has verified what it deletes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the database refuses because a record is too young.
    async fn prune_admin(
        &mut self,
        zone: Option<&ZoneId>,
        from: i64,
        to: i64,
        content: &str,
        at: Timestamp,
    ) -> Result<Option<PruneCheckpoint>, Error>;
}
