//! Metrics of the Gateway, each declared once. Labels come from closed sets.

use std::time::Duration;

use caracal_wire::gateway::Reason;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

caracal_core::declare_metrics! {
    /// Calls received.
    counter(Count) pub(crate) REQUESTS = "caracal_gateway_requests_total";
    /// Calls whose upstream answered.
    counter(Count) pub(crate) ALLOWED = "caracal_gateway_requests_allowed_total";
    /// Calls refused here or by the STS.
    counter(Count) pub(crate) DENIED = "caracal_gateway_requests_denied_total";
    /// Calls whose caller proved to hold the key that the mandate is bound to.
    counter(Count) pub(crate) KEY_HOLDERS = "caracal_gateway_key_holders_total";
    /// Calls refused here. Label `reason`.
    counter(Count) pub(crate) DENIALS = "caracal_gateway_denials_total";
    /// Exchanges that did not grant.
    counter(Count) pub(crate) EXCHANGE_ERRORS = "caracal_gateway_sts_exchange_errors_total";
    /// Time of an exchange.
    histogram(Seconds) pub(crate) EXCHANGE_SECONDS = "caracal_gateway_sts_exchange_seconds";
    /// Times the circuit to the STS opened.
    counter(Count) pub(crate) CIRCUIT_OPENED = "caracal_gateway_sts_circuit_opened_total";
    /// Whether the circuit to the STS is open.
    gauge(Count) pub(crate) CIRCUIT_OPEN = "caracal_gateway_sts_circuit_open";
    /// Safe requests sent once more, because the connection ended before a byte of the answer.
    counter(Count) pub(crate) UPSTREAM_RESENT = "caracal_gateway_upstream_resent_total";
    /// Upstream failures. Label `reason`.
    counter(Count) pub(crate) UPSTREAM_ERRORS = "caracal_gateway_upstream_errors_total";
    /// Time to an upstream's response head.
    histogram(Seconds) pub(crate) UPSTREAM_SECONDS = "caracal_gateway_upstream_response_seconds";
    /// Responses being streamed now.
    gauge(Count) pub(crate) STREAMS = "caracal_gateway_streams";
    /// Streams cut because their authority ended.
    counter(Count) pub(crate) STREAMS_REVOKED = "caracal_gateway_streams_revoked_total";
    /// Events that could not be recorded. A person should look.
    counter(Count) pub(crate) EVIDENCE_LOST = "caracal_gateway_audit_dropped_total";
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

    pub(crate) fn denied(&self, reason: Reason) {
        self.denied.increment(1);
        counter!(DENIALS, "reason" => reason.as_str()).increment(1);
    }

    #[expect(
        clippy::unused_self,
        reason = "a proof costs more than to look its counter up"
    )]
    pub(crate) fn held(&self) {
        counter!(KEY_HOLDERS).increment(1);
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
        reason = "sending again is rare enough to look its counter up"
    )]
    pub(crate) fn resent(&self) {
        counter!(UPSTREAM_RESENT).increment(1);
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
