//! Metrics of the Control API. Labels come from closed sets.

use std::time::Duration;

use caracal_core::entity::SignInWay;
use caracal_service::Refusal;
use metrics::{counter, gauge};

caracal_core::declare_metrics! {
    /// Commands of control keys, by command and by what they were answered with: ok, or the code of the refusal.
    counter(Count) COMMANDS = "caracal_api_commands_total";
    /// Attempts to send a notification, by outcome: delivered, failed, abandoned.
    counter(Count) ATTEMPTS = "caracal_api_notification_attempts_total";
    /// Notifications that neither got through nor were given up, of every zone.
    gauge(Count) WAITING = "caracal_api_notifications_waiting";
    /// How long the notification that is due for the longest has been due, of every zone.
    gauge(Seconds) OLDEST_DUE = "caracal_api_notifications_oldest_due_age_seconds";
    /// Active sinks of notifications whose last three attempts or more failed, of every zone.
    gauge(Count) SINKS_FAILING = "caracal_api_notification_sinks_failing";
    /// Sign-ins at the console, by way and outcome.
    counter(Count) SIGN_INS = "caracal_api_sign_ins_total";
    /// Mails to people, by outcome.
    counter(Count) MAILS = "caracal_api_mails_total";
    /// Fetches of the keys of the console's identity provider, by outcome.
    counter(Count) KEY_FETCHES = "caracal_api_sign_in_key_fetches_total";
}

/// A mail was sent, or was not.
pub(crate) fn mailed(outcome: &'static str) {
    counter!(MAILS, "outcome" => outcome).increment(1);
}

/// How a sign-in ended.
pub(crate) fn sign_in_ended<T>(way: SignInWay, ended: &Result<T, Refusal>) {
    let outcome = match ended {
        Ok(_) => "signed_in",
        Err(refusal) if refusal.status.is_server_error() => "failed",
        Err(_) => "refused",
    };
    signed_in(way, outcome);
}

/// Somebody was signed in, or was not.
pub(crate) fn signed_in(way: SignInWay, outcome: &'static str) {
    counter!(SIGN_INS, "way" => way.as_str(), "outcome" => outcome).increment(1);
}

/// Fetches of the keys of the console's identity provider by outcome.
pub(crate) fn sign_in_keys_fetched(outcome: &'static str) {
    counter!(KEY_FETCHES, "outcome" => outcome).increment(1);
}

/// A command was answered. Both come from closed sets.
pub(crate) fn commanded(command: &'static str, outcome: &'static str) {
    counter!(COMMANDS, "command" => command, "outcome" => outcome).increment(1);
}

/// An attempt to send a notification ended.
pub(crate) fn attempted(outcome: &'static str) {
    counter!(ATTEMPTS, "outcome" => outcome).increment(1);
}

/// How much waits to be sent.
#[expect(clippy::cast_precision_loss, reason = "a gauge does not need its last bits")]
pub(crate) fn backlog(waiting: u64, oldest_due: Duration, failing: u64) {
    gauge!(WAITING).set(waiting as f64);
    gauge!(OLDEST_DUE).set(oldest_due.as_secs_f64());
    gauge!(SINKS_FAILING).set(failing as f64);
}
