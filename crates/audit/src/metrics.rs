//! Metrics of the audit role, each declared once. Labels come from closed sets.

use caracal_crypto::KeyAge;
use metrics::{counter, gauge};

caracal_core::declare_metrics! {
    /// Events that joined the ledger.
    counter(Count) pub(crate) INSERTS = "caracal_audit_inserts_total";
    /// Time from a decision to its being in the ledger.
    histogram(Seconds) pub(crate) LAG = "caracal_audit_lag_seconds";
    /// Events that came again and were in the ledger already.
    counter(Count) pub(crate) DUPLICATES = "caracal_audit_duplicates_total";
    /// Events that came again with other content; somebody should look.
    counter(Count) pub(crate) MISMATCHES = "caracal_audit_mismatches_total";
    /// Frames whose signature was right, by the age of the key that made it: current, previous.
    counter(Count) pub(crate) FRAMES = "caracal_audit_frames_total";
    /// Frames in hand that AUDIT_HMAC_KEY_PREVIOUS is needed for, and one for the stream as long as there may be more that
    /// this role has not read; at zero, and with every spool at zero, it can be dropped.
    gauge(Count) pub(crate) UNDER_PREVIOUS = "caracal_audit_frames_under_previous";
    /// Batches of events that could not be stored and will be tried again.
    counter(Count) pub(crate) RETRIES = "caracal_audit_ingest_retries_total";
    /// Zones whose events cannot be stored now.
    gauge(Count) pub(crate) ZONES_WAITING = "caracal_audit_zones_waiting";
    /// Events put into the dead letters, by reason; somebody should look.
    counter(Count) pub(crate) PUT_ASIDE = "caracal_audit_put_aside_total";
    /// Dead letters that joined the ledger after all.
    counter(Count) pub(crate) REPLAYED = "caracal_audit_dead_letters_replayed_total";
    /// Administrative records deleted because their time was over.
    counter(Count) pub(crate) PRUNED = "caracal_audit_admin_records_pruned_total";
    /// Tries to delete old administrative records of a log that failed, by reason: unverified, not_signed, archive,
    /// scattered, unavailable. Somebody should look at the first.
    counter(Count) pub(crate) PRUNE_FAILURES = "caracal_audit_admin_prune_failures_total";
    /// Events deleted because their time was over.
    counter(Count) pub(crate) EVENTS_PRUNED = "caracal_audit_events_pruned_total";
    /// Tries to delete old events of a zone that failed, by reason: unverified, not_signed, archive, scattered, unavailable.
    /// Somebody should look at the first.
    counter(Count) pub(crate) EVENT_PRUNE_FAILURES = "caracal_audit_event_prune_failures_total";
    /// Events that are there only because they, or others of their block, are held.
    gauge(Count) pub(crate) HELD_ENTRIES = "caracal_audit_held_events";
    /// Age of the oldest event that is not held, of all zones.
    gauge(Seconds) pub(crate) OLDEST_EVENT = "caracal_audit_oldest_event_seconds";
    /// Checkpoints of logs that were published.
    counter(Count) pub(crate) CHECKPOINTS = "caracal_audit_checkpoints_total";
    /// Logs that were not published, by reason: storage, wrong_head, rolled_back, forked, not_signed, directory, bucket.
    /// Somebody should look at wrong_head, rolled_back and forked.
    counter(Count) pub(crate) UNPUBLISHED = "caracal_audit_unpublished_total";
    /// Answers of witnesses, by outcome: cosigned, away, storage, refused, ahead, unsigned. Somebody should look at ahead.
    counter(Count) pub(crate) COSIGNATURES = "caracal_audit_cosignatures_total";
}

/// Starts those of checkpoints from zero.
pub(crate) fn start_publishing() {
    counter!(CHECKPOINTS).absolute(0);
    for reason in ["wrong_head", "rolled_back", "forked"] {
        counter!(UNPUBLISHED, "reason" => reason).absolute(0);
    }
}

/// Starts those of retention from zero.
pub(crate) fn start_pruning() {
    counter!(EVENTS_PRUNED).absolute(0);
    counter!(PRUNED).absolute(0);
    for reason in ["unverified", "not_signed", "archive", "scattered", "unavailable"] {
        counter!(EVENT_PRUNE_FAILURES, "reason" => reason).absolute(0);
        counter!(PRUNE_FAILURES, "reason" => reason).absolute(0);
    }
}

/// Every reason of [`PUT_ASIDE`], the last for all that is not told apart.
const REASONS: [&str; 6] = [
    "hmac_verify_failed",
    "unknown_key",
    "missing_data_field",
    "json_parse_error",
    "tamper_on_replay",
    "cannot_be_stored",
];

/// Starts those from zero that somebody watches for the first event of their kind.
pub(crate) fn start() {
    for name in [INSERTS, DUPLICATES, MISMATCHES, RETRIES, REPLAYED] {
        counter!(name).absolute(0);
    }
    for age in [KeyAge::Current, KeyAge::Previous] {
        counter!(FRAMES, "key" => age.as_str()).absolute(0);
    }
    gauge!(ZONES_WAITING).set(0);
    gauge!(UNDER_PREVIOUS).set(0);
    for reason in REASONS {
        counter!(PUT_ASIDE, "reason" => reason).absolute(0);
    }
}

/// Counts an event that was put aside. The part of its reason before a colon is one of few; what follows is for people.
pub(crate) fn put_aside(reason: &str) {
    let said = reason.split(':').next();
    let [told_apart @ .., other] = REASONS;
    let kind = told_apart.into_iter().find(|known| said == Some(*known));
    counter!(PUT_ASIDE, "reason" => kind.unwrap_or(other)).increment(1);
}
