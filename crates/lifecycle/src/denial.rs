//! Why something must not happen, in the codes of the wire and without HTTP.

use std::borrow::Cow;

use caracal_core::entity::ApprovalState;
use caracal_wire::{ErrorCode, coordinator::LimitDetails};
use serde::Serialize;
use serde_json::Value;

/// When a full zone, application or parent is worth another try, in seconds.
const RETRY_WHEN_FULL: u32 = 5;

/// What a caller is told instead of what it asked for.
#[derive(Debug, Clone)]
pub struct Denial {
    /// Code of the answer.
    pub code: ErrorCode,
    /// For the caller: what was wrong and what to do.
    pub description: Option<Cow<'static, str>>,
    /// A further name under which published clients read the description.
    pub alias: Option<&'static str>,
    /// The rule that was broken.
    pub reason: Option<&'static str>,
    /// The machine-readable whole of what was wrong.
    pub details: Option<Value>,
    /// How an approval stands that was to be decided.
    pub state: Option<ApprovalState>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
}

impl Denial {
    pub(crate) const fn of(code: ErrorCode) -> Self {
        Self {
            code,
            description: None,
            alias: None,
            reason: None,
            details: None,
            state: None,
            retry_after: None,
        }
    }

    pub(crate) fn describe(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(description.into());
        self
    }

    pub(crate) fn details(mut self, details: &impl Serialize) -> Self {
        // Only a map whose keys are no text fails, and details are structs.
        self.details = serde_json::to_value(details).ok();
        self
    }

    /// No more than `limit`; places come free by themselves.
    pub(crate) fn full(code: ErrorCode, limit: u64) -> Self {
        Self {
            retry_after: Some(RETRY_WHEN_FULL),
            ..Self::of(code).details(&LimitDetails { limit })
        }
    }
}

/// Why a change did not happen. Nothing of its unit of work may be committed.
#[derive(Debug)]
pub enum Error {
    /// It must not.
    Denied(Box<Denial>),
    /// It could not.
    Storage(caracal_storage::Error),
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Self::Denied(Box::new(denial))
    }
}

impl From<caracal_storage::Error> for Error {
    fn from(error: caracal_storage::Error) -> Self {
        Self::Storage(error)
    }
}
