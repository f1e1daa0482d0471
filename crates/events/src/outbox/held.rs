//! What a running relay has in its hands.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use futures_util::{future::BoxFuture, stream::FuturesUnordered};
use tokio::time::Instant;

use super::gate::Gates;
use crate::{BusError, Fields, Topic};

/// What became of the rows of one topic.
pub(super) struct Outcome {
    pub(super) topic: Topic,
    pub(super) result: Result<(), BusError>,
}

/// Rows of one topic in the relay's hands.
#[derive(Default)]
pub(super) struct Held {
    pub(super) publishing: Vec<String>,
    /// Claimed meanwhile, to be published next.
    pub(super) queued: Vec<(String, Fields)>,
    /// Rows that ever came here, and how many of them are published.
    pub(super) taken: u64,
    pub(super) published: u64,
}

/// Flushes that are answered once everything is published that was here, or in the hands of others, when they were looked
/// at. A relay that others keep busy never finds nothing to claim, so it cannot be what a flush waits for.
pub(super) struct Flushes {
    /// As many were asked for.
    pub(super) asked: u64,
    /// How many rows of each topic have to be published.
    pub(super) upto: Vec<(Topic, u64)>,
    /// Rows that others had in their hands by then, and have still.
    pub(super) elsewhere: Vec<String>,
}

impl Held {
    /// A row that is claimed again while it is here outlived its lease; it is on its way already.
    pub(super) fn has(&self, id: &str) -> bool {
        self.publishing.iter().any(|held| held == id) || self.queued.iter().any(|(held, _)| held == id)
    }

    pub(super) fn into_ids(self) -> Vec<String> {
        let queued = self.queued.into_iter().map(|(id, _)| id);
        self.publishing.into_iter().chain(queued).collect()
    }
}

/// What a running relay holds.
pub(super) struct Work<'a> {
    pub(super) gates: Gates,
    pub(super) publishing: FuturesUnordered<BoxFuture<'a, Outcome>>,
    /// At most one publication per topic.
    pub(super) held: HashMap<Topic, Held>,
    /// Oldest first.
    pub(super) flushes: VecDeque<Flushes>,
    /// When the last row given back can be claimed again. A flush is not complete before.
    pub(super) owed_until: Instant,
}

impl Work<'_> {
    /// Whether as many flushes as were asked for wait already.
    pub(super) fn awaits(&self, asked: u64) -> bool {
        self.flushes.back().is_some_and(|last| last.asked >= asked)
    }

    /// From now on these flushes wait for what is here, and for these rows of others.
    pub(super) fn await_flushes(&mut self, asked: u64, elsewhere: Vec<String>) {
        let upto = self.held.iter().map(|(topic, held)| (*topic, held.taken));
        let upto = upto.collect();
        self.flushes.push_back(Flushes {
            asked,
            upto,
            elsewhere,
        });
    }

    /// Whether this row is here.
    pub(super) fn has(&self, id: &str) -> bool {
        self.held.values().any(|held| held.has(id))
    }

    /// Whether a flush waits for rows of others.
    pub(super) fn has_elsewhere(&self) -> bool {
        self.flushes.iter().any(|flushes| !flushes.elsewhere.is_empty())
    }

    /// Rows of others that a flush waits for.
    pub(super) fn elsewhere(&self) -> Vec<String> {
        let all = self.flushes.iter().flat_map(|flushes| &flushes.elsewhere);
        let all: BTreeSet<&String> = all.collect();
        all.into_iter().cloned().collect()
    }

    /// Of the rows of others these alone are still to be waited for.
    pub(super) fn still_elsewhere(&mut self, left: &[String]) {
        let left: HashSet<&String> = left.iter().collect();
        for flushes in &mut self.flushes {
            flushes.elsewhere.retain(|id| left.contains(id));
        }
    }

    pub(super) fn has_published(&self, flushes: &Flushes) -> bool {
        let here = flushes
            .upto
            .iter()
            .all(|(topic, upto)| self.held.get(topic).is_none_or(|held| held.published >= *upto));
        here && flushes.elsewhere.is_empty()
    }
}
