//! Which holds are in force and how long events are kept, as administrative records say it.
//!
//! Rows say the same and are quick to ask, but whoever can write into the database can change a row and leave no trace.
//! Records are the leaves of a signed tree. So nothing is deleted, and no evidence holds, where rows say something else.

use std::collections::BTreeMap;

use caracal_ledger::{
    block,
    chain::LogId,
    checkpoint::Checkpoint,
    merkle::Frontier,
    prune::{InvalidPrune, Prune, SignedPrune},
};
use caracal_storage::{AdminAuditRecord, Error, Hold, Log, LogWork};
use caracal_wire::control::retention::Keeping;

use crate::proof::{Checkpoints, NotPublished};

/// Blocks read at a time.
const BLOCKS: u32 = 32;
/// Hashes of records that are gone read at a time.
const LEAVES: u64 = 16 * 256;
/// Looks at rows and records before they are said to differ: a change between two reads makes both right in turn.
const LOOKS: usize = 3;

/// Where it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordRef {
    /// Index of the record.
    pub(crate) index: u64,
    /// Its id.
    pub(crate) record: String,
}

/// What the records of a log say, up to where they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RetentionRecords {
    /// Holds in force, by their ids: whom they are of, and where it is said.
    holds: BTreeMap<String, (Option<String>, RecordRef)>,
    /// The retention that somebody made, or took away.
    days: Option<(Option<u32>, RecordRef)>,
}

/// What records and rows agree on.
#[derive(Debug)]
pub(crate) struct AgreedRetention {
    /// As records say it.
    pub(crate) said: RetentionRecords,
    /// Holds in force.
    pub(crate) holds: Vec<Hold>,
}

/// A record that says something of it cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("record {0} cannot be read")]
pub(crate) struct Unread(pub(crate) u64);

impl RetentionRecords {
    /// Whether a record may say something of it. Most do not; whoever writes them escapes nothing in this name.
    pub(crate) fn is_of(body: &str) -> bool {
        body.contains(Keeping::MEMBER)
    }

    /// As after the record at `index` as well, which follows all that were taken.
    pub(crate) fn with(mut self, index: u64, body: &str) -> Result<Self, Unread> {
        self.take(index, body).map(|()| self)
    }

    /// Takes the record at `index`, which follows all that were taken.
    fn take(&mut self, index: u64, body: &str) -> Result<(), Unread> {
        if !Self::is_of(body) {
            return Ok(());
        }
        let record: AdminAuditRecord = serde_json::from_str(body).map_err(|_| Unread(index))?;
        let said = record
            .payload_json
            .as_ref()
            .and_then(|payload| payload.get(Keeping::MEMBER));
        let Some(said) = said else {
            return Ok(());
        };
        let said = serde_json::from_value(said.clone()).map_err(|_| Unread(index))?;
        let place = RecordRef {
            index,
            record: record.id,
        };
        match said {
            Keeping::Held { hold_id, subject_id } => {
                self.holds.insert(hold_id, (subject_id, place));
            }
            Keeping::Lifted { hold_id } => {
                self.holds.remove(&hold_id);
            }
            Keeping::Retention { days } => self.days = Some((days, place)),
        }
        Ok(())
    }

    /// Days that somebody said; absent where nobody did, or took it back.
    fn days(&self) -> Option<u32> {
        self.days.as_ref().and_then(|(days, _)| *days)
    }

    /// Ids of the records that say what is in force: they are kept as long as it is.
    pub(crate) fn records(&self) -> impl Iterator<Item = &str> {
        let holds = self.holds.values().map(|(_, place)| place);
        let days = self.days.iter().map(|(_, place)| place);
        holds.chain(days).map(|place| place.record.as_str())
    }

    /// The first hold that rows do not say as records do.
    fn other_hold(&self, rows: &[Hold]) -> Option<RecordRef> {
        let missing = self
            .holds
            .iter()
            .find(|(id, (subject, _))| !rows.iter().any(|row| row.id == **id && row.subject == *subject));
        if let Some((_, (_, place))) = missing {
            return Some(place.clone());
        }
        let unsaid = rows.iter().find(|row| !self.holds.contains_key(&row.id))?;
        Some(RecordRef {
            index: 0,
            record: unsaid.id.clone(),
        })
    }

    /// What rows do not say as records do.
    fn differs(&self, holds: &[Hold], days: Option<u32>) -> Option<RecordRef> {
        self.other_hold(holds).or_else(|| {
            let place = || match &self.days {
                Some((_, place)) => place.clone(),
                None => RecordRef {
                    index: 0,
                    record: String::new(),
                },
            };
            (self.days() != days).then(place)
        })
    }
}

