//! Metrics of the Control API. Labels come from closed sets.

use std::time::Duration;

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
