//! The process's own metrics, and those of every crate together.

use std::path::PathBuf;

use caracal_core::{Timestamp, metric::Metric};
use caracal_storage::Connections;
use metrics::gauge;

caracal_core::declare_metrics! {
    /// Log lines that were not written, by reason: queue_full, write_failed.
    counter(Count) pub(crate) LOG_LINES_LOST = "caracal_log_lines_lost_total";
    /// Statements sent to the database, by purpose: request, ledger, outbox.
    counter(Count) pub(crate) STATEMENTS = "caracal_storage_statements_total";
    /// Connections to the database, by pool (all, reads, writes) and state: used, idle.
    gauge(Count) CONNECTIONS = "caracal_storage_connections";
    /// The most connections to the database there may be, by pool.
    gauge(Count) CONNECTIONS_LIMIT = "caracal_storage_connections_limit";
    /// Free space where state is kept, for this user, by place: home, spool.
    gauge(Bytes) DISK_FREE = "caracal_disk_free_bytes";
    /// Size of the file system where state is kept, by place.
    gauge(Bytes) DISK_SIZE = "caracal_disk_size_bytes";
    /// 1, with the version, source revision and mode of this process as labels.
    gauge(Count) BUILD_INFO = "caracal_build_info";
    /// When this process read its settings and secrets, in Unix time. Differs between any two starts.
    gauge(Seconds) CONFIGURED = "caracal_configuration_read_seconds";
}

/// What the operating system knows of the process, under the names that dashboards everywhere look for.
const PROCESS: &[Metric] = &[
    process(
        "process_cpu_seconds_total",
        "counter",
        "seconds",
        "CPU time spent, user and system.",
    ),
    process("process_open_fds", "gauge", "count", "Open file descriptors."),
    process(
        "process_max_fds",
        "gauge",
        "count",
        "The most file descriptors there may be open.",
    ),
    process(
        "process_resident_memory_bytes",
        "gauge",
        "bytes",
        "Resident memory.",
    ),
    process(
        "process_virtual_memory_bytes",
        "gauge",
        "bytes",
        "Virtual memory.",
    ),
    process(
        "process_virtual_memory_max_bytes",
        "gauge",
        "bytes",
        "The most virtual memory there may be.",
    ),
    process(
        "process_start_time_seconds",
        "gauge",
        "seconds",
        "When the process started, in Unix time.",
    ),
    process("process_threads", "gauge", "count", "Threads."),
];

const fn process(
    name: &'static str,
    kind: &'static str,
    unit: &'static str,
    sentence: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        sentence,
    }
}

/// Brings up to date what is known elsewhere: of the process, its pools of connections, the file systems of `places`.
pub(crate) fn sample(pools: &[Connections], places: &[(&'static str, PathBuf)]) {
    metrics_process::Collector::default().collect();
    for pool in pools {
        let of = |state: &'static str| gauge!(CONNECTIONS, "pool" => pool.purpose, "state" => state);
        of("used").set(pool.used);
        of("idle").set(pool.idle);
        gauge!(CONNECTIONS_LIMIT, "pool" => pool.purpose).set(pool.limit);
    }
    for (place, directory) in places {
        // A place that cannot be looked at has no figures; whoever writes there says why.
        if let Ok(space) = nix::sys::statvfs::statvfs(directory) {
            let unit = space.fragment_size();
            gauge!(DISK_FREE, "place" => *place).set(bytes(unit, space.blocks_available()));
            gauge!(DISK_SIZE, "place" => *place).set(bytes(unit, space.blocks()));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge does not need its last bits")]
fn bytes(unit: u64, count: u64) -> f64 {
    unit.saturating_mul(count) as f64
}

/// Says when the configuration was read: what was written to the files of secrets since is not in force here.
pub(crate) fn tell_configured(at: Timestamp) {
    gauge!(CONFIGURED).set(at.since(Timestamp::from_unix_seconds(0)).as_secs_f64());
}

/// Says which build this is.
pub(crate) fn tell_build(mode: &'static str) {
    let sha = option_env!("CARACAL_BUILD_SHA").unwrap_or("unknown");
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION"), "sha" => sha, "mode" => mode).set(1);
}

/// Every metric of this program, by the part that records it.
pub(crate) const ALL: &[(&str, &[Metric])] = &[
    ("Every process", METRICS),
    ("Every process, as elsewhere", PROCESS),
    ("Every role", caracal_service::metrics::METRICS),
    ("Events and evidence", caracal_events::metrics::METRICS),
    ("Token service", caracal_sts::METRICS),
    ("Gateway", caracal_gateway::METRICS),
    ("Coordinator", caracal_coordinator::METRICS),
    ("Control API", caracal_api::METRICS),
    ("Ledger", caracal_audit::METRICS),
    #[cfg(feature = "export")]
    ("Scheduled export", caracal_export::METRICS),
    #[cfg(feature = "pkcs11")]
    ("Zone keys in a token", caracal_pkcs11::METRICS),
    ("Witness", caracal_witness::METRICS),
];

/// Tells the installed recorder what each metric means.
pub(crate) fn describe_all() {
    describe();
    metrics_process::Collector::default().describe();
    caracal_service::metrics::describe();
    caracal_events::metrics::describe();
    caracal_sts::describe_metrics();
    caracal_gateway::describe_metrics();
    caracal_coordinator::describe_metrics();
    caracal_api::describe_metrics();
    caracal_audit::describe_metrics();
    #[cfg(feature = "export")]
    caracal_export::describe_metrics();
    #[cfg(feature = "pkcs11")]
    caracal_pkcs11::describe_metrics();
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
            assert!(
                name.starts_with("caracal_") || name.starts_with("process_"),
                "{name}"
            );
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
