//! What the STS counts. Labels come from closed sets.

use metrics::counter;

caracal_core::declare_metrics! {
    /// Exchanges, by class of mandate and outcome.
    counter(Count) pub(crate) EXCHANGES = "caracal_sts_exchanges_total";
    /// Failed logins, by reason.
    counter(Count) pub(crate) LOGIN_FAILURES = "caracal_sts_login_failures_total";
}

/// Exchanges by class of mandate and outcome.
pub(crate) fn exchanged(class: &'static str, outcome: &'static str) {
    counter!(EXCHANGES, "class" => class, "outcome" => outcome).increment(1);
}

/// Failed logins by reason.
pub(crate) fn login_failed(reason: &'static str) {
    counter!(LOGIN_FAILURES, "reason" => reason).increment(1);
}
