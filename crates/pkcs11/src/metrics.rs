//! Metrics of zone keys in a token.

use std::time::Duration;

use caracal_service::zone_keys::KeyStoreError;
use metrics::{counter, gauge, histogram};

caracal_core::declare_metrics! {
    /// Whether the token of zone keys answers: 1, else 0, and zones with a key in it get no mandates.
    gauge(Count) UP = "caracal_zone_keys_token_up";
    /// Signatures that a token was asked for, by outcome: signed, busy, away, refused, failed.
    counter(Count) SIGNATURES = "caracal_zone_keys_token_signatures_total";
    /// Time that a signature by a token took, the wait for a session included.
    histogram(Seconds) SIGN_SECONDS = "caracal_zone_keys_token_sign_seconds";
}

/// Whether the token answers.
pub(crate) fn told_up(up: bool) {
    gauge!(UP).set(if up { 1.0 } else { 0.0 });
}

/// A signature, or none.
pub(crate) fn signed<T>(outcome: &Result<T, KeyStoreError>, took: Duration) {
    let word = match outcome {
        Ok(_) => "signed",
        Err(KeyStoreError::Busy) => "busy",
        Err(KeyStoreError::Away(_)) => "away",
        Err(KeyStoreError::Refused(_) | KeyStoreError::NotConfigured) => "refused",
        Err(KeyStoreError::WrongSignature | KeyStoreError::Library) => "failed",
    };
    counter!(SIGNATURES, "outcome" => word).increment(1);
    histogram!(SIGN_SECONDS).record(took.as_secs_f64());
}
