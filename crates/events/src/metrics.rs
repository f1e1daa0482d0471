//! Names of the metrics this crate records. Labels come from closed enums.

use metrics::{Unit, describe_counter, describe_gauge};

use caracal_core::Timestamp;

use crate::{OutboxStats, SpoolStats, Topic};

/// Entries dropped on reading because their origin signature was missing or wrong. Label `topic`.
pub const REJECTED: &str = "caracal_events_rejected_total";
/// Times a reader was told that it may have missed entries. Label `topic` of the first such topic.
pub const GAPS: &str = "caracal_events_gaps_total";
/// Entries put aside as unprocessable. Label `topic`.
pub const DEAD_LETTERED: &str = "caracal_events_dead_lettered_total";
/// Connections to the bus that were lost.
pub const CONNECTION_LOSSES: &str = "caracal_events_connection_losses_total";
/// Outbox rows published. Label `topic`.
pub const OUTBOX_PUBLISHED: &str = "caracal_events_outbox_published_total";
/// Outbox publications that failed and will be tried again. Label `topic`.
pub const OUTBOX_RETRIED: &str = "caracal_events_outbox_retried_total";
/// Outbox rows put aside as malformed. Label `topic`.
pub const OUTBOX_DEAD: &str = "caracal_events_outbox_dead_total";
/// Outbox rows waiting.
pub const OUTBOX_PENDING: &str = "caracal_events_outbox_pending";
/// Outbox rows put aside, now.
pub const OUTBOX_DEAD_ROWS: &str = "caracal_events_outbox_dead_rows";
/// Age of the oldest waiting outbox row.
pub const OUTBOX_OLDEST: &str = "caracal_events_outbox_oldest_age_seconds";
/// Audit records written to the spool.
pub const SPOOL_APPENDED: &str = "caracal_events_spool_appended_total";
/// Audit records handed to the bus.
pub const SPOOL_DRAINED: &str = "caracal_events_spool_drained_total";
/// Appends refused because the spool is at its bound or its disk failed.
pub const SPOOL_REFUSED: &str = "caracal_events_spool_refused_total";
/// Bytes waiting in the spool.
pub const SPOOL_PENDING: &str = "caracal_events_spool_pending_bytes";
/// Bytes of segments on the disk, arrived ones not yet removed included.
pub const SPOOL_DISK: &str = "caracal_events_spool_disk_bytes";
/// Bytes the spool keeps before it refuses events.
pub const SPOOL_CAPACITY: &str = "caracal_events_spool_capacity_bytes";
/// Whether the spool's last write or sync failed: 1, else 0. Decisions are refused meanwhile.
pub const SPOOL_FAILING: &str = "caracal_events_spool_failing";
/// Entries of the audit stream, acknowledged ones not yet removed included.
pub const STREAM_ENTRIES: &str = "caracal_events_audit_stream_entries";
/// Entries of the audit stream beyond which evidence waits in the spools.
pub const STREAM_BOUND: &str = "caracal_events_audit_stream_bound";
/// Consumer groups of the audit stream that nobody declared. They do not keep entries; somebody should look.
pub const STRAY_GROUPS: &str = "caracal_events_audit_stream_stray_groups";
/// Age of the segment that is drained next.
pub const SPOOL_OLDEST: &str = "caracal_events_spool_oldest_age_seconds";
/// Incomplete records cut from the end of a segment after a crash. They were never acknowledged.
pub const SPOOL_TORN: &str = "caracal_events_spool_torn_total";
/// Damaged records moved to a quarantine file. Somebody should look.
pub const SPOOL_QUARANTINED: &str = "caracal_events_spool_quarantined_total";
/// Drain attempts that the bus refused.
pub const SPOOL_DRAIN_FAILURES: &str = "caracal_events_spool_drain_failures_total";

