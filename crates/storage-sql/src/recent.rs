//! What this process knows of the ends of logs, so that an append need not read what it just wrote.
//!
//! Nothing here is believed by itself: a tail is that of a root which the held row of the log must still have, and a
//! sealed block never changes. What a transaction learns counts once it is committed.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use caracal_core::{Timestamp, audit::AuditEvent};
use caracal_crypto::Digest32;
use caracal_ledger::{block::Kept, terms::Searched};
use caracal_storage::LogHead;

/// Most tails kept. One has some hundred kilobytes.
const TAILS: usize = 32;
/// Most sealed blocks whose ids are kept. One has some ten kilobytes.
const BLOCKS: usize = 256;

/// An entry that is not in a sealed block, with what sealing needs of it.
#[derive(Debug, Clone)]
pub(crate) struct Unsealed {
    pub(crate) kept: Kept<'static>,
    pub(crate) id: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) terms: BTreeSet<i64>,
    pub(crate) leaf: Digest32,
}

impl Unsealed {
    /// The entry at `index` of the log `name`, with its event.
    pub(crate) fn new(name: &str, index: u64, kept: Kept<'static>, event: &AuditEvent) -> Self {
        let searched = Searched::of(event);
        Self {
            leaf: kept.entry(name, index).leaf(),
            kept,
            terms: searched.terms(),
            occurred_at: searched.occurred_at,
            id: searched.id,
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
pub(crate) type Place = (i64, u64, u64);
/// The ids of a block.
pub(crate) type Ids = Arc<HashSet<String>>;

/// What a transaction learned.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    pub(crate) tail: Option<(LogHead, Tail)>,
    pub(crate) ids: Vec<(Place, Ids)>,
}

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    tails: HashMap<i64, (LogHead, Tail)>,
    ids: HashMap<Place, Ids>,
    order: VecDeque<Place>,
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
    pub(crate) fn ids(&self, place: Place) -> Option<Ids> {
        self.known(|known| known.ids.get(&place).cloned())
    }

    /// Takes over what a transaction learned, now that it is committed.
    pub(crate) fn learn(&self, learned: Learned) {
        self.known(|known| {
            if let Some((log, tail)) = learned.tail {
                if known.tails.len() >= TAILS
                    && let Some(other) = known.tails.keys().next().copied()
                {
                    known.tails.remove(&other);
                }
                known.tails.insert(log.number, (log, tail));
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
