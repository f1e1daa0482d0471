//! What zone A did, and what it got for it.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use serde::Serialize;

/// What was done, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Did {
    /// Requests sent.
    pub calls: u64,
    /// Those that were refused, with a status from 400 or by a connection that the daemon cut.
    pub refusals: u64,
    /// Answers by their status, and other things that happened.
    pub outcomes: BTreeMap<String, u64>,
}

/// The same while it goes on, shared by the thread that attacks and the one that measures.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Did>>);

impl Tally {
    pub(super) fn read(&self) -> Did {
        self.0.lock().clone()
    }

    /// A request goes out.
    pub(super) fn called(&self) {
        let mut did = self.0.lock();
        did.calls = did.calls.saturating_add(1);
    }

    /// Something happened to one.
    pub(super) fn note(&self, what: impl Into<String>) {
        let mut did = self.0.lock();
        let times = did.outcomes.entry(what.into()).or_default();
        *times = times.saturating_add(1);
    }

    /// One was answered.
    pub(super) fn answered(&self, status: u16) {
        if status >= 400 {
            self.refused(status.to_string());
        } else {
            self.note(status.to_string());
        }
    }

    /// One was refused in another way than by its status.
    pub(super) fn refused(&self, what: impl Into<String>) {
        self.note(what);
        let mut did = self.0.lock();
        did.refusals = did.refusals.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_from_400_and_cuts_are_refusals() {
        let tally = Tally::default();
        for status in [200, 201, 400, 503] {
            tally.called();
            tally.answered(status);
        }
        tally.called();
        tally.refused("cut");
        let did = tally.read();
        assert_eq!((did.calls, did.refusals), (5, 3));
        assert_eq!(did.outcomes.values().sum::<u64>(), 5);
    }
}
