//! The process's own metrics, and those of every crate together.

use caracal_core::metric::Metric;

caracal_core::declare_metrics! {
    /// Log lines that were not written, by reason: queue_full, write_failed.
    counter(Count) pub(crate) LOG_LINES_LOST = "caracal_log_lines_lost_total";
    /// Statements sent to the database, by purpose: request, ledger, outbox.
    counter(Count) pub(crate) STATEMENTS = "caracal_storage_statements_total";
}

/// Every metric of this program, by the part that records it.
pub(crate) const ALL: &[(&str, &[Metric])] = &[
    ("Every process", METRICS),
    ("Every role", caracal_service::metrics::METRICS),
    ("Events and evidence", caracal_events::metrics::METRICS),
    ("Token service", caracal_sts::METRICS),
    ("Gateway", caracal_gateway::METRICS),
    ("Coordinator", caracal_coordinator::METRICS),
    ("Ledger", caracal_audit::METRICS),
];

/// Tells the installed recorder what each metric means.
pub(crate) fn describe_all() {
    describe();
    caracal_service::metrics::describe();
    caracal_events::metrics::describe();
    caracal_sts::describe_metrics();
    caracal_gateway::describe_metrics();
    caracal_coordinator::describe_metrics();
    caracal_audit::describe_metrics();
}
