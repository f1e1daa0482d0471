//! `DELETE /v1/zones/{zoneId}/applications/{id}`: the kill switch of an application.

use caracal_core::{ApplicationId, entity::NotificationType};
use caracal_crypto::Location;
use caracal_lifecycle::{EndReason, approvals, end_application};
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;
use caracal_wire::events::DirectoryKind;
use serde::Serialize;

use super::visible;
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// What sinks are told besides who did it.
#[derive(Serialize)]
struct Archived<'a> {
    application_id: &'a ApplicationId,
    authority_records: usize,
    sessions: usize,
    delegations: usize,
    approvals: usize,
}

/// The application cannot log in from here on, the copy of its secret is gone, everything it held, handed on or runs has
/// ended with the answer, and what it waits for is refused. One that was archived before is stopped again.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApplicationId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    // Whoever does not see it is not told its version.
    visible(&call, change.applications().get(&id).await?)?;
    change
        .expect(&wanted, VersionedKind::Application, id.as_str())
        .await?;
    let application = visible(&call, change.applications().get(&id).await?)?;
    if application.archived_at.is_some() {
        // Whoever names the version that was archived was second.
        wanted.allows(application.attribution.version)?;
    }
    let done = put_away(&mut change, &id).await?;
    change.commit(done).await?;
    Ok(NoContent)
}

/// Archives it in a change that the caller commits; what to record of it.
pub(in crate::routes) async fn put_away(
    change: &mut ZoneChange<'_>,
    id: &ApplicationId,
) -> Result<Done<'static>, Refusal> {
    let call = change.call();
    // Whether or not it was live: what somebody started in the moment that it was archived ends here.
    change.applications().archive(id, call.now()).await?;
    let location = Location::application_client_secret(&call.zone, id);
    change.secrets().delete(location.as_str()).await?;
    let why = EndReason::word("application_archived");
    let ended = end_application(change.ending(), &call.role.world, id, why).await?;
    let (witness, by) = (call.witness(), call.caller.attributed_to());
    let reason = NotificationType::ApplicationArchived.as_str();
    let approvals = approvals::end_of_caller(change.ending(), &witness, id.as_str(), &by, reason).await?;
    change.directory_changed(DirectoryKind::Application, id.as_str());
    let about = Archived {
        application_id: id,
        authority_records: ended.records.len(),
        sessions: ended.sessions.len(),
        delegations: ended.delegations.len(),
        approvals,
    };
    change
        .notify(NotificationType::ApplicationArchived, "archived", about)
        .await?;
    Ok(Done::no_content()
        .ended(&ended)
        .note("refused_approvals", approvals))
}
