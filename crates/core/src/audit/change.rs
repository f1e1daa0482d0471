//! What another policy would make of recorded decisions, in words.

use crate::words;

words!(
    /// How a decision differs from the one that was recorded.
    DecisionChange {
        /// It would be denied.
        NewlyDenied = "newly_denied",
        /// It would be allowed, and no approval would hold it.
        NewlyAllowed = "newly_allowed",
        /// It would be allowed, and an approval would hold it.
        NewlyHeld = "newly_held",
        /// An approval held it, and another would.
        HeldOtherwise = "held_otherwise",
    }
);

words!(
    /// Why a decision that the ledger tells of cannot be made again.
    Undecidable {
        /// Policy was asked, and what it was asked is not recorded: a build before this one decided.
        NoRecord = "no_record",
        /// A build after this one recorded it.
        RecordNewer = "record_newer",
        /// The record cannot be read.
        RecordUnreadable = "record_unreadable",
        /// The event cannot be read.
        EventUnreadable = "event_unreadable",
        /// Whoever decided could not read the policy, so what was recorded is no word of it.
        PolicyWasUnusable = "policy_was_unusable",
    }
);
