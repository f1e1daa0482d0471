//! Metrics of the scheduled export.

caracal_core::declare_metrics! {
    /// Parts of logs that were exported.
    counter(Count) pub(crate) PARTS = "caracal_audit_export_parts_total";
    /// Events in exported parts.
    counter(Count) pub(crate) EVENTS = "caracal_audit_export_events_total";
    /// Tries to export a zone that failed, by reason: storage, target, unsigned, contradicts. Somebody should look at the last.
    counter(Count) pub(crate) FAILURES = "caracal_audit_export_failures_total";
    /// Age of the oldest event that is in no exported part, in seconds; up to a little more than an hour is usual.
    gauge(Seconds) pub(crate) LAG = "caracal_audit_export_lag_seconds";
}
