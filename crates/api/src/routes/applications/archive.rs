//! `DELETE /v1/zones/{zoneId}/applications/{id}`

use caracal_core::{ApplicationId, entity::NotificationType};
use caracal_crypto::Location;
use caracal_lifecycle::{EndReason, end_application};
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;
use caracal_wire::events::DirectoryKind;
use serde::Serialize;

use super::{live, not_found};
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
}

/// The application cannot log in from here on, the copy of its secret is gone, and everything it held, handed on or
/// runs has ended with the answer.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApplicationId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    live(&call, change.applications().get(&id).await?)?;
    change
        .expect(&wanted, VersionedKind::Application, id.as_str())
        .await?;
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
    if !change.applications().archive(id, call.now()).await? {
        return Err(not_found());
    }
    let location = Location::application_client_secret(&call.zone, id);
    change.secrets().delete(location.as_str()).await?;
    let why = EndReason::word("application_archived");
    let ended = end_application(change.ending(), &call.role.world, id, why).await?;
    change.directory_changed(DirectoryKind::Application, id.as_str());
    let about = Archived {
        application_id: id,
        authority_records: ended.records.len(),
        sessions: ended.sessions.len(),
        delegations: ended.delegations.len(),
    };
    change
        .notify(NotificationType::ApplicationArchived, "archived", about)
        .await?;
    Ok(Done::no_content().ended(&ended))
}
