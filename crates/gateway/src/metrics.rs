//! Metrics of the Gateway, each declared once. Labels come from closed sets.

use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};

/// Calls received.
pub(crate) const REQUESTS: &str = "caracal_gateway_requests_total";
/// Calls whose upstream answered.
pub(crate) const ALLOWED: &str = "caracal_gateway_requests_allowed_total";
/// Calls refused here or by the STS.
pub(crate) const DENIED: &str = "caracal_gateway_requests_denied_total";
/// Calls refused here. Label `reason`.
pub(crate) const DENIALS: &str = "caracal_gateway_denials_total";
/// Exchanges that did not grant.
pub(crate) const EXCHANGE_ERRORS: &str = "caracal_gateway_sts_exchange_errors_total";
/// Time of an exchange.
pub(crate) const EXCHANGE_SECONDS: &str = "caracal_gateway_sts_exchange_seconds";
/// Times the circuit to the STS opened.
pub(crate) const CIRCUIT_OPENED: &str = "caracal_gateway_sts_circuit_opened_total";
/// Whether the circuit to the STS is open.
pub(crate) const CIRCUIT_OPEN: &str = "caracal_gateway_sts_circuit_open";
/// Upstream failures. Label `reason`.
pub(crate) const UPSTREAM_ERRORS: &str = "caracal_gateway_upstream_errors_total";
/// Time to an upstream's response head.
pub(crate) const UPSTREAM_SECONDS: &str = "caracal_gateway_upstream_response_seconds";
/// Responses being streamed now.
pub(crate) const STREAMS: &str = "caracal_gateway_streams";
/// Streams cut because their authority ended.
pub(crate) const STREAMS_REVOKED: &str = "caracal_gateway_streams_revoked_total";
/// Events that could not be recorded. A person should look.
pub(crate) const EVIDENCE_LOST: &str = "caracal_gateway_audit_dropped_total";

/// Describes every metric to the installed recorder.
pub fn describe() {
    describe_counter!(REQUESTS, Unit::Count, "Calls received");
    describe_counter!(ALLOWED, Unit::Count, "Calls whose upstream answered");
    describe_counter!(DENIED, Unit::Count, "Calls refused");
    describe_counter!(
        DENIALS,
        Unit::Count,
        "Calls refused by the gateway itself, by reason"
    );
    describe_counter!(
        EXCHANGE_ERRORS,
        Unit::Count,
        "Exchanges with the STS that did not grant"
    );
    describe_histogram!(
        EXCHANGE_SECONDS,
        Unit::Seconds,
        "Time of an exchange with the STS"
    );
    describe_counter!(CIRCUIT_OPENED, Unit::Count, "Times the circuit to the STS opened");
    describe_gauge!(
        CIRCUIT_OPEN,
        Unit::Count,
        "Whether the circuit to the STS is open"
    );
    describe_counter!(UPSTREAM_ERRORS, Unit::Count, "Upstream failures, by reason");
    describe_histogram!(
        UPSTREAM_SECONDS,
        Unit::Seconds,
        "Time to an upstream's response head"
    );
    describe_gauge!(STREAMS, Unit::Count, "Responses being streamed");
    describe_counter!(
        STREAMS_REVOKED,
        Unit::Count,
        "Streams cut because their authority ended"
    );
    describe_counter!(
        EVIDENCE_LOST,
        Unit::Count,
        "Audit events that could not be recorded"
    );
}

/// Handles to what every call touches, looked up once.
pub(crate) struct Metrics {
    requests: Counter,
    allowed: Counter,
    denied: Counter,
    exchange_seconds: Histogram,
    upstream_seconds: Histogram,
    streams: Gauge,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: counter!(REQUESTS),
            allowed: counter!(ALLOWED),
            denied: counter!(DENIED),
            exchange_seconds: histogram!(EXCHANGE_SECONDS),
            upstream_seconds: histogram!(UPSTREAM_SECONDS),
            streams: gauge!(STREAMS),
        }
    }

    pub(crate) fn received(&self) {
        self.requests.increment(1);
    }

    pub(crate) fn denied(&self, reason: &'static str) {
        self.denied.increment(1);
        counter!(DENIALS, "reason" => reason).increment(1);
    }

    pub(crate) fn exchanged(&self, took: Duration, granted: bool) {
        self.exchange_seconds.record(took.as_secs_f64());
        if !granted {
            self.denied.increment(1);
            counter!(EXCHANGE_ERRORS).increment(1);
        }
    }

    pub(crate) fn answered(&self, took: Duration) {
        self.allowed.increment(1);
        self.upstream_seconds.record(took.as_secs_f64());
    }

    #[expect(
        clippy::unused_self,
        reason = "a failure is rare enough to look its counter up"
    )]
    pub(crate) fn upstream_failed(&self, reason: &'static str) {
        counter!(UPSTREAM_ERRORS, "reason" => reason).increment(1);
    }

    pub(crate) fn stream_began(&self) {
        self.streams.increment(1.0);
    }

    pub(crate) fn stream_ended(&self, revoked: bool) {
        self.streams.decrement(1.0);
        if revoked {
            counter!(STREAMS_REVOKED).increment(1);
        }
    }

    #[expect(clippy::unused_self, reason = "a loss is rare enough to look its counter up")]
    pub(crate) fn evidence_lost(&self) {
        counter!(EVIDENCE_LOST).increment(1);
    }
}

pub(crate) fn circuit(open: bool) {
    if open {
        counter!(CIRCUIT_OPENED).increment(1);
    }
    gauge!(CIRCUIT_OPEN).set(if open { 1.0 } else { 0.0 });
}
