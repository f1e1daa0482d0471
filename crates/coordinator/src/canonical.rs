//! Parts of what makes two requests with one idempotency key the same.

use caracal_core::ApplicationId;
use caracal_lifecycle::Principal;
use serde::Serialize;

/// Who asked, as idempotency keys know callers.
#[derive(Serialize)]
pub(crate) struct CanonicalPrincipal<'a> {
    client_id: Option<&'a ApplicationId>,
    subject: &'a str,
}

impl<'a> From<&'a Principal> for CanonicalPrincipal<'a> {
    fn from(principal: &'a Principal) -> Self {
        Self {
            client_id: principal.application.as_ref(),
            subject: &principal.subject,
        }
    }
}
