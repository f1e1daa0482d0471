//! Verification of a log entry by entry, which may stop at any entry and go on from there later.

use std::collections::BTreeMap;

use caracal_crypto::Digest32;

use crate::{checkpoint::Checkpoint, entry::Entry, merkle::Frontier};

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
mod tests {
    use super::*;
    use crate::{
        entry::tests::entry,
        merkle::{empty_root, root},
    };

    const LOG: &str = "ledger/z-1";

    fn bodies(count: u64) -> Vec<String> {
        (0..count).map(|n| format!(r#"{{"n":{n}}}"#)).collect()
    }

    fn entries(bodies: &[String]) -> Vec<Entry<'_>> {
        (0..).zip(bodies).map(|(n, body)| entry(n, body)).collect()
    }

    fn checkpoints(entries: &[Entry<'_>], sizes: &[usize]) -> Vec<Checkpoint> {
        let leaves: Vec<_> = entries.iter().map(Entry::leaf).collect();
        let at = |size: &usize| Checkpoint {
            origin: format!("caracal.example/{LOG}"),
            size: *size as u64,
            root: root(&leaves[..*size]),
        };
        sizes.iter().map(at).collect()
    }

    fn verify(entries: &[Entry<'_>], known: &[Checkpoint]) -> Result<Progress, Fault> {
        let mut verifier = Verifier::new(LOG, Progress::default(), known)?;
        for entry in entries {
            verifier.push(entry, None)?;
        }
        verifier.finish()
    }

    #[test]
    fn a_log_that_is_whole_holds_from_any_place_on() {
        let bodies = bodies(30);
        let entries = entries(&bodies);
        let known = checkpoints(&entries, &[0, 7, 20, 30]);
        let whole = verify(&entries, &known).unwrap();
        assert_eq!((whole.frontier.size(), whole.proved), (30, 30));
        for stop in 0..=30 {
            let mut first = Verifier::new(LOG, Progress::default(), &known).unwrap();
            for entry in &entries[..stop] {
                first.push(entry, None).unwrap();
            }
            let mut second = Verifier::new(LOG, first.progress().clone(), &known).unwrap();
            for entry in &entries[stop..] {
                second.push(entry, None).unwrap();
            }
            assert_eq!(second.finish().unwrap(), whole, "{stop}");
        }
    }

    #[test]
    fn every_kind_of_tampering_is_found_and_placed() {
        let bodies = bodies(30);
        let good = entries(&bodies);
        let known = checkpoints(&good, &[7, 20, 30]);
        // Changed.
        let mut changed = good.clone();
        changed[9].body = r#"{"n":"nine"}"#;
        assert_eq!(
            verify(&changed, &known),
            Err(Fault::Forked { proved: 7, size: 20 })
        );
        let mut exact = Verifier::new(LOG, Progress::default(), &known).unwrap();
        let found = changed
            .iter()
            .zip(&good)
            .find_map(|(entry, was)| exact.push(entry, Some(&was.leaf())).err());
        assert_eq!(found, Some(Fault::Changed { index: 9 }));
        // Deleted, doubled, exchanged.
        let without = [&good[..9], &good[10..]].concat();
        assert_eq!(
            verify(&without, &known),
            Err(Fault::Gap {
                expected: 9,
                found: 10
            })
        );
        let doubled = [&good[..10], &good[9..]].concat();
        assert_eq!(
            verify(&doubled, &known),
            Err(Fault::Gap {
                expected: 10,
                found: 9
            })
        );
        let mut exchanged = good.clone();
        exchanged.swap(3, 4);
        assert_eq!(
            verify(&exchanged, &known),
            Err(Fault::Gap {
                expected: 3,
                found: 4
            })
        );
        // Numbered anew to hide it.
        for (n, entry) in (0..).zip(&mut exchanged) {
            entry.index = n;
        }
        assert_eq!(
            verify(&exchanged, &known),
            Err(Fault::Forked { proved: 0, size: 7 })
        );
        // Cut at the end, or emptied.
        assert_eq!(verify(&good[..25], &known), Err(Fault::Truncated { missing: 5 }));
        assert_eq!(verify(&[], &known), Err(Fault::Truncated { missing: 30 }));
        // Entries of another log.
        let mut foreign = good.clone();
        foreign[2].log = "ledger/z-2";
        assert_eq!(verify(&foreign, &known), Err(Fault::Log { index: 2 }));
        // Rolled back behind what was seen.
        let seen = verify(&good, &known).unwrap();
        let other = checkpoints(&changed, &[30]);
        assert_eq!(
            Verifier::new(LOG, seen, &other).unwrap_err(),
            Fault::Forked { proved: 30, size: 30 }
        );
    }

    #[test]
    fn a_split_view_is_told_from_its_checkpoints_alone() {
        let bodies = bodies(8);
        let good = entries(&bodies);
        let mut other = good.clone();
        other[5].body = "{}";
        let known = [checkpoints(&good, &[8]), checkpoints(&other, &[8])].concat();
        assert_eq!(verify(&good, &known), Err(Fault::SplitView { size: 8 }));
        let empty = Checkpoint {
            origin: String::from("o"),
            size: 0,
            root: [1; 32],
        };
        assert_eq!(verify(&[], &[empty]), Err(Fault::Forked { proved: 0, size: 0 }));
        assert_eq!(Progress::default().frontier.root(), empty_root());
    }
}
