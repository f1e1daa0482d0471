//! What failed or was denied below, as it is answered.

use caracal_wire::ErrorCode;
use http::StatusCode;

use super::Refusal;

impl From<caracal_lifecycle::Denial> for Refusal {
    fn from(denial: caracal_lifecycle::Denial) -> Self {
        let mut refusal = Self::of(denial.code);
        if refusal.status == StatusCode::UNAUTHORIZED {
            refusal = refusal.authenticate("Bearer error=\"invalid_token\"");
        }
        if let (Some(name), Some(text)) = (denial.alias, &denial.description) {
            refusal = refusal.with(name, text.as_ref());
        }
        refusal.description = denial.description;
        if let Some(reason) = denial.reason {
            refusal = refusal.reason(reason);
        }
        if let Some(details) = denial.details {
            refusal = refusal.with_details(&details);
        }
        if let Some(state) = denial.state {
            refusal = refusal.with("state", state.as_str());
        }
        refusal.retry_after = denial.retry_after.or(refusal.retry_after);
        refusal
    }
}

impl From<caracal_lifecycle::Error> for Refusal {
    fn from(error: caracal_lifecycle::Error) -> Self {
        match error {
            caracal_lifecycle::Error::Denied(denial) => (*denial).into(),
            caracal_lifecycle::Error::Storage(error) => error.into(),
        }
    }
}

impl From<caracal_storage::Error> for Refusal {
    /// What a client learns of a storage failure: nothing but that it may try again.
    fn from(error: caracal_storage::Error) -> Self {
        if !matches!(error, caracal_storage::Error::Contended(_)) {
            tracing::error!(error = %crate::error_chain(&error), "storage failed");
        }
        match error {
            caracal_storage::Error::Contended(_) => Self {
                contended: true,
                ..Self::of(ErrorCode::StorageUnavailable).describe("others changed the same, try again")
            },
            caracal_storage::Error::Unavailable(_) => {
                Self::of(ErrorCode::StorageUnavailable).describe("storage is unavailable, try again")
            }
            caracal_storage::Error::Conflict { constraint } => {
                Self::of(ErrorCode::Conflict).with("constraint", constraint)
            }
            caracal_storage::Error::MissingReference => Self::of(ErrorCode::ReferenceNotFound),
            caracal_storage::Error::Corrupt(_) => Self::of(ErrorCode::InternalError)
                .describe("stored data is inconsistent; an operator was told"),
        }
    }
}
