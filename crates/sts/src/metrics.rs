//! What the STS counts. Labels come from closed sets.

use metrics::counter;

/// Exchanges by class of mandate and outcome.
pub(crate) fn exchanged(class: &'static str, outcome: &'static str) {
    counter!("caracal_sts_exchanges_total", "class" => class, "outcome" => outcome).increment(1);
}

/// Failed logins by reason.
pub(crate) fn login_failed(reason: &'static str) {
    counter!("caracal_sts_login_failures_total", "reason" => reason).increment(1);
}
