//! Evidence as its verification reads it: every log, whatever its zone.

use async_trait::async_trait;
use caracal_ledger::chain::LogId;

use crate::{Error, LedgerHead};

/// A log by its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Which one.
    pub log: LogId,
    /// Its end.
    pub head: LedgerHead,
}

/// What was last said of all logs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainsSummary {
    /// How many began.
    pub count: i64,
    /// Digest of them in the order in which they began, lower-case hex.
    pub digest: String,
    /// Keyed tag of count and digest, lower-case hex; empty without a key.
    pub digest_hmac: String,
}

/// Every log there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainSet {
    /// By number.
    pub chains: Vec<ChainHead>,
    /// Absent before the first log began.
    pub summary: Option<ChainsSummary>,
}

/// Named exception: the logs of every zone.
#[async_trait]
pub trait Chains: Send {
    /// Every log by its head, and the summary of all of them.
    async fn set(&mut self) -> Result<ChainSet, Error>;
    /// Logs of which earlier builds kept entries row by row that are not in it yet.
    async fn earlier(&mut self) -> Result<Vec<LogId>, Error>;
    /// Moves the administrative records that earlier builds kept row by row into the log of `zone`, or of the deployment: all of
    /// them, oldest first; how many there were. The next record that is appended would do it, too.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when they do not verify.
    async fn adopt_records(&mut self, log: &LogId) -> Result<u64, Error>;
}
