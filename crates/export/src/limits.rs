//! How large parts are.

use std::time::Duration;

use caracal_core::Timestamp;
use caracal_storage::AuditRow;

/// Longest time between the end of a period and that of its last part: what was taken in it may be committed a little later.
const AFTER_PERIOD: Duration = Duration::from_mins(2);

const HOUR: i64 = 3_600_000_000;

/// How large parts are.
#[derive(Debug, Clone, Copy)]
pub struct PartLimits {
    /// Entries.
    pub entries: usize,
    /// Bytes of events.
    pub bytes: usize,
    /// Time. Periods are counted from the hour, and none goes beyond it.
    pub period: Duration,
}

impl Default for PartLimits {
    fn default() -> Self {
        Self {
            entries: 100_000,
            bytes: 32 << 20,
            period: Duration::from_hours(1),
        }
    }
}

impl PartLimits {
    /// Begin and end, in microseconds, of the period that the ledger took this in.
    pub(crate) fn period(&self, row: &AuditRow) -> (i64, i64) {
        let at = row.ingested_at.as_micros();
        let length = i64::try_from(self.period.as_micros()).map_or(HOUR, |length| length.clamp(1, HOUR));
        let within = at.rem_euclid(HOUR);
        let (hour, begin) = (at - within, within - within % length);
        (hour + begin, hour + (begin + length).min(HOUR))
    }

    /// When nothing joins a part any more that begins with this.
    pub(crate) fn closes(&self, first: &AuditRow) -> Timestamp {
        let (_, end) = self.period(first);
        Timestamp::from_micros(end).plus(self.period.min(AFTER_PERIOD))
    }
}
