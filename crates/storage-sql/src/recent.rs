//! What this process knows of the ends of logs, so that an append need not read what it just wrote.
//!
//! Nothing here is believed by itself: a tail is that of a root which the held row of the log must still have, and a
//! sealed block never changes. What a transaction learns counts once it is committed.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use caracal_crypto::Digest32;
use caracal_ledger::{block::BlockEntry, terms::Indexed};
use caracal_storage::LogHead;

/// Most tails kept. One has some hundred kilobytes.
const TAILS: usize = 32;
/// Most sealed blocks whose ids are kept. One has some ten kilobytes.
const BLOCKS: usize = 256;

/// An entry that is not in a sealed block, with what sealing needs of it.
#[derive(Debug, Clone)]
pub(crate) struct Unsealed {
    pub(crate) kept: BlockEntry<'static>,
    pub(crate) said: Indexed,
    pub(crate) leaf: Digest32,
}

impl Unsealed {
    /// The entry at `index` of the log `name`, with its event.
    pub(crate) fn new(name: &str, index: u64, kept: BlockEntry<'static>, said: Indexed) -> Self {
        Self {
            leaf: kept.entry(name, index).leaf(),
            kept,
            said,
        }
    }
}

/// The unsealed end of a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail {
    /// Entries from the log's `sealed` on.
    pub(crate) entries: Vec<Unsealed>,
    /// Leaf hashes of the tile of leaves that is not full.
    pub(crate) leaves: Vec<Digest32>,
}

/// A sealed block: number of the log, first index, entries.
pub(crate) type BlockKey = (i64, u64, u64);
/// The ids of a block.
pub(crate) type Ids = Arc<HashSet<String>>;

/// Most levels of tiles whose roots are kept. One has eight kilobytes at most.
const ROOTS: usize = 256;

/// What a transaction learned.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// By the number of the log.
    pub(crate) tails: HashMap<i64, (LogHead, Tail)>,
    pub(crate) ids: Vec<(BlockKey, Ids)>,
}

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    tails: HashMap<i64, (LogHead, Tail)>,
    ids: HashMap<BlockKey, Ids>,
    order: VecDeque<BlockKey>,
    /// By log and level: the first of some full tiles that follow each other, and their roots.
    roots: HashMap<(i64, u8), (u64, Vec<Digest32>)>,
}

/// Drops one of the others where there is no room for `key`.
fn make_room<K: Copy + Eq + std::hash::Hash, V>(kept: &mut HashMap<K, V>, key: &K, most: usize) {
    if kept.len() >= most
        && !kept.contains_key(key)
        && let Some(other) = kept.keys().next().copied()
    {
        kept.remove(&other);
    }
}

impl Recent {
    fn known<T>(&self, then: impl FnOnce(&mut Known) -> T) -> T {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The tail of the log as `log` says that it is; taken out, as whoever holds the log will change it.
    pub(crate) fn take(&self, log: &LogHead) -> Option<Tail> {
        let (of, tail) = self.known(|known| known.tails.remove(&log.number))?;
        (of == *log).then_some(tail)
    }

    /// The ids of a sealed block.
    pub(crate) fn ids(&self, place: BlockKey) -> Option<Ids> {
        self.known(|known| known.ids.get(&place).cloned())
    }

    /// Leaf hashes of the tile that begins with the leaf `first` and is not full in the log as `log` says that it is.
    pub(crate) fn leaves(&self, log: &LogHead, first: u64) -> Option<Vec<Digest32>> {
        self.known(|known| {
            let (of, tail) = known.tails.get(&log.number)?;
            let begins = log.size.checked_sub(tail.leaves.len() as u64)?;
            (of == log && begins == first && !tail.leaves.is_empty()).then(|| tail.leaves.clone())
        })
    }

    /// Roots of the full tiles `range` of a level, as many of the first of them as are known.
    pub(crate) fn roots(&self, log: i64, level: u8, range: &Range<u64>) -> Vec<Digest32> {
        let most = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        self.known(|known| {
            let roots = known.roots.get(&(log, level));
            let roots = roots.filter(|(first, _)| *first == range.start);
            roots.map_or_else(Vec::new, |(_, roots)| roots.iter().take(most).copied().collect())
        })
    }

    /// Keeps the roots of full tiles from `first` on, instead of those of another place of the level.
    pub(crate) fn learn_roots(&self, log: i64, level: u8, first: u64, roots: &[Digest32]) {
        self.known(|known| {
            make_room(&mut known.roots, &(log, level), ROOTS);
            known.roots.insert((log, level), (first, roots.to_vec()));
        });
    }

    /// Takes over what a transaction learned, now that it is committed.
    pub(crate) fn learn(&self, learned: Learned) {
        self.known(|known| {
            for (number, tail) in learned.tails {
                make_room(&mut known.tails, &number, TAILS);
                known.tails.insert(number, tail);
            }
            for (place, ids) in learned.ids {
                if known.ids.insert(place, ids).is_none() {
                    known.order.push_back(place);
                }
                while known.order.len() > BLOCKS
                    && let Some(oldest) = known.order.pop_front()
                {
                    known.ids.remove(&oldest);
                }
            }
        });
    }
}
