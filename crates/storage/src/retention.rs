//! How long evidence is kept, what is held, and what was deleted on purpose.

use async_trait::async_trait;
use caracal_core::Timestamp;

use crate::{Error, Page, PageRequest};

/// Most holds of a zone that are in force.
pub const MAX_HOLDS: usize = 1000;

/// How long events are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionDays {
    /// Days from when an event was taken and happened.
    pub days: u32,
    /// Who said so.
    pub updated_by: String,
    /// When.
    pub updated_at: Timestamp,
}

/// What is not deleted, however old it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Id.
    pub id: String,
    /// Events of this subject, and those that name it, a session, an application or whatever else; everything in the zone
    /// without.
    pub subject: Option<String>,
    /// Why.
    pub reason: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: Timestamp,
}

/// Which holds are in force, so that nothing is deleted under others: their ids, a line each.
pub fn held_ids(holds: &[Hold]) -> String {
    let mut ids: Vec<&str> = holds.iter().map(|hold| hold.id.as_str()).collect();
    ids.sort_unstable();
    ids.join("\n")
}

/// A prune checkpoint of a zone's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPrune {
    /// The how-manieth of the log it is, from 1.
    pub number: i64,
    /// Entries up to which bodies may be gone.
    pub size: u64,
    /// When it was signed.
    pub pruned_at: Timestamp,
    /// The note, as the `ledger` crate reads it.
    pub note: String,
    /// [`held_ids`] of the holds that it keeps for.
    pub holds: String,
    /// Leaves from the last full tile before `size` up to it: they are nowhere else once their blocks are gone.
    pub leaves: Vec<[u8; 32]>,
    /// Keyed tag of log, size, note and time, lower-case hex; written by the storage, empty without a key.
    pub tag: String,
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Blocks.
    pub blocks: u64,
    /// Events in them.
    pub entries: u64,
}

/// How long events are kept, of one zone or of the deployment.
#[async_trait]
pub trait RetentionSetting: Send {
    /// Serialises whoever changes the setting until the end of the work.
    async fn lock(&mut self) -> Result<(), Error>;
    /// The setting; absent where nobody made one.
    async fn days(&mut self) -> Result<Option<RetentionDays>, Error>;
    /// Makes it, or takes it away.
    async fn set_days(&mut self, days: Option<&RetentionDays>) -> Result<(), Error>;
}

/// Holds and prune checkpoints of a zone.
#[async_trait]
pub trait LogRetention: Send {
    /// Holds in force, at most [`MAX_HOLDS`], in the order of their ids.
    async fn holds(&mut self) -> Result<Vec<Hold>, Error>;
    /// Days that somebody said events of the log's zone are kept, or those of all where the log is of no zone.
    async fn said_days(&mut self) -> Result<Option<u32>, Error>;
    /// Holds in force by `(placed_at, id)`, newest first.
    async fn list_holds(&mut self, page: &PageRequest) -> Result<Page<Hold>, Error>;
    /// Authority records of subjects that are held: what their events name.
    async fn held_records(&mut self) -> Result<Vec<String>, Error>;
    /// Places a hold once a deletion that runs is over.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`evidence_holds`) where the zone has [`MAX_HOLDS`].
    async fn place(&mut self, hold: &Hold) -> Result<(), Error>;
    /// Lifts a hold; whether it was in force.
    async fn lift(&mut self, id: &str, by: &str, at: Timestamp) -> Result<bool, Error>;
    /// The newest prune checkpoint of the log.
    async fn newest_prune(&mut self) -> Result<Option<KeptPrune>, Error>;
    /// Seals the beginning of the unsealed tail as far as its events happened and were taken before `before`; whether
    /// there were any.
    async fn seal_before(&mut self, before: Timestamp) -> Result<bool, Error>;
    /// Writes a prune checkpoint down, if it is the next one and the holds are those it keeps for. The caller has verified
    /// and exported what goes.
    async fn prune(&mut self, prune: &KeptPrune) -> Result<bool, Error>;
    /// Deletes up to `limit` blocks, with their postings, that the newest prune checkpoint says are gone. Nothing where
    /// other holds are in force than it keeps for.
    async fn sweep(&mut self, limit: u32) -> Result<Swept, Error>;
}
