//! Metrics of the witness.

use metrics::counter;

caracal_core::declare_metrics! {
    /// Checkpoints that were to be cosigned, by outcome: cosigned, invalid, unknown_log, not_signed, conflict,
    /// inconsistent, split_view, unavailable. Somebody should look at inconsistent and split_view.
    counter(Count) pub(crate) CHECKPOINTS = "caracal_witness_checkpoints_total";
}

/// What became of a checkpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Cosigned,
    Invalid,
    UnknownLog,
    NotSigned,
    Conflict,
    Inconsistent,
    SplitView,
    Unavailable,
}

impl Outcome {
    const ALL: [Self; 8] = [
        Self::Cosigned,
        Self::Invalid,
        Self::UnknownLog,
        Self::NotSigned,
        Self::Conflict,
        Self::Inconsistent,
        Self::SplitView,
        Self::Unavailable,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Cosigned => "cosigned",
            Self::Invalid => "invalid",
            Self::UnknownLog => "unknown_log",
            Self::NotSigned => "not_signed",
            Self::Conflict => "conflict",
            Self::Inconsistent => "inconsistent",
            Self::SplitView => "split_view",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Starts each from zero: somebody watches for the first of its kind.
pub(crate) fn start() {
    for outcome in Outcome::ALL {
        counter!(CHECKPOINTS, "outcome" => outcome.label()).absolute(0);
    }
}

pub(crate) fn count(outcome: Outcome) {
    counter!(CHECKPOINTS, "outcome" => outcome.label()).increment(1);
}
