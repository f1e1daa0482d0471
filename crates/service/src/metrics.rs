//! Metrics every role shares. Label values come from closed sets: roles, route templates, statuses, codes.

use std::time::Duration;

use metrics::{counter, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

caracal_core::declare_metrics! {
    /// Time to the response head, by role, route template and status class.
    histogram(Seconds) pub(crate) REQUEST_SECONDS = "caracal_http_request_duration_seconds";
    /// Requests answered, by role, route template and status.
    counter(Count) pub(crate) REQUESTS = "caracal_http_requests_total";
    /// Requests whose credentials were refused, by role.
    counter(Count) pub(crate) CREDENTIALS_REFUSED = "caracal_http_credentials_refused_total";
    /// Requests refused for now, by the limit that was reached: calls, refused_credentials, strangers, strangers_at_once, registrations, sign_in,
    /// elsewhere, checks, failed_logins, mints, workloads, approvals, counting.
    counter(Count) LIMITED = "caracal_http_limited_total";
    /// Requests whose transaction gave way to another, by whether they were done again or given up.
    counter(Count) pub(crate) CONTENTION = "caracal_storage_contention_total";
    /// Zones that this process keeps in memory.
    gauge(Count) pub(crate) ZONES = "caracal_zones_in_memory";
    /// Zones that storage has and this process cannot use; the log names them.
    gauge(Count) pub(crate) ZONES_UNREADABLE = "caracal_zones_unreadable";
    /// Reads of a zone from storage, by outcome: loaded, patched, unreadable, unavailable.
    counter(Count) pub(crate) ZONE_READS = "caracal_zone_reads_total";
    /// Time since the zone in memory that was not compared with storage for the longest was; past 70 s it is not used.
    gauge(Seconds) pub(crate) ZONES_OLDEST = "caracal_zones_oldest_age_seconds";
    /// Time until the first certificate for upstreams ends, of zones in memory: negative once one is over, NaN where there is none.
    gauge(Seconds) pub(crate) CERTIFICATE_LEFT = "caracal_zones_client_certificate_left_seconds";
    /// Whether decisions can be made on what this process knows of ended authority: 1, else 0, and everything is refused.
    gauge(Count) pub(crate) REVOCATIONS_FRESH = "caracal_revocations_fresh";
    /// Time since storage was last asked what ended.
    gauge(Seconds) pub(crate) REVOCATIONS_AGE = "caracal_revocations_age_seconds";
    /// Ids that are refused now because their authority ended or is suspended.
    gauge(Count) pub(crate) REVOCATIONS_KEPT = "caracal_revocations_in_memory";
    /// Time from the bus taking an event that ends authority to its being in force in this process.
    histogram(Seconds) pub(crate) REVOCATION_LAG = "caracal_revocation_lag_seconds";
    /// Connections that were not served, or gave way to others before anybody was proved on them, by reason.
    counter(Count) pub(crate) CONNECTIONS_REFUSED = "caracal_connections_refused_total";
    /// Live tails that are open.
    gauge(Count) pub(crate) TAILS = "caracal_tails_open";
    /// Live tails that ended, by reason: reader_gone, slow_reader, made_room, shutdown, ledger_unreadable, failed, or the
    /// code that their reader was refused with.
    counter(Count) pub(crate) TAILS_ENDED = "caracal_tails_ended_total";
    /// Values that still need SECRET_STORE_KEK_PREVIOUS, by kind; at zero for every kind it can be dropped.
    gauge(Count) pub(crate) UNDER_PREVIOUS_KEY = "caracal_keys_values_under_previous";
}

/// Seconds, from a tenth of a millisecond to ten seconds.
const DURATION_BUCKETS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often recorded values are folded into buckets.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// Installs the process-wide recorder. Call once, before anything records.
///
/// # Errors
/// When a recorder is installed already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix(String::from("_seconds")), DURATION_BUCKETS)?
        .install_recorder()?;
    Ok(handle)
}

/// Folds what was recorded into the histograms' buckets every few seconds until `shutdown`. Scraping does it too; without
/// either every recorded value would be kept.
pub async fn fold(handle: PrometheusHandle, shutdown: CancellationToken) {
    let mut interval = tokio::time::interval(FOLD_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = interval.tick() => handle.run_upkeep(),
        }
    }
}

/// A connection was not served.
pub(crate) fn connection_refused(reason: &'static str) {
    counter!(CONNECTIONS_REFUSED, "reason" => reason).increment(1);
}

/// Credentials were refused.
pub(crate) fn credentials_refused(role: &'static str) {
    counter!(CREDENTIALS_REFUSED, "role" => role).increment(1);
}

/// Somebody was told to come back later.
pub fn limited(limit: &'static str) {
    counter!(LIMITED, "limit" => limit).increment(1);
}

pub(crate) fn record_request(role: &'static str, route: &str, status: u16, elapsed: Duration) {
    let class = match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    counter!(REQUESTS, "role" => role, "route" => route.to_owned(), "status" => class).increment(1);
    histogram!(REQUEST_SECONDS, "role" => role, "route" => route.to_owned()).record(elapsed.as_secs_f64());
}
