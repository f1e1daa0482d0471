//! Names of the metrics this crate records. Labels come from closed enums.

use caracal_crypto::KeyAge;
use caracal_wire::events::Topic;

caracal_core::declare_metrics! {
    /// Entries dropped on reading because their origin signature was missing or wrong. Label `topic`.
    counter(Count) pub(crate) REJECTED = "caracal_events_rejected_total";
    /// Entries read whose origin signature was right, by the age of the key that made it: current, previous.
    counter(Count) pub(crate) ACCEPTED = "caracal_events_accepted_total";
    /// Times a reader was told that it may have missed entries. Label `topic` of the first such topic.
    counter(Count) pub(crate) GAPS = "caracal_events_gaps_total";
    /// Entries put aside as unprocessable. Label `topic`.
    counter(Count) pub(crate) DEAD_LETTERED = "caracal_events_dead_lettered_total";
    /// Connections to the bus that were lost.
    counter(Count) pub(crate) CONNECTION_LOSSES = "caracal_events_connection_losses_total";
    /// Outbox rows published. Label `topic`.
    counter(Count) pub(crate) OUTBOX_PUBLISHED = "caracal_events_outbox_published_total";
    /// Outbox publications that failed and will be tried again. Label `topic`.
    counter(Count) pub(crate) OUTBOX_RETRIED = "caracal_events_outbox_retried_total";
    /// Outbox rows put aside as malformed. Label `topic`.
    counter(Count) pub(crate) OUTBOX_DEAD = "caracal_events_outbox_dead_total";
    /// Outbox rows waiting.
    gauge(Count) pub(crate) OUTBOX_PENDING = "caracal_events_outbox_pending";
    /// Outbox rows put aside, now.
    gauge(Count) pub(crate) OUTBOX_DEAD_ROWS = "caracal_events_outbox_dead_rows";
    /// Age of the oldest waiting outbox row.
    gauge(Seconds) pub(crate) OUTBOX_OLDEST = "caracal_events_outbox_oldest_age_seconds";
    /// Audit records written to the spool.
    counter(Count) pub(crate) SPOOL_APPENDED = "caracal_events_spool_appended_total";
    /// Audit records handed to the bus.
    counter(Count) pub(crate) SPOOL_DRAINED = "caracal_events_spool_drained_total";
    /// Appends refused because the spool is at its bound or its disk failed.
    counter(Count) pub(crate) SPOOL_REFUSED = "caracal_events_spool_refused_total";
    /// Bytes waiting in the spool.
    gauge(Bytes) pub(crate) SPOOL_PENDING = "caracal_events_spool_pending_bytes";
    /// Bytes of segments on the disk, arrived ones not yet removed included.
    gauge(Bytes) pub(crate) SPOOL_DISK = "caracal_events_spool_disk_bytes";
    /// Bytes the spool keeps before it refuses events.
    gauge(Bytes) pub(crate) SPOOL_CAPACITY = "caracal_events_spool_capacity_bytes";
    /// Whether the spool's last write or sync failed: 1, else 0. Decisions are refused meanwhile.
    gauge(Count) pub(crate) SPOOL_FAILING = "caracal_events_spool_failing";
    /// Entries of the audit stream, acknowledged ones not yet removed included.
    gauge(Count) pub(crate) STREAM_ENTRIES = "caracal_events_audit_stream_entries";
    /// Entries of the audit stream beyond which evidence waits in the spools.
    gauge(Count) pub(crate) STREAM_BOUND = "caracal_events_audit_stream_bound";
    /// Consumer groups of the audit stream that nobody declared. They do not keep entries; somebody should look.
    gauge(Count) pub(crate) STRAY_GROUPS = "caracal_events_audit_stream_stray_groups";
    /// Segments of the spool that AUDIT_HMAC_KEY_PREVIOUS is needed for; at zero this process does not need it.
    gauge(Count) pub(crate) SPOOL_UNDER_PREVIOUS = "caracal_events_spool_segments_under_previous";
    /// Age of the segment that is drained next.
    gauge(Seconds) pub(crate) SPOOL_OLDEST = "caracal_events_spool_oldest_age_seconds";
    /// Incomplete records cut from the end of a segment after a crash. They were never acknowledged.
    counter(Count) pub(crate) SPOOL_TORN = "caracal_events_spool_torn_total";
    /// Damaged records moved to a quarantine file. Somebody should look.
    counter(Count) pub(crate) SPOOL_QUARANTINED = "caracal_events_spool_quarantined_total";
    /// Drain attempts that the bus refused.
    counter(Count) pub(crate) SPOOL_DRAIN_FAILURES = "caracal_events_spool_drain_failures_total";
}

pub(crate) fn count(name: &'static str, topic: Topic, by: u64) {
    metrics::counter!(name, "topic" => topic.as_str()).increment(by);
}

pub(crate) fn accepted(age: KeyAge, entries: usize) {
    if entries > 0 {
        metrics::counter!(ACCEPTED, "key" => age.as_str()).increment(entries as u64);
    }
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

pub(crate) fn audit_stream(entries: u64, bound: u64) {
    metrics::gauge!(STREAM_ENTRIES).set(number(entries));
    metrics::gauge!(STREAM_BOUND).set(number(bound));
}

pub(crate) fn stray_groups(count: u64) {
    metrics::gauge!(STRAY_GROUPS).set(number(count));
}

#[expect(clippy::cast_precision_loss, reason = "a gauge does not need its last bits")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

pub(crate) fn connection_lost() {
    metrics::counter!(CONNECTION_LOSSES).increment(1);
}
