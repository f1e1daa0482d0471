//! `DELETE /v1/zones/{zoneId}/subject-issuers/{id}`

use caracal_core::SubjectIssuerId;
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::VersionedKind;

use super::not_found;
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// Its tokens are taken no more; what was granted on them goes on until its end.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SubjectIssuerId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let kind = VersionedKind::SubjectIssuer;
    let mut change = call.change_of(&wanted, kind, id.as_str()).await?;
    put_away(&mut change, &id).await?;
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}

/// Archives it in a change that the caller commits.
pub(in crate::routes) async fn put_away(
    change: &mut ZoneChange<'_>,
    id: &SubjectIssuerId,
) -> Result<(), Refusal> {
    let now = change.call().now();
    if !change.subject_issuers().archive(id, now).await? {
        return Err(not_found());
    }
    Ok(())
}
