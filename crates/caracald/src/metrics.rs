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
    #[cfg(feature = "export")]
    ("Scheduled export", caracal_export::METRICS),
    ("Witness", caracal_witness::METRICS),
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
    #[cfg(feature = "export")]
    caracal_export::describe_metrics();
    caracal_witness::describe_metrics();
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ALL;

    #[test]
    fn metrics_are_named_as_prometheus_wants() {
        let mut names = HashSet::new();
        for metric in ALL.iter().flat_map(|(_, metrics)| metrics.iter()) {
            let name = metric.name;
            assert!(names.insert(name), "{name} is declared twice");
            assert!(name.starts_with("caracal_"), "{name}");
            let base = name.strip_suffix("_total");
            assert_eq!(
                base.is_some(),
                metric.kind == "counter",
                "{name} is a {}",
                metric.kind
            );
            let base = base.unwrap_or(name);
            for unit in ["seconds", "bytes"] {
                let named = base.ends_with(&format!("_{unit}"));
                assert_eq!(named, metric.unit == unit, "{name} counts {}", metric.unit);
            }
            // These the exporter adds to histograms.
            for reserved in ["_count", "_sum", "_bucket"] {
                assert!(!base.ends_with(reserved), "{name}");
            }
            assert!(metric.sentence.ends_with('.'), "{name} has no sentence");
        }
    }
}
