//! Verification of a log entry by entry, which may stop at any entry and go on from there later.

use std::collections::BTreeMap;

use caracal_crypto::Digest32;

use crate::{checkpoint::Checkpoint, entry::Entry, merkle::Frontier, prune::Prune};

/// Where a verification is: the tree over what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The tree so far.
    pub frontier: Frontier,
    /// Largest size at which the tree was the one of a known checkpoint.
    pub proved: u64,
}

/// What does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The entry is of another log.
    #[error("entry {index} is of another log")]
    Log {
        /// Where, from 0.
        index: u64,
    },
    /// An entry is missing before this one, or it stands twice.
    #[error("entry {found} stands where {expected} is expected")]
    Gap {
        /// Where the verification was.
        expected: u64,
        /// What it was given.
        found: u64,
    },
    /// The entry is not the one that the tree was made of.
    #[error("entry {index} is not the one that was taken in")]
    Changed {
        /// Where, from 0.
        index: u64,
    },
    /// The tree is another than the one that was signed: something after `proved` and before `size` was changed.
    #[error("the log is not the one that was signed at {size} entries; it was up to {proved}")]
    Forked {
        /// Largest size at which all was well.
        proved: u64,
        /// The first size at which it was not.
        size: u64,
    },
    /// A checkpoint says that there was more.
    #[error("{missing} entries at the end are missing")]
    Truncated {
        /// How many.
        missing: u64,
    },
    /// The body of an entry is gone, and no prune checkpoint says that it may be.
    #[error("entry {index} is missing, and no prune checkpoint says that it was deleted on purpose")]
    Missing {
        /// Where, from 0.
        index: u64,
    },
    /// The entry cannot be read: what it is stored in is damaged.
    #[error("entry {index} cannot be read: its block is damaged")]
    Unreadable {
        /// Where, from 0.
        index: u64,
    },
    /// A checkpoint lies before the first entry that there is: without the hashes of what is gone it cannot be compared.
    #[error(
        "what was signed at {size} entries lies in the pruned part: compare it where the hashes are, or with the archive"
    )]
    Unproved {
        /// Its size.
        size: u64,
    },
    /// Two checkpoints of one size have different roots: whoever signed both shows two logs.
    #[error("two different logs were signed at {size} entries")]
    SplitView {
        /// That size.
        size: u64,
    },
}

/// Goes through a log from its beginning, or from where an earlier one stopped.
#[derive(Debug, Clone)]
pub struct Verifier {
    log: String,
    progress: Progress,
    /// Roots by size that were signed, as far as they lie ahead.
    ahead: BTreeMap<u64, Digest32>,
    prune: Option<Prune>,
}

impl Verifier {
    /// For the log `log` from where `progress` stands, against what was signed of it. The caller verified the signatures.
    ///
    /// # Errors
    /// [`Fault`] where the checkpoints contradict each other or what was seen already.
    pub fn new<'c>(
        log: &str,
        progress: Progress,
        known: impl IntoIterator<Item = &'c Checkpoint>,
    ) -> Result<Self, Fault> {
        let mut ahead = BTreeMap::new();
        for Checkpoint { size, root, .. } in known {
            if *ahead.entry(*size).or_insert(*root) != *root {
                return Err(Fault::SplitView { size: *size });
            }
        }
        let mut verifier = Self {
            log: log.to_owned(),
            progress,
            ahead,
            prune: None,
        };
        // What lies behind was compared when it was passed.
        verifier.ahead = verifier.ahead.split_off(&verifier.progress.frontier.size());
        verifier.compare()?;
        Ok(verifier)
    }

    /// Takes the next entry. With `leaf`, the hash that the tree was made of at its place, a change is found where it is;
    /// without, between two checkpoints.
    ///
    /// # Errors
    /// [`Fault`]; nothing more can be said of the log after it.
    pub fn push(&mut self, entry: &Entry<'_>, leaf: Option<&Digest32>) -> Result<(), Fault> {
        let expected = self.progress.frontier.size();
        if entry.log != self.log {
            return Err(Fault::Log { index: expected });
        }
        if entry.index != expected {
            let found = entry.index;
            return Err(Fault::Gap { expected, found });
        }
        let made = entry.leaf();
        if leaf.is_some_and(|leaf| *leaf != made) {
            return Err(Fault::Changed { index: expected });
        }
        self.progress.frontier.append(made);
        self.compare()
    }

    /// Allows what `prune` says to be missing, whose signature the caller verified. What it says of the tree is compared
    /// like a checkpoint.
    ///
    /// # Errors
    /// [`Fault::SplitView`] or [`Fault::Forked`] where it contradicts what is known.
    pub fn pruned(mut self, prune: Prune) -> Result<Self, Fault> {
        let (size, root) = (prune.size(), prune.frontier.root());
        self.prune = Some(prune);
        if size < self.progress.frontier.size() {
            return Ok(self);
        }
        if *self.ahead.entry(size).or_insert(root) != root {
            return Err(Fault::SplitView { size });
        }
        self.compare()?;
        Ok(self)
    }

    /// Takes the leaf of the next entry, whose body is gone.
    ///
    /// # Errors
    /// [`Fault`]; nothing more can be said of the log after it.
    pub fn push_pruned(&mut self, index: u64, leaf: Digest32) -> Result<(), Fault> {
        let expected = self.progress.frontier.size();
        if index != expected {
            return Err(Fault::Gap {
                expected,
                found: index,
            });
        }
        if !self.prune.as_ref().is_some_and(|prune| prune.permits(index)) {
            return Err(Fault::Missing { index });
        }
        self.progress.frontier.append(leaf);
        self.compare()
    }

    /// Whether a log may begin with the entry at `index`: all before it may be gone.
    pub fn begins_pruned(&self, index: u64) -> bool {
        index > 0 && self.prune.as_ref().is_some_and(|prune| prune.size() == index)
    }

    /// Goes on behind the prune checkpoint without the hashes of what is gone: a checkpoint that is met later proves that
    /// the log began as the prune checkpoint says.
    ///
    /// # Errors
    /// [`Fault`] where that cannot be, or would leave something out.
    pub fn skip_pruned(&mut self) -> Result<(), Fault> {
        let from = self.progress.frontier.size();
        let Some(prune) = self.prune.as_ref().filter(|prune| prune.size() > from) else {
            return Err(Fault::Missing { index: from });
        };
        if let Some(index) = prune.first_refused(&(from..prune.size())) {
            return Err(Fault::Missing { index });
        }
        if let Some((size, _)) = self.ahead.range(from..prune.size()).next() {
            return Err(Fault::Unproved { size: *size });
        }
        self.progress.frontier = prune.frontier.clone();
        self.compare()
    }

    /// Whether everything that was signed was seen.
    ///
    /// # Errors
    /// [`Fault::Truncated`].
    pub fn finish(self) -> Result<Progress, Fault> {
        let end = self.progress.frontier.size();
        match self.ahead.last_key_value() {
            Some((size, _)) if *size > end => Err(Fault::Truncated {
                missing: size.saturating_sub(end),
            }),
            _ => Ok(self.progress),
        }
    }

    /// Where it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Compares with what was signed at this size.
    fn compare(&mut self) -> Result<(), Fault> {
        let size = self.progress.frontier.size();
        let Some(root) = self.ahead.remove(&size) else {
            return Ok(());
        };
        if root != self.progress.frontier.root() {
            let proved = self.progress.proved;
            return Err(Fault::Forked { proved, size });
        }
        self.progress.proved = size;
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "what is kept may be one range")]
mod tests;
