//! A log verified from its lines.

use std::{
    collections::VecDeque,
    io::{self, BufRead, Read as _},
};

use caracal_crypto::Digest32;
use caracal_ledger::{
    chain::LogId,
    checkpoint::Checkpoint,
    entry::Entry,
    prune::Prune,
    verify::{Fault, Progress, Verifier},
};
use caracal_storage::AuditRow;

use super::{MAX_LINE, ParsedLine};
use crate::{
    journal::Journal,
    proof::{KeptCheckpoints, KeptPrunes},
};

/// Lines between two words about how far it is.
const TOLD_EVERY: u64 = 1000;

/// What was signed of logs, and is believed.
#[derive(Debug, Clone, Default)]
pub struct Believed {
    /// Checkpoints.
    pub checkpoints: KeptCheckpoints,
    /// Prune checkpoints.
    pub prunes: KeptPrunes,
}

impl Believed {
    /// All of it, for whoever knows nothing of prunes: what a prune checkpoint says of the tree is compared like a checkpoint.
    #[must_use]
    pub fn as_checkpoints(self) -> KeptCheckpoints {
        let mut all = self.checkpoints;
        for (log, prune) in self.prunes.0 {
            all.0.entry(log).or_default().push(Checkpoint {
                size: prune.size(),
                root: prune.frontier.root(),
                origin: prune.origin,
            });
        }
        all
    }

    fn of(&self, log: &LogId) -> (&[Checkpoint], Option<&Prune>) {
        let checkpoints = self.checkpoints.0.get(log);
        (
            checkpoints.map(Vec::as_slice).unwrap_or_default(),
            self.prunes.0.get(log),
        )
    }
}

/// Why lines are not the log that was signed.
#[derive(Debug, thiserror::Error)]
pub enum LinesFault {
    /// It could not be read.
    #[error("cannot be read")]
    Read(#[from] io::Error),
    /// A line is none of an export, or says of its entry what is not so.
    #[error(
        "line {line}, where entry {index} is expected, is no line of an export, or says of its entry what is not so"
    )]
    Line {
        /// Which line, from 1.
        line: u64,
        /// The entry that is expected, from 0.
        index: u64,
    },
    /// The first line names no log.
    #[error("it is of no log of evidence")]
    NoLog,
    /// Nothing was signed of the log that is known here, so nothing can be compared.
    #[error("no checkpoint of {0} was given")]
    Unsigned(LogId),
    /// The entries are not those that were signed.
    #[error(transparent)]
    Log(#[from] Fault),
}

/// A log on its way from lines, which may lie in several stretches one behind the other.
///
/// Stretches may overlap: what was put away and then not deleted is put away again. What is there twice must be the same.
pub struct LinesVerifier<'s> {
    believed: &'s Believed,
    begun: Option<(LogId, Verifier)>,
    /// Entries before this one were compared earlier, and are passed over.
    earlier: u64,
    /// The entry that the stretch goes on with; none at its beginning.
    next: Option<u64>,
    /// Leaves of the stretch before and of this one, and the index of the first.
    leaves: VecDeque<Digest32>,
    leaves_from: u64,
    /// Whether leaves are kept, for further stretches.
    keeps: bool,
}

impl<'s> LinesVerifier<'s> {
    /// Compares with what `believed` has of the log that the first line names.
    pub const fn new(believed: &'s Believed) -> Self {
        Self {
            believed,
            begun: None,
            earlier: 0,
            next: None,
            leaves: VecDeque::new(),
            leaves_from: 0,
            keeps: false,
        }
    }

    /// The log, once a line named it.
    pub fn log(&self) -> Option<&LogId> {
        self.begun.as_ref().map(|(log, _)| log)
    }

    /// Where it is.
    pub fn progress(&self) -> Option<&Progress> {
        self.begun.as_ref().map(|(_, verifier)| verifier.progress())
    }

    /// Another stretch follows, which begins at `first`; a later one begins no earlier.
    pub fn stretch(&mut self, first: u64) {
        self.next = None;
        self.keeps = true;
        while self.leaves_from < first && self.leaves.pop_front().is_some() {
            self.leaves_from = self.leaves_from.saturating_add(1);
        }
    }

    fn expected(&self) -> u64 {
        self.progress().map_or(0, |progress| progress.frontier.size())
    }

    fn begin(&mut self, log: LogId, journal: &mut dyn Journal) -> Result<(), LinesFault> {
        let (checkpoints, prune) = self.believed.of(&log);
        if checkpoints.is_empty() && prune.is_none() {
            return Err(LinesFault::Unsigned(log));
        }
        let progress = journal.earlier(&log).unwrap_or_default();
        self.earlier = progress.frontier.size();
        let mut verifier = Verifier::new(&log.name(), progress, checkpoints)?;
        if let Some(prune) = prune {
            verifier = verifier.pruned(prune.clone())?;
        }
        self.begun = Some((log, verifier));
        Ok(())
    }

