//! How a spool stands, for whoever looks at metrics.

use caracal_core::Timestamp;
use metrics::{counter, gauge};

use crate::metrics::{
    SPOOL_APPENDED, SPOOL_CAPACITY, SPOOL_DISK, SPOOL_DRAINED, SPOOL_FAILING, SPOOL_OLDEST, SPOOL_PENDING,
    SPOOL_UNDER_PREVIOUS, number,
};

/// How a spool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolStats {
    /// The bound.
    pub capacity_bytes: u64,
    /// Bytes of segments on the disk, drained ones not yet removed included.
    pub disk_bytes: u64,
    /// Bytes of records not yet known to have arrived.
    pub pending_bytes: u64,
    /// Segments on the disk.
    pub segments: u64,
    /// When the segment drained next was started; `None` when nothing is pending.
    pub oldest_at: Option<Timestamp>,
    /// Segments that a previous key is needed for.
    pub under_previous: u64,
    /// Records appended since the spool was opened.
    pub appended: u64,
    /// Records that arrived since the spool was opened.
    pub drained: u64,
    /// Incomplete tails cut since the spool was opened.
    pub torn: u64,
    /// Damaged stretches moved to quarantine since the spool was opened.
    pub quarantined: u64,
    /// The last write or sync failed, and none has worked since.
    pub failing: bool,
}

impl SpoolStats {
    pub(super) fn report(&self, now: Timestamp) {
        counter!(SPOOL_APPENDED).absolute(self.appended);
        counter!(SPOOL_DRAINED).absolute(self.drained);
        gauge!(SPOOL_PENDING).set(number(self.pending_bytes));
        gauge!(SPOOL_DISK).set(number(self.disk_bytes));
        gauge!(SPOOL_CAPACITY).set(number(self.capacity_bytes));
        gauge!(SPOOL_FAILING).set(f64::from(u8::from(self.failing)));
        gauge!(SPOOL_UNDER_PREVIOUS).set(number(self.under_previous));
        gauge!(SPOOL_OLDEST).set(self.oldest_at.map_or(0.0, |at| now.since(at).as_secs_f64()));
    }
}
