//! What a running relay has in its hands.

use std::collections::{HashMap, VecDeque};

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

/// Flushes that are answered once everything that was here when they had nothing left to wait for outside is published. A
/// relay that others keep busy never finds nothing to claim, so it cannot be what a flush waits for.
pub(super) struct Flushes {
    /// As many were asked for.
    pub(super) asked: u64,
    /// How many rows of each topic have to be published.
    pub(super) upto: Vec<(Topic, u64)>,
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
    /// From now on these flushes wait for nothing but what is here.
    pub(super) fn await_flushes(&mut self, asked: u64) {
        if self.flushes.back().is_some_and(|last| last.asked >= asked) {
            return;
        }
        let upto = self.held.iter().map(|(topic, held)| (*topic, held.taken));
        let upto = upto.collect();
        self.flushes.push_back(Flushes { asked, upto });
    }

    pub(super) fn has_published(&self, flushes: &Flushes) -> bool {
        flushes
            .upto
            .iter()
            .all(|(topic, upto)| self.held.get(topic).is_none_or(|held| held.published >= *upto))
    }
}
