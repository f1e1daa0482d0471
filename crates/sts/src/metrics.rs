//! What the STS counts. Labels come from closed sets.

use metrics::counter;

caracal_core::declare_metrics! {
    /// Exchanges, by class of mandate and outcome.
    counter(Count) pub(crate) EXCHANGES = "caracal_sts_exchanges_total";
    /// Failed logins, by reason.
    counter(Count) pub(crate) LOGIN_FAILURES = "caracal_sts_login_failures_total";
    /// Steps of people who sign in with clients that know nothing of Caracal, by outcome.
    counter(Count) pub(crate) SIGN_INS = "caracal_sts_sign_ins_total";
    /// Proofs that a key is held, with requests for tokens, by outcome.
    counter(Count) pub(crate) PROOFS = "caracal_sts_proofs_total";
    /// Fetches of the keys of issuers of subjects, by outcome.
    counter(Count) pub(crate) KEY_FETCHES = "caracal_sts_issuer_key_fetches_total";
    /// Decisions made again by a candidate, by what it would change; or that it was not asked about, since too many waited.
    counter(Count) pub(crate) SHADOWED = "caracal_sts_shadow_decisions_total";
    /// Decisions of canaries, by how they differ from what the version in force says.
    counter(Count) pub(crate) CANARY_DECISIONS = "caracal_sts_canary_decisions_total";
    /// Canaries that were taken back by themselves, by why.
    counter(Count) pub(crate) CANARY_RETURNS = "caracal_sts_canary_returns_total";
    /// Questions to token endpoints of providers, by outcome.
    counter(Count) pub(crate) TOKEN_REQUESTS = "caracal_sts_token_requests_total";
}

/// Exchanges by class of mandate and outcome.
pub(crate) fn exchanged(class: &'static str, outcome: &'static str) {
    counter!(EXCHANGES, "class" => class, "outcome" => outcome).increment(1);
}

/// Decisions made again by a candidate, by what came of it.
pub(crate) fn shadowed(outcome: &'static str) {
    counter!(SHADOWED, "outcome" => outcome).increment(1);
}

/// Decisions of canaries, by how they differ.
pub(crate) fn canary_decided(outcome: &'static str) {
    counter!(CANARY_DECISIONS, "outcome" => outcome).increment(1);
}

/// Shows that no canary was taken back yet, so that the first one is seen as a step.
pub(crate) fn no_canary_returned(outcome: &'static str) {
    counter!(CANARY_RETURNS, "outcome" => outcome).increment(0);
}

/// Canaries that were taken back, by why.
pub(crate) fn canary_returned(outcome: &'static str) {
    counter!(CANARY_RETURNS, "outcome" => outcome).increment(1);
}

/// Steps of sign-ins by outcome.
pub(crate) fn signed_in(outcome: &'static str) {
    counter!(SIGN_INS, "outcome" => outcome).increment(1);
}

/// Proofs that a key is held, by outcome.
pub(crate) fn proved(outcome: &'static str) {
    counter!(PROOFS, "outcome" => outcome).increment(1);
}

/// Failed logins by reason.
pub(crate) fn login_failed(reason: &'static str) {
    counter!(LOGIN_FAILURES, "reason" => reason).increment(1);
}

/// Questions to token endpoints by outcome.
pub(crate) fn token_asked(outcome: &'static str) {
    counter!(TOKEN_REQUESTS, "outcome" => outcome).increment(1);
}

/// Fetches of the keys of issuers by outcome.
pub(crate) fn keys_fetched(outcome: &'static str) {
    counter!(KEY_FETCHES, "outcome" => outcome).increment(1);
}
