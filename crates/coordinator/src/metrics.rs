//! Metrics of the Coordinator. Labels come from closed sets.

use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use metrics::{counter, describe_counter, describe_gauge, gauge};

/// Tells the recorder what each metric means.
pub(crate) fn describe() {
    describe_counter!(
        "caracal_coordinator_rejected_total",
        "Callers turned away at the door, by code."
    );
    describe_counter!(
        "caracal_idempotency_requests_total",
        "Requests with an idempotency key, by outcome: created, replayed, conflicts, invalid."
    );
    describe_counter!(
        "caracal_coordinator_sessions_started_total",
        "Sessions started, by lifecycle."
    );
    describe_counter!(
        "caracal_coordinator_sessions_ended_total",
        "Sessions ended, by cause."
    );
    describe_counter!(
        "caracal_coordinator_sessions_suspended_total",
        "Sessions paused, by cause."
    );
    describe_counter!(
        "caracal_coordinator_delegations_ended_total",
        "Delegations ended, by cause."
    );
    describe_counter!(
        "caracal_coordinator_narrowing_refused_total",
        "Requests to hand on more than is held, by the rule they broke."
    );
    describe_counter!(
        "caracal_coordinator_job_runs_total",
        "Rounds of background jobs, by job and outcome."
    );
    describe_gauge!(
        "caracal_coordinator_job_last_duration_seconds",
        metrics::Unit::Seconds,
        "Length of the last round, by job."
    );
}

/// A caller was turned away before its zone's evidence could know it.
pub(crate) fn rejected(refusal: &Refusal) {
    let code = [
        ErrorCode::MissingToken,
        ErrorCode::InvalidToken,
        ErrorCode::MissingScope,
        ErrorCode::ZoneMismatch,
        ErrorCode::IdentityRevoked,
    ]
    .into_iter()
    .find(|code| refusal.code == *code)
    .map_or("other", ErrorCode::as_str);
    counter!("caracal_coordinator_rejected_total", "code" => code).increment(1);
}

/// What became of a request with an idempotency key.
pub(crate) fn idempotency(outcome: &'static str) {
    counter!("caracal_idempotency_requests_total", "outcome" => outcome).increment(1);
}

/// Sessions started.
pub(crate) fn session_started(lifecycle: &'static str) {
    counter!("caracal_coordinator_sessions_started_total", "lifecycle" => lifecycle).increment(1);
}

/// Sessions ended, by what ended them.
pub(crate) fn sessions_ended(cause: &'static str, count: usize) {
    counter!("caracal_coordinator_sessions_ended_total", "cause" => cause).increment(count as u64);
}

/// Sessions paused, by what paused them.
pub(crate) fn sessions_suspended(cause: &'static str, count: usize) {
    counter!("caracal_coordinator_sessions_suspended_total", "cause" => cause).increment(count as u64);
}

/// Delegations that carry authority no more, by what ended them.
pub(crate) fn delegations_ended(cause: &'static str, count: usize) {
    counter!("caracal_coordinator_delegations_ended_total", "cause" => cause).increment(count as u64);
}

/// A request to hand on more than is held, by the rule it broke.
pub(crate) fn exceeded(rule: &'static str) {
    counter!("caracal_coordinator_narrowing_refused_total", "rule" => rule).increment(1);
}

/// A job ran.
pub(crate) fn job(name: &'static str, failed: bool, took: std::time::Duration) {
    let outcome = if failed { "failed" } else { "done" };
    counter!("caracal_coordinator_job_runs_total", "job" => name, "outcome" => outcome).increment(1);
    gauge!("caracal_coordinator_job_last_duration_seconds", "job" => name).set(took.as_secs_f64());
}
