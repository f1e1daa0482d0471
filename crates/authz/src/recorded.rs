//! What is read of an event to make its decision again, as it stands in its text.

use std::borrow::Cow;

use caracal_core::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The members of an event that say what policy was asked, and of which request. Nothing is copied that need not be: a
/// window may hold millions.
#[derive(Deserialize)]
pub(crate) struct RecordedEvent<'e> {
    /// Correlates the events of one request.
    #[serde(borrow, default)]
    pub(crate) request_id: Cow<'e, str>,
    /// Digest of the manifest that was asked; absent where policy was not.
    #[serde(borrow, default)]
    pub(crate) manifest_sha: Option<&'e RawValue>,
    /// What was asked, and what policy said.
    #[serde(borrow, default)]
    pub(crate) record: Option<&'e RawValue>,
    /// When it happened.
    pub(crate) occurred_at: Timestamp,
}
