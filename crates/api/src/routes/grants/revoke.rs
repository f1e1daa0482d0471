//! `DELETE /v1/zones/{zoneId}/grants/{id}`

use caracal_core::{ApplicationId, GrantId, entity::NotificationType};
use caracal_lifecycle::{EndReason, end_subject_at};
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;
use serde::Serialize;

use super::not_found;
use crate::{call::ZoneCall, change::Done};

/// What sinks are told besides who did it.
#[derive(Serialize)]
struct Revoked<'r> {
    grant_id: &'r GrantId,
    application_id: &'r ApplicationId,
    user_id: &'r str,
    authority_records: usize,
    sessions: usize,
    delegations: usize,
}

/// Takes it back, and ends what its application holds for its person. Running it again ends what came since.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<GrantId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    let now = call.now();
    let found = change.grants().get(&id, now).await?;
    let grant = found.ok_or_else(not_found)?.grant;
    change.expect(&wanted, VersionedKind::Grant, id.as_str()).await?;
    change
        .grants()
        .revoke(&id, &call.caller.attributed_to(), now)
        .await?;
    let why = EndReason {
        grant: Some(&id),
        ..EndReason::word("grant_revoked")
    };
    let world = &call.role.world;
    let ended = end_subject_at(change.ending(), world, &grant.application_id, &grant.user_id, why).await?;
    let about = Revoked {
        grant_id: &id,
        application_id: &grant.application_id,
        user_id: &grant.user_id,
        authority_records: ended.records.len(),
        sessions: ended.sessions.len(),
        delegations: ended.delegations.len(),
    };
    change
        .notify(NotificationType::GrantRevoked, "revoked", about)
        .await?;
    change.commit(Done::no_content().ended(&ended)).await?;
    Ok(NoContent)
}
