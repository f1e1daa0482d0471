//! What an approval of an application's request is bound to.

use caracal_lifecycle::approvals::{Circumstances, Request};

use crate::{case::Case, decide::Actor};

/// What an approval of `case` is bound to, and what whoever approves is told.
pub(super) fn to_approve<'r>(
    case: &'r Case<'_>,
    actor: &'r Actor,
    resources: &'r [&'r str],
    scopes: &'r [&'r str],
) -> (Request<'r>, Circumstances<'r>) {
    let session = actor.session.as_deref();
    let request = Request {
        principal_id: case.application.id.as_str(),
        application_id: Some(&case.application.id),
        record_id: None,
        session_id: session.map(|session| &session.id),
        delegation_id: actor.delegation().map(|edge| &edge.id),
        resources,
        scopes,
        policy: case.context().policy().identity(),
        call: None,
    };
    let circumstances = Circumstances {
        subject: actor.person.as_deref(),
        labels: session
            .map(|session| session.labels.as_slice())
            .unwrap_or_default(),
        workload: None,
    };
    (request, circumstances)
}
