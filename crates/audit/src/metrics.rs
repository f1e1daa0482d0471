//! Metrics of the audit role, each declared once. Labels come from closed sets.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Events that joined the ledger.
pub(crate) const INSERTS: &str = "caracal_audit_inserts_total";
/// Events that came again.
pub(crate) const DUPLICATES: &str = "caracal_audit_duplicates_total";
/// Events that came again with other content. A person should look.
pub(crate) const MISMATCHES: &str = "caracal_audit_mismatches_total";
/// Batches that could not be stored and will be tried again.
pub(crate) const RETRIES: &str = "caracal_audit_ingest_retries_total";
/// Zones whose events cannot be stored now.
pub(crate) const ZONES_WAITING: &str = "caracal_audit_zones_waiting";
/// Events put into the dead letters. Label `reason`. A person should look.
pub(crate) const PUT_ASIDE: &str = "caracal_audit_put_aside_total";
/// Dead letters that joined the ledger after all.
pub(crate) const REPLAYED: &str = "caracal_audit_dead_letters_replayed_total";

/// Every reason of [`PUT_ASIDE`], the last for all that is not told apart.
const REASONS: [&str; 5] = [
    "hmac_verify_failed",
    "missing_data_field",
    "json_parse_error",
    "tamper_on_replay",
    "cannot_be_stored",
];

/// Describes every metric to the installed recorder, and starts those from zero that somebody watches for the first
/// event of their kind.
pub(crate) fn describe() {
    describe_counter!(INSERTS, Unit::Count, "Events that joined the ledger.");
    describe_counter!(
        DUPLICATES,
        Unit::Count,
        "Events that came again and were in the ledger already."
    );
    describe_counter!(
        MISMATCHES,
        Unit::Count,
        "Events that came again with other content; somebody should look."
    );
    describe_counter!(
        RETRIES,
        Unit::Count,
        "Batches of events that could not be stored and will be tried again."
    );
    describe_gauge!(
        ZONES_WAITING,
        Unit::Count,
        "Zones whose events cannot be stored now."
    );
    describe_counter!(
        PUT_ASIDE,
        Unit::Count,
        "Events put into the dead letters, by reason; somebody should look."
    );
    describe_counter!(
        REPLAYED,
        Unit::Count,
        "Dead letters that joined the ledger after all."
    );
    for name in [INSERTS, DUPLICATES, MISMATCHES, RETRIES, REPLAYED] {
        counter!(name).absolute(0);
    }
    gauge!(ZONES_WAITING).set(0);
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
