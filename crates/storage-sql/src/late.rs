//! What units of work leave to be written at the end of their transaction.

use std::collections::BTreeMap;

use caracal_core::ApplicationId;
use caracal_storage::{AdminAuditRecord, OutboxMessage};

/// What is written once for all units of a transaction, before its commit.
#[derive(Default)]
pub(crate) struct DeferredWrites {
    pub(crate) outbox: Vec<OutboxMessage>,
    pub(crate) records: Vec<AdminAuditRecord>,
    /// How many more sessions of each application have not ended.
    pub(crate) unended: BTreeMap<ApplicationId, i64>,
    /// Whether something changed that a zone snapshot is loaded from.
    pub(crate) changed: bool,
}

impl DeferredWrites {
    /// Takes over what another unit leaves.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.outbox.extend(other.outbox);
        self.records.extend(other.records);
        for (application, count) in other.unended {
            *self.unended.entry(application).or_default() += count;
        }
        self.changed |= other.changed;
    }

    /// How many more sessions of the application, or of all of them, `counts` has.
    pub(crate) fn unended_of(
        counts: &BTreeMap<ApplicationId, i64>,
        application: Option<&ApplicationId>,
    ) -> i64 {
        match application {
            Some(application) => counts.get(application).copied().unwrap_or(0),
            None => counts.values().sum(),
        }
    }
}
