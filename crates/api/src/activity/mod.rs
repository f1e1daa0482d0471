//! What was decided in each zone within the last day, as far as it is counted: `counting` reads the ledger.
//!
//! What is kept is bounded, however much a zone does. Nothing of it is evidence: it is gone with the process, and counted again.

mod tally;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use caracal_core::{Timestamp, ZoneId};
use caracal_service::turns::{Turn, TurnLimits, Turns};
use parking_lot::Mutex;

pub(crate) use self::tally::{Count, SLOT, Slot, Tally, begin};

/// How far back is counted.
pub(crate) const DAY: Duration = Duration::from_hours(24);
/// Slots of the widest kind: what is kept begins with a whole one.
pub(crate) const WIDEST: u32 = 6;
/// Zones that are remembered.
const ZONES: usize = 64;
/// Whoever asks for a zone waits for whoever reads it already, for a while.
const LIMITS: TurnLimits = TurnLimits {
    in_all: 4,
    of_one: 1,
    waiting: 16,
    waiting_in_all: 256,
    wait: Duration::from_secs(3),
};

/// What is counted of each zone. Clones share it.
#[derive(Debug, Clone)]
pub struct Activity {
    stretch: u64,
    turns: Turns,
    zones: Arc<Mutex<HashMap<ZoneId, Remembered>>>,
    asked: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Remembered {
    counted: Arc<Mutex<Counted>>,
    /// The how-manieth question was the last about it.
    asked: u64,
}

/// What is counted of a zone.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    pub(crate) reach: Option<Reach>,
}

/// Which entries of the ledger are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// All events from then on are among them.
    pub(crate) complete_since: Timestamp,
    /// How many entries the next question reads of what was before.
    pub(crate) stretch: u64,
}

/// From when on is counted at `now`.
pub(crate) fn earliest(now: Timestamp) -> Timestamp {
    begin(now.minus(DAY), WIDEST)
}

impl Activity {
    /// A question reads at most `stretch` entries of what is new in the ledger, and as many of what is old.
    pub fn new(stretch: u64) -> Self {
        Self {
            stretch,
            turns: Turns::new(LIMITS),
            zones: Arc::default(),
            asked: Arc::default(),
        }
    }

    /// What is counted of a zone, and the turn of whoever may read more of it; none where many ask for it at once, to whom what was
    /// counted a moment ago will do.
    pub(crate) async fn take(&self, zone: &ZoneId) -> (Arc<Mutex<Counted>>, Option<Turn>) {
        let counted = self.remembered(zone);
        (counted, self.turns.take(zone.as_str()).await.ok())
    }

    /// How many entries of what is new a question reads at most, and of what is old.
    pub(crate) const fn stretch(&self) -> u64 {
        self.stretch
    }

    fn remembered(&self, zone: &ZoneId) -> Arc<Mutex<Counted>> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let mut zones = self.zones.lock();
        if zones.len() >= ZONES && !zones.contains_key(zone) {
            let oldest = zones.iter().min_by_key(|(_, remembered)| remembered.asked);
            if let Some(oldest) = oldest.map(|(zone, _)| zone.clone()) {
                zones.remove(&oldest);
            }
        }
        let remembered = zones.entry(zone.clone()).or_insert_with(|| Remembered {
            counted: Arc::default(),
            asked,
        });
        remembered.asked = asked;
        remembered.counted.clone()
    }
}
