//! Metrics of the Coordinator. Labels come from closed sets.

use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use metrics::{counter, gauge};

caracal_core::declare_metrics! {
    /// Callers turned away at the door, by code.
    counter(Count) pub(crate) REJECTED = "caracal_coordinator_rejected_total";
    /// Requests with an idempotency key, by outcome: created, replayed, conflicts, invalid.
    counter(Count) pub(crate) IDEMPOTENCY = "caracal_idempotency_requests_total";
    /// Sessions started, by lifecycle.
    counter(Count) pub(crate) STARTED = "caracal_coordinator_sessions_started_total";
    /// Sessions ended, by cause.
    counter(Count) pub(crate) ENDED = "caracal_coordinator_sessions_ended_total";
    /// Sessions paused, by cause.
    counter(Count) pub(crate) SUSPENDED = "caracal_coordinator_sessions_suspended_total";
    /// Delegations ended, by cause.
    counter(Count) pub(crate) DELEGATIONS_ENDED = "caracal_coordinator_delegations_ended_total";
    /// Short-lived applications archived because their time was over.
    counter(Count) pub(crate) APPLICATIONS_EXPIRED = "caracal_coordinator_applications_expired_total";
    /// Requests to hand on more than is held, by the rule they broke.
    counter(Count) pub(crate) NARROWING_REFUSED = "caracal_coordinator_narrowing_refused_total";
    /// Rounds of background jobs, by task and outcome: done, unfinished (the next round goes on), failed.
    counter(Count) pub(crate) JOB_RUNS = "caracal_coordinator_job_runs_total";
    /// Length of the last round, by task.
    gauge(Seconds) pub(crate) JOB_SECONDS = "caracal_coordinator_job_last_duration_seconds";
}

/// A caller was turned away before its zone's evidence could know it.
pub(crate) fn rejected(refusal: &Refusal) {
    let code = [
        ErrorCode::MissingToken,
        ErrorCode::InvalidToken,
        ErrorCode::InvalidDpopProof,
        ErrorCode::MissingScope,
        ErrorCode::ZoneMismatch,
        ErrorCode::IdentityRevoked,
    ]
    .into_iter()
    .find(|code| refusal.code == *code)
    .map_or("other", ErrorCode::as_str);
    counter!(REJECTED, "code" => code).increment(1);
}

/// What became of a request with an idempotency key.
pub(crate) fn idempotency(outcome: &'static str) {
    counter!(IDEMPOTENCY, "outcome" => outcome).increment(1);
}

/// Sessions started.
pub(crate) fn session_started(lifecycle: &'static str) {
    counter!(STARTED, "lifecycle" => lifecycle).increment(1);
}

/// Sessions ended, by what ended them.
pub(crate) fn sessions_ended(cause: &'static str, count: usize) {
    counter!(ENDED, "cause" => cause).increment(count as u64);
}

/// Sessions paused, by what paused them.
pub(crate) fn sessions_suspended(cause: &'static str, count: usize) {
    counter!(SUSPENDED, "cause" => cause).increment(count as u64);
}

/// Delegations that carry authority no more, by what ended them.
pub(crate) fn delegations_ended(cause: &'static str, count: usize) {
    counter!(DELEGATIONS_ENDED, "cause" => cause).increment(count as u64);
}

/// Short-lived applications whose time was over were archived.
pub(crate) fn applications_expired(count: usize) {
    counter!(APPLICATIONS_EXPIRED).increment(count as u64);
}

/// A request to hand on more than is held, by the rule it broke.
pub(crate) fn exceeded(rule: &str) {
    counter!(NARROWING_REFUSED, "rule" => rule.to_owned()).increment(1);
}

/// How a round of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobOutcome {
    /// Nothing was left to do.
    Done,
    /// In some zone more is to be done than a round has time for; the next one goes on.
    Unfinished,
    /// It could not begin, or failed in some zone.
    Failed,
}

/// A job ran.
pub(crate) fn job(name: &'static str, outcome: JobOutcome, took: std::time::Duration) {
    let outcome = match outcome {
        JobOutcome::Done => "done",
        JobOutcome::Unfinished => "unfinished",
        JobOutcome::Failed => "failed",
    };
    counter!(JOB_RUNS, "task" => name, "outcome" => outcome).increment(1);
    gauge!(JOB_SECONDS, "task" => name).set(took.as_secs_f64());
}