/// Describes every metric to the installed recorder. Call it once, after installing one.
pub fn describe() {
    describe_counter!(
        REJECTED,
        Unit::Count,
        "Entries dropped because of their signature"
    );
    describe_counter!(GAPS, Unit::Count, "Times a reader may have missed entries");
    describe_counter!(DEAD_LETTERED, Unit::Count, "Entries put aside as unprocessable");
    describe_counter!(CONNECTION_LOSSES, Unit::Count, "Lost connections to the bus");
    describe_counter!(OUTBOX_PUBLISHED, Unit::Count, "Outbox rows published");
    describe_counter!(
        OUTBOX_RETRIED,
        Unit::Count,
        "Outbox publications to be tried again"
    );
    describe_counter!(OUTBOX_DEAD, Unit::Count, "Outbox rows put aside as malformed");
    describe_gauge!(OUTBOX_PENDING, Unit::Count, "Outbox rows waiting");
    describe_gauge!(OUTBOX_DEAD_ROWS, Unit::Count, "Outbox rows put aside");
    describe_gauge!(
        OUTBOX_OLDEST,
        Unit::Seconds,
        "Age of the oldest waiting outbox row"
    );
    describe_counter!(SPOOL_APPENDED, Unit::Count, "Audit records spooled");
    describe_counter!(SPOOL_DRAINED, Unit::Count, "Audit records handed to the bus");
    describe_counter!(SPOOL_REFUSED, Unit::Count, "Spool appends refused");
    describe_gauge!(SPOOL_PENDING, Unit::Bytes, "Bytes waiting in the spool");
    describe_gauge!(SPOOL_DISK, Unit::Bytes, "Bytes of spool segments on the disk");
    describe_gauge!(SPOOL_CAPACITY, Unit::Bytes, "Bytes the spool may keep");
    describe_gauge!(
        SPOOL_FAILING,
        Unit::Count,
        "Whether the spool's last write failed"
    );
    describe_gauge!(STREAM_ENTRIES, Unit::Count, "Entries of the audit stream");
    describe_gauge!(
        STREAM_BOUND,
        Unit::Count,
        "Entries at which evidence waits in the spools"
    );
    describe_gauge!(
        STRAY_GROUPS,
        Unit::Count,
        "Undeclared consumer groups of the audit stream"
    );
    describe_gauge!(SPOOL_OLDEST, Unit::Seconds, "Age of the segment drained next");
    describe_counter!(SPOOL_TORN, Unit::Count, "Incomplete records cut after a crash");
    describe_counter!(
        SPOOL_QUARANTINED,
        Unit::Count,
        "Damaged spool records in quarantine"
    );
    describe_counter!(
        SPOOL_DRAIN_FAILURES,
        Unit::Count,
        "Drain attempts refused by the bus"
    );
}

pub(crate) fn count(name: &'static str, topic: Topic, by: u64) {
    metrics::counter!(name, "topic" => topic.as_str()).increment(by);
}

pub(crate) fn spool_refused() {
    metrics::counter!(SPOOL_REFUSED).increment(1);
}

pub(crate) fn spool_torn() {
    metrics::counter!(SPOOL_TORN).increment(1);
}

pub(crate) fn spool_quarantined() {
    metrics::counter!(SPOOL_QUARANTINED).increment(1);
}

pub(crate) fn spool_drain_failed() {
    metrics::counter!(SPOOL_DRAIN_FAILURES).increment(1);
}

pub(crate) fn spool(stats: &SpoolStats, now: Timestamp) {
    metrics::counter!(SPOOL_APPENDED).absolute(stats.appended);
    metrics::counter!(SPOOL_DRAINED).absolute(stats.drained);
    metrics::gauge!(SPOOL_PENDING).set(number(stats.pending_bytes));
    metrics::gauge!(SPOOL_DISK).set(number(stats.disk_bytes));
    metrics::gauge!(SPOOL_CAPACITY).set(number(stats.capacity_bytes));
    metrics::gauge!(SPOOL_FAILING).set(f64::from(u8::from(stats.failing)));
    metrics::gauge!(SPOOL_OLDEST).set(stats.oldest_at.map_or(0.0, |at| now.since(at).as_secs_f64()));
}

pub(crate) fn audit_stream(entries: u64, bound: u64) {
    metrics::gauge!(STREAM_ENTRIES).set(number(entries));
    metrics::gauge!(STREAM_BOUND).set(number(bound));
}

pub(crate) fn stray_groups(count: u64) {
    metrics::gauge!(STRAY_GROUPS).set(number(count));
}

#[expect(clippy::cast_precision_loss, reason = "a gauge does not need its last bits")]
fn number(count: u64) -> f64 {
    count as f64
}

pub(crate) fn connection_lost() {
    metrics::counter!(CONNECTION_LOSSES).increment(1);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge of rows does not need its last bits"
)]
pub(crate) fn outbox(stats: &OutboxStats) {
    metrics::gauge!(OUTBOX_PENDING).set(stats.pending as f64);
    metrics::gauge!(OUTBOX_DEAD_ROWS).set(stats.dead as f64);
    metrics::gauge!(OUTBOX_OLDEST).set(stats.oldest_age.unwrap_or_default().as_secs_f64());
}
