//! Why a request ends as a whole, before or after its targets were decided.

use caracal_core::ApprovalId;
use caracal_service::Refusal;
use caracal_wire::sts::DenialReason;
use serde_json::Value;

use crate::authenticate::unavailable;

/// Why a request ends: what is answered, and what evidence says.
pub(crate) struct Stopped {
    pub(crate) refusal: Refusal,
    /// Absent when it could not be told, which is no decision.
    pub(crate) why: Option<Box<Why>>,
}

/// Why a request ends, in evidence.
pub(crate) struct Why {
    /// The status of its event.
    pub(crate) status: &'static str,
    /// The word of the wire, where there is one.
    pub(crate) reason: Option<DenialReason>,
    /// The sentence of what that was about.
    pub(crate) cause: Option<String>,
    /// What the reason is about; null where that is what was asked for.
    pub(crate) details: Value,
    /// Whether it waits for a person, or comes with an approval that does not release it.
    pub(crate) held: bool,
    /// The approval that it waits for.
    pub(crate) approval: Option<ApprovalId>,
}

impl Stopped {
    /// Denied for `reason`.
    pub(crate) fn denied(refusal: Refusal, reason: DenialReason) -> Self {
        Self::because(refusal, Why::of(reason))
    }

    /// Stopped for `why`.
    pub(crate) fn because(refusal: Refusal, why: Why) -> Self {
        Self {
            refusal,
            why: Some(Box::new(why)),
        }
    }
}

impl Why {
    /// A denial for `reason`.
    pub(crate) const fn of(reason: DenialReason) -> Self {
        Self {
            status: status_for(reason),
            reason: Some(reason),
            cause: None,
            details: Value::Null,
            held: false,
            approval: None,
        }
    }
}

/// The status in the evidence of what ended for `reason` and not by what policy decided.
pub(crate) const fn status_for(reason: DenialReason) -> &'static str {
    match reason {
        DenialReason::ApprovalRequired => "approval_pending",
        other => other.as_str(),
    }
}

impl AsRef<Refusal> for Stopped {
    fn as_ref(&self) -> &Refusal {
        &self.refusal
    }
}

impl From<Refusal> for Stopped {
    /// For what is told otherwise, or is no decision.
    fn from(refusal: Refusal) -> Self {
        Self { refusal, why: None }
    }
}

impl From<caracal_storage::Error> for Stopped {
    fn from(error: caracal_storage::Error) -> Self {
        tracing::error!(error = %caracal_service::error_chain(&error), "what an approval or a budget says could not be read or written");
        let contended = matches!(error, caracal_storage::Error::Contended(_));
        Self::from(Refusal {
            contended,
            ..unavailable()
        })
    }
}

impl From<caracal_lifecycle::Error> for Stopped {
    fn from(error: caracal_lifecycle::Error) -> Self {
        match error {
            caracal_lifecycle::Error::Storage(error) => error.into(),
            caracal_lifecycle::Error::Denied(denial) => Self::from(Refusal::from(*denial)),
        }
    }
}
