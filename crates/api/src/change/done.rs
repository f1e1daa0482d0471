//! How a change is recorded.

use caracal_lifecycle::Ended;
use http::StatusCode;
use serde_json::{Map, Value};

/// How a committed change is recorded.
#[derive(Debug)]
pub(crate) struct Done<'d> {
    pub(super) status: StatusCode,
    pub(super) created: Option<&'d str>,
    /// Id and name of who did it, where the caller was nobody before.
    pub(super) by: Option<(&'d str, &'d str)>,
    pub(super) extra: Map<String, Value>,
}

impl<'d> Done<'d> {
    /// An object was made.
    pub(crate) fn created(id: &'d str) -> Self {
        Self {
            status: StatusCode::CREATED,
            created: Some(id),
            by: None,
            extra: Map::new(),
        }
    }

    /// Answered with `status`.
    pub(crate) fn with(status: StatusCode) -> Self {
        Self {
            status,
            created: None,
            by: None,
            extra: Map::new(),
        }
    }

    /// Answered 200.
    pub(crate) fn ok() -> Self {
        Self::with(StatusCode::OK)
    }

    /// Answered 204.
    pub(crate) fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT)
    }

    /// Whoever proved to be somebody on a route that anybody may call.
    pub(crate) fn by(mut self, id: &'d str, name: &'d str) -> Self {
        self.by = Some((id, name));
        self
    }

    /// A further member of the payload: a count or a reason, never a value of a field.
    pub(crate) fn note(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// How much ended with it.
    pub(crate) fn ended(self, ended: &Ended) -> Self {
        self.note("revoked_authority_records", ended.records.len())
            .note("terminated_sessions", ended.sessions.len())
            .note("revoked_delegations", ended.delegations.len())
    }
}
