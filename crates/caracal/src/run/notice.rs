//! Lines on stderr for programs that wait for somebody, or for something.

use serde::Serialize;

use crate::output::notice;

/// Why a credential is not there, or not yet.
#[derive(Default, Serialize)]
pub(super) struct Notice<'a> {
    pub(super) resource: &'a str,
    pub(super) reason: &'a str,
    /// The approval that is waited for, until when, and what it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approval_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<&'a str>,
    /// Where the STS recorded the refusal.
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<&'a str>,
}

impl<'a> Notice<'a> {
    /// Somebody has to approve first.
    pub(super) fn approval(resource: &'a str, id: &'a str, expires_at: Option<&'a str>) -> Self {
        Self {
            resource,
            reason: "approval_required",
            approval_id: Some(id),
            expires_at,
            ..Self::default()
        }
    }

    /// Tells it, whoever wants quiet.
    pub(super) fn tell(&self) {
        notice(&serde_json::to_string(self).unwrap_or_default());
    }
}