/// What rows say of a log of records: holds of its zone, and the retention of that zone or of the deployment.
async fn rows(work: &mut dyn LogWork) -> Result<(Vec<Hold>, Option<u32>), Error> {
    let holds = work.retention().holds().await?;
    Ok((holds, work.retention().said_days().await?))
}

/// Reads what the records of a log before `end` say, as they are stored; `tree` grows by all of them, by those too whose
/// bodies are gone as `gone` permits.
async fn read(
    stored: &mut dyn Log,
    log: &LogId,
    end: u64,
    gone: Option<&Prune>,
    tree: &mut Frontier,
) -> Result<RetentionRecords, Unproved> {
    let name = log.name();
    let mut said = RetentionRecords::default();
    while tree.size() < end {
        let blocks = stored.blocks(tree.size(), BLOCKS).await?;
        let first = blocks.first().map_or(end, |block| block.first.min(end));
        if first > tree.size() {
            let range = tree.size()..first.min(tree.size().saturating_add(LEAVES));
            if gone.is_none_or(|gone| gone.first_refused(&range).is_some()) {
                return Err(Unproved::Missing(range.start));
            }
            let leaves = stored.leaves(range.clone()).await?;
            if leaves.is_empty() {
                return Err(Unproved::Missing(range.start));
            }
            for leaf in leaves {
                tree.append(leaf);
            }
            continue;
        }
        for block in &blocks {
            if block.first != tree.size() {
                break;
            }
            let (_, entries) = block::decode(&block.block).map_err(|_| Unread(block.first))?;
            for (index, kept) in (block.first..end).zip(&entries) {
                tree.append(kept.entry(&name, index).leaf());
                said.take(index, &kept.body)?;
            }
        }
    }
    Ok(said)
}

/// Why it is not known what records say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unproved {
    #[error("the records cannot be read")]
    Storage(#[from] Error),
    #[error("the log of records is not signed")]
    NotPublished(#[from] NotPublished),
    #[error(transparent)]
    Unread(#[from] Unread),
    #[error("what was said to be gone cannot be read")]
    Gone(#[from] InvalidPrune),
    #[error("record {0} is missing")]
    Missing(u64),
    #[error("the records are not those that were signed")]
    Contradicts,
    #[error("holds or retention are not those that record {0} says")]
    Differs(String),
}

/// What the records of `log` say, proved to be those that are signed.
async fn proved(checkpoints: &Checkpoints, log: &LogId) -> Result<RetentionRecords, Unproved> {
    let Some(newest) = checkpoints.newest(log).await? else {
        return Ok(RetentionRecords::default());
    };
    let Checkpoint { size, root, .. } = newest.checkpoint();
    let mut work = checkpoints.view(log).await?;
    let gone = work.retention().newest_prune().await?;
    let gone = gone
        .map(|gone| SignedPrune::parse(gone.note.as_bytes()))
        .transpose()?;
    let mut tree = Frontier::default();
    let gone = gone.as_ref().map(SignedPrune::prune);
    let said = read(work.log(), log, *size, gone, &mut tree).await?;
    if tree.size() != *size || tree.root() != *root {
        return Err(Unproved::Contradicts);
    }
    Ok(said)
}

/// What the records of `log` say, where rows say the same.
///
/// # Errors
/// [`Unproved::Differs`] where they do not, however often one looks.
pub(crate) async fn agreed(checkpoints: &Checkpoints, log: &LogId) -> Result<AgreedRetention, Unproved> {
    let mut looks = 1;
    loop {
        let said = proved(checkpoints, log).await?;
        let (holds, days) = rows(checkpoints.view(log).await?.as_mut()).await?;
        match said.differs(&holds, days) {
            None => return Ok(AgreedRetention { said, holds }),
            Some(place) if looks == LOOKS => return Err(Unproved::Differs(place.record)),
            Some(_) => looks += 1,
        }
    }
}

/// What records before `end`, which were proved otherwise, say; `None` where one of them cannot be read.
///
/// # Errors
/// As the storage.
pub(crate) async fn records_before(
    stored: &mut dyn Log,
    log: &LogId,
    end: u64,
    gone: Option<&Prune>,
) -> Result<Option<RetentionRecords>, Error> {
    match read(stored, log, end, gone, &mut Frontier::default()).await {
        Ok(said) => Ok(Some(said)),
        Err(Unproved::Storage(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// What of that which the records of a log say is not said by rows, of which `work` is a view; for an auditor, who proves the
/// records otherwise.
///
/// # Errors
/// As the storage.
pub(crate) async fn contradicted(
    work: &mut dyn LogWork,
    said: &RetentionRecords,
) -> Result<Option<RecordRef>, Error> {
    let (holds, days) = rows(work).await?;
    Ok(said.differs(&holds, days))
}
