//! A log compared with checkpoints that somebody kept elsewhere: what was signed once has to be there still.

use std::collections::BTreeMap;

use caracal_core::ZoneId;
use caracal_ledger::{
    chain::LogId,
    checkpoint::{Checkpoint, InvalidCheckpoint, SignedCheckpoint},
    note::NoteKey,
    prune::{InvalidPrune, Prune, SignedPrune},
    trust::{Distrust, InvalidTrust, Trust},
    verify::{Fault, Progress, Verifier},
};
use caracal_storage::{Access, Error, KeptPrune, Store};

use super::begins_with;

/// Entries read at a time.
const PAGE: u32 = 1000;

/// Checkpoints by their log, each believed.
#[derive(Debug, Clone, Default)]
pub struct KeptCheckpoints(pub BTreeMap<LogId, Vec<Checkpoint>>);

/// Why a checkpoint is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// It is none.
    #[error(transparent)]
    Form(#[from] InvalidCheckpoint),
    /// It is no prune checkpoint.
    #[error(transparent)]
    Prune(#[from] InvalidPrune),
    /// It is not of a log of evidence.
    #[error("the checkpoint is of {0}, which is no log of evidence")]
    Log(String),
    /// No key of its log is among those that are trusted, or there are fewer witnesses than are asked for.
    #[error(transparent)]
    Trust(#[from] InvalidTrust),
    /// It is not signed as it has to be.
    #[error(transparent)]
    Distrust(#[from] Distrust),
}

impl KeptCheckpoints {
    /// Those of the ledgers of zones.
    pub fn ledgers(&self) -> impl Iterator<Item = (&ZoneId, &Vec<Checkpoint>)> {
        self.0.iter().filter_map(|(log, known)| match log {
            LogId::Ledger(zone) => Some((zone, known)),
            LogId::Admin(_) | LogId::Deployment => None,
        })
    }

    /// Adds a checkpoint that a key of its log and `threshold` witnesses among `keys` signed.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn add(&mut self, note: &[u8], keys: &[NoteKey], threshold: usize) -> Result<(), NotKept> {
        let signed = SignedCheckpoint::parse(note)?;
        let checkpoint = signed.checkpoint();
        let origin = &checkpoint.origin;
        let log = LogId::of_origin(origin).ok_or_else(|| NotKept::Log(origin.clone()))?;
        Trust::of_keys(origin, keys.iter().cloned(), threshold)?.check(&signed)?;
        self.0.entry(log).or_default().push(checkpoint.clone());
        Ok(())
    }
}

/// Prune checkpoints by their log, each believed.
#[derive(Debug, Clone, Default)]
pub struct KeptPrunes(pub BTreeMap<LogId, Prune>);

impl KeptPrunes {
    /// Adds a prune checkpoint that a key of its log among `keys` signed; of two of one log the larger counts.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn add(&mut self, note: &[u8], keys: &[NoteKey]) -> Result<(), NotKept> {
        let signed = SignedPrune::parse(note)?;
        let prune = signed.prune();
        let origin = &prune.origin;
        let log = LogId::of_origin(origin).ok_or_else(|| NotKept::Log(origin.clone()))?;
        Trust::of_keys(origin, keys.iter().cloned(), 0)?.check_prune(&signed)?;
        let known = self.0.entry(log).or_insert_with(|| prune.clone());
        if known.size() < prune.size() {
            *known = prune.clone();
        }
        Ok(())
    }
}

/// Goes through `log` from where `progress` stands and compares it with `known`. What a prune checkpoint that
/// one of `keys` signed says is gone may be missing. `tell` hears of each step.
///
/// # Errors
/// As the storage; what does not hold is a [`Fault`].
pub async fn verify_against(
    store: &dyn Store,
    log: &LogId,
    known: &[Checkpoint],
    keys: &[NoteKey],
    progress: Progress,
    mut tell: impl FnMut(&Progress),
) -> Result<Result<Progress, Fault>, Error> {
    let name = log.name();
    let mut verifier = match Verifier::new(&name, progress, known) {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut work = store.log(log, Access::Read).await?;
    // What was looked at before is not read again, but it has to be there.
    let Progress { frontier, proved } = verifier.progress();
    let (size, proved) = (frontier.size(), *proved);
    let found = work.log().head().await?.size;
    if found < size {
        let missing = size.saturating_sub(found);
        return Ok(Err(Fault::Truncated { missing }));
    }
    if !begins_with(work.log(), frontier).await? {
        return Ok(Err(Fault::Forked { proved, size }));
    }
    let pruned = work.retention().newest_prune().await?;
    let mut end = 0;
    if let Some(signed) = pruned.and_then(|pruned| believed(&pruned, keys, known)) {
        end = signed.prune().size();
        verifier = match verifier.pruned(signed.prune().clone()) {
            Ok(verifier) => verifier,
            Err(fault) => return Ok(Err(fault)),
        };
    }
    let mut page = PAGE;
    loop {
        let from = verifier.progress().frontier.size();
        let rows = match work.log().entries(from, page).await {
            // Up to the one that cannot be read.
            Err(Error::Corrupt(_)) if page > 1 => {
                page = 1;
                continue;
            }
            Err(Error::Corrupt(_)) => return Ok(Err(Fault::Unreadable { index: from })),
            rows => rows?,
        };
        let next = rows.first().map_or(end, |row| row.index);
        if from < next.min(end) {
            let gone = from..next.min(end).min(from.saturating_add(PAGE.into()));
            let leaves = work.log().leaves(gone).await?;
            if leaves.is_empty() {
                return Ok(Err(Fault::Missing { index: from }));
            }
            for (index, leaf) in (from..).zip(leaves) {
                if let Err(fault) = verifier.push_pruned(index, leaf) {
                    return Ok(Err(fault));
                }
            }
            tell(verifier.progress());
            continue;
        }
        if rows.is_empty() {
            return Ok(verifier.finish());
        }
        // Up to the next gap.
        let unbroken = (from..)
            .zip(&rows)
            .take_while(|(index, row)| *index == from || row.index == *index);
        for (_, row) in unbroken {
            if let Err(fault) = verifier.push(&row.entry(&name), None) {
                return Ok(Err(fault));
            }
        }
        tell(verifier.progress());
    }
}

/// The prune checkpoint of the log that `known` is of, if one of `keys` signed it. Any other permits nothing.
fn believed(pruned: &KeptPrune, keys: &[NoteKey], known: &[Checkpoint]) -> Option<SignedPrune> {
    let signed = SignedPrune::parse(pruned.note.as_bytes()).ok()?;
    let trust = Trust::of_keys(&known.first()?.origin, keys.iter().cloned(), 0).ok()?;
    trust.check_prune(&signed).ok()?;
    Some(signed)
}