    /// Takes up to `most` lines. `journal` says once where the log was compared before, and hears how far it is.
    ///
    /// # Errors
    /// [`LinesFault`]; nothing more can be said of the log after it.
    pub fn lines(
        &mut self,
        read: &mut dyn BufRead,
        most: u64,
        journal: &mut dyn Journal,
    ) -> Result<(), LinesFault> {
        let mut bytes = Vec::new();
        for line in 1..=most {
            bytes.clear();
            if read.take(MAX_LINE).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let index = self.next.unwrap_or_else(|| self.expected());
            let said = ParsedLine::read(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
            let said = said.ok_or(LinesFault::Line { line, index })?;
            if self.begun.is_none() {
                self.begin(LogId::named(&said.log()).ok_or(LinesFault::NoLog)?, journal)?;
            }
            match said {
                ParsedLine::Event(row) => self.row(&row, journal)?,
                ParsedLine::Entry(written) => {
                    let entry = written.entry().ok_or(LinesFault::Line { line, index })?;
                    self.entry(&entry)?;
                }
                ParsedLine::Gone { log, index, leaves } => self.gone(&log, index, leaves)?,
            }
            if line.is_multiple_of(TOLD_EVERY)
                && let Some((log, verifier)) = &self.begun
            {
                journal.reached(log, verifier.progress());
            }
        }
        Ok(())
    }

    /// Takes the next event of a ledger.
    ///
    /// # Errors
    /// As [`Self::lines`].
    pub fn row(&mut self, row: &AuditRow, journal: &mut dyn Journal) -> Result<(), LinesFault> {
        let log = LogId::Ledger(row.event.zone_id.clone());
        let name = log.name();
        if self.begun.is_none() {
            self.begin(log, journal)?;
        }
        self.entry(&row.entry(&name))
    }

    fn entry(&mut self, entry: &Entry<'_>) -> Result<(), LinesFault> {
        if self.is_repeated(entry.index, || entry.leaf())? {
            return Ok(());
        }
        let Some((_, verifier)) = &mut self.begun else {
            return Err(LinesFault::NoLog);
        };
        // What is not exported any more is known by its tree, if a prune checkpoint says that it may be missing.
        if verifier.progress().frontier.size() == 0 && verifier.begins_pruned(entry.index) {
            verifier.skip_pruned()?;
        }
        verifier.push(entry, None)?;
        self.keep(|| entry.leaf());
        Ok(())
    }

    fn gone(&mut self, log: &str, first: u64, leaves: Vec<Digest32>) -> Result<(), LinesFault> {
        if self.log().is_none_or(|of| of.name() != log) {
            let index = self.expected();
            return Err(Fault::Log { index }.into());
        }
        for (index, leaf) in (first..).zip(leaves) {
            if self.is_repeated(index, || leaf)? {
                continue;
            }
            if let Some((_, verifier)) = &mut self.begun {
                verifier.push_pruned(index, leaf)?;
            }
            self.keep(|| leaf);
        }
        Ok(())
    }

    /// Whether the entry at `index` was taken already, in another stretch or by an earlier verification.
    fn is_repeated(&mut self, index: u64, leaf: impl FnOnce() -> Digest32) -> Result<bool, Fault> {
        let expected = self.next.replace(index.saturating_add(1)).unwrap_or(index);
        if index != expected {
            let found = index;
            return Err(Fault::Gap { expected, found });
        }
        if index < self.earlier {
            return Ok(true);
        }
        let kept = index
            .checked_sub(self.leaves_from)
            .and_then(|at| usize::try_from(at).ok());
        match kept.and_then(|at| self.leaves.get(at)) {
            Some(kept) if *kept != leaf() => Err(Fault::Changed { index }),
            Some(_) => Ok(true),
            None => Ok(false),
        }
    }

    /// Keeps the leaf of the entry that was taken last.
    fn keep(&mut self, leaf: impl FnOnce() -> Digest32) {
        if !self.keeps {
            return;
        }
        if self.leaves.is_empty() {
            self.leaves_from = self.expected().saturating_sub(1);
        }
        self.leaves.push_back(leaf());
    }

    /// The log, and how far it is the one that was signed; `None` where there was no line.
    ///
    /// # Errors
    /// [`Fault::Truncated`] where more was signed.
    pub fn finish(self) -> Result<Option<(LogId, Progress)>, Fault> {
        let Some((log, verifier)) = self.begun else {
            return Ok(None);
        };
        Ok(Some((log, verifier.finish()?)))
    }
}
